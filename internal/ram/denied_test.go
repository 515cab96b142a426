package ram

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDenied(t *testing.T) {
	const owner = AccountID("1234567890123456")
	silent := mustParse(t, oneStatement(`"Effect":"Allow","Action":"ram:*","Resource":"*"`))
	deny := mustParse(t, oneStatement(`"Effect":"Deny","Action":"*","Resource":"*"`))
	tests := []struct {
		name      string
		id        Identity
		principal Principal
		want      map[string]string
	}{
		{
			"a user without permission", Identity{}, UserPrincipal(owner, "288774244375210001"),
			map[string]string{
				"AuthAction": removal, "AuthPrincipalType": "SubUser", "AuthPrincipalDisplayName": "288774244375210001",
				"AuthPrincipalOwnerId": "1234567890123456", "PolicyType": "AccountLevelIdentityBasedPolicy",
				"NoPermissionType": "ImplicitDeny", "EncodedDiagnosticMessage": "opaque",
			},
		},
		{
			"a user who is denied", Identity{Policies: []Attached{{Policy: deny}}}, UserPrincipal(owner, "2"),
			map[string]string{
				"AuthAction": removal, "AuthPrincipalType": "SubUser", "AuthPrincipalDisplayName": "2",
				"AuthPrincipalOwnerId": "1234567890123456", "PolicyType": "AccountLevelIdentityBasedPolicy",
				"NoPermissionType": "ExplicitDeny", "EncodedDiagnosticMessage": "opaque",
			},
		},
		{
			"a session whose policy is narrower", Identity{Session: silent}, SessionPrincipal(owner, "ops", "bob"),
			map[string]string{
				"AuthAction": removal, "AuthPrincipalType": "AssumedRoleUser", "AuthPrincipalDisplayName": "ops:bob",
				"AuthPrincipalOwnerId": "1234567890123456", "PolicyType": "SessionPolicy",
				"NoPermissionType": "ImplicitDeny", "EncodedDiagnosticMessage": "opaque",
			},
		},
	}
	for _, tt := range tests {
		d := Decide(&tt.id, asked())
		body, err := json.Marshal(Denied(d, removal, tt.principal, "opaque"))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s: %s is not an object of strings: %v", tt.name, body, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestDeniedOfAnAllowIsNothing(t *testing.T) {
	if got := Denied(Decision{Effect: Allow}, removal, Principal{}, ""); got != nil {
		t.Errorf("got %+v", got)
	}
}
