package ramapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape compares an answer with what RAM documents; ids and request ids are left out of the comparison.
func (c caller) shape(action string, p params, want string) {
	c.t.Helper()
	a := c.ok(action, p)
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		c.t.Fatalf("%v in %s", err, want)
	}
	if id, _ := a.members["RequestId"].(string); len(id) != 36 {
		c.t.Errorf("%s: RequestId is %q", action, id)
	}
	delete(a.members, "RequestId")
	if diff := cmp.Diff(wanted, blank(a.members)); diff != "" {
		c.t.Errorf("%s (-want +got):\n%s", action, diff)
	}
}

// blank puts a sign in the place of every id and secret that is drawn.
func blank(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			switch name {
			case "UserId", "GroupId", "RoleId":
				if id, _ := value.(string); len(id) == 18 {
					value = "ID"
				}
			case "AccessKeyId", "AccessKeySecret":
				if text, _ := value.(string); len(text) >= 24 {
					value = "KEY"
				}
			}
			v[name] = blank(value)
		}
	case []any:
		for i := range v {
			v[i] = blank(v[i])
		}
	}
	return v
}

const made = `"2026-01-02T03:04:05Z"`

func TestUserShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	user := func(name, rest string) string {
		return `{"UserId":"ID","UserName":"` + name + `",` + rest + `,"CreateDate":` + made + `,"UpdateDate":` + made + `}`
	}
	full := `"DisplayName":"Alice","MobilePhone":"86-18688888888","Email":"alice@example.com","Comments":"cloud"`
	root.shape("CreateUser", params{"UserName": "alice", "DisplayName": "Alice", "MobilePhone": "86-18688888888", "Email": "alice@example.com",
		"Comments": "cloud"}, `{"User":`+user("alice", full)+`}`)
	root.shape("GetUser", params{"UserName": "alice"}, `{"User":`+user("alice", full)+`}`)
	root.shape("UpdateUser", params{"UserName": "alice", "NewUserName": "alicia", "NewComments": "sky"},
		`{"User":`+user("alicia", strings.Replace(full, "cloud", "sky", 1))+`}`)
	root.shape("ListUsers", nil, `{"IsTruncated":false,"Users":{"User":[`+user("alicia", strings.Replace(full, "cloud", "sky", 1))+`]}}`)
	root.shape("CreateAccessKey", params{"UserName": "alicia"},
		`{"AccessKey":{"AccessKeyId":"KEY","AccessKeySecret":"KEY","Status":"Active","CreateDate":`+made+`}}`)
	root.shape("ListAccessKeys", params{"UserName": "alicia"}, `{"AccessKeys":{"AccessKey":[{"AccessKeyId":"KEY","Status":"Active","CreateDate":`+made+`}]}}`)
	key := root.ok("ListAccessKeys", params{"UserName": "alicia"}).at("AccessKeys.AccessKey.0.AccessKeyId").(string)
	root.shape("UpdateAccessKey", params{"UserName": "alicia", "UserAccessKeyId": key, "Status": "Inactive"}, `{}`)
	root.shape("DeleteAccessKey", params{"UserName": "alicia", "UserAccessKeyId": key}, `{}`)
	root.shape("DeleteUser", params{"UserName": "alicia"}, `{}`)
	root.shape("ListUsers", nil, `{"IsTruncated":false,"Users":{"User":[]}}`)
}

func TestPolicyShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	one, two := allowing("*", "cams:List*"), allowing("*", "cams:*")
	quoted := func(doc string) string { b, _ := json.Marshal(doc); return string(b) }
	dates := `,"CreateDate":` + made + `,"UpdateDate":` + made
	policy := func(version string) string {
		return `"PolicyName":"own","PolicyType":"Custom","Description":"mine","DefaultVersion":"` + version + `"` + dates
	}
	version := func(id, doc string, byDefault bool) string {
		return fmt.Sprintf(`{"VersionId":%q,"IsDefaultVersion":%t,"PolicyDocument":%s,"CreateDate":%s}`, id, byDefault, quoted(doc), made)
	}
	root.shape("CreatePolicy", params{"PolicyName": "own", "Description": "mine", "PolicyDocument": one}, `{"Policy":{`+policy("v1")+`}}`)
	root.shape("CreatePolicyVersion", params{"PolicyName": "own", "PolicyDocument": two, "SetAsDefault": "true"}, `{"PolicyVersion":`+version("v2", two, true)+`}`)
	root.shape("GetPolicy", params{"PolicyName": "own", "PolicyType": "Custom"}, `{"Policy":{`+policy("v2")+`,"AttachmentCount":0,"PolicyDocument":`+quoted(two)+
		`},"DefaultPolicyVersion":`+version("v2", two, true)+`}`)
	root.shape("ListPolicies", params{"PolicyType": "Custom"}, `{"IsTruncated":false,"Policies":{"Policy":[{`+policy("v2")+`,"AttachmentCount":0}]}}`)
	root.shape("ListPolicyVersions", params{"PolicyName": "own", "PolicyType": "Custom"},
		`{"PolicyVersions":{"PolicyVersion":[`+version("v1", one, false)+`,`+version("v2", two, true)+`]}}`)
	root.shape("GetPolicyVersion", params{"PolicyName": "own", "PolicyType": "Custom", "VersionId": "v1"}, `{"PolicyVersion":`+version("v1", one, false)+`}`)
	root.shape("SetDefaultPolicyVersion", params{"PolicyName": "own", "VersionId": "v1"}, `{}`)
	root.shape("DeletePolicyVersion", params{"PolicyName": "own", "VersionId": "v2"}, `{}`)
	root.shape("DeletePolicy", params{"PolicyName": "own"}, `{}`)

	const readOnly = "AliyunCamsReadOnlyAccess"
	a := root.ok("GetPolicy", params{"PolicyName": readOnly, "PolicyType": "System"})
	if a.at("Policy.DefaultVersion") != "v1" || a.at("DefaultPolicyVersion.PolicyDocument") != a.at("Policy.PolicyDocument") {
		t.Errorf("%s", a.text)
	}
}

func TestGroupAndRoleShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	w.policy("own", allowing("*", "cams:List*"))
	root.ok("CreateUser", params{"UserName": "alice"})
	dates := `,"CreateDate":` + made + `,"UpdateDate":` + made + `}`
	group := func(name, comments string) string {
		return `{"GroupId":"ID","GroupName":"` + name + `","Comments":"` + comments + `"` + dates
	}
	root.shape("CreateGroup", params{"GroupName": "nurses", "Comments": "day"}, `{"Group":`+group("nurses", "day")+`}`)
	root.shape("UpdateGroup", params{"GroupName": "nurses", "NewGroupName": "doctors"}, `{"Group":`+group("doctors", "day")+`}`)
	root.shape("GetGroup", params{"GroupName": "doctors"}, `{"Group":`+group("doctors", "day")+`}`)
	root.shape("ListGroups", nil, `{"IsTruncated":false,"Groups":{"Group":[`+group("doctors", "day")+`]}}`)
	root.shape("AddUserToGroup", params{"GroupName": "doctors", "UserName": "alice"}, `{}`)
	root.shape("ListGroupsForUser", params{"UserName": "alice"},
		`{"Groups":{"Group":[{"GroupId":"ID","GroupName":"doctors","Comments":"day","JoinDate":`+made+`}]}}`)
	root.shape("ListUsersForGroup", params{"GroupName": "doctors"},
		`{"IsTruncated":false,"Users":{"User":[{"UserId":"ID","UserName":"alice","DisplayName":"alice","JoinDate":`+made+`}]}}`)

	trust := trusting()
	quoted, _ := json.Marshal(trust)
	role := func(description string, seconds int) string {
		return fmt.Sprintf(`{"RoleId":"ID","RoleName":"guest","Arn":"acs:ram::%s:role/guest","Description":%q,"MaxSessionDuration":%d`, houseID, description, seconds)
	}
	withTrust := `,"AssumeRolePolicyDocument":` + string(quoted) + dates
	root.shape("CreateRole", params{"RoleName": "guest", "AssumeRolePolicyDocument": trust, "Description": "a"}, `{"Role":`+role("a", 3600)+withTrust+`}`)
	root.shape("UpdateRole", params{"RoleName": "guest", "NewDescription": "b", "NewMaxSessionDuration": "7200"}, `{"Role":`+role("b", 7200)+withTrust+`}`)
	root.shape("GetRole", params{"RoleName": "guest"}, `{"Role":`+role("b", 7200)+withTrust+`}`)
	root.shape("ListRoles", nil, `{"IsTruncated":false,"Roles":{"Role":[`+role("b", 7200)+dates+`]}}`)

	for _, to := range []string{"User:alice", "Group:doctors", "Role:guest"} {
		kind, name, _ := strings.Cut(to, ":")
		p := params{"PolicyType": "Custom", "PolicyName": "own", kind + "Name": name}
		root.shape("AttachPolicyTo"+kind, p, `{}`)
		root.shape("ListPoliciesFor"+kind, params{kind + "Name": name},
			`{"Policies":{"Policy":[{"PolicyName":"own","PolicyType":"Custom","Description":"","DefaultVersion":"v1","AttachDate":`+made+`}]}}`)
	}
	root.shape("ListEntitiesForPolicy", params{"PolicyType": "Custom", "PolicyName": "own"},
		`{"Users":{"User":[{"UserId":"ID","UserName":"alice","DisplayName":"alice","AttachDate":`+made+`}]},`+
			`"Groups":{"Group":[{"GroupId":"ID","GroupName":"doctors","Comments":"day","AttachDate":`+made+`}]},`+
			`"Roles":{"Role":[{"RoleId":"ID","RoleName":"guest","Arn":"acs:ram::`+houseID+`:role/guest","Description":"b","AttachDate":`+made+`}]}}`)
	if a := root.ok("GetPolicy", params{"PolicyType": "Custom", "PolicyName": "own"}); a.at("Policy.AttachmentCount") != 3.0 {
		t.Errorf("AttachmentCount is %v", a.at("Policy.AttachmentCount"))
	}
	for _, to := range []string{"User:alice", "Group:doctors", "Role:guest"} {
		kind, name, _ := strings.Cut(to, ":")
		root.shape("DetachPolicyFrom"+kind, params{"PolicyType": "Custom", "PolicyName": "own", kind + "Name": name}, `{}`)
	}
	root.shape("RemoveUserFromGroup", params{"GroupName": "doctors", "UserName": "alice"}, `{}`)
	root.shape("DeleteGroup", params{"GroupName": "doctors"}, `{}`)
	root.shape("DeleteRole", params{"RoleName": "guest"}, `{}`)
}

// trusting is a trust policy for everybody of the house.
func trusting() string {
	return `{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":["acs:ram::` + houseID + `:root"]}}]}`
}

// TestPaging walks a list page by page, while rows come and go before the place where it stands.
func TestPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.root()
	for i := range 7 {
		root.ok("CreateUser", params{"UserName": fmt.Sprintf("user-%d", i)})
	}
	var seen []string
	marker := ""
	for page := 0; page == 0 || marker != ""; page++ {
		p := params{"MaxItems": "3"}
		if marker != "" {
			p["Marker"] = marker
		}
		a := root.ok("ListUsers", p)
		for i := range 3 {
			if name, ok := a.at(fmt.Sprintf("Users.User.%d.UserName", i)).(string); ok {
				seen = append(seen, name)
			}
		}
		marker, _ = a.at("Marker").(string)
		if a.at("IsTruncated") != (marker != "") {
			t.Errorf("IsTruncated is %v with marker %q", a.at("IsTruncated"), marker)
		}
		if page == 0 {
			root.ok("DeleteUser", params{"UserName": "user-1"})
			root.ok("CreateUser", params{"UserName": "another"})
		}
	}
	if diff := cmp.Diff([]string{"user-0", "user-1", "user-2", "user-3", "user-4", "user-5", "user-6"}, seen); diff != "" {
		t.Errorf("the pages (-want +got):\n%s", diff)
	}
	root.refused(400, "InvalidParameter.MaxItems", "ListUsers", params{"MaxItems": "0"})
	root.refused(400, "InvalidParameter.MaxItems", "ListUsers", params{"MaxItems": "1001"})
	root.refused(400, "InvalidParameter.Marker", "ListUsers", params{"Marker": "!"})
	a := root.ok("ListPolicies", params{"MaxItems": "2"})
	if a.at("Policies.Policy.0.PolicyName") != "AdministratorAccess" || a.at("IsTruncated") != true {
		t.Errorf("%s", a.text)
	}
}

// TestXML: a list is an element with one element for each row, and nothing stands around an answer but its own name.
func TestXML(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.root().ok("CreateGroup", params{"GroupName": "nurses", "Comments": "a < b"})
	a := w.root().ok("ListGroups", params{"Format": "XML"})
	id := regexp.MustCompile(`<(RequestId|GroupId)>[^<]*`)
	want := `<?xml version='1.0' encoding='UTF-8'?><ListGroupsResponse><RequestId></RequestId><IsTruncated>false</IsTruncated><Groups><Group>` +
		`<GroupId></GroupId><GroupName>nurses</GroupName><Comments>a &lt; b</Comments><CreateDate>2026-01-02T03:04:05Z</CreateDate>` +
		`<UpdateDate>2026-01-02T03:04:05Z</UpdateDate></Group></Groups></ListGroupsResponse>`
	if diff := cmp.Diff(want, id.ReplaceAllString(a.text, "<$1>")); diff != "" {
		t.Errorf("the answer (-want +got):\n%s", diff)
	}
}
