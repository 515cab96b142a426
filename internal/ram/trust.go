package ram

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// TrustPolicy is the document of a role that says who may take it, compiled. It never changes after ParseTrustPolicy.
type TrustPolicy struct {
	statements []trustStatement
}

// trustStatement is one rule of a trust policy: a statement without a resource, for the role is the resource, and with those it is
// about.
type trustStatement struct {
	statement
	principals []string // ARNs; those of services and identity providers, which nobody here is, are not kept
	principal  bool     // whether there was a Principal at all
}

// assumeRole is the only action of a trust policy.
const assumeRole = "sts:AssumeRole"

// ParseTrustPolicy reads and compiles a trust policy (RAM, "Policy structure and syntax", Principal): at most MaxCustomPolicyLength
// characters. `parameter` is what the document was sent as. The error is an *Error with the code MalformedPolicyDocument, which names
// the place, or InvalidParameter.<parameter>.Length.
func ParseTrustPolicy(doc []byte, parameter string) (*TrustPolicy, error) {
	if utf8.RuneCount(doc) > MaxCustomPolicyLength {
		return nil, &Error{Code: "InvalidParameter." + parameter + ".Length", Message: `The parameter - "` + parameter + `" beyond the length limit.`}
	}
	statements, err := parseStatements(doc, (*reader).trustStatement)
	if err != nil {
		return nil, &Error{Code: CodeMalformedPolicyDocument, Message: err.Error()}
	}
	return &TrustPolicy{statements}, nil
}

func (r *reader) trustStatement() (trustStatement, error) {
	var s trustStatement
	var effect string
	err := r.object(func(name string) (err error) {
		switch name {
		case "Effect":
			effect, err = r.effect()
		case "Action":
			err = r.patterns(&s.actions, name, name, compileAction)
		case "Principal":
			err = r.principal(&s)
		case "Condition":
			s.conditions, err = r.conditions()
		default:
			err = fmt.Errorf("unknown member %s", quote(name))
		}
		return err
	})
	switch {
	case err != nil:
		return s, err
	case effect == "":
		return s, errors.New("Effect is missing")
	case len(s.actions.list) == 0:
		return s, errors.New("Action is missing")
	case !s.principal:
		return s, errors.New("Principal is missing")
	case !anyMatch(s.actions.list, assumeRole):
		return s, errors.New("Action must be " + assumeRole)
	}
	s.deny = effect == "Deny"
	return s, nil
}

// principal reads whom a statement is about.
func (r *reader) principal(s *trustStatement) error {
	return r.object(func(name string) error {
		if name != "RAM" && name != "Service" && name != "Federated" {
			return fmt.Errorf("Principal: unknown member %s", quote(name))
		}
		list, err := r.values()
		if err != nil {
			return fmt.Errorf("Principal.%s: %w", name, err)
		}
		s.principal = true
		for _, v := range list {
			if v.kind != stringValue {
				return fmt.Errorf("Principal.%s: %s is not a string", name, v.text)
			}
			if name != "RAM" {
				continue
			}
			if err := checkPrincipal(v.text); err != nil {
				return err
			}
			s.principals = append(s.principals, v.text)
		}
		return nil
	})
}

// checkPrincipal takes the ARN of an account, a user or a role, without wildcards.
func checkPrincipal(arn string) error {
	account, relative, err := ParseARN(arn)
	kind, name, _ := strings.Cut(relative, "/")
	if err == nil && account != "" && (relative == "root" || (kind == "user" || kind == "role") && name != "" && !strings.ContainsAny(name, "*?/")) {
		return nil
	}
	return fmt.Errorf("Principal.RAM: %s is not of the form acs:ram::<account>:root, :user/<name> or :role/<name>", quote(arn))
}

// ParseARN takes the name of an identity apart: acs:ram::<account>:<relative>.
func ParseARN(arn string) (account AccountID, relative string, err error) {
	rest, found := strings.CutPrefix(arn, "acs:ram::")
	id, relative, parted := strings.Cut(rest, ":")
	if !found || !parted || relative == "" {
		return "", "", fmt.Errorf("%s is not of the form acs:ram::<account>:…", quote(arn))
	}
	account, err = ParseAccountID(id)
	return account, relative, err
}

// ParseRoleARN takes the name of a role apart. The error has the code InvalidParameter.RoleArn.
func ParseRoleARN(arn string) (account AccountID, role string, err error) {
	account, relative, err := ParseARN(arn)
	role, found := strings.CutPrefix(relative, "role/")
	if err != nil || !found || RoleName.Check(role) != nil {
		return "", "", &Error{Code: "InvalidParameter.RoleArn", Message: "The parameter RoleArn is wrongly formed: it is acs:ram::<account>:role/<name>."}
	}
	return account, role, nil
}

// Decide tells whether somebody may take the role: who is the ARN of the user or role, root that of their account, which stands for
// everybody in it. A Deny beats an Allow.
func (t *TrustPolicy) Decide(who, root string, req *Request) Decision {
	d := Decision{Effect: ImplicitDeny, PolicyType: AssumeRolePolicy}
	for i := range t.statements {
		s := &t.statements[i]
		if !s.speaksOf(who, root) || !anyMatch(s.actions.list, assumeRole) || !s.met(req) {
			continue
		}
		if s.deny {
			return Decision{Effect: ExplicitDeny, PolicyType: AssumeRolePolicy, Statement: i + 1}
		}
		if d.Effect != Allow {
			d.Effect, d.Statement = Allow, i+1
		}
	}
	return d
}

func (s *trustStatement) speaksOf(who, root string) bool {
	for _, p := range s.principals {
		if p == who || p == root {
			return true
		}
	}
	return false
}

func (s *trustStatement) met(req *Request) bool {
	for i := range s.conditions {
		if !s.conditions[i].met(req, s.deny) {
			return false
		}
	}
	return true
}
