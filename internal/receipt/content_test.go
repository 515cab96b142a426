package receipt

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Every kind of message, from the network's words to the official ones.
func TestContent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ wire, kind, message string }{
		{`"type":"text","text":{"body":"good morning"}`, "TEXT", "good morning"},
		{`"type":"image","image":{"id":"1","mime_type":"image/jpeg","sha256":"x","caption":"look"}`, "IMAGE", `{"caption":"look","id":"1","mimeType":"image/jpeg"}`},
		{`"type":"video","video":{"id":"1","mime_type":"video/mp4","url":"https://m.example/1"}`, "VIDEO", `{"id":"1","mimeType":"video/mp4","url":"https://m.example/1"}`},
		{`"type":"audio","audio":{"id":"1","mime_type":"audio/ogg","voice":true}`, "AUDIO", `{"id":"1","mimeType":"audio/ogg"}`},
		{`"type":"document","document":{"id":"1","filename":"a.pdf","mime_type":"application/pdf"}`, "DOCUMENT",
			`{"name":"a.pdf","id":"1","filename":"a.pdf","mimeType":"application/pdf"}`},
		{`"type":"sticker","sticker":{"id":"1","mime_type":"image/webp"}`, "STICKER", `{"id":"1","mimeType":"image/webp"}`},
		{`"type":"location","location":{"latitude":37.44,"longitude":"-122.16","name":"Home"}`, "LOCATION",
			`{"address":"","latitude":"37.44","longitude":"-122.16","name":"Home"}`},
		{`"type":"contacts","contacts":[{"name":{"formatted_name":"Anna"}}]`, "CONTACTS", `[{"name":{"formatted_name":"Anna"}}]`},
		{`"type":"button","button":{"text":"Yes","payload":"p1"}`, "REPLY", `{"text":"Yes","payload":"p1"}`},
		{`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"b1","title":"No"}}`, "REPLY", `{"text":"No","payload":"b1"}`},
		{`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"l1","title":"Monday"}}`, "REPLY", `{"text":"Monday","payload":"l1"}`},
		{`"type":"interactive","interactive":{"nfm_reply":{"body":"Sent","response_json":"{}"}}`, "REPLY", `{"text":"Sent","payload":"{}"}`},
		{`"type":"reaction","reaction":{"message_id":"wamid.0","emoji":"👍"}`, "REACTION", `{"messageId":"wamid.0","emoji":"👍"}`},
		{`"type":"system","system":{"body":"changed number","type":"user_changed_number"}`, "SYSTEM", `{"body":"changed number","type":"user_changed_number"}`},
		{`"type":"unsupported","errors":[{"code":131051}]`, "UNSUPPORTED", `{}`},
		{`"type":"image","image":"broken"`, "IMAGE", `{"id":""}`},
		{`"type":"image","text":{"body":"of another kind"}`, "IMAGE", `{}`},
	} {
		body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"8"},
			"messages":[{"id":"wamid.1","from":"4915110000001","timestamp":"1",%s}]}}]}]}`, test.wire)
		events, err := graph.ParseWebhook([]byte(body))
		if err != nil || len(events) != 1 || events[0].Message == nil {
			t.Fatalf("%s: %v, %+v", test.wire, err, events)
		}
		kind, message := Content(events[0].Message)
		if kind != test.kind || message != test.message {
			t.Errorf("%s\nbecame %s %s\nwant   %s %s", test.wire, kind, message, test.kind, test.message)
		}
	}
}

func TestGroupItem(t *testing.T) {
	t.Parallel()
	r := store.Receipt{Seq: 4, NetworkID: "net", Principal: "acs:ram::1:root"}
	r.ID, r.Number, r.Kind, r.OperationID, r.Body = 12, 8613800000000, "removed", 7, `{"people":[4915110000001],"by":"business"}`
	item, err := Item(&r, Sender{SpaceID: "cams-1", WABAID: "9"})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(item, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "Timestamp")
	want := map[string]any{"EventId": "12", "Sequence": 4.0, "CustSpaceId": "cams-1", "WabaId": "9", "BusinessNumber": "8613800000000", "GroupId": "net",
		"NoticeType": "group", "Type": "removed", "Participants": []any{"4915110000001"}, "By": "business", "Operator": "acs:ram::1:root", "OperationId": "7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Body = "{"
	if _, err := Item(&r, Sender{}); err == nil {
		t.Error("a broken event was written")
	}
}

// Whatever comes in, Message is JSON for all kinds but TEXT, and an item can be made of it.
func FuzzContent(f *testing.F) {
	for _, seed := range []string{`"type":"contacts","contacts":[1,{}]`, `"type":"location","location":{"latitude":"x"}`, `"type":"","text":{}`, `"type":"interactive","interactive":{}`} {
		f.Add([]byte(`{"object":"w","entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"1",` + seed + `}]}}]}]}`))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := graph.ParseWebhook(body)
		if err != nil {
			return
		}
		for i := range events {
			if events[i].Message == nil {
				continue
			}
			kind, message := Content(events[i].Message)
			if kind == "" || kind != "TEXT" && !json.Valid([]byte(message)) {
				t.Errorf("%s became %s %q", body, kind, message)
			}
		}
	})
}
