package stsapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// TestAssumeRole: the answer is as documented, and the session does what the role may, in both schemes of signature and on every node.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.clerk()
	clerk.refused(403, "Forbidden.RAM", "ListChatGroup", nil)
	a := clerk.ok("AssumeRole", wanting(nil))
	role, err := w.admin.Role(t.Context(), "guest")
	w.must(err)
	if got := a.at("AssumedRoleUser.Arn"); got != guestARN+"/night-shift" {
		t.Errorf("Arn is %s", got)
	}
	if got := a.at("AssumedRoleUser.AssumedRoleId"); got != role.ID+":night-shift" {
		t.Errorf("AssumedRoleId is %s", got)
	}
	if got := a.at("Credentials.Expiration"); got != "2026-01-02T04:04:05Z" {
		t.Errorf("Expiration is %s", got)
	}
	if _, there := a.members["Code"]; there || len(a.members) != 3 || !strings.HasPrefix(a.at("Credentials.AccessKeyId"), "STS.") {
		t.Errorf("the answer is %s", a.text)
	}
	session := clerk.session(a)
	for _, session.scheme = range []signature.Scheme{signature.ACS3HMACSHA256, signature.ACS3HMACSM3, signature.RPCHMACSHA1} {
		for session.node = range w.nodes {
			session.ok("ListChatGroup", nil)
			session.ok("DeleteChatGroupParticipants", nil)
			session.refused(403, "NoPermission", "AssumeRole", wanting(nil)) // the role itself may not
		}
	}
	if n := len(records(w)); n == 0 || records(w)[0].Action == "ListChatGroup" {
		t.Error("reading has left a record")
	}
}

// TestSessionPolicy: a session does no more than the policy it came with, and is told that this one refused.
func TestSessionPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.clerk().assume(params{"Policy": statement("Allow", "cams:List*", "ram:*")})
	session.ok("ListChatGroup", nil)
	a := session.refused(403, "Forbidden.RAM", "DeleteChatGroupParticipants", nil)
	detail, _ := a.members["AccessDeniedDetail"].(map[string]any)
	if message, _ := detail["EncodedDiagnosticMessage"].(string); message == "" {
		t.Error("there is no diagnostic message")
	}
	delete(detail, "EncodedDiagnosticMessage")
	want := map[string]any{"AuthAction": "cams:DeleteChatGroupParticipants", "AuthPrincipalType": "AssumedRoleUser",
		"AuthPrincipalDisplayName": "guest:night-shift", "AuthPrincipalOwnerId": houseID, "PolicyType": "SessionPolicy", "NoPermissionType": "ImplicitDeny"}
	if diff := cmp.Diff(want, detail); diff != "" {
		t.Errorf("AccessDeniedDetail (-want +got):\n%s", diff)
	}
	// What the session policy allows beyond the role, the role refuses.
	plain := w.user("temp", ram.AliyunSTSAssumeRole).assume(nil)
	w.must(w.admin.DetachPolicy(t.Context(), gateway.RoleEntity("guest"), gateway.PolicyName{Type: ram.PolicySystem, Name: ram.AliyunCamsFullAccess}))
	for _, s := range []caller{plain, session} {
		a := s.refused(403, "Forbidden.RAM", "ListChatGroup", nil)
		if got := a.at("AccessDeniedDetail.PolicyType"); got != "AccountLevelIdentityBasedPolicy" {
			t.Errorf("PolicyType is %s", got)
		}
	}
}

// TestExpiry: a session ends to the second.
func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.clerk().assume(params{"DurationSeconds": "900"})
	w.clock.add(15*time.Minute - time.Second)
	session.ok("ListChatGroup", nil)
	w.clock.add(time.Second)
	for _, session.scheme = range []signature.Scheme{signature.ACS3HMACSHA256, signature.RPCHMACSHA1} {
		session.refused(400, "InvalidSecurityToken.Expired", "ListChatGroup", nil)
	}
}

// TestTokens: a token goes with its own key alone, and cannot be made up.
func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.clerk()
	session, other := clerk.assume(nil), clerk.assume(nil)
	for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.RPCHMACSHA1} {
		try := func(code string, change func(c *caller)) {
			t.Helper()
			c := session
			c.scheme = scheme
			change(&c)
			c.refused(400, code, "ListChatGroup", nil)
		}
		try("MissingSecurityToken", func(c *caller) { c.token = "" })
		try("InvalidSecurityToken.Malformed", func(c *caller) { c.token = "CAIS" + c.token[4:] })
		try("InvalidSecurityToken.Malformed", func(c *caller) { c.token = c.token[:len(c.token)-8] })
		try("InvalidSecurityToken.MismatchWithAccessKey", func(c *caller) { c.token = other.token })
		try("InvalidSecurityToken.MismatchWithAccessKey", func(c *caller) { c.key, c.secret = clerk.key, clerk.secret })
		try("SignatureDoesNotMatch", func(c *caller) { c.secret = other.secret })
		try("SignatureDoesNotMatch", func(c *caller) { c.secret = clerk.secret })
	}
}

// TestRoleGone: a session ends with its role, on every node, and a new role of the same name is another one.
func TestRoleGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.clerk().assume(nil)
	session.ok("ListChatGroup", nil)
	ctx := t.Context()
	full := gateway.PolicyName{Type: ram.PolicySystem, Name: ram.AliyunCamsFullAccess}
	w.must(w.admin.DetachPolicy(ctx, gateway.RoleEntity("guest"), full))
	w.must(w.admin.DeleteRole(ctx, "guest"))
	w.role(trusting("acs:ram::" + houseID + ":root"))
	for session.node = range w.nodes {
		session.refused(404, "InvalidAccessKeyId.NotFound", "ListChatGroup", nil)
	}
}

// TestTrust: whom the trust policy does not name, or whose own policies do not allow it, does not get the role.
func TestTrust(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk, stranger := w.clerk(), w.user("stranger")
	a := stranger.refused(403, "NoPermission", "AssumeRole", wanting(nil))
	if got := a.at("AccessDeniedDetail.PolicyType"); got != "AccountLevelIdentityBasedPolicy" {
		t.Errorf("PolicyType is %s", got)
	}
	if got := a.at("Message"); !strings.HasSuffix(got, "own policies do not allow sts:AssumeRole on "+guestARN+".") {
		t.Errorf("the message does not say that the caller's policies are to be changed: %s", got)
	}
	_, err := w.admin.UpdateRole(t.Context(), "guest", ram.RoleChange{TrustPolicy: trusting("acs:ram::" + houseID + ":user/somebody")})
	w.must(err)
	a = clerk.refused(403, "NoPermission", "AssumeRole", wanting(nil))
	if got := a.at("AccessDeniedDetail.PolicyType"); got != "AssumeRolePolicy" {
		t.Errorf("PolicyType is %s", got)
	}
	if got := a.at("Message"); !strings.Contains(got, "trust policy") {
		t.Errorf("the message does not say that the role's trust policy is to be changed: %s", got)
	}
	_, err = w.admin.UpdateRole(t.Context(), "guest", ram.RoleChange{TrustPolicy: trusting("acs:ram::" + houseID + ":user/clerk")})
	w.must(err)
	clerk.assume(nil)
	root := clerk
	root.key, root.secret = rootKey, secret
	root.refused(403, "NoPermission", "AssumeRole", wanting(nil))
}

// TestOtherAccounts: a role can be lent to another account, and roles there are not told of otherwise.
func TestOtherAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.clerk()
	const arn = "acs:ram::1000000000000002:role/"
	for _, name := range []string{"visitor", "nobody"} {
		foreign.refused(403, "NoPermission", "AssumeRole", wanting(params{"RoleArn": arn + name}))
	}
	p, err := w.gatewayOf(otherKey)
	w.must(err)
	_, err = p.CreateRole(t.Context(), ram.Role{Name: "visitor", TrustPolicy: trusting("acs:ram::" + houseID + ":root")})
	w.must(err)
	session := foreign.session(foreign.ok("AssumeRole", wanting(params{"RoleArn": arn + "visitor"})))
	a := session.ok("GetCallerIdentity", nil)
	if a.at("AccountId") != "1000000000000002" || a.at("Arn") != arn+"visitor/night-shift" {
		t.Errorf("the identity is %s", a.text)
	}
}

// gatewayOf gives an administrator of the account of a key.
func (w *world) gatewayOf(key string) (*gateway.Administrator, error) {
	gw := gateway.New(gateway.Config{Store: w.store, Now: w.clock.now})
	p, err := gw.Principal(w.t.Context(), key)
	if err != nil {
		return nil, err
	}
	return gw.Administrator(gateway.Caller{Principal: p, Action: "test"}), nil
}

// TestForeignRolesLookAlike: a role of another account that forbids it by name is answered as one that is not there, also to who may
// decode the message.
func TestForeignRolesLookAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.clerk()
	p, err := w.gatewayOf(otherKey)
	w.must(err)
	ours := "acs:ram::" + houseID + ":root"
	_, err = p.CreateRole(t.Context(), ram.Role{Name: "vault", TrustPolicy: strings.Replace(trusting(ours), "Allow", "Deny", 1)})
	w.must(err)
	seal := func(name string) map[string]any {
		a := clerk.refused(403, "NoPermission", "AssumeRole", wanting(params{"RoleArn": "acs:ram::1000000000000002:role/" + name}))
		detail, _ := a.members["AccessDeniedDetail"].(map[string]any)
		if message, _ := detail["EncodedDiagnosticMessage"].(string); message == "" {
			t.Errorf("there is no message in %s", a.text)
		}
		delete(detail, "EncodedDiagnosticMessage")
		return detail
	}
	there, absent := seal("vault"), seal("nobody")
	if diff := cmp.Diff(absent, there); diff != "" || there["NoPermissionType"] != "ImplicitDeny" {
		t.Errorf("a role that is there (-absent +there):\n%s", diff)
	}
	_, err = w.admin.UpdateRole(t.Context(), "guest", ram.RoleChange{TrustPolicy: strings.Replace(trusting(ours), "Allow", "Deny", 1)})
	w.must(err)
	a := clerk.refused(403, "NoPermission", "AssumeRole", wanting(nil))
	if got := a.at("AccessDeniedDetail.NoPermissionType"); got != "ExplicitDeny" {
		t.Errorf("of the own role NoPermissionType is %s", got)
	}
}

// TestSessionsOfSessionsEnd: a session cannot outlive itself by taking its role anew, and however long the row is, the audit names the
// key at its beginning.
func TestSessionsOfSessionsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.admin.AttachPolicy(t.Context(), gateway.RoleEntity("guest"), gateway.PolicyName{Type: ram.PolicySystem, Name: ram.AliyunSTSAssumeRole}))
	clerk := w.clerk()
	first := clerk.assume(params{"DurationSeconds": "3600"})
	w.must(w.admin.DeleteAccessKey(t.Context(), "clerk", clerk.key))
	last := first
	for range 5 {
		w.clock.add(10 * time.Minute)
		a := last.ok("AssumeRole", wanting(params{"DurationSeconds": "7200"}))
		if got := a.at("Credentials.Expiration"); got != "2026-01-02T04:04:05Z" {
			t.Errorf("Expiration is %s", got)
		}
		next := last.session(a)
		if len(next.token) != len(first.token) {
			t.Errorf("the token has %d bytes, the first one had %d", len(next.token), len(first.token))
		}
		last = next
	}
	a := last.ok("AssumeRole", wanting(params{"DurationSeconds": "900"})) // longer than is left
	if got := a.at("Credentials.Expiration"); got != "2026-01-02T04:04:05Z" {
		t.Errorf("Expiration is %s", got)
	}
	shorter := first.ok("AssumeRole", wanting(nil))
	if got := shorter.at("Credentials.Expiration"); got != "2026-01-02T04:04:05Z" {
		t.Errorf("Expiration of the default is %s", got)
	}
	last.refused(400, "MissingGroupId", "DeleteChatGroup", nil)
	if got := records(w)[0].AccessKeyID; got != last.key+" taken by "+clerk.key {
		t.Errorf("the audit names the key %s", got)
	}
	w.clock.add(10 * time.Minute)
	for _, c := range []caller{first, last} {
		c.refused(400, "InvalidSecurityToken.Expired", "AssumeRole", wanting(nil))
	}
}

func TestAssumeRoleRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.clerk()
	for _, bad := range []struct {
		status int
		code   string
		p      params
	}{
		{400, "InvalidParameter.RoleArn", params{"RoleArn": "guest"}},
		{400, "InvalidParameter.RoleArn", params{"RoleArn": "acs:ram::" + houseID + ":user/clerk"}},
		{404, "EntityNotExist.Role", params{"RoleArn": "acs:ram::" + houseID + ":role/nobody"}},
		{400, "InvalidParameter.RoleSessionName", params{"RoleSessionName": "x"}},
		{400, "InvalidParameter.RoleSessionName", params{"RoleSessionName": "two words"}},
		{400, "InvalidParameter.DurationSeconds", params{"DurationSeconds": "899"}},
		{400, "InvalidParameter.DurationSeconds", params{"DurationSeconds": "7201"}},
		{400, "InvalidParameter.DurationSeconds", params{"DurationSeconds": "-1"}},
		{400, "InvalidParameter.DurationSeconds", params{"DurationSeconds": "99999999999999999999"}},
		{400, "InvalidParameter.PolicyGrammar", params{"Policy": "{}"}},
		{400, "InvalidParameter.PolicySize", params{"Policy": strings.Repeat(" ", 1025)}},
		{400, "InvalidParameter.ExternalId", params{"ExternalId": "x"}},
	} {
		clerk.refused(bad.status, bad.code, "AssumeRole", wanting(bad.p))
	}
	clerk.refused(400, "MissingRoleSessionName", "AssumeRole", params{"RoleArn": guestARN})
}

func TestExternalID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.clerk()
	trust := strings.TrimSuffix(trusting("acs:ram::"+houseID+":root"), "}]}") + `,"Condition":{"StringEquals":{"sts:ExternalId":"ward-7"}}}]}`
	_, err := w.admin.UpdateRole(t.Context(), "guest", ram.RoleChange{TrustPolicy: trust})
	w.must(err)
	clerk.refused(403, "NoPermission", "AssumeRole", wanting(nil))
	clerk.refused(403, "NoPermission", "AssumeRole", wanting(params{"ExternalId": "ward-8"}))
	clerk.assume(params{"ExternalId": "ward-7"})
}

// TestGetCallerIdentity: everybody may ask, even who is denied everything.
func TestGetCallerIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.clerk()
	w.must(deny(w, "clerk-not", "clerk"))
	session := w.user("temp", ram.AliyunSTSAssumeRole).assume(params{"Policy": statement("Deny", "*")})
	root := clerk
	root.key, root.secret = rootKey, secret
	user, err := w.admin.User(t.Context(), "clerk")
	w.must(err)
	role, err := w.admin.Role(t.Context(), "guest")
	w.must(err)
	for _, c := range []struct {
		who  caller
		want map[string]any
	}{
		{root, map[string]any{"IdentityType": "Account", "AccountId": houseID, "PrincipalId": houseID, "UserId": houseID, "Arn": "acs:ram::" + houseID + ":root"}},
		{clerk, map[string]any{"IdentityType": "RAMUser", "AccountId": houseID, "PrincipalId": user.ID, "UserId": user.ID,
			"Arn": "acs:ram::" + houseID + ":user/clerk"}},
		{session, map[string]any{"IdentityType": "AssumedRoleUser", "AccountId": houseID, "PrincipalId": role.ID + ":night-shift", "RoleId": role.ID,
			"Arn": guestARN + "/night-shift"}},
	} {
		a := c.who.ok("GetCallerIdentity", nil)
		delete(a.members, "RequestId")
		if diff := cmp.Diff(c.want, a.members); diff != "" {
			t.Errorf("identity (-want +got):\n%s", diff)
		}
	}
}

// deny attaches a policy to a user that denies everything.
func deny(w *world, policy, user string) error {
	if _, err := w.admin.CreatePolicy(w.t.Context(), gateway.Policy{Name: policy, Document: statement("Deny", "*")}); err != nil {
		return err
	}
	return w.admin.AttachPolicy(w.t.Context(), gateway.UserEntity(user), gateway.PolicyName{Type: ram.PolicyCustom, Name: policy})
}

// TestAuditOfSessions: what a session does stands in the audit with the session and the key that took the role.
func TestAuditOfSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clerk := w.clerk()
	session := clerk.assume(nil)
	session.refused(400, "MissingGroupId", "DeleteChatGroup", nil)
	got := records(w)[0]
	if got.Principal != guestARN+"/night-shift" || got.AccessKeyID != session.key+" taken by "+clerk.key || got.Source != "127.0.0.1" {
		t.Errorf("the record is %+v", got)
	}
}

func records(w *world) (found []group.Operation) {
	w.t.Helper()
	w.must(w.store.Read(w.t.Context(), func(tx *store.Tx) (err error) { found, err = tx.Operations(house, 0, 100); return err }))
	return found
}
