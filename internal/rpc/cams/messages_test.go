package cams

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

func TestSendChatappMessage(t *testing.T) {
	w := newWorld(t)
	g := w.addGroup(ownNumber, "G", group.Active)
	good := valid()["SendChatappMessage"]
	a := w.call("SendChatappMessage", good)
	w.expect(a, 200, "OK")
	id, _ := a.members["MessageId"].(string)
	if !decimal.MatchString(id) || id != a.operation {
		t.Errorf("MessageId %q, operation %q", id, a.operation)
	}
	delete(a.members, "RequestId")
	if diff := cmp.Diff(map[string]any{"Code": "OK", "Message": "OK", "MessageId": id}, a.members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if got := w.payloads(g); len(got) != 1 || got[0] != `{"kind":"text","text":"Hello"}` {
		t.Errorf("commands are %q", got)
	}
	for name, c := range map[string]struct {
		more params
		code string
	}{
		"other case":             {params{"ChannelType": "WHATSAPP", "Type": "Message", "MessageType": "TEXT", "RecipientType": "Group"}, "OK"},
		"without a space":        {params{"-CustSpaceId": ""}, "OK"},
		"text in capitals":       {params{"Content": `{"Text":"Hello"}`}, "OK"},
		"more in the content":    {params{"Content": `{"text":"Hello","previewUrl":true}`}, "OK"},
		"longest text":           {params{"Content": `{"text":"` + strings.Repeat("é", 4096) + `"}`}, "OK"},
		"plus":                   {params{"From": "+" + ownNumber}, "InvalidParameter.FromOnlyNumeric"},
		"blanks":                 {params{"From": "86 138 0000 0000"}, "InvalidParameter.FromOnlyNumeric"},
		"letters":                {params{"From": "abc"}, "InvalidParameter.FromOnlyNumeric"},
		"messenger":              {params{"ChannelType": "messenger"}, "InvalidParameter.ChannelTypeNotSupport"},
		"no channel type":        {params{"-ChannelType": ""}, "MissingChannelType"},
		"no type":                {params{"-Type": ""}, "MissingType"},
		"other type":             {params{"Type": "flow"}, "InvalidParameter.TypeNotSupport"},
		"individual":             {params{"RecipientType": "individual"}, "InvalidParameter.ToOnlyNumeric"},
		"no recipient type":      {params{"-RecipientType": ""}, "InvalidParameter.ToOnlyNumeric"},
		"other recipient type":   {params{"RecipientType": "crowd"}, "InvalidParameter.RecipientTypeNotSupport"},
		"no message type":        {params{"-MessageType": ""}, "InvalidParameter.MessageTypeNotEmpty"},
		"typing":                 {params{"MessageType": "typing_indicator"}, "InvalidParameter.MessageTypeNotSupport"},
		"image without a link":   {params{"MessageType": "image"}, "InvalidParameter.LinkNotEmpty"},
		"pin of nothing":         {params{"MessageType": "pin"}, "InvalidParameter.ContentError"},
		"no content":             {params{"-Content": ""}, "InvalidParameter.ContentNotEmpty"},
		"empty content":          {params{"Content": ""}, "InvalidParameter.ContentNotEmpty"},
		"plain content":          {params{"Content": "Hello"}, "InvalidParameter.ContentError"},
		"content list":           {params{"Content": "[]"}, "InvalidParameter.ContentError"},
		"no text":                {params{"Content": `{}`}, "InvalidParameter.TextNotEmpty"},
		"empty text":             {params{"Content": `{"text":""}`}, "InvalidParameter.TextNotEmpty"},
		"null text":              {params{"Content": `{"text":null}`}, "InvalidParameter.TextNotEmpty"},
		"blank text":             {params{"Content": `{"text":" "}`}, "InvalidParameter.ContentError"},
		"nested text":            {params{"Content": `{"text":{"body":"x"}}`}, "InvalidParameter.ContentError"},
		"text twice":             {params{"Content": `{"text":"a","text":"b"}`}, "InvalidParameter.ContentError"},
		"text too long":          {params{"Content": `{"text":"` + strings.Repeat("x", 4097) + `"}`}, "InvalidParameter.ContentError"},
		"content deeper than us": {params{"Content": strings.Repeat(`{"a":`, 10_000)}, "InvalidParameter.ContentError"},
	} {
		a := w.call("SendChatappMessage", good.with(c.more))
		if a.code() != c.code || (a.status == 400) != strings.HasPrefix(c.code, "Missing") {
			t.Errorf("%s: %d %s (%s), want %s", name, a.status, a.code(), a.message(), c.code)
		}
		if _, sent := a.members["Success"]; sent {
			t.Errorf("%s: the answer has Success, which this operation's never had", name)
		}
	}
}

// TestSendAgain: a token makes sending safe to repeat.
func TestSendAgain(t *testing.T) {
	w := newWorld(t)
	g := w.addGroup(ownNumber, "G", group.Active)
	p := valid()["SendChatappMessage"].with(params{"ClientToken": "t"})
	first, again := w.call("SendChatappMessage", p), w.call("SendChatappMessage", p)
	if first.members["MessageId"] != again.members["MessageId"] || len(w.payloads(g)) != 1 {
		t.Errorf("%s and %s", first.text, again.text)
	}
	w.expect(w.call("SendChatappMessage", p.with(params{"Content": `{"text":"other"}`})), 400, "IdempotentParameterMismatch")
	w.finish(first.operation, func(op *group.Operation) { op.State, op.Code, op.Message = group.Failed, "131049", "" })
	failed := w.call("SendChatappMessage", p)
	w.expect(failed, 200, "ChatGroup.UpstreamError")
	if failed.message() != "131049" {
		t.Errorf("Message is %q", failed.message())
	}
}

func TestGetChatGroupOperation(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000001", "8613900000002")
	removal := w.call("DeleteChatGroupParticipants", params{"GroupId": "G", "List": listOf("8613900000001", "8613900000002")})
	get := func(p params) answered { return w.call("GetChatGroupOperation", p) }

	millis := float64(epoch.UnixMilli())
	want := map[string]any{"OperationId": removal.operation, "Action": "DeleteChatGroupParticipants", "State": "PENDING", "GroupId": "G",
		"CreateTime": millis, "Code": "", "Message": "", "Result": "", "List": []any{
			map[string]any{"ParticipantNumber": "8613900000001", "State": "PENDING", "Code": "", "Message": ""},
			map[string]any{"ParticipantNumber": "8613900000002", "State": "PENDING", "Code": "", "Message": ""}}}
	if diff := cmp.Diff(want, get(params{"OperationId": removal.operation}).data()); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	w.finish(removal.operation, func(op *group.Operation) {
		op.State, op.Code, op.Message, op.Result = group.Failed, "131215", "Some are still in.", "r"
		op.Settle(8613900000001, group.PersonOut, 0, "")
		op.Settle(8613900000002, group.PersonRefused, 131215, "No.")
	})
	want["State"], want["FinishTime"], want["Code"], want["Message"], want["Result"] = "FAILED", millis+1000, "131215", "Some are still in.", "r"
	want["List"] = []any{map[string]any{"ParticipantNumber": "8613900000001", "State": "REMOVED", "Code": "", "Message": ""},
		map[string]any{"ParticipantNumber": "8613900000002", "State": "REFUSED", "Code": "131215", "Message": "No."}}
	if diff := cmp.Diff(want, get(params{"UniqueCode": removal.operation, "-CustSpaceId": "", "-BusinessNumber": ""}).data()); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}

	message := w.call("SendChatappMessage", valid()["SendChatappMessage"]).operation
	w.write(func(tx *store.Tx) error {
		id, err := strconv.ParseInt(message, 10, 64)
		return errors.Join(err, tx.PutMember(id, store.MessageMember{Person: 8613900000001, State: group.MessageRead, At: epoch}))
	})
	reached := []any{map[string]any{"ParticipantNumber": "8613900000001", "State": "READ", "Code": "", "Message": ""}}
	if diff := cmp.Diff(reached, get(params{"OperationId": message}).data()["List"]); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}

	made := w.call("AddChatGroup", params{"Subject": "test"})
	code, _ := made.members["UniqueCode"].(string)
	if d := get(params{"UniqueCode": code}).data(); d["GroupId"] != "" || d["State"] != "PENDING" || d["Action"] != "AddChatGroup" {
		t.Errorf("creation is %v", d)
	}
	w.call("DeleteChatGroup", params{"GroupId": "nobody"})
	refused := w.audit()[0]
	if d := get(params{"OperationId": strconv.FormatInt(refused.ID, 10)}).data(); d["State"] != "REFUSED" || d["Code"] != "InvalidParameter.GroupNotExist" {
		t.Errorf("refusal is %v", d)
	}
}

func TestGetChatGroupOperationRefuses(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active)
	own := w.call("DeleteChatGroup", params{"GroupId": "G"}).operation
	const unknown = "InvalidParameter.OperationNotExist"
	for _, c := range []struct {
		key    string
		p      params
		status int
		code   string
	}{
		{ownKey, params{"OperationId": own}, 200, "OK"},
		{ownKey, params{}, 400, "MissingOperationId"},
		{ownKey, params{"OperationId": ""}, 400, "MissingOperationId"},
		{ownKey, params{"OperationId": "1"}, 200, unknown},
		{ownKey, params{"OperationId": "x"}, 200, unknown},
		{ownKey, params{"OperationId": "-1"}, 200, unknown},
		{ownKey, params{"OperationId": "99999999999999999999"}, 200, unknown},
		{ownKey, params{"OperationId": own, "OwnerId": "2"}, 400, "Unknown.ResourceOwnerId"},
		{otherKey, params{"OperationId": own}, 200, unknown},
	} {
		a := w.callAs(c.key, "GetChatGroupOperation", c.p)
		w.expect(a, c.status, c.code)
		if c.code != "OK" && a.members["Data"] != nil {
			t.Errorf("%v: reveals %s", c.p, a.text)
		}
	}
}
