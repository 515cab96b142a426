package rollcalltest_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/rollcalltest"
)

// What a program sends and is told of, through real HTTP.
func TestMessagesOfAllKinds(t *testing.T) {
	t.Parallel()
	r := rollcalltest.Start(t)
	g := r.NewGroup("Team")
	ann, bob := r.AddPhone("8613900000001", "Ann"), r.AddPhone("8613900000002", "Bob")
	ann.Join(g.InviteLink)
	bob.Join(g.InviteLink)
	first := g.Send("hello")
	if first.MessageID() == "" || first.MessageID() != first.OperationID {
		t.Fatalf("sent %s", first.Body)
	}
	ann.AwaitMessage(g.ID, "hello")
	bob.AwaitMessage(g.ID, "hello")
	if a := g.Remove(bob.Number); !a.OK() {
		t.Fatalf("remove: %s", a.Message)
	}
	want := []string{"text"}
	for _, c := range []struct {
		kind    string
		content any
	}{
		{"image", map[string]string{"link": "https://example.com/a.jpg", "caption": "A"}},
		{"video", map[string]string{"link": "https://example.com/a.mp4"}},
		{"audio", map[string]string{"link": "https://example.com/a.mp3"}},
		{"document", map[string]string{"link": "https://example.com/a.pdf", "fileName": "a.pdf"}},
		{"sticker", map[string]string{"link": "https://example.com/a.webp"}},
		{"location", map[string]any{"latitude": "31.2", "longitude": 121.4}},
		{"contacts", []any{map[string]any{"name": map[string]string{"formatted_name": "Ann"}}}},
		{"reaction", map[string]string{"messageId": first.MessageID(), "emoji": "👍"}},
		{"pin", map[string]string{"messageId": first.MessageID()}},
	} {
		if a := g.SendContent(c.kind, c.content); !a.OK() {
			t.Errorf("%s: %s: %s", c.kind, a.Code, a.Message)
		}
		want = append(want, c.kind)
	}
	document := ann.AwaitType(g.ID, "document")
	var sent struct{ Link, FileName string }
	if err := json.Unmarshal(document.Content, &sent); err != nil || sent.FileName != "a.pdf" || sent.Link != "https://example.com/a.pdf" {
		t.Errorf("document %s: %v", document.Content, err)
	}
	ann.AwaitType(g.ID, "pin")
	var types []string
	for _, m := range ann.Messages(g.ID) {
		types = append(types, m.Type)
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("Ann (-want +got):\n%s", diff)
	}
	if got := bob.Messages(g.ID); len(got) != 1 {
		t.Errorf("Bob has received %d messages, and was removed after the first", len(got))
	}
	if a := g.SendContent("interactive", map[string]any{"type": "button", "action": map[string]any{}}); a.Code != "InvalidParameter.MessageTypeNotSupport" {
		t.Errorf("interactive to a group: %s", a.Code)
	}
}

// A conversation with one person: the window, what comes in, and how far a message has come.
func TestMessagesOutsideOfGroups(t *testing.T) {
	t.Parallel()
	r := rollcalltest.Start(t)
	ann := r.AddPhone("8613900000001", "Ann")
	if a := r.SendTo(ann.Number, "too early"); a.Code != "SessionWindowExpired" {
		t.Errorf("before Ann has written: %s: %s", a.Code, a.Message)
	}
	if a := r.Call("SendChatappMessage", map[string]string{"ChannelType": "whatsapp", "Type": "template", "From": r.BusinessNumber, "To": ann.Number,
		"TemplateName": "greeting", "Language": "en", "TemplateParams": `{"name":"Ann"}`}); !a.OK() {
		t.Errorf("template: %s: %s", a.Code, a.Message)
	}
	ann.AwaitMessage("", "Hello Ann, welcome.")
	if err := ann.WriteToBusiness("hi"); err != nil {
		t.Fatal(err)
	}
	in := r.AwaitMessages(map[string]string{"EventAction": "UP"}, func(m rollcalltest.Kept) bool { return m.Message == "hi" })
	if in.UserNumber != ann.Number || in.MessageType != "TEXT" || in.StatusName != "Received" {
		t.Errorf("kept %+v", in)
	}
	sent := r.Call("SendChatappMessage", map[string]string{"ChannelType": "whatsapp", "Type": "message", "MessageType": "interactive", "From": r.BusinessNumber,
		"To": ann.Number, "ContextMessageId": in.MessageID,
		"Content": `{"type":"button","body":{"text":"Yes?"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"Yes"}}]}}`})
	if !sent.OK() {
		t.Fatalf("send: %s: %s", sent.Code, sent.Message)
	}
	got := ann.AwaitType("", "interactive")
	if got.ReplyTo != in.UniqueMessageID {
		t.Errorf("it replies to %q, want %q", got.ReplyTo, in.UniqueMessageID)
	}
	if err := ann.Read(got.ID); err != nil {
		t.Fatal(err)
	}
	r.AwaitMessages(map[string]string{"UserNumber": ann.Number, "MessageStatus": "read"}, func(m rollcalltest.Kept) bool { return m.MessageID == sent.MessageID() })
	reply := map[string]any{"type": "button_reply", "button_reply": map[string]string{"id": "1", "title": "Yes"}}
	id, err := ann.Say("", "interactive", reply)
	if err != nil {
		t.Fatal(err)
	}
	r.AwaitMessages(map[string]string{"EventAction": "UP"}, func(m rollcalltest.Kept) bool { return m.UniqueMessageID == id })
	r.Restart()
	if a := r.SendTo(ann.Number, "after a restart"); !a.OK() {
		t.Errorf("after a restart: %s: %s", a.Code, a.Message)
	}
	ann.AwaitMessage("", "after a restart")
	if got := len(ann.Direct()); got != 3 {
		t.Errorf("Ann has %d messages", got)
	}
}
