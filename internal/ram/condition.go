package ram

import (
	"errors"
	"fmt"
	"strings"
)

// condition compares one key of the request with the values of the policy.
type condition struct {
	name     string // of the operator, as it was written
	key      conditionKey
	operator operator
	ifExists bool
	operands []operand
}

// met tells whether the request meets the condition: one of the values
// matches, or with a Not… operator none of them. A key that the request does
// not have matches nothing, so that positive operators fail on it and Not…
// operators hold; with the suffix IfExists every operator holds. The address
// of the caller is a key that every request has, and only we may not know it:
// then a Not… operator holds for a Deny and fails for an Allow, so that not to
// be known lets nobody in.
func (c *condition) met(req *Request, deny bool) bool {
	s, present := c.key.subject(req)
	if !present {
		unknown := c.key.global == sourceIP && !deny
		return c.ifExists || c.operator.negate && !unknown
	}
	for i := range c.operands {
		if c.operator.match(&c.operands[i], s) {
			return !c.operator.negate
		}
	}
	return c.operator.negate
}

// conditions reads a Condition block. An empty one is accepted, as the RAM
// console writes it where there is no condition.
func (r *reader) conditions() ([]condition, error) {
	var list []condition
	err := r.object(func(name string) error {
		op, ifExists, err := lookupOperator(name)
		if err != nil {
			return err
		}
		before := len(list)
		err = r.object(func(key string) error {
			c, err := r.condition(key, op)
			if err != nil {
				return fmt.Errorf("key %s: %w", quote(key), err)
			}
			c.name, c.ifExists = name, ifExists
			list = append(list, c)
			return nil
		})
		if err == nil && len(list) == before {
			err = errors.New("it names no key")
		}
		if err != nil {
			return fmt.Errorf("condition %s: %w", name, err)
		}
		return nil
	})
	return list, err
}

func (r *reader) condition(key string, op operator) (condition, error) {
	k, err := compileKey(key)
	if err != nil {
		return condition{}, err
	}
	list, err := r.values()
	if err != nil {
		return condition{}, err
	}
	c := condition{key: k, operator: op}
	for _, v := range list {
		o, err := op.compile(v)
		if err != nil {
			return condition{}, err
		}
		c.operands = append(c.operands, o)
	}
	return c, nil
}

func lookupOperator(name string) (op operator, ifExists bool, err error) {
	plain, ifExists := strings.CutSuffix(name, "IfExists")
	op, known := operators[plain]
	if !known {
		return operator{}, false, fmt.Errorf("unknown operator %s", quote(name))
	}
	return op, ifExists, nil
}
