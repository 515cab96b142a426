package ram

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	houseRoot = "acs:ram::1000000000000001:root"
	aliceARN  = "acs:ram::1000000000000001:user/alice"
	bobARN    = "acs:ram::1000000000000001:user/bob"
)

func TestTrustPolicyDecides(t *testing.T) {
	t.Parallel()
	statement := func(effect, rest string) string {
		return `{"Effect":"` + effect + `","Action":"sts:AssumeRole",` + rest + `}`
	}
	document := func(statements ...string) string {
		return `{"Version":"1","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	root, alice := `"Principal":{"RAM":"`+houseRoot+`"}`, `"Principal":{"RAM":["`+aliceARN+`"]}`
	withID := root + `,"Condition":{"StringEquals":{"sts:ExternalId":"x1"}}`
	for _, test := range []struct {
		name, document string
		keys           map[string]string
		alice, bob     Effect
	}{
		{"the account stands for everybody in it", document(statement("Allow", root)), nil, Allow, Allow},
		{"a user", document(statement("Allow", alice)), nil, Allow, ImplicitDeny},
		{"a deny beats an allow", document(statement("Allow", root), statement("Deny", alice)), nil, ExplicitDeny, Allow},
		{"another account", document(statement("Allow", `"Principal":{"RAM":"acs:ram::1000000000000002:root"}`)), nil, ImplicitDeny, ImplicitDeny},
		{"a service is nobody", document(statement("Allow", `"Principal":{"Service":"ecs.aliyuncs.com"}`)), nil, ImplicitDeny, ImplicitDeny},
		{"an external id", document(statement("Allow", withID)), map[string]string{"sts:ExternalId": "x1"}, Allow, Allow},
		{"another external id", document(statement("Allow", withID)), map[string]string{"sts:ExternalId": "x2"}, ImplicitDeny, ImplicitDeny},
		{"no external id", document(statement("Allow", withID)), nil, ImplicitDeny, ImplicitDeny},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := ParseTrustPolicy([]byte(test.document), "AssumeRolePolicyDocument")
			if err != nil {
				t.Fatal(err)
			}
			req := &Request{Action: "sts:AssumeRole", Time: time.Unix(0, 0), Keys: test.keys}
			if got := p.Decide(aliceARN, houseRoot, req); got.Effect != test.alice || got.PolicyType != AssumeRolePolicy {
				t.Errorf("alice: %+v, want %s", got, test.alice)
			}
			if got := p.Decide(bobARN, houseRoot, req); got.Effect != test.bob {
				t.Errorf("bob: %+v, want %s", got, test.bob)
			}
		})
	}
}

var badTrustPolicies = []string{
	``, `{}`, `{"Version":"1"}`, `{"Version":"1","Statement":[]}`, `{"Version":"2","Statement":[{}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":"` + houseRoot + `"}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":"*"}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":"acs:ram::1000000000000001:user/*"}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":"acs:ram::*:root"}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":7}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + houseRoot + `"}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Principal":{"RAM":"` + houseRoot + `"}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:StartInstance","Principal":{"RAM":"` + houseRoot + `"}}]}`,
	`{"Version":"1","Statement":[{"Effect":"Maybe","Action":"sts:AssumeRole","Principal":{"RAM":"` + houseRoot + `"}}]}`,
}

func TestTrustPolicyRefuses(t *testing.T) {
	t.Parallel()
	for _, doc := range badTrustPolicies {
		_, err := ParseTrustPolicy([]byte(doc), "AssumeRolePolicyDocument")
		if !errors.Is(err, &Error{Code: CodeMalformedPolicyDocument}) {
			t.Errorf("%s: %v", doc, err)
		}
	}
	_, err := ParseTrustPolicy([]byte(strings.Repeat(" ", MaxCustomPolicyLength+1)), "AssumeRolePolicyDocument")
	if !errors.Is(err, &Error{Code: "InvalidParameter.AssumeRolePolicyDocument.Length"}) {
		t.Errorf("a long document: %v", err)
	}
}

func FuzzParseTrustPolicy(f *testing.F) {
	for _, doc := range badTrustPolicies {
		f.Add(doc)
	}
	f.Add(`{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":["` + houseRoot + `"]}}]}`)
	f.Fuzz(func(t *testing.T, doc string) {
		p, err := ParseTrustPolicy([]byte(doc), "P")
		if err != nil {
			return
		}
		if d := p.Decide("acs:ram::1000000000000009:user/nobody", "acs:ram::1000000000000009:root", &Request{}); d.Allowed() && !strings.Contains(doc, "1000000000000009") &&
			!strings.Contains(doc, `\u`) {
			t.Errorf("%s lets in somebody it does not name", doc)
		}
	})
}

func TestVersionIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"v1": 1, "v12": 12, "": 0, "1": 0, "v0": 0, "v-1": 0, "v01": 0, "V1": 0, "v+1": 0, "v99999999999999999999": 0} {
		n, err := ParseVersionID(text)
		if n != want && err == nil || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}

func TestUserRules(t *testing.T) {
	t.Parallel()
	good := User{Name: "alice", DisplayName: "Alice", Email: "a@example.com", MobilePhone: "86-18688888888"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for code, change := range map[string]UserChange{
		"InvalidParameter.NewUserName.InvalidChars":    {Name: "a b"},
		"InvalidParameter.NewDisplayName.InvalidChars": {DisplayName: "a b"},
		"InvalidParameter.NewComments.Length":          {Comments: strings.Repeat("x", 129)},
		"InvalidParameter.NewEmail.Format":             {Email: "nobody"},
		"InvalidParameter.NewMobilePhone.Format":       {MobilePhone: "18688888888"},
	} {
		if err := change.Check(); !errors.Is(err, &Error{Code: code}) {
			t.Errorf("%+v: %v, want %s", change, err, code)
		}
	}
	(&UserChange{Name: "bob"}).Apply(&good)
	if good.Name != "bob" || good.DisplayName != "Alice" {
		t.Errorf("%+v", good)
	}
}
