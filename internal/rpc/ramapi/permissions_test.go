package ramapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRefusedThenLetIn is the story of a colleague: who may only look is refused a removal, with all that RAM documents of a refusal,
// and is let through by the next call after the policy was attached, on whatever node.
func TestRefusedThenLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.user("alice")
	w.policy("look", allowing("*", "cams:List*"))
	w.attach("User", "alice", "look")
	alice.ok("ListChatGroup", nil)
	a := alice.refused(403, "Forbidden.RAM", "DeleteChatGroupParticipants", nil)
	detail, _ := a.at("AccessDeniedDetail").(map[string]any)
	message, _ := detail["EncodedDiagnosticMessage"].(string)
	delete(detail, "EncodedDiagnosticMessage")
	user := w.root().ok("GetUser", params{"UserName": "alice"})
	want := map[string]any{
		"AuthAction": "cams:DeleteChatGroupParticipants", "AuthPrincipalType": "SubUser", "AuthPrincipalDisplayName": user.at("User.UserId"),
		"AuthPrincipalOwnerId": houseID, "PolicyType": "AccountLevelIdentityBasedPolicy", "NoPermissionType": "ImplicitDeny",
	}
	if diff := cmp.Diff(want, detail); diff != "" || message == "" {
		t.Errorf("AccessDeniedDetail (-want +got), with message %q:\n%s", message, diff)
	}

	w.policy("remove", allowing("*", "cams:DeleteChatGroupParticipants"))
	w.attach("User", "alice", "remove")
	alice.ok("DeleteChatGroupParticipants", nil)
	alice.node = 1
	alice.ok("DeleteChatGroupParticipants", nil)
	w.root().ok("DetachPolicyFromUser", params{"PolicyType": "Custom", "PolicyName": "remove", "UserName": "alice"})
	for alice.node = range w.nodes {
		alice.refused(403, "Forbidden.RAM", "DeleteChatGroupParticipants", nil)
	}
}

// TestGroupsOfUsers: what a group may do, its users may do, from the next call on and on either node.
func TestGroupsOfUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, alice := w.root(), w.user("alice")
	alice.node = 1
	root.ok("CreateGroup", params{"GroupName": "nurses"})
	w.policy("look", allowing("*", "cams:List*"))
	w.attach("Group", "nurses", "look")
	alice.refused(403, "Forbidden.RAM", "ListChatGroup", nil)
	root.ok("AddUserToGroup", params{"GroupName": "nurses", "UserName": "alice"})
	alice.ok("ListChatGroup", nil)
	root.ok("CreatePolicyVersion", params{"PolicyName": "look", "PolicyDocument": statement("Deny", "*", "*"), "SetAsDefault": "true"})
	a := alice.refused(403, "Forbidden.RAM", "ListChatGroup", nil)
	if got := a.at("AccessDeniedDetail.NoPermissionType"); got != "ExplicitDeny" {
		t.Errorf("NoPermissionType is %v", got)
	}
	decoded := root.ok("DecodeDiagnosticMessage", params{"EncodedDiagnosticMessage": a.at("AccessDeniedDetail.EncodedDiagnosticMessage").(string)})
	want := []any{map[string]any{"Effect": "Deny", "PolicyIdentifier": "look", "PolicyType": "Custom", "PolicyVersion": "v2",
		"AttachedEntityType": "RamGroup", "AttachedScope": "Account"}}
	if diff := cmp.Diff(want, decoded.at("DecodedDiagnosticMessage.MatchedPolicies")); diff != "" {
		t.Errorf("MatchedPolicies (-want +got):\n%s", diff)
	}
	root.ok("SetDefaultPolicyVersion", params{"PolicyName": "look", "VersionId": "v1"})
	alice.ok("ListChatGroup", nil)
	root.ok("RemoveUserFromGroup", params{"GroupName": "nurses", "UserName": "alice"})
	alice.refused(403, "Forbidden.RAM", "ListChatGroup", nil)
}

// TestDecodeDiagnosticMessage: the account's administrator reads why, and nobody else.
func TestDecodeDiagnosticMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.user("alice")
	a := alice.refused(403, "Forbidden.RAM", "ListChatGroup", nil)
	message := params{"EncodedDiagnosticMessage": a.at("AccessDeniedDetail.EncodedDiagnosticMessage").(string)}
	alice.refused(403, "NoPermission", "DecodeDiagnosticMessage", message)
	decoded := w.root().ok("DecodeDiagnosticMessage", message)
	got, _ := decoded.at("DecodedDiagnosticMessage").(map[string]any)
	conditions := got["AuthConditions"]
	delete(got, "AuthConditions")
	want := map[string]any{"ExplicitDeny": false, "NoPermissionPolicyType": "AccountLevelIdentityBasedPolicy", "AuthAction": "cams:ListChatGroup",
		"AuthResource": "*", "MatchedPolicies": []any{}, "AuthPrincipal": map[string]any{"AuthPrincipalType": "SubUser",
			"AuthPrincipalDisplayName": a.at("AccessDeniedDetail.AuthPrincipalDisplayName"), "AuthPrincipalOwnerId": houseID}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("DecodedDiagnosticMessage (-want +got):\n%s", diff)
	}
	source := map[string]any{"ConditionKey": "acs:SourceIp", "ConditionValues": []any{"127.0.0.1"}}
	if list, _ := conditions.([]any); len(list) != 4 || !cmp.Equal(list[2], any(source)) {
		t.Errorf("AuthConditions are %v", conditions)
	}
	caller{w, otherKey, secret, 0}.refused(400, "InvalidParameter.EncodedDiagnosticMessage", "DecodeDiagnosticMessage", message)
	w.root().refused(400, "InvalidParameter.EncodedDiagnosticMessage", "DecodeDiagnosticMessage", params{"EncodedDiagnosticMessage": "nonsense"})
}

// TestOwnAuthorisation: RAM's operations are let through by the name of what they are about.
func TestOwnAuthorisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.user("clerk")
	w.user("alice")
	onAlice := "acs:ram:*:" + houseID + ":user/alice"
	a := clerk.refused(403, "NoPermission", "GetUser", params{"UserName": "alice"})
	if got := a.at("AccessDeniedDetail.AuthAction"); got != "ram:GetUser" {
		t.Errorf("AuthAction is %v", got)
	}
	w.policy("clerk", allowing(onAlice, "ram:*"))
	w.attach("User", "clerk", "clerk")
	clerk.ok("GetUser", params{"UserName": "alice"})
	clerk.ok("ListAccessKeys", params{"UserName": "alice"})
	clerk.refused(403, "NoPermission", "GetUser", params{"UserName": "clerk"})
	clerk.refused(403, "NoPermission", "ListUsers", nil)
	clerk.refused(403, "NoPermission", "CreateUser", params{"UserName": "alice2"})
	clerk.refused(403, "NoPermission", "CreateAccessKey", nil) // its own
	// Who ties two things together must be let do it with either.
	clerk.refused(403, "NoPermission", "AttachPolicyToUser", params{"UserName": "alice", "PolicyType": "System", "PolicyName": "AdministratorAccess"})
	w.policy("hand-out", allowing("acs:ram:*:system:policy/AliyunCams*", "ram:Attach*"))
	w.attach("User", "clerk", "hand-out")
	clerk.refused(403, "NoPermission", "AttachPolicyToUser", params{"UserName": "alice", "PolicyType": "System", "PolicyName": "AdministratorAccess"})
	clerk.refused(403, "NoPermission", "AttachPolicyToUser", params{"UserName": "clerk", "PolicyType": "System", "PolicyName": "AliyunCamsFullAccess"})
	clerk.ok("AttachPolicyToUser", params{"UserName": "alice", "PolicyType": "System", "PolicyName": "AliyunCamsFullAccess"})
}

// TestRenaming: who may change one user or group may not give it any name, for trust and grants go by the name.
func TestRenaming(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.user("clerk")
	w.user("bob")
	w.root().ok("CreateGroup", params{"GroupName": "guests"})
	on := func(relative string) string { return "acs:ram:*:" + houseID + ":" + relative }
	w.policy("bob", allowing(on("user/bob"), "ram:*"))
	w.policy("guests", allowing(on("group/guests"), "ram:*"))
	w.attach("User", "clerk", "bob")
	w.attach("User", "clerk", "guests")
	a := clerk.refused(403, "NoPermission", "UpdateUser", params{"UserName": "bob", "NewUserName": "alice"})
	if got := a.at("AccessDeniedDetail.NoPermissionType"); got != "ImplicitDeny" {
		t.Errorf("NoPermissionType is %v", got)
	}
	clerk.refused(403, "NoPermission", "UpdateGroup", params{"GroupName": "guests", "NewGroupName": "nurses"})
	clerk.ok("UpdateUser", params{"UserName": "bob", "NewComments": "night"})
	clerk.ok("UpdateGroup", params{"GroupName": "guests", "NewComments": "night"})
	w.policy("names", allowing(on("user/b*"), "ram:UpdateUser"))
	w.attach("User", "clerk", "names")
	clerk.ok("UpdateUser", params{"UserName": "bob", "NewUserName": "bobby"})
	clerk.refused(403, "NoPermission", "UpdateUser", params{"UserName": "bobby", "NewUserName": "alice"})
	w.root().ok("UpdateUser", params{"UserName": "bobby", "NewUserName": "alice"})
}

// TestOwnKeys: without UserName, the user's own keys are meant.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.user("alice"), w.user("bob")
	w.policy("own-keys", allowing("acs:ram:*:"+houseID+":user/alice", "ram:*AccessKey*"))
	w.attach("User", "alice", "own-keys")
	if a := alice.ok("ListAccessKeys", nil); a.at("AccessKeys.AccessKey.0.AccessKeyId") != alice.key || a.at("AccessKeys.AccessKey.1") != nil {
		t.Errorf("the keys are %s", a.text)
	}
	second := alice.ok("CreateAccessKey", nil).at("AccessKey.AccessKeyId").(string)
	alice.refused(409, "LimitExceeded.User.AccessKey", "CreateAccessKey", nil)
	alice.ok("UpdateAccessKey", params{"UserAccessKeyId": second, "Status": "Inactive"})
	// Another user's key is not the user's own, however its id was learnt.
	alice.refused(404, "EntityNotExist.User.AccessKey", "DeleteAccessKey", params{"UserAccessKeyId": bob.key})
	alice.refused(404, "EntityNotExist.User.AccessKey", "UpdateAccessKey", params{"UserAccessKeyId": rootKey, "Status": "Inactive"})
	alice.ok("DeleteAccessKey", params{"UserAccessKeyId": second})
	if a := w.root().ok("ListAccessKeys", nil); a.at("AccessKeys.AccessKey.0.AccessKeyId") != rootKey {
		t.Errorf("the account's own keys are %s", a.text)
	}
	alice.ok("UpdateAccessKey", params{"UserAccessKeyId": alice.key, "Status": "Inactive"})
	alice.refused(400, "InvalidAccessKeyId.Inactive", "ListAccessKeys", nil)
}

// TestAccountsAreApart: a call sees and changes the caller's account alone.
func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.user("alice")
	w.policy("look", allowing("*", "*"))
	other := caller{w, otherKey, secret, 0}
	other.refused(404, "EntityNotExist.User", "GetUser", params{"UserName": "alice"})
	other.refused(404, "EntityNotExist.User", "DeleteUser", params{"UserName": "alice"})
	other.refused(404, "EntityNotExist.Policy", "DeletePolicy", params{"PolicyName": "look"})
	other.refused(404, "EntityNotExist.User.AccessKey", "DeleteAccessKey", params{"UserAccessKeyId": alice.key})
	other.ok("CreateUser", params{"UserName": "alice"})
	other.refused(404, "EntityNotExist.Policy", "AttachPolicyToUser", params{"UserName": "alice", "PolicyType": "Custom", "PolicyName": "look"})
	if a := other.ok("ListUsers", nil); strings.Count(a.text, "UserId") != 1 {
		t.Errorf("the other account's users are %s", a.text)
	}
}

// TestAudit: every change stands in the audit with who, by which key and from where, and so does what was refused; secrets and numbers
// do not.
func TestAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.user("alice")
	made := w.root().ok("UpdateUser", params{"UserName": "alice", "NewUserName": "alicia", "NewMobilePhone": "86-18688888888"})
	alice.refused(403, "NoPermission", "CreateUser", params{"UserName": "bob"})
	records := w.audit()
	refused, changed := records[0], records[1]
	if refused.Action != "CreateUser" || refused.Code != "NoPermission" || refused.Principal != "acs:ram::"+houseID+":user/alicia" || refused.AccessKeyID != alice.key {
		t.Errorf("the refusal's record: %+v", refused)
	}
	if changed.Action != "UpdateUser" || changed.AccessKeyID != rootKey || changed.Source != "127.0.0.1" || changed.Result != "alice to alicia" ||
		changed.RequestID != made.at("RequestId") || changed.NonceHash == 0 || made.operation == "" {
		t.Errorf("the change's record: %+v, in the answer %s", changed, made.operation)
	}
	for _, r := range records {
		for _, private := range []string{alice.secret, "18688888888"} {
			if strings.Contains(r.Result+r.Message, private) {
				t.Errorf("the audit shows what it must not: %+v", r)
			}
		}
	}
}
