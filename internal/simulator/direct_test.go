package simulator

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// status takes in the next status of a message outside of groups.
func (w *world) status(id, want string) graph.Event {
	w.t.Helper()
	return w.hooks.wait(w.t, func(e graph.Event) bool {
		return e.Type == graph.MessageStatus && e.Status.MessageID == id && e.Status.Status == want
	})
}

// ahead gives a clock that a test moves on.
func ahead() (*atomic.Int64, func(*Config)) {
	var by atomic.Int64
	return &by, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(time.Duration(by.Load())) } }
}

// direct is a text to anna.
func direct(text string) graph.Outgoing {
	return graph.Outgoing{To: anna, Body: graph.TextBody{Body: text}, CallbackData: "op-1"}
}

// A person gets anything for 24 hours after they have written, and the business is told how far it came.
func TestMessageToPerson(t *testing.T) {
	clock, moved := ahead()
	w := newWorld(t, moved, withLog(filepath.Join(t.TempDir(), "log")))
	w.addPhones(anna)
	_, err := w.meta.Send(ctx(), creds, direct("too early"))
	if graph.CodeOf(err) != graph.CodeWindowClosed {
		t.Errorf("before anna has written: %v", err)
	}
	answer, _ := w.expect(201, "POST", "/phones/"+anna+"/messages", fields{"to": "+" + testNumber, "text": "hi"})
	e := w.hooks.wait(t, func(e graph.Event) bool { return e.Type == graph.MessageReceived })
	if e.GroupID != "" || e.Message.ID != answer["id"] || e.Message.From != anna || e.Message.Text != "hi" {
		t.Errorf("message %+v", e.Message)
	}
	reply := direct("hello")
	reply.ReplyTo = e.Message.ID
	id, err := w.meta.Send(ctx(), creds, reply)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sent", "delivered"} {
		if e := w.status(id, want); e.GroupID != "" || e.Status.Participant != anna || e.Status.CallbackData != "op-1" {
			t.Errorf("%s: %+v", want, e.Status)
		}
	}
	w.expect(200, "POST", "/phones/"+anna+"/read", fields{"message_id": id})
	w.status(id, "read")
	if _, code := w.expect(404, "POST", "/phones/"+anna+"/read", fields{"message_id": "wamid.1"}); code != "unknown_message" {
		t.Errorf("code %q", code)
	}
	second := newWorld(t, moved, withLog(copyLog(t, w)))
	third := newWorld(t, moved, withLog(copyLog(t, second))) // from the compacted log alone
	if diff := cmp.Diff(w.everything(), third.everything()); diff != "" {
		t.Errorf("after the kill: %s", diff)
	}
	if _, err := third.meta.Send(ctx(), creds, direct("again")); err != nil {
		t.Errorf("the window did not survive: %v", err)
	}
	clock.Store(int64(24 * time.Hour))
	if _, err := third.meta.Send(ctx(), creds, direct("too late")); graph.CodeOf(err) != graph.CodeWindowClosed {
		t.Errorf("after a day: %v", err)
	}
	if diff := cmp.Diff([]string{"hello", "again"}, third.inbox(anna)); diff != "" {
		t.Error(diff)
	}
}

// Messages to one person arrive in their order, and so do their statuses, also after a delay.
func TestDirectStatusesKeepTheirOrder(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Delay = 5 * time.Millisecond })
	w.addPhones(anna)
	w.expect(201, "POST", "/phones/"+anna+"/messages", fields{"to": testNumber, "text": "hi"})
	for i := range 5 {
		id, err := w.meta.Send(ctx(), creds, direct(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		first := w.hooks.wait(t, func(e graph.Event) bool { return e.Type == graph.MessageStatus && e.Status.MessageID == id })
		if first.Status.Status != "sent" {
			t.Errorf("%s came before sent", first.Status.Status)
		}
		w.status(id, "delivered")
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, w.inbox(anna)); diff != "" {
		t.Error(diff)
	}
}

func templatesOfTests(c *Config) {
	c.Templates = []Template{
		{Name: "order", Languages: []string{"en"}, Text: "Order {{1}} is {{2}}", Variables: []string{"1", "2"}},
		{Name: "greeting", Languages: []string{"en", "zh_CN"}, Text: "Hello {{name}}", Variables: []string{"name"}},
		{Name: "code", Languages: []string{"en"}, Text: "{{1}}", Variables: []string{"1"}, Secret: true},
		{Name: "invite", Languages: []string{"en"}, Text: "Come: {{group_id}}", Variables: []string{"group_id"}, Invites: true},
	}
}

// Templates are taken by name and language, with as many values as they have variables.
func TestTemplates(t *testing.T) {
	w := newWorld(t, templatesOfTests)
	g := w.groupWith("ward", berta)
	w.addPhones(anna)
	send := func(group bool, to, name, language string, parameters ...graph.TemplateParameter) (string, error) {
		return w.meta.Send(ctx(), creds, graph.Outgoing{Group: group, To: to, Body: graph.TemplateBody{Name: name, Language: language, Parameters: parameters, Payloads: []string{"p"}}})
	}
	text := func(values ...string) (out []graph.TemplateParameter) {
		for _, v := range values {
			out = append(out, graph.TemplateParameter{Text: v})
		}
		return out
	}
	for name, c := range map[string]struct {
		err  func() (string, error)
		code int
	}{
		"unknown":  {func() (string, error) { return send(false, anna, "nobody's", "en") }, graph.CodeTemplateUnknown},
		"language": {func() (string, error) { return send(false, anna, "order", "fr", text("7", "x")...) }, graph.CodeTemplateUnknown},
		"too few":  {func() (string, error) { return send(false, anna, "order", "en", text("7")...) }, graph.CodeTemplateParameters},
		"wrong name": {func() (string, error) {
			return send(false, anna, "greeting", "en", graph.TemplateParameter{Name: "x", Text: "y"})
		}, graph.CodeParameterMissing},
		"unknown group": {func() (string, error) {
			return send(false, anna, "invite", "en", graph.TemplateParameter{GroupID: "x"})
		}, graph.CodeParameterMissing},
		"code to a group": {func() (string, error) { return send(true, g.GroupID, "code", "en", text("123")...) }, graph.CodeUnsupportedType},
		"invite to itself": {func() (string, error) {
			return send(true, g.GroupID, "invite", "en", graph.TemplateParameter{GroupID: g.GroupID})
		}, graph.CodeUnsupportedType},
	} {
		if _, err := c.err(); graph.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %d", name, err, c.code)
		}
	}
	for _, one := range []struct {
		group      bool
		to, name   string
		parameters []graph.TemplateParameter
	}{
		{false, anna, "order", text("7", "on its way")}, {false, anna, "greeting", []graph.TemplateParameter{{Name: "name", Text: "Anna"}}},
		{false, anna, "invite", []graph.TemplateParameter{{GroupID: g.GroupID}}}, {true, g.GroupID, "greeting", text("all")},
	} {
		id, err := send(one.group, one.to, one.name, "en", one.parameters...)
		if err != nil {
			t.Fatalf("%s: %v", one.name, err)
		}
		w.status(id, "delivered")
	}
	if diff := cmp.Diff([]string{"Order 7 is on its way", "Hello Anna", "Come: " + g.Group.InviteLink}, w.inbox(anna)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Hello all"}, w.inbox(berta)); diff != "" {
		t.Error(diff)
	}
	id, err := send(false, carla, "greeting", "en", text("Carla")...)
	if err != nil {
		t.Fatal(err)
	}
	if e := w.status(id, "failed"); len(e.Status.Errors) != 1 || e.Status.Errors[0].Code != graph.CodeUndeliverable {
		t.Errorf("status %+v", e.Status)
	}
}

// Three messages of a group are pinned at a time, for as long as was said.
func TestPins(t *testing.T) {
	clock, moved := ahead()
	w := newWorld(t, moved, withLog(filepath.Join(t.TempDir(), "log")))
	g := w.groupWith("ward", anna)
	pin := func(id, kind string, days int) {
		t.Helper()
		sent, err := w.meta.Send(ctx(), creds, graph.Outgoing{Group: true, To: g.GroupID, Body: graph.PinBody{Type: kind, MessageID: id, Days: days}})
		if err != nil {
			t.Fatal(err)
		}
		w.status(sent, "delivered")
	}
	pinned := func(w *world, want ...any) {
		t.Helper()
		view, _ := w.expect(200, "GET", "/groups/"+g.GroupID, nil)
		if diff := cmp.Diff(append([]any{}, want...), view["pinned"]); diff != "" {
			t.Errorf("pinned (-want +got):\n%s", diff)
		}
	}
	pinned(w)
	for i, id := range []string{"wamid.1", "wamid.2", "wamid.3", "wamid.4"} {
		pin(id, "pin", 1+i)
	}
	pinned(w, "wamid.2", "wamid.3", "wamid.4")
	pin("wamid.3", "unpin", 0)
	pin("wamid.2", "pin", 1)
	pinned(newWorld(t, moved, withLog(copyLog(t, newWorld(t, moved, withLog(copyLog(t, w)))))), "wamid.4", "wamid.2")
	clock.Store(int64(25 * time.Hour))
	pinned(w, "wamid.4")
	_, err := w.meta.Send(ctx(), creds, graph.Outgoing{To: anna, Body: graph.PinBody{Type: "pin", MessageID: "wamid.1", Days: 1}})
	if graph.CodeOf(err) != graph.CodeUnsupportedType {
		t.Errorf("a pin to a person: %v", err)
	}
	if len(w.inbox(anna)) != 6 {
		t.Errorf("anna saw %d pins", len(w.inbox(anna)))
	}
}

// What a message lacks is told by Meta's codes.
func TestMessageKindsAreChecked(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	for part, code := range map[string]int{
		`"type":"image","image":{"link":"https://e.com/a"}`:          0,
		`"type":"image","image":{"id":"123"}`:                        0,
		`"type":"image","image":{}`:                                  graph.CodeParameterValue,
		`"type":"image","image":{"id":"1","link":"https://e.com/a"}`: graph.CodeParameterValue,
		`"type":"image","image":{"link":"ftp://e.com/a"}`:            graph.CodeParameterValue,
		`"type":"image"`: graph.CodeParameterMissing,
		`"type":"location","location":{"latitude":1,"longitude":2}`:                                       0,
		`"type":"location","location":{"latitude":1}`:                                                     graph.CodeParameterValue,
		`"type":"location","location":{"latitude":1,"longitude":200}`:                                     graph.CodeParameterValue,
		`"type":"contacts","contacts":[{"name":{"formatted_name":"A"}}]`:                                  0,
		`"type":"contacts","contacts":[]`:                                                                 graph.CodeParameterValue,
		`"type":"contacts","contacts":[{}]`:                                                               graph.CodeParameterValue,
		`"type":"reaction","reaction":{"message_id":"wamid.1","emoji":""}`:                                0,
		`"type":"reaction","reaction":{"message_id":"1","emoji":"x"}`:                                     graph.CodeParameterValue,
		`"type":"pin","pin":{"type":"pin","message_id":"wamid.1"}`:                                        graph.CodeParameterValue,
		`"type":"interactive","interactive":{"type":"button","action":{}}`:                                graph.CodeUnsupportedType,
		`"type":"text","text":{"body":"x"},"context":{"message_id":"wamid.1"}`:                            0,
		`"type":"text","text":{"body":"x"},"context":{"message_id":"x"}`:                                  graph.CodeParameterValue,
		`"type":"template","template":{"name":"x"}`:                                                       graph.CodeParameterValue,
		`"type":"template","template":{"name":"greeting","language":{"code":"en"}}`:                       graph.CodeTemplateUnknown,
		`"type":"text","text":{"body":"x"},"biz_opaque_callback_data":"` + strings.Repeat("x", 513) + `"`: graph.CodeParameterValue,
	} {
		body := `{"messaging_product":"whatsapp","recipient_type":"group","to":` + fmt.Sprintf("%q", g.GroupID) + `,` + part + `}`
		if status, answer, got := w.raw("POST", testNumID+"/messages", body); got != code || code == 0 && status != 200 {
			t.Errorf("%.80s: status %d code %d, want %d: %v", part, status, got, code, answer)
		}
	}
}

// What phones say reaches the business as Meta tells it, and other phones as they see it.
func TestPhonesSayAnything(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna, berta)
	for kind, content := range map[string]string{
		"image": `{"id":"1","mime_type":"image/jpeg"}`, "location": `{"latitude":1.5,"longitude":2}`, "contacts": `[{"name":{"formatted_name":"A"}}]`,
		"reaction": `{"message_id":"wamid.1","emoji":"👍"}`, "button": `{"text":"Yes","payload":"yes"}`,
		"interactive": `{"type":"button_reply","button_reply":{"id":"1","title":"Yes"}}`,
	} {
		for _, to := range []fields{{"group_id": g.GroupID}, {"to": testNumber}} {
			to["type"], to["content"], to["reply_to"] = kind, json.RawMessage(content), "wamid.0"
			answer, _ := w.expect(201, "POST", "/phones/"+anna+"/messages", to)
			e := w.hooks.wait(t, func(e graph.Event) bool { return e.Type == graph.MessageReceived && e.Message.ID == answer["id"] })
			var raw map[string]json.RawMessage
			if err := json.Unmarshal(e.Raw, &raw); err != nil {
				t.Fatal(err)
			}
			if e.Message.Kind != kind || string(raw[kind]) != content || string(raw["context"]) != `{"from":"`+testNumber+`","id":"wamid.0"}` {
				t.Errorf("%s: %s", kind, e.Raw)
			}
		}
	}
	if got := len(w.inbox(berta)); got != 6 {
		t.Errorf("berta has %d messages of the group", got)
	}
	for name, body := range map[string]fields{
		"of no kind":     {"group_id": g.GroupID, "type": "order", "content": json.RawMessage(`{}`)},
		"without":        {"group_id": g.GroupID, "type": "image"},
		"text with more": {"group_id": g.GroupID, "text": "x", "content": json.RawMessage(`{}`)},
		"a list":         {"group_id": g.GroupID, "type": "image", "content": json.RawMessage(`[]`)},
		"incomplete":     {"group_id": g.GroupID, "type": "location", "content": json.RawMessage(`{}`)},
		"both":           {"group_id": g.GroupID, "to": testNumber, "text": "x"},
	} {
		if status, _ := w.control("POST", "/phones/"+anna+"/messages", body); status != 400 {
			t.Errorf("%s: status %d", name, status)
		}
	}
	if _, code := w.expect(404, "POST", "/phones/"+anna+"/messages", fields{"to": "8613899999999", "text": "x"}); code != "unknown_business" {
		t.Errorf("code %q", code)
	}
}
