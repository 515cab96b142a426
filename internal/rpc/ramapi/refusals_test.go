package ramapi

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// refusal is a call and how it has to be refused.
type refusal struct {
	status int
	code   string
	action string
	p      params
}

func (c caller) refusals(list []refusal) {
	c.t.Helper()
	for _, r := range list {
		a := c.refused(r.status, r.code, r.action, r.p)
		if m, _ := a.at("Message").(string); m == "" || !strings.HasSuffix(m, ".") && r.code != "MalformedPolicyDocument" {
			c.t.Errorf("%s: Message is %q", r.code, m)
		}
	}
}

func TestWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	root.ok("CreateUser", params{"UserName": "alice"})
	root.ok("CreateGroup", params{"GroupName": "nurses"})
	w.policy("own", allowing("*", "*"))
	root.refusals([]refusal{
		{404, "EntityNotExist.User", "GetUser", params{"UserName": "bob"}},
		{404, "EntityNotExist.User", "UpdateUser", params{"UserName": "bob", "NewComments": "c"}},
		{404, "EntityNotExist.User", "DeleteUser", params{"UserName": "bob"}},
		{404, "EntityNotExist.User", "CreateAccessKey", params{"UserName": "bob"}},
		{404, "EntityNotExist.User.AccessKey", "DeleteAccessKey", params{"UserName": "alice", "UserAccessKeyId": "LTAI5tNobody"}},
		{404, "EntityNotExist.Group", "GetGroup", params{"GroupName": "doctors"}},
		{404, "EntityNotExist.Group", "AddUserToGroup", params{"GroupName": "doctors", "UserName": "alice"}},
		{404, "EntityNotExist.User", "AddUserToGroup", params{"GroupName": "nurses", "UserName": "bob"}},
		{404, "EntityNotExist.User.Group", "RemoveUserFromGroup", params{"GroupName": "nurses", "UserName": "alice"}},
		{404, "EntityNotExist.Policy", "GetPolicy", params{"PolicyName": "own", "PolicyType": "System"}},
		{404, "EntityNotExist.Policy", "CreatePolicyVersion", params{"PolicyName": "none", "PolicyDocument": allowing("*", "*")}},
		{404, "EntityNotExist.Policy.Version", "SetDefaultPolicyVersion", params{"PolicyName": "own", "VersionId": "v2"}},
		{404, "EntityNotExist.Policy.Version", "GetPolicyVersion", params{"PolicyName": "own", "PolicyType": "Custom", "VersionId": "v9"}},
		{404, "EntityNotExist.User.Policy", "DetachPolicyFromUser", params{"UserName": "alice", "PolicyType": "Custom", "PolicyName": "own"}},
		{404, "EntityNotExist.Group.Policy", "DetachPolicyFromGroup", params{"GroupName": "nurses", "PolicyType": "Custom", "PolicyName": "own"}},
		{404, "EntityNotExist.Role", "AttachPolicyToRole", params{"RoleName": "guest", "PolicyType": "Custom", "PolicyName": "own"}},
		{404, "EntityNotExist.Role", "GetRole", params{"RoleName": "guest"}},
		{404, "EntityNotExist.Policy", "AttachPolicyToUser", params{"UserName": "alice", "PolicyType": "System", "PolicyName": "own"}},
	})
}

func TestWhatIsThereAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	user, users := params{"UserName": "alice"}, params{"GroupName": "nurses"}
	own := params{"PolicyName": "own", "PolicyDocument": allowing("*", "*")}
	role := params{"RoleName": "guest", "AssumeRolePolicyDocument": trusting()}
	member := params{"UserName": "alice", "GroupName": "nurses"}
	attached := params{"UserName": "alice", "PolicyType": "Custom", "PolicyName": "own"}
	for _, first := range []refusal{{action: "CreateUser", p: user}, {action: "CreateGroup", p: users}, {action: "CreatePolicy", p: own},
		{action: "CreateRole", p: role}, {action: "AddUserToGroup", p: member}, {action: "AttachPolicyToUser", p: attached},
		{action: "CreateUser", p: params{"UserName": "bob"}}, {action: "CreateGroup", p: params{"GroupName": "doctors"}}} {
		root.ok(first.action, first.p)
	}
	root.refusals([]refusal{
		{409, "EntityAlreadyExists.User", "CreateUser", user},
		{409, "EntityAlreadyExists.User", "UpdateUser", params{"UserName": "bob", "NewUserName": "alice"}},
		{409, "EntityAlreadyExists.Group", "CreateGroup", users},
		{409, "EntityAlreadyExists.Group", "UpdateGroup", params{"GroupName": "doctors", "NewGroupName": "nurses"}},
		{409, "EntityAlreadyExists.Policy", "CreatePolicy", own},
		{409, "EntityAlreadyExists.Policy", "CreatePolicy", params{"PolicyName": "AdministratorAccess", "PolicyDocument": allowing("*", "*")}},
		{409, "EntityAlreadyExists.Role", "CreateRole", role},
		{409, "EntityAlreadyExists.User.Group", "AddUserToGroup", member},
		{409, "EntityAlreadyExists.User.Policy", "AttachPolicyToUser", attached},
	})
}

// TestDeletionConflicts: nothing is deleted that is in use, and when everything is taken away in the right order, all of it goes.
func TestDeletionConflicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, alice := w.root(), w.user("alice")
	root.ok("CreateGroup", params{"GroupName": "nurses"})
	root.ok("CreateRole", params{"RoleName": "guest", "AssumeRolePolicyDocument": trusting()})
	w.policy("own", allowing("*", "*"))
	root.ok("CreatePolicyVersion", params{"PolicyName": "own", "PolicyDocument": allowing("*", "cams:*")})
	root.ok("AddUserToGroup", params{"GroupName": "nurses", "UserName": "alice"})
	for kind, name := range map[string]string{"User": "alice", "Group": "nurses", "Role": "guest"} {
		w.attach(kind, name, "own")
	}
	user, users, role, own := params{"UserName": "alice"}, params{"GroupName": "nurses"}, params{"RoleName": "guest"}, params{"PolicyName": "own"}
	steps := []struct {
		conflict string
		action   string
		p        params
		remedy   string
		with     params
	}{
		{"DeleteConflict.User.AccessKey", "DeleteUser", user, "DeleteAccessKey", params{"UserName": "alice", "UserAccessKeyId": alice.key}},
		{"DeleteConflict.Policy.User", "DeletePolicy", own, "", nil},
		{"DeleteConflict.User.Policy", "DeleteUser", user, "DetachPolicyFromUser", params{"UserName": "alice", "PolicyType": "Custom", "PolicyName": "own"}},
		{"DeleteConflict.Group.User", "DeleteGroup", users, "", nil},
		{"DeleteConflict.User.Group", "DeleteUser", user, "RemoveUserFromGroup", params{"GroupName": "nurses", "UserName": "alice"}},
		{"DeleteConflict.Policy.Group", "DeletePolicy", own, "", nil},
		{"DeleteConflict.Group.Policy", "DeleteGroup", users, "DetachPolicyFromGroup", params{"GroupName": "nurses", "PolicyType": "Custom", "PolicyName": "own"}},
		{"DeleteConflict.Policy.Role", "DeletePolicy", own, "", nil},
		{"DeleteConflict.Role.Policy", "DeleteRole", role, "DetachPolicyFromRole", params{"RoleName": "guest", "PolicyType": "Custom", "PolicyName": "own"}},
		{"DeleteConflict.Policy.Version.Default", "DeletePolicyVersion", params{"PolicyName": "own", "VersionId": "v1"}, "", nil},
		{"DeleteConflict.Policy.Version", "DeletePolicy", own, "DeletePolicyVersion", params{"PolicyName": "own", "VersionId": "v2"}},
	}
	for _, s := range steps {
		root.refused(409, s.conflict, s.action, s.p)
		if s.remedy != "" {
			root.ok(s.remedy, s.with)
		}
	}
	root.ok("DeleteUser", user)
	root.ok("DeleteGroup", users)
	root.ok("DeleteRole", role)
	root.ok("DeletePolicy", own)
	alice.refused(404, "InvalidAccessKeyId.NotFound", "ListUsers", nil)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	root.ok("CreateUser", params{"UserName": "alice"})
	for i := range 6 {
		root.ok("CreateGroup", params{"GroupName": fmt.Sprintf("group-%d", i)})
		w.policy(fmt.Sprintf("own-%d", i), allowing("*", "cams:*"))
	}
	for i := range 5 {
		root.ok("AddUserToGroup", params{"GroupName": fmt.Sprintf("group-%d", i), "UserName": "alice"})
		w.attach("Group", "group-0", fmt.Sprintf("own-%d", i))
	}
	root.refused(409, "LimitExceeded.User.Group", "AddUserToGroup", params{"GroupName": "group-5", "UserName": "alice"})
	root.refused(409, "LimitExceeded.Group.Policy", "AttachPolicyToGroup", params{"GroupName": "group-0", "PolicyType": "Custom", "PolicyName": "own-5"})
	root.ok("AttachPolicyToGroup", params{"GroupName": "group-0", "PolicyType": "System", "PolicyName": "AdministratorAccess"})
	next := params{"PolicyName": "own-0", "PolicyDocument": allowing("*", "cams:List*")}
	for range 4 {
		root.ok("CreatePolicyVersion", next)
	}
	root.refused(409, "LimitExceeded.Policy.Version", "CreatePolicyVersion", next)
	next["RotateStrategy"] = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
	if a := root.ok("CreatePolicyVersion", next); a.at("PolicyVersion.VersionId") != "v6" {
		t.Errorf("the version is %s", a.text)
	}
	a := root.ok("ListPolicyVersions", params{"PolicyName": "own-0", "PolicyType": "Custom"})
	if a.at("PolicyVersions.PolicyVersion.0.VersionId") != "v1" || a.at("PolicyVersions.PolicyVersion.1.VersionId") != "v3" {
		t.Errorf("the versions are %s", a.text)
	}
}

func TestBadValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	root.ok("CreateUser", params{"UserName": "alice"})
	k := root.ok("CreateAccessKey", params{"UserName": "alice"}).at("AccessKey.AccessKeyId").(string)
	trust := trusting()
	root.refusals([]refusal{
		{400, "MissingUserName", "CreateUser", nil},
		{400, "InvalidParameter.UserName.InvalidChars", "CreateUser", params{"UserName": "a b"}},
		{400, "InvalidParameter.UserName.Length", "CreateUser", params{"UserName": strings.Repeat("a", 65)}},
		{400, "InvalidParameter.Comments.Length", "CreateUser", params{"UserName": "bob", "Comments": strings.Repeat("x", 129)}},
		{400, "InvalidParameter.Email.Format", "CreateUser", params{"UserName": "bob", "Email": "x"}},
		{400, "InvalidParameter.NewUserName.InvalidChars", "UpdateUser", params{"UserName": "alice", "NewUserName": "a/b"}},
		{400, "InvalidParameter.Status", "UpdateAccessKey", params{"UserName": "alice", "UserAccessKeyId": k, "Status": "Off"}},
		{400, "InvalidParameter.GroupName.InvalidChars", "CreateGroup", params{"GroupName": "a*"}},
		{400, "MalformedPolicyDocument", "CreatePolicy", params{"PolicyName": "p", "PolicyDocument": "{}"}},
		{400, "InvalidParameter.PolicyDocument.Length", "CreatePolicy", params{"PolicyName": "p", "PolicyDocument": strings.Repeat(" ", 4097)}},
		{400, "InvalidParameter.PolicyType", "GetPolicy", params{"PolicyName": "p", "PolicyType": "custom"}},
		{400, "InvalidParameter.VersionId.Format", "DeletePolicyVersion", params{"PolicyName": "p", "VersionId": "1"}},
		{400, "InvalidParameter.SetAsDefault", "CreatePolicyVersion", params{"PolicyName": "p", "PolicyDocument": allowing("*", "*"), "SetAsDefault": "perhaps"}},
		{400, "InvalidParameter.RotateStrategy", "CreatePolicyVersion", params{"PolicyName": "p", "PolicyDocument": allowing("*", "*"), "RotateStrategy": "x"}},
		{400, "MalformedPolicyDocument", "CreateRole", params{"RoleName": "r", "AssumeRolePolicyDocument": allowing("*", "*")}},
		{400, "InvalidParameter.MaxSessionDuration", "CreateRole", params{"RoleName": "r", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": "3599"}},
		{400, "InvalidParameter.MaxSessionDuration", "CreateRole", params{"RoleName": "r", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": "43201"}},
		{400, "InvalidParameter.MaxSessionDuration", "CreateRole", params{"RoleName": "r", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": "an hour"}},
		{404, "InvalidAction.NotFound", "CreateLoginProfile", params{"UserName": "alice"}},
	})
	if a := root.ok("ListUsers", nil); strings.Count(a.text, "UserId") != 1 {
		t.Errorf("a refused call left something: %s", a.text)
	}
}

// TestLimitsTogether: a limit holds when many ask at the same moment, on both nodes.
func TestLimitsTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.root().ok("CreateUser", params{"UserName": "alice"})
	answers := make([]answered, 12)
	var calls sync.WaitGroup
	for i := range answers {
		calls.Go(func() {
			c := w.root()
			c.node = i % len(w.nodes)
			answers[i] = c.call("CreateAccessKey", params{"UserName": "alice"})
		})
	}
	calls.Wait()
	made := 0
	for _, a := range answers {
		switch {
		case a.status == 200:
			made++
		case a.code() != "LimitExceeded.User.AccessKey":
			t.Errorf("answered %d %s", a.status, a.text)
		}
	}
	if made != 2 {
		t.Errorf("%d keys were made", made)
	}
}
