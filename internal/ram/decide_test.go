package ram

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	removal = "cams:DeleteChatGroupParticipants"
	listing = "cams:ListChatGroup"
)

func TestStatementScope(t *testing.T) {
	tests := []struct {
		name, members, action, resource string
		want                            Effect
	}{
		{"action without case", `"Effect":"Allow","Action":"CAMS:deletechatgroup*","Resource":"*"`, removal, "*", Allow},
		{"other action", `"Effect":"Allow","Action":"cams:List*","Resource":"*"`, removal, "*", ImplicitDeny},
		{"other service", `"Effect":"Allow","Action":"ram:*","Resource":"*"`, removal, "*", ImplicitDeny},
		{"one of a list", `"Effect":"Allow","Action":["ram:*","cams:*"],"Resource":"*"`, removal, "*", Allow},
		{"not action, listed", `"Effect":"Allow","NotAction":["ram:*","cams:*"],"Resource":"*"`, removal, "*", ImplicitDeny},
		{"not action, not listed", `"Effect":"Allow","NotAction":"ram:*","Resource":"*"`, removal, "*", Allow},
		{"deny all but", `"Effect":"Deny","NotAction":"cams:List*","Resource":"*"`, removal, "*", ExplicitDeny},
		{"deny all but, listed", `"Effect":"Deny","NotAction":"cams:List*","Resource":"*"`, listing, "*", ImplicitDeny},

		{"narrower allow on all", `"Effect":"Allow","Action":"cams:*","Resource":"acs:cams:*:*:*"`, removal, "*", ImplicitDeny},
		{"narrower deny on all", `"Effect":"Deny","Action":"cams:*","Resource":"acs:cams:*:*:*"`, removal, "*", ExplicitDeny},
		{"one character is not all", `"Effect":"Allow","Action":"cams:*","Resource":"?"`, removal, "*", ImplicitDeny},
		{"one character and more is not all", `"Effect":"Allow","Action":"cams:*","Resource":"?*"`, removal, "*", ImplicitDeny},
		{"two stars are all", `"Effect":"Allow","Action":"cams:*","Resource":"**"`, removal, "*", Allow},
		{"narrower beside all", `"Effect":"Allow","Action":"cams:*","Resource":["acs:cams:*:*:x","*"]`, removal, "*", Allow},
		{"all but something", `"Effect":"Allow","Action":"cams:*","NotResource":"acs:oss:*:*:x"`, removal, "*", Allow},
		{"all but all", `"Effect":"Allow","Action":"cams:*","NotResource":"*"`, removal, "*", ImplicitDeny},

		{"resource pattern", `"Effect":"Allow","Action":"ram:*","Resource":"acs:ram:*:*:user/a*"`, "ram:GetUser", "acs:ram:*:1234567890123456:user/alice", Allow},
		{"resource with case", `"Effect":"Allow","Action":"ram:*","Resource":"acs:ram:*:*:user/A*"`, "ram:GetUser", "acs:ram:*:1234567890123456:user/alice", ImplicitDeny},
		{"other resource", `"Effect":"Allow","Action":"ram:*","Resource":"acs:ram:*:*:user/b*"`, "ram:GetUser", "acs:ram:*:1234567890123456:user/alice", ImplicitDeny},
		{"not resource, listed", `"Effect":"Deny","Action":"ram:*","NotResource":"acs:ram:*:*:user/alice"`, "ram:GetUser", "acs:ram:*:1234567890123456:user/alice", ImplicitDeny},
		{"not resource, not listed", `"Effect":"Deny","Action":"ram:*","NotResource":"acs:ram:*:*:user/bob"`, "ram:GetUser", "acs:ram:*:1234567890123456:user/alice", ExplicitDeny},
	}
	for _, tt := range tests {
		p := mustParse(t, oneStatement(tt.members))
		req := asked()
		req.Action, req.Resource = tt.action, tt.resource
		if got, _ := p.verdict(req); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDecide(t *testing.T) {
	allow := Attached{Name: "allow", Policy: mustParse(t, oneStatement(allowAll))}
	deny := Attached{Name: "deny", Policy: mustParse(t, `{"Version":"1","Statement":[
		{"Effect":"Allow","Action":"cams:*","Resource":"*"},
		{"Effect":"Deny","Action":"cams:Delete*","Resource":"*"}]}`)}
	silent := Attached{Name: "silent", Policy: mustParse(t, oneStatement(`"Effect":"Allow","Action":"ram:*","Resource":"*"`))}
	lost := Attached{Name: "lost"}
	const identityBased = AccountLevelIdentityBasedPolicy

	tests := []struct {
		name string
		id   Identity
		want Decision
		by   string
	}{
		{"the account itself", Identity{Root: true, Policies: []Attached{deny}}, Decision{Effect: Allow}, ""},
		{"nothing attached", Identity{}, Decision{Effect: ImplicitDeny, PolicyType: identityBased}, ""},
		{"nothing that matches", Identity{Policies: []Attached{silent}}, Decision{Effect: ImplicitDeny, PolicyType: identityBased}, ""},
		{"an allow", Identity{Policies: []Attached{silent, allow}}, Decision{Effect: Allow, PolicyType: identityBased, Statement: 1}, "allow"},
		{"a deny after an allow", Identity{Policies: []Attached{allow, deny}}, Decision{Effect: ExplicitDeny, PolicyType: identityBased, Statement: 2}, "deny"},
		{"a deny before an allow", Identity{Policies: []Attached{deny, allow}}, Decision{Effect: ExplicitDeny, PolicyType: identityBased, Statement: 2}, "deny"},
		{"the first allow is named", Identity{Policies: []Attached{allow, {Name: "again", Policy: allow.Policy}}}, Decision{Effect: Allow, PolicyType: identityBased, Statement: 1}, "allow"},
		{"a policy that was not loaded", Identity{Policies: []Attached{allow, lost}}, Decision{Effect: ExplicitDeny, PolicyType: identityBased}, "lost"},

		{"session allows, role allows", Identity{Session: allow.Policy, Policies: []Attached{allow}}, Decision{Effect: Allow, PolicyType: identityBased, Statement: 1}, "allow"},
		{"session allows, role does not", Identity{Session: allow.Policy}, Decision{Effect: ImplicitDeny, PolicyType: identityBased}, ""},
		{"session allows, role denies", Identity{Session: allow.Policy, Policies: []Attached{deny}}, Decision{Effect: ExplicitDeny, PolicyType: identityBased, Statement: 2}, "deny"},
		{"session is silent", Identity{Session: silent.Policy, Policies: []Attached{allow}}, Decision{Effect: ImplicitDeny, PolicyType: SessionPolicy}, ""},
		{"session is silent, role denies", Identity{Session: silent.Policy, Policies: []Attached{deny}}, Decision{Effect: ImplicitDeny, PolicyType: SessionPolicy}, ""},
		{"session denies", Identity{Session: deny.Policy, Policies: []Attached{allow}}, Decision{Effect: ExplicitDeny, PolicyType: SessionPolicy, Statement: 2}, ""},
	}
	for _, tt := range tests {
		got := Decide(&tt.id, asked())
		if got.PolicyName() != tt.by {
			t.Errorf("%s: decided by %q, want %q", tt.name, got.PolicyName(), tt.by)
		}
		if got.Allowed() != (tt.want.Effect == Allow) {
			t.Errorf("%s: Allowed() = %v beside %v", tt.name, got.Allowed(), got.Effect)
		}
		got.Attached = nil
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestDenyOnTheWholeService: an operation on no single resource is denied by what covers everything that the account has of
// the service, and allowed by the star alone.
func TestDenyOnTheWholeService(t *testing.T) {
	allow := Attached{Policy: mustParse(t, oneStatement(allowAll))}
	for resource, denied := range map[string]bool{
		"*": true, "acs:*": true, "acs:cams:*": true, "acs:cams:*:*:*": true, "acs:cams:*:1234567890123456:*": true,
		"acs:cams::1234567890123456:*": true, "acs:cams:ap-southeast-1:*:*": true, "acs:cams:ap-*:123456789012345?:*": true,
		"acs:c?ms:*:*:*": true, "*:cams:*": true, "acs:*:*:1234567890123456:*": true,
		"acs:cams:*:2234567890123456:*": false, "acs:ram:*:*:*": false, "acs:CAMS:*:*:*": false, "acs:cams:*:*:chatgroup/*": false,
		"acs:cams:*:*:?": false, "acs:cams:*:*:x": false, "acs:cams:*:*": true, "acs:cams": false, "?": false,
	} {
		deny := Attached{Policy: mustParse(t, oneStatement(`"Effect":"Deny","Action":"cams:Delete*","Resource":"`+resource+`"`))}
		narrow := Attached{Policy: mustParse(t, oneStatement(`"Effect":"Allow","Action":"cams:*","Resource":"`+resource+`"`))}
		id := &Identity{AccountID: "1234567890123456", Policies: []Attached{allow, deny}}
		if got := Decide(id, asked()).Effect == ExplicitDeny; got != denied {
			t.Errorf("a Deny on %s holds = %v, want %v", resource, got, denied)
		}
		req := asked()
		req.Action = "CAMS:DeleteChatGroup"
		if got := Decide(id, req).Effect == ExplicitDeny; got != denied {
			t.Errorf("a Deny on %s holds for another spelling = %v, want %v", resource, got, denied)
		}
		id.Policies = []Attached{narrow}
		if got := Decide(id, asked()).Allowed(); got != (resource == "*") {
			t.Errorf("an Allow on %s alone allows = %v", resource, got)
		}
	}
	allBut := Attached{Policy: mustParse(t, oneStatement(`"Effect":"Deny","Action":"cams:*","NotResource":"acs:cams:*:*:*"`))}
	if got := Decide(&Identity{Policies: []Attached{allow, allBut}}, asked()).Effect; got != ExplicitDeny {
		t.Errorf("a Deny of all but the service's: %v, want it to deny what is on no single resource", got)
	}
}

func TestEffectText(t *testing.T) {
	for effect, want := range map[Effect]string{Allow: "Allow", ExplicitDeny: "ExplicitDeny", ImplicitDeny: "ImplicitDeny"} {
		if got := effect.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSystemPolicies(t *testing.T) {
	tests := []struct {
		policy, action string
		want           Effect
	}{
		{AdministratorAccess, removal, Allow},
		{AdministratorAccess, "ram:CreateUser", Allow},
		{AliyunCamsFullAccess, removal, Allow},
		{AliyunCamsFullAccess, "ram:GetUser", ImplicitDeny},
		{AliyunCamsReadOnlyAccess, listing, Allow},
		{AliyunCamsReadOnlyAccess, "cams:GetChatGroupInviteLink", Allow},
		{AliyunCamsReadOnlyAccess, removal, ImplicitDeny},
		{AliyunCamsReadOnlyAccess, "ram:ListUsers", ImplicitDeny},
	}
	for _, tt := range tests {
		p, ok := FindSystemPolicy(tt.policy)
		if !ok {
			t.Fatalf("no system policy %s", tt.policy)
		}
		req := asked()
		req.Action = tt.action
		id := Identity{Policies: []Attached{{Name: p.Name, Type: PolicySystem, Policy: p.Policy}}}
		if got := Decide(&id, req).Effect; got != tt.want {
			t.Errorf("%s on %s: %v, want %v", tt.policy, tt.action, got, tt.want)
		}
	}
	if _, ok := FindSystemPolicy("AliyunCAMSFullAccess"); ok {
		t.Error("found a system policy under a wrong spelling")
	}
}

func TestSystemPoliciesCannotBeReplaced(t *testing.T) {
	list := SystemPolicies()
	list[0].Policy = nil
	if p, _ := FindSystemPolicy(list[0].Name); p.Policy == nil {
		t.Error("a caller changed the system policies of everybody")
	}
	for _, p := range SystemPolicies() {
		if p.Description == "" || p.Version == "" || p.Document == "" || p.Policy.Statements() == 0 {
			t.Errorf("system policy %q is incomplete", p.Name)
		}
	}
}

// busyIdentity is a user with as many policies as a real one may have.
func busyIdentity(t testing.TB) *Identity {
	id := new(Identity)
	for range 10 {
		id.Policies = append(id.Policies, Attached{Policy: mustParse(t, oneStatement(
			`"Effect":"Allow","Action":["ecs:*","oss:Get*","ram:List*"],"Resource":["acs:ecs:*:*:*","acs:oss:*:*:bucket/*"]`))})
	}
	id.Policies = append(id.Policies, Attached{Policy: mustParse(t, oneStatement(`"Effect":"Allow","Action":"cams:*","Resource":"*",
		"Condition":{"IpAddress":{"acs:SourceIp":["10.0.0.0/8","203.0.113.0/24"]},"Bool":{"acs:SecureTransport":"true"},
		"DateLessThan":{"acs:CurrentTime":"2030-01-01T00:00:00Z"},"StringLike":{"acs:PrincipalArn":"acs:ram::*:user/*"},
		"NumericLessThan":{"t:number":100}}`))})
	return id
}

func TestDecideAllocatesNothing(t *testing.T) {
	id, req := busyIdentity(t), asked()
	if !Decide(id, req).Allowed() {
		t.Fatal("the request is refused")
	}
	if n := testing.AllocsPerRun(100, func() { Decide(id, req) }); n != 0 {
		t.Errorf("%v allocations for each decision, want none", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	id, req := busyIdentity(b), asked()
	b.ReportAllocs()
	for b.Loop() {
		Decide(id, req)
	}
}

// BenchmarkDecideWorst is the dearest policy that fits into 4096 characters:
// long patterns that fail at their last letter.
func BenchmarkDecideWorst(b *testing.B) {
	req := asked()
	req.Keys["t:long"] = longText
	id := &Identity{Policies: []Attached{{Policy: worstPolicy(b)}}}
	b.ReportAllocs()
	for b.Loop() {
		Decide(id, req)
	}
}
