package ram

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestExplainNamesWhatStandsInTheWay(t *testing.T) {
	policy := func(text string) Attached {
		p, err := ParsePolicy([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return Attached{Policy: p, Name: "p", Type: PolicyCustom, Version: "v1", Entity: EntityUser, To: "alice"}
	}
	req := &Request{Action: "cams:DeleteChatGroupParticipants", Resource: "*"}
	for _, c := range []struct{ document, want string }{
		{`{"Version":"1","Statement":[{"Effect":"Allow","Action":"cams:List*","Resource":"*"}]}`, "does not cover cams:DeleteChatGroupParticipants"},
		{`{"Version":"1","Statement":[{"Effect":"Allow","NotAction":"cams:Delete*","Resource":"*"}]}`, "takes cams:DeleteChatGroupParticipants out"},
		{`{"Version":"1","Statement":[{"Effect":"Allow","Action":"cams:*","Resource":"acs:cams:*:*:instance/*"}]}`, "Resource must be *"},
		{`{"Version":"1","Statement":[{"Effect":"Allow","Action":"cams:*","Resource":"*","Condition":{"Bool":{"acs:SecureTransport":"true"}}}]}`,
			"Condition Bool on acs:SecureTransport is not met: the request has false"},
		{`{"Version":"1","Statement":[{"Effect":"Allow","Action":"cams:*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}}]}`,
			"has no such key"},
	} {
		steps := Explain(&Identity{AccountID: "1000000000000001", Policies: []Attached{policy(c.document)}}, req)
		if len(steps) != 1 || steps[0].Matched || !strings.Contains(steps[0].Why, c.want) {
			t.Errorf("%s: told %+v, want a miss with %q", c.document, steps, c.want)
		}
	}
	if steps := Explain(&Identity{Policies: []Attached{{Name: "gone"}}}, req); len(steps) != 1 || !steps[0].Matched || steps[0].Effect != "Deny" {
		t.Errorf("a policy that could not be loaded is told as %+v", steps)
	}
}

// TestExplainAgreesWithDecide: what the trace says of the statements leads to the same effect.
func TestExplainAgreesWithDecide(t *testing.T) {
	pattern := rapid.SampledFrom([]string{"*", "cams:*", "cams:List*", "cams:DeleteChatGroup", "ram:*"})
	resource := rapid.SampledFrom([]string{"*", "acs:cams:*:*:*", "acs:cams:*:*:instance/*"})
	rapid.Check(t, func(r *rapid.T) {
		var id Identity
		for range rapid.IntRange(0, 3).Draw(r, "policies") {
			var statements []string
			for range rapid.IntRange(1, 3).Draw(r, "statements") {
				statements = append(statements, `{"Effect":"`+rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(r, "effect")+`","`+
					rapid.SampledFrom([]string{"Action", "NotAction"}).Draw(r, "member")+`":"`+pattern.Draw(r, "action")+
					`","Resource":"`+resource.Draw(r, "resource")+`"}`)
			}
			p, err := ParsePolicy([]byte(`{"Version":"1","Statement":[` + strings.Join(statements, ",") + `]}`))
			if err != nil {
				r.Fatal(err)
			}
			id.Policies = append(id.Policies, Attached{Policy: p, Name: "p"})
		}
		req := &Request{Action: rapid.SampledFrom([]string{"cams:ListChatGroup", "cams:DeleteChatGroup", "ram:CreateUser"}).Draw(r, "asked"), Resource: "*"}
		want := ImplicitDeny
		for _, s := range Explain(&id, req) {
			switch {
			case s.Matched && s.Effect == "Deny":
				want = ExplicitDeny
			case s.Matched && want == ImplicitDeny:
				want = Allow
			}
		}
		if got := Decide(&id, req).Effect; got != want {
			r.Fatalf("decided %v, the trace says %v", got, want)
		}
	})
}
