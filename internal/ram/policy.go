package ram

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxCustomPolicyLength is the most characters the document of a custom
	// policy may have (RAM, "Limits").
	MaxCustomPolicyLength = 4096
	// MaxSessionPolicyLength is the most characters the policy of a role
	// session may have (STS API reference, AssumeRole).
	MaxSessionPolicyLength = 1024
	// maxDocumentBytes bounds every document, system policies included.
	maxDocumentBytes = 64 << 10
)

// CodeMalformedPolicyDocument is the code of a document that breaks the
// grammar of policies.
const CodeMalformedPolicyDocument = "MalformedPolicyDocument"

// Policy is a policy document, compiled: patterns, addresses, dates and
// numbers are read once and not again for each request. It never changes
// after ParsePolicy and may be used by many goroutines at once.
type Policy struct {
	statements []statement
}

// Statements is how many statements the policy has.
func (p *Policy) Statements() int { return len(p.statements) }

// ParsePolicy reads and compiles a policy document of version "1" (RAM,
// "Policy structure and syntax"). It is strict: a member it does not know, a
// name that comes twice, or a value that its operator cannot compare is
// refused, for a rule that is silently ignored could be the one that denies.
// The error is an *Error with the code MalformedPolicyDocument and names the
// place, or InvalidParameter.PolicyDocument.Length beyond 64 KiB.
func ParsePolicy(doc []byte) (*Policy, error) {
	if len(doc) > maxDocumentBytes {
		return nil, errDocumentLength()
	}
	p, err := parsePolicy(doc)
	if err != nil {
		return nil, &Error{Code: CodeMalformedPolicyDocument, Message: err.Error()}
	}
	return p, nil
}

// ParseCustomPolicy is ParsePolicy for a document that a customer writes: at
// most MaxCustomPolicyLength characters, else the error has the code
// InvalidParameter.PolicyDocument.Length.
func ParseCustomPolicy(doc []byte) (*Policy, error) {
	if utf8.RuneCount(doc) > MaxCustomPolicyLength {
		return nil, errDocumentLength()
	}
	return ParsePolicy(doc)
}

// ParseSessionPolicy is ParsePolicy for the policy handed to AssumeRole: 1 to
// MaxSessionPolicyLength characters. The error has one of STS's own codes,
// InvalidParameter.PolicySize or InvalidParameter.PolicyGrammar.
func ParseSessionPolicy(doc []byte) (*Policy, error) {
	if n := utf8.RuneCount(doc); n == 0 || n > MaxSessionPolicyLength {
		return nil, &Error{
			Code:    "InvalidParameter.PolicySize",
			Message: fmt.Sprintf("The size of Policy must be 1 to %d characters.", MaxSessionPolicyLength),
		}
	}
	p, err := parsePolicy(doc)
	if err != nil {
		return nil, &Error{
			Code:    "InvalidParameter.PolicyGrammar",
			Message: "The parameter Policy has not passed grammar check: " + err.Error(),
		}
	}
	return p, nil
}

func errDocumentLength() *Error {
	return &Error{
		Code:    "InvalidParameter.PolicyDocument.Length",
		Message: `The parameter - "PolicyDocument" beyond the length limit.`,
	}
}

func parsePolicy(doc []byte) (*Policy, error) {
	statements, err := parseStatements(doc, (*reader).statement)
	if err != nil {
		return nil, err
	}
	return &Policy{statements}, nil
}

// parseStatements reads a document of version "1", whose statements are read by one that knows their form.
func parseStatements[S any](doc []byte, read func(*reader) (S, error)) ([]S, error) {
	if err := checkJSON(doc); err != nil {
		return nil, err
	}
	r := newReader(doc)
	var statements []S
	var version bool
	err := r.object(func(name string) error {
		switch name {
		case "Version":
			version = true
			return r.version()
		case "Statement":
			return r.array(name, func(n int) error {
				s, err := read(r)
				if err != nil {
					return fmt.Errorf("statement %d: %w", n, err)
				}
				statements = append(statements, s)
				return nil
			})
		}
		return fmt.Errorf("unknown member %s", quote(name))
	})
	switch {
	case err != nil:
		return nil, err
	case !version:
		return nil, errors.New(`Version is missing; it must be "1"`)
	case len(statements) == 0:
		return nil, errors.New("Statement is missing or empty")
	}
	return statements, nil
}

func (r *reader) version() error {
	text, err := r.text()
	if err != nil {
		return fmt.Errorf("Version: %w", err)
	}
	if text != "1" {
		return fmt.Errorf(`Version must be "1", not %s`, quote(text))
	}
	return nil
}

// verdict is what one policy alone says about a request, and the number of
// the statement that said it, from 1. A Deny ends the search; of several
// Allows the first is named.
func (p *Policy) verdict(req *Request) (Effect, int) {
	effect, number := ImplicitDeny, 0
	for i := range p.statements {
		s := &p.statements[i]
		if effect == Allow && !s.deny || !s.applies(req) {
			continue
		}
		if s.deny {
			return ExplicitDeny, i + 1
		}
		effect, number = Allow, i+1
	}
	return effect, number
}

// VersionID writes the number of a version of a policy as RAM does: v1, v2 and so on.
func VersionID(number int64) string { return "v" + strconv.FormatInt(number, 10) }

// ParseVersionID reads the id of a version of a policy. The error has the code InvalidParameter.VersionId.Format.
func ParseVersionID(text string) (int64, error) {
	number, err := strconv.ParseInt(strings.TrimPrefix(text, "v"), 10, 64)
	if err != nil || number < 1 || VersionID(number) != text {
		return 0, badFormat("VersionId")
	}
	return number, nil
}
