package cams

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

func TestUpdateWebhooks(t *testing.T) {
	w := newWorld(t)
	const url, secret = "https://receipts.example.com/hook?k=1", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	account, phone := params{"-BusinessNumber": ""}, params{"-BusinessNumber": "", "PhoneNumber": ownNumber}
	w.expect(w.call("UpdatePhoneWebhook", params{"-BusinessNumber": "", "PhoneNumber": secondNumber, "HttpFlag": "Y"}), 200, "InvalidParameter.CallbackInvalid")
	for name, c := range map[string]struct {
		action string
		base   params
		more   params
		status int
		code   string
	}{
		"account":                {"UpdateAccountWebhook", account, params{"StatusCallbackUrl": url, "HttpFlag": "Y", "QueueFlag": "Y"}, 200, "OK"},
		"account, address alone": {"UpdateAccountWebhook", account, params{"StatusCallbackUrl": url}, 200, "OK"},
		"account, signed":        {"UpdateAccountWebhook", account, params{"SigningSecret": secret}, 200, "OK"},
		"phone":                  {"UpdatePhoneWebhook", phone, params{"StatusCallbackUrl": url, "UpCallbackUrl": url, "HttpFlag": "y", "QueueFlag": "n"}, 200, "OK"},
		"phone with a plus":      {"UpdatePhoneWebhook", phone, params{"PhoneNumber": "+" + ownNumber, "HttpFlag": "N"}, 200, "OK"},
		"phone, cleared":         {"UpdatePhoneWebhook", phone, params{"StatusCallbackUrl": "", "UpCallbackUrl": "", "HttpFlag": "N"}, 200, "OK"},
		"nothing":                {"UpdateAccountWebhook", account, nil, 200, "InvalidParameter.NothingToUpdate"},
		"no space":               {"UpdateAccountWebhook", account, params{"-CustSpaceId": "", "HttpFlag": "N"}, 400, "MissingCustSpaceId"},
		"no phone":               {"UpdatePhoneWebhook", account, params{"HttpFlag": "N"}, 400, "MissingPhoneNumber"},
		"no number":              {"UpdatePhoneWebhook", phone, params{"PhoneNumber": "abc", "HttpFlag": "N"}, 200, "InvalidParameter.PhoneNumberError"},
		"foreign space":          {"UpdateAccountWebhook", account, params{"CustSpaceId": otherSpace, "HttpFlag": "N"}, 400, "Unknown.ResourceOwnerId"},
		"foreign number":         {"UpdatePhoneWebhook", phone, params{"PhoneNumber": otherNumber, "HttpFlag": "N"}, 400, "Unknown.ResourceOwnerId"},
		"no address":             {"UpdateAccountWebhook", account, params{"StatusCallbackUrl": "receipts"}, 200, "InvalidParameter.CallbackInvalid"},
		"another protocol":       {"UpdateAccountWebhook", account, params{"StatusCallbackUrl": "file:///etc/passwd"}, 200, "InvalidParameter.CallbackInvalid"},
		"a password":             {"UpdateAccountWebhook", account, params{"StatusCallbackUrl": "https://a:b@example.com"}, 200, "InvalidParameter.CallbackInvalid"},
		"another flag":           {"UpdateAccountWebhook", account, params{"HttpFlag": "true"}, 200, "InvalidParameter.CallbackInvalid"},
		"account, up":            {"UpdateAccountWebhook", account, params{"UpCallbackUrl": url}, 200, "InvalidParameter.CallbackInvalid"},
		"a private address":      {"UpdateAccountWebhook", account, params{"StatusCallbackUrl": "http://10.1.2.3/hook"}, 200, "InvalidParameter.CallbackInvalid"},
		"metadata":               {"UpdatePhoneWebhook", phone, params{"UpCallbackUrl": "http://[::ffff:169.254.169.254]/"}, 200, "InvalidParameter.CallbackInvalid"},
		"a bad secret":           {"UpdateAccountWebhook", account, params{"SigningSecret": "secret"}, 200, "InvalidParameter.CallbackInvalid"},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			p := params{}
			for _, part := range []params{c.base, c.more} {
				for k, v := range part {
					p[k] = v
				}
			}
			w.expect(w.call(c.action, p), c.status, c.code)
		})
	}
	a := w.callAs(readerKey, "UpdateAccountWebhook", params{"-BusinessNumber": "", "HttpFlag": "N"})
	w.expect(a, 403, "Forbidden.RAM")
	done := 0
	for _, op := range w.audit() {
		if op.State == group.Done && (op.Action == "UpdateAccountWebhook" || op.Action == "UpdatePhoneWebhook") {
			done++
		}
	}
	if done != 6 {
		t.Errorf("%d changes are in the audit, want 6", done)
	}
}

// TestQueryShowsCallbacks: what holds for a number is shown with it.
func TestQueryShowsCallbacks(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call("UpdateAccountWebhook", params{"-BusinessNumber": "", "StatusCallbackUrl": "https://a.example", "QueueFlag": "Y"}), 200, "OK")
	w.expect(w.call("UpdatePhoneWebhook", params{"-BusinessNumber": "", "PhoneNumber": ownNumber, "UpCallbackUrl": "https://b.example"}), 200, "OK")
	a := w.call("QueryChatappPhoneNumbers", params{"-BusinessNumber": ""})
	rows, _ := a.members["PhoneNumbers"].([]any)
	if len(rows) != 2 {
		t.Fatalf("numbers: %s", a.text)
	}
	for i, up := range []string{"https://b.example", ""} {
		row, _ := rows[i].(map[string]any)
		if row["StatusCallbackUrl"] != "https://a.example" || row["UpCallbackUrl"] != up || row["StatusQueue"] != "ListChatGroupEvents" {
			t.Errorf("number %v", row)
		}
	}
}

// The same token is the same change: it is made once.
func TestUpdateWebhookAgain(t *testing.T) {
	w := newWorld(t)
	p := params{"-BusinessNumber": "", "StatusCallbackUrl": "https://a.example", "ClientToken": "once"}
	first, second := w.call("UpdateAccountWebhook", p), w.call("UpdateAccountWebhook", p)
	w.expect(second, 200, "OK")
	if first.operation == "" || first.operation != second.operation {
		t.Errorf("operations %q and %q", first.operation, second.operation)
	}
	if got := w.audit(); len(got) != 1 {
		t.Errorf("%d changes, want 1: %+v", len(got), got)
	}
	p["StatusCallbackUrl"] = "https://b.example"
	if a := w.call("UpdateAccountWebhook", p); a.code() != "IdempotentParameterMismatch" {
		t.Errorf("another change with the token: %s", a.text)
	}
}

func TestListChatGroupEvents(t *testing.T) {
	w := newWorld(t)
	g := w.addGroup(ownNumber, "G", group.Active)
	other := w.addGroup(secondNumber, "H", group.Active)
	for _, of := range []group.Group{g, g, other} {
		w.write(func(tx *store.Tx) error {
			return tx.InsertEvent(&group.Event{AccountID: ownAccount, Number: of.Number, GroupID: of.ID, Kind: "joined", At: epoch,
				Body: `{"people":[4915110000001],"by":"invite_link"}`})
		})
	}
	first := w.call("ListChatGroupEvents", params{"Size": "1"})
	w.expect(first, 200, "OK")
	next, _ := first.data()["NextCursor"].(string)
	second := w.call("ListChatGroupEvents", params{"Cursor": next, "GroupId": "G"})
	if len(first.rows()) != 1 || len(second.rows()) != 1 {
		t.Fatalf("pages: %s and %s", first.text, second.text)
	}
	row := second.rows()[0]
	var item map[string]any
	text, _ := row["Item"].(string)
	if err := json.Unmarshal([]byte(text), &item); err != nil {
		t.Fatalf("%v in %s", err, second.text)
	}
	if row["Kind"] != "ChatAppGroup" || row["Sequence"] != 2.0 || row["GroupId"] != "G" || item["Sequence"] != 2.0 || item["Type"] != "joined" ||
		item["EventId"] != row["EventId"] || item["CustSpaceId"] != ownSpace {
		t.Errorf("row %v with item %s", row, text)
	}
	end, _ := second.data()["NextCursor"].(string)
	if a := w.call("ListChatGroupEvents", params{"Cursor": end}); len(a.rows()) != 0 || a.data()["NextCursor"] != end {
		t.Errorf("behind the end: %s", a.text)
	}
	if a := w.callAs(readerKey, "ListChatGroupEvents", params{"Cursor": "latest"}); a.data()["NextCursor"] != end {
		t.Errorf("the end: %s", a.text)
	}
	for name, c := range map[string]struct {
		p      params
		status int
		code   string
	}{
		"cursor":         {params{"Cursor": "5"}, 200, "InvalidParameter.CursorInvalid"},
		"no size":        {params{"Size": "0"}, 400, "InvalidSize"},
		"great size":     {params{"Size": "101"}, 400, "InvalidSize"},
		"size as text":   {params{"Size": "many"}, 400, "InvalidSize"},
		"unknown group":  {params{"GroupId": "none"}, 200, "InvalidParameter.GroupNotExist"},
		"another's":      {params{"GroupId": "H"}, 200, "InvalidParameter.GroupNotExist"},
		"foreign number": {params{"BusinessNumber": otherNumber}, 400, "Unknown.ResourceOwnerId"},
		"no number":      {params{"-BusinessNumber": ""}, 400, "MissingBusinessNumber"},
	} {
		t.Run(name, func(t *testing.T) { w.in(t).expect(w.call("ListChatGroupEvents", c.p), c.status, c.code) })
	}
}

// TestEventsOutsideTheBeta: who may only write to persons is told what became of it, and nothing of a group by its name.
func TestEventsOutsideTheBeta(t *testing.T) {
	w := newWorld(t)
	w.write(func(tx *store.Tx) error { return tx.SetBeta(ownAccount, false) })
	w.expect(w.call("ListChatGroupEvents", nil), 200, "OK")
	w.expect(w.call("ListChatGroupEvents", params{"GroupId": "120363000000000001"}), 200, "Authentication.NoAuth")
	w.expect(w.call("GetChatGroupOperation", params{"OperationId": "1"}), 200, "InvalidParameter.OperationNotExist")
	for _, op := range Operations(nil) {
		onGroups := op.Action != "GetChatGroupOperation" && op.Action != "ListChatGroupEvents" && strings.Contains(op.Action, "ChatGroup")
		if op.Beta != onGroups {
			t.Errorf("%s: beta %v", op.Action, op.Beta)
		}
	}
	w.expect(w.call("ListChatGroup", params{"Page": `{"Index":1,"Size":1}`}), 200, "Authentication.NoAuth")
}
