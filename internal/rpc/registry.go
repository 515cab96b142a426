package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
)

// Access is what an operation does to what it is about, in the words of Alibaba Cloud's authorisation tables.
type Access string

// The access levels.
const (
	AccessCreate Access = "create"
	AccessUpdate Access = "update"
	AccessDelete Access = "delete"
	AccessList   Access = "list"
	AccessGet    Access = "get"
)

// Parameter is a parameter of an operation. A required one must be there and not empty, as text or in flattened form.
type Parameter struct {
	Name     string
	Required bool
}

// Operation is one thing that callers can ask for.
type Operation struct {
	Version    string // of the product, e.g. "2020-06-06"
	Action     string
	RAMAction  string // what policies name, e.g. "cams:ListChatGroup"
	Access     Access
	Change     bool // changes something: it can be given a ClientToken, and its refusals are recorded
	Beta       bool // part of the group beta: the account has to be on its allowlist
	Extension  bool // the official service has no such operation
	Parameters []Parameter
	PerSecond  float64                                         // documented figure of calls a second of one account; 0 where none is, and the server's own default holds
	NoSuccess  bool                                            // its documented answer has no member Success
	RAMStyle   bool                                            // answered as RAM and STS do: without Message, Code and Success
	Anybody    bool                                            // needs no permission: no policy is asked
	Resource   func(who *gateway.Principal, p Params) []string // what a call is authorised against, all of it; nil is "*"
	Doc        Doc
	Run        func(ctx context.Context, c *Call) (Answer, error)
}

// Doc is what the API reference says of an operation, beyond what calls are held against.
type Doc struct {
	Summary    string            // what it does, in one or two sentences
	Parameters map[string]string // by name: meaning, units and range; those that all operations of a product share may be left out
	Answer     []Field           // the members of an answer, besides those that all answers have
	Errors     []string          // codes that it can answer, besides those of any call
}

// Field is a member of an answer. One of an object is written Data.Total, one of the rows of a list Data.List[].GroupId.
type Field struct{ Name, Type, About string }

// anyResource is what operations are authorised against that have no resource of their own.
const anyResource = "*"

// registry finds operations by version and action.
type registry struct {
	operations map[operationName]*Operation
	versions   map[string]bool
	product    string // what links to help name when no operation is known
}

type operationName struct{ version, action string }

func newRegistry(operations []Operation) (registry, error) {
	if len(operations) == 0 {
		return registry{}, errors.New("there are no operations")
	}
	r := registry{operations: map[operationName]*Operation{}, versions: map[string]bool{}, product: operations[0].product()}
	for i := range operations {
		op := &operations[i]
		name := operationName{op.Version, op.Action}
		if op.Version == "" || op.Action == "" || op.RAMAction == "" || op.Run == nil {
			return r, fmt.Errorf("operation %q of version %q is incomplete", op.Action, op.Version)
		}
		if r.operations[name] != nil {
			return r, fmt.Errorf("operation %q of version %q is there twice", op.Action, op.Version)
		}
		r.operations[name] = op
		r.versions[op.Version] = true
	}
	return r, nil
}

// hasAction tells whether any version has the action.
func (r *registry) hasAction(action string) bool {
	for name := range r.operations {
		if name.action == action {
			return true
		}
	}
	return false
}

// find gives the operation that a call names.
func (r *registry) find(action, version string) (*Operation, error) {
	switch {
	case action == "":
		return nil, Missing("Action")
	case version == "":
		return nil, Missing("Version")
	case !r.versions[version]:
		return nil, Invalid("Version", "")
	}
	if op := r.operations[operationName{version, action}]; op != nil {
		return op, nil
	}
	return nil, refuse(codeActionUnknown)
}

func (o *Operation) product() string {
	product, _, _ := strings.Cut(o.RAMAction, ":")
	return product
}
