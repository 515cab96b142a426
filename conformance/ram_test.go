package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ram"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/sts"
	"github.com/google/go-cmp/cmp"
)

// The other products on the same endpoint.
const (
	ramVersion = "2015-05-01"
	stsVersion = "2015-04-01"
)

// TestPermissions has each client give a colleague rights and take them away again, with every operation of RAM and STS.
func TestPermissions(t *testing.T) {
	s := startServer(t, "http")
	for i, k := range kinds {
		if k.name == "typed" { // it knows the group operations' answers alone; TestTypedPermissions stands for it here
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			h := &house{t: t, server: s, kind: k, suffix: strconv.Itoa(i)}
			h.ram, h.sts = h.open(s.owner(), ramVersion), h.open(s.owner(), stsVersion)
			h.account, _ = h.call(h.sts, "GetCallerIdentity", nil).at("AccountId").(string)
			h.users()
			h.refusedThenLetIn()
			h.groups()
			h.versions()
			h.roles()
			h.refusals()
			h.leave()
		})
	}
}

// house is an account in which one client looks after permissions.
type house struct {
	t        *testing.T
	server   server
	kind     kind
	suffix   string // of every name, so that the clients do not meet each other
	account  string
	ram, sts client
	alice    target
}

// fields are the parameters of a call or the members of an answer.
type fields map[string]any

// at finds a member by its path, such as Users.User.0.UserName.
func (f fields) at(path string) any {
	var found any = map[string]any(f)
	for name := range strings.SplitSeq(path, ".") {
		switch v := found.(type) {
		case map[string]any:
			found = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(v) {
				return nil
			}
			found = v[i]
		default:
			return nil
		}
	}
	return found
}

// has tells whether one of the rows of a list has that member.
func (f fields) has(list, name, value string) bool {
	rows, _ := f.at(list).([]any)
	return slices.ContainsFunc(rows, func(row any) bool { m, _ := row.(map[string]any); return m[name] == value })
}

func (h *house) open(to target, api string) client {
	h.t.Helper()
	to.API = api
	return h.kind.open(h.t, to)
}

func (h *house) name(of string) string { return of + "-" + h.suffix }

// call makes a call that has to succeed.
func (h *house) call(c client, action string, p fields) fields {
	h.t.Helper()
	seen, err := c.call(action, p)
	if err != nil {
		h.t.Fatalf("%s: %v", action, err)
	}
	if seen.Raised != nil {
		h.t.Fatalf("%s was refused: %+v", action, *seen.Raised)
	}
	var members fields
	if err := json.Unmarshal(seen.Body, &members); err != nil {
		h.t.Fatalf("%s: %v in %s", action, err, seen.Body)
	}
	return members
}

func (h *house) do(action string, p fields) fields { h.t.Helper(); return h.call(h.ram, action, p) }

// want fails unless a member is what it should be.
func (h *house) want(f fields, path string, want any) {
	h.t.Helper()
	if got := f.at(path); got != want {
		h.t.Errorf("%s is %v, want %v", path, got, want)
	}
}

func (h *house) refused(c client, status int, code, action string, p fields) refusal {
	h.t.Helper()
	return expect(h.t, c, question{action, p}, refused{status, []string{code}})
}

func (h *house) users() {
	h.t.Helper()
	user := h.name("alice")
	h.want(h.do("CreateUser", fields{"UserName": user, "DisplayName": "Alice", "Comments": "é *~ +"}), "User.Comments", "é *~ +")
	h.want(h.do("UpdateUser", fields{"UserName": user, "NewDisplayName": "Alicia"}), "User.DisplayName", "Alicia")
	h.want(h.do("GetUser", fields{"UserName": user}), "User.UserName", user)
	if all := h.do("ListUsers", fields{"MaxItems": "1000"}); !all.has("Users.User", "UserName", user) {
		h.t.Errorf("ListUsers lacks %s: %v", user, all)
	}
	key := h.do("CreateAccessKey", fields{"UserName": user})
	h.alice = h.server.owner()
	h.alice.AccessKeyID, _ = key.at("AccessKey.AccessKeyId").(string)
	h.alice.AccessKeySecret, _ = key.at("AccessKey.AccessKeySecret").(string)
	second, _ := h.do("CreateAccessKey", fields{"UserName": user}).at("AccessKey.AccessKeyId").(string)
	h.refused(h.ram, http.StatusConflict, "LimitExceeded.User.AccessKey", "CreateAccessKey", fields{"UserName": user})
	h.do("UpdateAccessKey", fields{"UserName": user, "UserAccessKeyId": second, "Status": "Inactive"})
	h.want(h.do("ListAccessKeys", fields{"UserName": user}), "AccessKeys.AccessKey.1.AccessKeyId", second)
	h.do("DeleteAccessKey", fields{"UserName": user, "UserAccessKeyId": second})
}

// document is a policy that allows some actions.
func document(actions ...string) string {
	list, _ := json.Marshal(actions) // texts can always be written
	return `{"Version":"1","Statement":[{"Effect":"Allow","Action":` + string(list) + `,"Resource":"*"}]}`
}

func (h *house) policy(name, document string) fields {
	h.t.Helper()
	made := h.do("CreatePolicy", fields{"PolicyName": name, "PolicyDocument": document, "Description": "of " + name})
	h.want(made, "Policy.DefaultVersion", "v1")
	return fields{"PolicyType": "Custom", "PolicyName": name}
}

// with gives the parameters with one more.
func (f fields) with(name string, value any) fields {
	more := maps.Clone(f)
	more[name] = value
	return more
}

// refusedThenLetIn: a user who may look is refused a removal, with the seven members, and let through after a policy was attached.
func (h *house) refusedThenLetIn() {
	h.t.Helper()
	alice := h.open(h.alice, "")
	look := h.policy(h.name("look"), document("cams:List*"))
	h.do("AttachPolicyToUser", look.with("UserName", h.name("alice")))
	list := h.server.about("ListChatGroup", "")
	list.parameters["Page"] = map[string]any{"Index": 1, "Size": 1}
	h.call(alice, list.action, list.parameters)
	message := h.denied(alice, fields{"AuthPrincipalType": "SubUser", "PolicyType": "AccountLevelIdentityBasedPolicy"})
	decoded := h.do("DecodeDiagnosticMessage", fields{"EncodedDiagnosticMessage": message})
	h.want(decoded, "DecodedDiagnosticMessage.AuthAction", "cams:DeleteChatGroupParticipants")
	h.refused(h.ram, http.StatusBadRequest, "InvalidParameter.EncodedDiagnosticMessage", "DecodeDiagnosticMessage", fields{"EncodedDiagnosticMessage": "x"})

	remove := h.policy(h.name("remove"), document("cams:DeleteChatGroupParticipants"))
	h.do("AttachPolicyToUser", remove.with("UserName", h.name("alice")))
	unknownGroup(h.t, h.server, h.kind, alice) // past the policies, the group is looked for
	if have := h.do("ListPoliciesForUser", fields{"UserName": h.name("alice")}); !have.has("Policies.Policy", "PolicyName", h.name("remove")) {
		h.t.Errorf("ListPoliciesForUser is %v", have)
	}
	h.do("DetachPolicyFromUser", remove.with("UserName", h.name("alice")))
	h.denied(alice, fields{"AuthPrincipalType": "SubUser"})
	h.do("DeletePolicy", fields{"PolicyName": h.name("remove")})
	h.refused(h.ram, http.StatusNotFound, "EntityNotExist.Policy", "GetPolicy", remove)
}

// denied has a removal refused by policy and gives the diagnostic message.
func (h *house) denied(c client, want fields) string {
	h.t.Helper()
	q := h.server.removal("no-such-group")
	r := h.refused(c, http.StatusForbidden, "Forbidden.RAM", q.action, q.parameters)
	var detail map[string]string
	if err := json.Unmarshal(r.Detail, &detail); err != nil {
		h.t.Fatalf("AccessDeniedDetail: %v in %s", err, r.Detail)
	}
	members := []string{"AuthAction", "AuthPrincipalDisplayName", "AuthPrincipalOwnerId", "AuthPrincipalType", "EncodedDiagnosticMessage", "NoPermissionType", "PolicyType"}
	for _, m := range members {
		if detail[m] == "" {
			h.t.Errorf("AccessDeniedDetail has no %s", m)
		}
	}
	for name, value := range want {
		if detail[name] != value {
			h.t.Errorf("%s is %s, want %s", name, detail[name], value)
		}
	}
	return detail["EncodedDiagnosticMessage"]
}

func (h *house) groups() {
	h.t.Helper()
	users, member := fields{"GroupName": h.name("nurses")}, fields{"GroupName": h.name("nurses"), "UserName": h.name("alice")}
	h.want(h.do("CreateGroup", users.with("Comments", "day")), "Group.Comments", "day")
	h.want(h.do("UpdateGroup", users.with("NewComments", "night")), "Group.Comments", "night")
	h.want(h.do("GetGroup", users), "Group.GroupName", h.name("nurses"))
	h.do("AddUserToGroup", member)
	h.refused(h.ram, http.StatusConflict, "EntityAlreadyExists.User.Group", "AddUserToGroup", member)
	if all := h.do("ListGroups", nil); !all.has("Groups.Group", "GroupName", h.name("nurses")) {
		h.t.Errorf("ListGroups is %v", all)
	}
	h.want(h.do("ListGroupsForUser", fields{"UserName": h.name("alice")}), "Groups.Group.0.GroupName", h.name("nurses"))
	h.want(h.do("ListUsersForGroup", users), "Users.User.0.UserName", h.name("alice"))
	look := fields{"PolicyType": "Custom", "PolicyName": h.name("look")}
	h.do("AttachPolicyToGroup", look.with("GroupName", h.name("nurses")))
	h.want(h.do("ListPoliciesForGroup", users), "Policies.Policy.0.PolicyName", h.name("look"))
	h.want(h.do("ListEntitiesForPolicy", look), "Groups.Group.0.GroupName", h.name("nurses"))
}

func (h *house) versions() {
	h.t.Helper()
	own, look := fields{"PolicyName": h.name("look")}, fields{"PolicyType": "Custom", "PolicyName": h.name("look")}
	text := document("cams:List*", "cams:Get*")
	h.want(h.do("CreatePolicyVersion", own.with("PolicyDocument", text).with("SetAsDefault", "true")), "PolicyVersion.VersionId", "v2")
	h.want(h.do("GetPolicy", look), "DefaultPolicyVersion.PolicyDocument", text)
	h.want(h.do("GetPolicyVersion", look.with("VersionId", "v1")), "PolicyVersion.IsDefaultVersion", false)
	h.want(h.do("ListPolicyVersions", look), "PolicyVersions.PolicyVersion.1.VersionId", "v2")
	h.refused(h.ram, http.StatusConflict, "DeleteConflict.Policy.Version.Default", "DeletePolicyVersion", own.with("VersionId", "v2"))
	h.do("SetDefaultPolicyVersion", own.with("VersionId", "v1"))
	h.do("DeletePolicyVersion", own.with("VersionId", "v2"))
	if all := h.do("ListPolicies", fields{"MaxItems": "1000"}); !all.has("Policies.Policy", "PolicyName", h.name("look")) {
		h.t.Errorf("ListPolicies is %v", all)
	}
}

// roles takes a role with a session policy that lets less through than the role.
func (h *house) roles() {
	h.t.Helper()
	guest, full := fields{"RoleName": h.name("guest")}, fields{"PolicyType": "System", "PolicyName": "AliyunCamsFullAccess"}
	trust := `{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":["acs:ram::` + h.account + `:root"]}}]}`
	arn, _ := h.do("CreateRole", guest.with("AssumeRolePolicyDocument", trust)).at("Role.Arn").(string)
	h.do("UpdateRole", guest.with("NewMaxSessionDuration", "7200"))
	h.want(h.do("GetRole", guest), "Role.AssumeRolePolicyDocument", trust)
	if all := h.do("ListRoles", nil); !all.has("Roles.Role", "Arn", arn) {
		h.t.Errorf("ListRoles is %v", all)
	}
	h.do("AttachPolicyToRole", full.with("RoleName", h.name("guest")))
	h.want(h.do("ListPoliciesForRole", guest), "Policies.Policy.0.PolicyName", "AliyunCamsFullAccess")

	alice := h.open(h.alice, stsVersion)
	want := fields{"RoleArn": arn, "RoleSessionName": "night", "DurationSeconds": "900", "Policy": document("cams:List*")}
	h.refused(alice, http.StatusForbidden, "NoPermission", "AssumeRole", want)
	h.do("AttachPolicyToUser", fields{"PolicyType": "System", "PolicyName": "AliyunSTSAssumeRoleAccess", "UserName": h.name("alice")})
	h.refused(alice, http.StatusBadRequest, "InvalidParameter.DurationSeconds", "AssumeRole", want.with("DurationSeconds", "7201"))
	h.session(h.call(alice, "AssumeRole", want), arn)
}

func (h *house) session(taken fields, arn string) {
	h.t.Helper()
	to := h.alice
	to.AccessKeyID, _ = taken.at("Credentials.AccessKeyId").(string)
	to.AccessKeySecret, _ = taken.at("Credentials.AccessKeySecret").(string)
	to.SecurityToken, _ = taken.at("Credentials.SecurityToken").(string)
	h.want(taken, "AssumedRoleUser.Arn", arn+"/night")
	session := h.open(to, "")
	list := h.server.about("ListChatGroup", "")
	list.parameters["Page"] = map[string]any{"Index": 1, "Size": 1}
	h.call(session, list.action, list.parameters)
	h.denied(session, fields{"AuthPrincipalType": "AssumedRoleUser", "PolicyType": "SessionPolicy", "AuthPrincipalDisplayName": h.name("guest") + ":night"})
	h.want(h.call(h.open(to, stsVersion), "GetCallerIdentity", nil), "IdentityType", "AssumedRoleUser")

	bad := to
	bad.SecurityToken = ""
	h.refused(h.open(bad, ""), http.StatusBadRequest, "MissingSecurityToken", list.action, list.parameters)
	bad.SecurityToken = "CAIS" + to.SecurityToken
	h.refused(h.open(bad, ""), http.StatusBadRequest, "InvalidSecurityToken.Malformed", list.action, list.parameters)
	bad = h.alice
	bad.SecurityToken = to.SecurityToken
	h.refused(h.open(bad, ""), http.StatusBadRequest, "InvalidSecurityToken.MismatchWithAccessKey", list.action, list.parameters)
}

func (h *house) refusals() {
	h.t.Helper()
	alice := h.open(h.alice, ramVersion)
	h.refused(alice, http.StatusForbidden, "NoPermission", "CreateUser", fields{"UserName": "eve"})
	h.refused(h.ram, http.StatusNotFound, "EntityNotExist.User", "GetUser", fields{"UserName": "nobody"})
	h.refused(h.ram, http.StatusConflict, "EntityAlreadyExists.User", "CreateUser", fields{"UserName": h.name("alice")})
	h.refused(h.ram, http.StatusBadRequest, "InvalidParameter.UserName.InvalidChars", "CreateUser", fields{"UserName": "a b"})
	h.refused(h.ram, http.StatusBadRequest, "MissingUserName", "CreateUser", nil)
	h.refused(h.ram, http.StatusBadRequest, "MalformedPolicyDocument", "CreatePolicy", fields{"PolicyName": "p", "PolicyDocument": "{}"})
	h.refused(h.sts, http.StatusForbidden, "NoPermission", "AssumeRole", fields{"RoleArn": "acs:ram::" + h.account + ":role/" + h.name("guest"), "RoleSessionName": "root"})
}

// leave takes everything away; what is still in use does not go.
func (h *house) leave() {
	h.t.Helper()
	user, users, role := fields{"UserName": h.name("alice")}, fields{"GroupName": h.name("nurses")}, fields{"RoleName": h.name("guest")}
	look, full := fields{"PolicyType": "Custom", "PolicyName": h.name("look")}, fields{"PolicyType": "System", "PolicyName": "AliyunCamsFullAccess"}
	h.refused(h.ram, http.StatusConflict, "DeleteConflict.User.AccessKey", "DeleteUser", user)
	h.refused(h.ram, http.StatusConflict, "DeleteConflict.Group.User", "DeleteGroup", users)
	h.refused(h.ram, http.StatusConflict, "DeleteConflict.Role.Policy", "DeleteRole", role)
	h.refused(h.ram, http.StatusConflict, "DeleteConflict.Policy.User", "DeletePolicy", fields{"PolicyName": h.name("look")})
	h.do("RemoveUserFromGroup", users.with("UserName", h.name("alice")))
	h.do("DetachPolicyFromGroup", look.with("GroupName", h.name("nurses")))
	h.do("DetachPolicyFromRole", full.with("RoleName", h.name("guest")))
	h.do("DetachPolicyFromUser", look.with("UserName", h.name("alice")))
	h.do("DetachPolicyFromUser", fields{"PolicyType": "System", "PolicyName": "AliyunSTSAssumeRoleAccess", "UserName": h.name("alice")})
	h.do("DeleteAccessKey", user.with("UserAccessKeyId", h.alice.AccessKeyID))
	h.do("DeleteUser", user)
	h.do("DeleteGroup", users)
	h.do("DeleteRole", role)
	h.do("DeletePolicy", fields{"PolicyName": h.name("look")})
	list := h.server.about("ListChatGroup", "")
	h.refused(h.open(h.alice, ""), http.StatusNotFound, "InvalidAccessKeyId.NotFound", list.action, list.parameters)
}

// TestTypedPermissions uses the code that Alibaba Cloud generates for RAM and STS, which decodes answers into fixed types.
func TestTypedPermissions(t *testing.T) {
	s := startServer(t, "http")
	users, err := ram.NewClientWithAccessKey("ap-southeast-1", s.AccessKeyID, s.AccessKeySecret)
	if err != nil {
		t.Fatal(err)
	}
	aim := func(r requests.AcsRequest) { r.SetDomain(s.Endpoint); r.SetScheme("http") }
	for i := range 3 {
		create := ram.CreateCreateUserRequest()
		aim(create)
		create.UserName, create.Email = fmt.Sprintf("user-%d", i), "a@example.com"
		made, err := users.CreateUser(create)
		if err != nil {
			t.Fatal(err)
		}
		if made.User.UserName != create.UserName || len(made.User.UserId) != 18 || made.User.CreateDate == "" || made.RequestId == "" {
			t.Errorf("the user is %+v", made.User)
		}
	}
	var seen []string
	for marker, more := "", true; more; {
		list := ram.CreateListUsersRequest()
		aim(list)
		list.MaxItems, list.Marker = requests.NewInteger(2), marker
		page, err := users.ListUsers(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Users.User {
			seen = append(seen, u.UserName)
		}
		marker, more = page.Marker, page.IsTruncated
	}
	seen = slices.DeleteFunc(seen, func(name string) bool { return !strings.HasPrefix(name, "user-") })
	if diff := cmp.Diff([]string{"user-0", "user-1", "user-2"}, seen); diff != "" {
		t.Errorf("the users, page by page (-want +got):\n%s", diff)
	}
	identify, err := sts.NewClientWithAccessKey("ap-southeast-1", s.AccessKeyID, s.AccessKeySecret)
	if err != nil {
		t.Fatal(err)
	}
	who := sts.CreateGetCallerIdentityRequest()
	aim(who)
	identity, err := identify.GetCallerIdentity(who)
	if err != nil {
		t.Fatal(err)
	}
	if identity.IdentityType != "Account" || identity.Arn != "acs:ram::"+identity.AccountId+":root" {
		t.Errorf("the identity is %+v", identity)
	}
}
