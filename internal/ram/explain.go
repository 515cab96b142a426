package ram

import "strings"

// Step is what one statement had to say when a request was decided.
type Step struct {
	Policy    string     `json:"policy"` // its name; empty for the policy of a session
	Type      PolicyType `json:"type,omitempty"`
	Version   string     `json:"version,omitempty"`
	Entity    EntityType `json:"entity,omitempty"`
	To        string     `json:"to,omitempty"` // the name of the user, group or role that has it
	Statement int        `json:"statement"`    // from 1; 0 where no statement could be read
	Effect    string     `json:"effect"`       // Allow or Deny, as the statement has it
	Matched   bool       `json:"matched"`
	Why       string     `json:"why"` // a sentence
}

// maxSteps bounds a trace. Whoever has more statements than this finds the one that decided in the Decision.
const maxSteps = 200

// maxAsked bounds, in bytes, what each step repeats of the request.
const maxAsked = 256

// Explain goes through the same statements as Decide and tells of each why it matched or did not. It does not stop at a Deny, so
// that what else would stand in the way is seen too. At most 200 statements are told of.
func Explain(id *Identity, req *Request) []Step {
	if id.Root {
		return nil
	}
	asked := *req
	asked.account = id.AccountID
	var steps []Step
	if id.Session != nil {
		steps = id.Session.explain(&asked, Step{})
	}
	for i := range id.Policies {
		a := &id.Policies[i]
		about := Step{Policy: a.Name, Type: a.Type, Version: a.Version, Entity: a.Entity, To: a.To}
		if a.Policy == nil {
			about.Effect, about.Matched, about.Why = "Deny", true, "The policy could not be loaded, and what it forbids is not known."
			steps = append(steps, about)
			continue
		}
		steps = append(steps, a.Policy.explain(&asked, about)...)
	}
	return steps[:min(len(steps), maxSteps)]
}

func (p *Policy) explain(req *Request, about Step) []Step {
	steps := make([]Step, 0, len(p.statements))
	for i := range p.statements {
		s := &p.statements[i]
		about.Statement, about.Effect = i+1, "Allow"
		if s.deny {
			about.Effect = "Deny"
		}
		about.Why = s.obstacle(req)
		about.Matched = about.Why == ""
		if about.Matched {
			about.Why = "Action, resource and conditions match."
		}
		steps = append(steps, about)
	}
	return steps
}

// obstacle says why the statement does not apply to a request, "" when it does. It asks in the order of applies.
func (s *statement) obstacle(req *Request) string {
	if anyMatch(s.actions.list, req.Action) == s.actions.except {
		return s.actions.miss("Action", req.Action)
	}
	if !s.concerns(req) {
		why := s.resources.miss("Resource", req.Resource)
		if req.Resource == allResources && !s.resources.except {
			why += " The action works on no single resource, so Resource must be *."
		}
		return why
	}
	for i := range s.conditions {
		if c := &s.conditions[i]; !c.met(req, s.deny) {
			return c.miss(req)
		}
	}
	return ""
}

func (p *patterns) miss(what, asked string) string {
	if len(asked) > maxAsked {
		asked = strings.ToValidUTF8(asked[:maxAsked], "") + "…"
	}
	if p.except {
		return "Not" + what + " " + p.String() + " takes " + asked + " out."
	}
	return what + " " + p.String() + " does not cover " + asked + "."
}

// String lists the patterns, the first few of many.
func (p *patterns) String() string {
	const most = 5
	texts := make([]string, 0, most+1)
	for i := range p.list {
		if i == most {
			texts = append(texts, "…")
			break
		}
		texts = append(texts, p.list[i].text)
	}
	return strings.Join(texts, ", ")
}

func (c *condition) miss(req *Request) string {
	have, present := c.key.subject(req)
	if !present {
		return "Condition " + c.name + " on " + c.key.name + " is not met: the request has no such key."
	}
	return "Condition " + c.name + " on " + c.key.name + " is not met: the request has " + have.asText() + "."
}
