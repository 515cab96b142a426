package ram

import (
	"errors"
	"fmt"
	"strings"
)

// allResources is what an operation that works on no single resource is
// authorised against; RAM's tables call it "All Resource".
const allResources = "*"

// statement is one rule of a policy.
type statement struct {
	deny       bool
	actions    patterns
	resources  patterns
	conditions []condition
}

// patterns is Action or Resource, or with except set NotAction or NotResource.
type patterns struct {
	list   []wildcard
	except bool
}

// applies tells whether the statement speaks about the request at all.
func (s *statement) applies(req *Request) bool {
	if anyMatch(s.actions.list, req.Action) == s.actions.except {
		return false
	}
	if !s.concerns(req) {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].met(req, s.deny) {
			return false
		}
	}
	return true
}

// concerns tells whether the statement speaks about the resource. A Deny that
// names everything that the account has of the service speaks about an
// operation on no single resource too: whoever writes it means to forbid, and
// it must not have no effect beside an Allow of everything.
func (s *statement) concerns(req *Request) bool {
	if s.resources.cover(req.Resource) != s.resources.except {
		return true
	}
	return s.deny && !s.resources.except && req.Resource == allResources && s.resources.coverService(req)
}

// coverService tells whether one of the patterns covers all resources that
// the account has of the action's service.
func (p *patterns) coverService(req *Request) bool {
	service, _, _ := strings.Cut(req.Action, ":")
	service = lowerASCII(service)
	for i := range p.list {
		if p.list[i].coversService(service, req.account) {
			return true
		}
	}
	return false
}

// cover tells whether one of the patterns covers the resource. The literal *
// is not a name of one character but everything there is, so only a pattern
// of stars covers it: `?` or `acs:cams:*` does not.
func (p *patterns) cover(resource string) bool {
	if resource != allResources {
		return anyMatch(p.list, resource)
	}
	for i := range p.list {
		if p.list[i].all {
			return true
		}
	}
	return false
}

// coversService tells whether the pattern matches every resource of a service
// in an account. There is no region here, so that the one which the pattern
// names is taken for ours. Two characters that no pattern holds stand for the
// resource's own name: only a star, or as many question marks, matches them.
func (w *wildcard) coversService(service string, account AccountID) bool {
	const anyName = "\x00\x00"
	region := anyName
	if parts := strings.SplitN(w.text, ":", 4); len(parts) > 2 {
		region = parts[2]
	}
	return w.match("acs:" + service + ":" + region + ":" + string(account) + ":" + anyName)
}

// statement reads one statement. Its members may come in any order, so what
// belongs together is checked when all of them are known.
func (r *reader) statement() (statement, error) {
	var s statement
	var effect string
	err := r.object(func(name string) (err error) {
		switch name {
		case "Effect":
			effect, err = r.effect()
		case "Action", "NotAction":
			err = r.patterns(&s.actions, name, "Action", compileAction)
		case "Resource", "NotResource":
			err = r.patterns(&s.resources, name, "Resource", compileResource)
		case "Condition":
			s.conditions, err = r.conditions()
		case "Principal":
			err = errors.New("Principal belongs to the trust policy of a role, not here")
		default:
			err = fmt.Errorf("unknown member %s", quote(name))
		}
		return err
	})
	switch {
	case err != nil:
		return statement{}, err
	case effect == "":
		return statement{}, errors.New("Effect is missing")
	case len(s.actions.list) == 0:
		return statement{}, errors.New("Action is missing")
	case len(s.resources.list) == 0:
		return statement{}, errors.New("Resource is missing")
	}
	s.deny = effect == "Deny"
	return s, nil
}

func (r *reader) effect() (string, error) {
	text, err := r.text()
	if err != nil {
		return "", fmt.Errorf("Effect: %w", err)
	}
	if text != "Allow" && text != "Deny" {
		return "", fmt.Errorf(`Effect must be "Allow" or "Deny", not %s`, quote(text))
	}
	return text, nil
}

// patterns reads the member name into p; plain is its name without the Not.
func (r *reader) patterns(p *patterns, name, plain string, compile func(string) (wildcard, error)) error {
	if len(p.list) > 0 {
		return fmt.Errorf("%s and Not%s stand side by side", plain, plain)
	}
	list, err := r.values()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, v := range list {
		if v.kind != stringValue {
			return fmt.Errorf("%s: %s is not a string", name, v.text)
		}
		w, err := compile(v.text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.list = append(p.list, w)
	}
	p.except = name != plain
	return nil
}

// compileAction takes `*` or `<ram-code>:<ActionName>`, both parts with
// wildcards if wanted. Actions are compared without regard to case.
func compileAction(text string) (wildcard, error) {
	w := compileWildcard(text, true)
	if w.all {
		return w, nil
	}
	service, name, found := strings.Cut(text, ":")
	if !found || service == "" || name == "" {
		return wildcard{}, fmt.Errorf("%s is not of the form service:ActionName", quote(text))
	}
	for _, c := range text {
		if !isAlphanumeric(c) && !strings.ContainsRune("*?:_-./", c) {
			return wildcard{}, fmt.Errorf("%s has a character that no action has", quote(text))
		}
	}
	return w, nil
}

// compileResource takes `*` or an ARN, with wildcards if wanted. Resources
// are compared with regard to case.
func compileResource(text string) (wildcard, error) {
	w := compileWildcard(text, false)
	if text == "" {
		return wildcard{}, errors.New("an empty string names no resource")
	}
	if text[0] != '*' && text[0] != '?' && !strings.HasPrefix(text, "acs:") {
		return wildcard{}, fmt.Errorf("%s is neither * nor an ARN that begins with acs:", quote(text))
	}
	return w, nil
}

func isAlphanumeric(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
