package cams

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// TestOperations: names, rights and mandatory parameters as the product documents them.
func TestOperations(t *testing.T) {
	type row struct {
		RAMAction string
		Access    rpc.Access
		Required  string
		Change    bool
		Extension bool
		NoSuccess bool
	}
	want := map[string]row{
		"AddChatGroup":                {"cams:AddChatGroup", "create", "BusinessNumber CustSpaceId Subject", true, false, false},
		"UpdateChatGroup":             {"cams:UpdateChatGroup", "update", "BusinessNumber CustSpaceId GroupId", true, false, false},
		"DeleteChatGroup":             {"cams:DeleteChatGroup", "delete", "BusinessNumber CustSpaceId GroupId", true, false, false},
		"ListChatGroup":               {"cams:ListChatGroup", "list", "BusinessNumber CustSpaceId Page", false, false, false},
		"AddChatGroupInviteLink":      {"cams:AddChatGroupInviteLink", "create", "BusinessNumber CustSpaceId GroupId", true, false, false},
		"DeleteChatGroupInviteLink":   {"cams:DeleteChatGroupInviteLink", "delete", "BusinessNumber CustSpaceId GroupId", true, false, false},
		"ListChatGroupParticipants":   {"cams:ListChatGroupParticipants", "list", "BusinessNumber CustSpaceId GroupId", false, false, false},
		"DeleteChatGroupParticipants": {"cams:DeleteChatGroupParticipants", "delete", "BusinessNumber CustSpaceId GroupId", true, false, false},
		"SendChatappMessage":          {"cams:SendChatappMessage", "create", "ChannelType Type From To", true, false, true},
		"SendChatappMassMessage":      {"cams:SendChatappMassMessage", "create", "ChannelType From SenderList", true, false, true},
		"ListChatappMessage":          {"cams:ListChatappMessage", "list", "BusinessNumber CustSpaceId ChannelType Page", false, false, false},
		"GetChatGroupOperation":       {"cams:GetChatGroupOperation", "get", "", false, true, false},
		"CreateInstance":              {"cams:CreateInstance", "create", "ChannelType InstanceName", true, false, false},
		"ListInstance":                {"cams:ListInstance", "list", "", false, false, false},
		"QueryInstance":               {"cams:QueryInstance", "get", "InstanceId", false, false, false},
		"UpdateInstance":              {"cams:UpdateInstance", "update", "InstanceId InstanceName", true, false, false},
		"DeleteInstance":              {"cams:DeleteInstance", "delete", "InstanceId", true, false, false},
		"QueryChatappPhoneNumbers":    {"cams:QueryChatappPhoneNumbers", "list", "", false, false, false},
		"ChatappSyncPhoneNumber":      {"cams:ChatappSyncPhoneNumber", "update", "CustSpaceId", false, false, false},
		"QueryChatappBindWaba":        {"cams:QueryChatappBindWaba", "get", "", false, false, false},
		"ChatappBindWaba":             {"cams:ChatappBindWaba", "update", "WabaId", true, false, false},
		"GetChatappOpenStatus":        {"cams:GetChatappOpenStatus", "get", "", false, false, true},
		"UpdateAccountWebhook":        {"cams:UpdateAccountWebhook", "update", "CustSpaceId", true, false, true},
		"UpdatePhoneWebhook":          {"cams:UpdatePhoneWebhook", "update", "CustSpaceId PhoneNumber", true, false, true},
		"ListChatGroupEvents":         {"cams:ListChatGroupEvents", "list", "BusinessNumber CustSpaceId", false, true, false},
	}
	got := map[string]row{}
	for _, op := range Operations(nil) {
		var needed []string
		seen := map[string]bool{}
		for _, p := range op.Parameters {
			if p.Required {
				needed = append(needed, p.Name)
			}
			if seen[p.Name] {
				t.Errorf("%s has %s twice", op.Action, p.Name)
			}
			seen[p.Name] = true
		}
		got[op.Action] = row{op.RAMAction, op.Access, strings.Join(needed, " "), op.Change, op.Extension, op.NoSuccess}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// valid gives for each operation a call about the group G that nothing is wrong with.
func valid() map[string]params {
	return map[string]params{
		"AddChatGroup":                {"Subject": "test"},
		"UpdateChatGroup":             {"GroupId": "G", "Subject": "test title"},
		"DeleteChatGroup":             {"GroupId": "G"},
		"ListChatGroup":               {"Page": `{"Index":1,"Size":20}`},
		"AddChatGroupInviteLink":      {"GroupId": "G"},
		"DeleteChatGroupInviteLink":   {"GroupId": "G"},
		"ListChatGroupParticipants":   {"GroupId": "G"},
		"DeleteChatGroupParticipants": {"GroupId": "G", "List": `[{"ParticipantNumber":"8613900000001"}]`},
		"SendChatappMessage": {"ChannelType": "whatsapp", "Type": "message", "MessageType": "text", "RecipientType": "group",
			"From": ownNumber, "To": "G", "Content": `{"text":"Hello"}`},
		"SendChatappMassMessage": {"ChannelType": "whatsapp", "From": ownNumber, "TemplateCode": "greeting", "Language": "en",
			"SenderList": `[{"To":"8613900000001"},{"To":"G","RecipientType":"group"}]`},
		"ListChatappMessage": {"ChannelType": "WHATSAPP", "Page": `{"Index":1,"Size":20}`},
	}
}

// with gives the parameters with others put in.
func (p params) with(more params) params {
	all := params{}
	for name, value := range p {
		all[name] = value
	}
	for name, value := range more {
		all[name] = value
	}
	return all
}

// TestEveryOperationRefuses: what is wrong with the common parameters is told in the same way by all operations, and changes
// nothing.
func TestEveryOperationRefuses(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000001")
	w.addGroup(secondNumber, "second", group.Active)
	w.addGroup(otherNumber, "foreign", group.Active)
	w.addGroup(ownNumber, "gone", group.Deleted)
	w.addGroup(ownNumber, "suspended", group.Suspended)
	w.addGroup(ownNumber, "creating", group.Creating)
	w.addGroup(ownNumber, "deleting", group.Deleting)
	for action, good := range valid() {
		_, hasGroup := good["GroupId"]
		groupName, numberName := "GroupId", "BusinessNumber"
		sends := strings.HasPrefix(action, "Send")
		if sends {
			hasGroup, groupName, numberName = action == "SendChatappMessage", "To", "From"
		}
		reads := strings.HasPrefix(action, "List")
		cases := []struct {
			name   string
			more   params
			status int
			code   string
			skip   bool
		}{
			{"unknown group", params{groupName: "nobody"}, 200, "InvalidParameter.GroupNotExist", !hasGroup},
			{"another number's group", params{groupName: "second"}, 200, "InvalidParameter.GroupNotExist", !hasGroup},
			{"another account's group", params{groupName: "foreign"}, 200, "InvalidParameter.GroupNotExist", !hasGroup},
			{"deleted group", params{groupName: "gone"}, 200, "InvalidParameter.GroupNotExist", !hasGroup},
			{"suspended group", params{groupName: "suspended"}, 200, "ChatGroup.Suspended", !hasGroup || reads || action == "DeleteChatGroup"},
			{"group being made", params{groupName: "creating"}, 200, "ChatGroup.NotActive", !hasGroup || reads},
			{"group being deleted", params{groupName: "deleting"}, 200, "ChatGroup.NotActive", !hasGroup || reads},
			{"endless group id", params{groupName: strings.Repeat("x", 256)}, 200, "InvalidParameter.GroupIdInvalid", !hasGroup},
			{"longest group id", params{groupName: strings.Repeat("é", 255)}, 200, "InvalidParameter.GroupNotExist", !hasGroup},
			{"no group id", params{"-" + groupName: ""}, 400, "Missing" + groupName, !hasGroup},
			{"empty group id", params{groupName: ""}, 400, "Missing" + groupName, !hasGroup},
			{"no number", params{"-" + numberName: ""}, 400, "Missing" + numberName, false},
			{"no space", params{"-CustSpaceId": ""}, 400, "MissingCustSpaceId", sends},
			{"foreign space", params{"CustSpaceId": otherSpace}, 400, "Unknown.ResourceOwnerId", false},
			{"unknown space", params{"CustSpaceId": "cams-nobody"}, 400, "Unknown.ResourceOwnerId", false},
			{"endless space", params{"CustSpaceId": strings.Repeat("x", 300)}, 400, "InvalidCustSpaceId", sends},
			{"foreign number", params{numberName: otherNumber}, 400, "Unknown.ResourceOwnerId", false},
			{"foreign space and number", params{numberName: otherNumber, "CustSpaceId": otherSpace}, 400, "Unknown.ResourceOwnerId", false},
			{"unknown number", params{numberName: "8613800001234"}, 400, "Unknown.ResourceOwnerId", false},
			{"number with letters", params{numberName: "86138abc"}, 200, "InvalidParameter.PhoneNumberError", sends},
			{"number with a fraction", params{numberName: "861380000000.0"}, 200, "InvalidParameter.PhoneNumberError", sends},
			{"negative number", params{numberName: "-8613800000000"}, 200, "InvalidParameter.PhoneNumberError", sends},
			{"number too short", params{numberName: "123"}, 200, "InvalidParameter.PhoneNumberError", false},
			{"number too long", params{numberName: "86138000000001234"}, 200, "InvalidParameter.PhoneNumberError", false},
			{"another channel type", params{"ChannelType": "TELEGRAM"}, 200, "InvalidParameter.ChannelTypeNotSupport", false},
			{"foreign owner", params{"OwnerId": "1000000000000002"}, 400, "Unknown.ResourceOwnerId", false},
			{"foreign resource owner", params{"ResourceOwnerId": "1"}, 400, "Unknown.ResourceOwnerId", false},
			{"owner that is no number", params{"OwnerId": "me"}, 400, "InvalidOwnerId", false},
		}
		for _, c := range cases {
			if c.skip {
				continue
			}
			t.Run(action+"/"+c.name, func(t *testing.T) {
				w := w.in(t)
				a := w.call(action, good.with(c.more))
				w.expect(a, c.status, c.code)
				if a.operation != "" || a.message() == "" {
					t.Errorf("operation %q, Message %q", a.operation, a.message())
				}
			})
		}
	}
	for _, op := range w.audit() {
		if op.State != group.Refusal || op.Code == "" {
			t.Errorf("%s was begun: %+v", op.Action, op)
		}
	}
}

// TestEveryOperationAccepts: spellings that mean the same are taken.
func TestEveryOperationAccepts(t *testing.T) {
	for action, good := range valid() {
		w := newWorld(t)
		w.addGroup(ownNumber, "G", group.Active, "8613900000001")
		for name, more := range map[string]params{
			"as documented":       {},
			"channel type":        {"ChannelType": "WhatsApp"},
			"own owner":           {"OwnerId": "1000000000000001", "ResourceOwnerId": "1000000000000001", "ResourceOwnerAccount": "somebody"},
			"empty owner":         {"OwnerId": "", "ResourceOwnerId": ""},
			"number as written":   {"BusinessNumber": "+86 138-0000-0000"},
			"unknown parameters":  {"FallBackContent": "x", "IsvCode": "y"},
			"region and language": {"RegionId": "ap-southeast-1", "Lang": "en"},
		} {
			a := w.call(action, good.with(more))
			if code := a.code(); a.status != 200 || code != "OK" && code != "ChatGroup.OperationPending" && code != "ChatGroup.NotActive" {
				t.Errorf("%s, %s: %s", action, name, a.text)
			}
		}
	}
}

// TestReader: who may only read lists and looks up, and nothing else.
func TestReader(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active)
	for action, good := range valid() {
		a := w.callAs(readerKey, action, good)
		if strings.HasPrefix(action, "List") {
			w.expect(a, 200, "OK")
		} else {
			w.expect(a, 403, "Forbidden.RAM")
		}
	}
	w.expect(w.callAs(readerKey, "GetChatGroupOperation", params{"OperationId": "1"}), 200, "InvalidParameter.OperationNotExist")
}

// TestBadRequests: what cannot be read at all.
func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000001")
	const about = "BusinessNumber=" + ownNumber + "&CustSpaceId=" + ownSpace + "&GroupId=G"
	for name, c := range map[string]struct{ query, form string }{
		"invalid UTF-8":      {about + "%ff", ""},
		"twice":              {about + "&GroupId=G", ""},
		"in query and form":  {about, "GroupId=G"},
		"broken escape":      {about + "%zz", ""},
		"form invalid UTF-8": {about, "List=%ff"},
	} {
		r := w.signed(ownKey, "DeleteChatGroup", "", "")
		r.URL.RawQuery = c.query
		if c.form != "" {
			r = w.signed(ownKey, "DeleteChatGroup", about, "Unrelated=1")
			r.Body = io.NopCloser(strings.NewReader(c.form))
			r.ContentLength = int64(len(c.form))
		}
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.expect(w.send(r), 400, "InvalidParameter")
		})
	}
	r := w.signed(ownKey, "DeleteChatGroup", about, "")
	w.expect(w.send(r.Clone(t.Context())), 200, "ChatGroup.OperationPending")
	w.expect(w.send(r), 400, "SignatureNonceUsed")
}

// TestFormBody: older SDKs send what they have in a form body, the newest in the query.
func TestFormBody(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000001")
	const about = "BusinessNumber=" + ownNumber + "&CustSpaceId=" + ownSpace + "&GroupId=G"
	for _, c := range []struct{ query, form string }{
		{about, "List.1.ParticipantNumber=8613900000001"},
		{"", about + "&List=%5B%7B%22ParticipantNumber%22%3A%228613900000001%22%7D%5D"},
	} {
		a := w.send(w.signed(ownKey, "DeleteChatGroupParticipants", c.query, c.form))
		w.expect(a, 200, "ChatGroup.OperationPending")
	}
}
