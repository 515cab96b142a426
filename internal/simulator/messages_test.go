package simulator

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

func TestMessageToGroup(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna, berta)
	id, err := w.meta.Send(ctx(), creds, graph.Outgoing{Group: true, To: g.GroupID, Body: graph.TextBody{Body: "hello"}, CallbackData: "op-1"})
	if err != nil {
		t.Fatal(err)
	}
	reached := []string{}
	for _, want := range []string{"sent", "delivered", "delivered"} {
		e := w.hooks.kind(t, graph.MessageStatus, g.GroupID)
		if e.Status.MessageID != id || e.Status.Status != want || e.Status.CallbackData != "op-1" {
			t.Errorf("status %+v, want %s", e.Status, want)
		}
		if e.Status.Participant != "" {
			reached = append(reached, e.Status.Participant)
		}
	}
	if diff := cmp.Diff([]string{anna, berta}, reached); diff != "" {
		t.Error(diff)
	}
	answer, _ := w.expect(200, "GET", "/phones/"+anna+"/messages?group_id="+g.GroupID, nil)
	got := answer["messages"].([]any)[0].(map[string]any)
	if got["id"] != id || got["group_id"] != g.GroupID || got["from"] != testNumber || got["text"] != "hello" || got["at"] == "" {
		t.Errorf("message %v", got)
	}
	if answer, _ := w.expect(200, "GET", "/phones/"+anna+"/messages?group_id=other", nil); len(answer["messages"].([]any)) != 0 {
		t.Errorf("messages of another group: %v", answer)
	}
}

func TestLaterJoinersGetNoEarlierMessages(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	w.send(g.GroupID, "one")
	w.addPhones(berta)
	w.join(berta, g.Group.InviteLink)
	w.send(g.GroupID, "two")
	if diff := cmp.Diff([]string{"one", "two"}, w.inbox(anna)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"two"}, w.inbox(berta)); diff != "" {
		t.Error(diff)
	}
}

func TestMessageFromPhone(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna, berta)
	w.expect(201, "POST", "/phones/"+anna+"/messages", fields{"group_id": g.GroupID, "text": "<hi> & bye"})
	e := w.hooks.kind(t, graph.MessageReceived, g.GroupID)
	if m := e.Message; m.From != anna || m.Text != "<hi> & bye" || m.Kind != "text" || m.Name != "Phone "+anna {
		t.Errorf("message %+v", m)
	}
	if diff := cmp.Diff([]string{"<hi> & bye"}, w.inbox(berta)); diff != "" {
		t.Error(diff)
	}
	if got := w.inbox(anna); len(got) != 0 {
		t.Errorf("the writer received %q", got)
	}
	phone, _ := w.expect(200, "GET", "/phones/"+anna, nil)
	if phone["messages_sent"] != 1.0 || phone["messages_received"] != 0.0 {
		t.Errorf("counters %v", phone)
	}
	w.remove(g.GroupID, anna)
	if _, code := w.expect(409, "POST", "/phones/"+anna+"/messages", fields{"group_id": g.GroupID, "text": "x"}); code != "not_member" {
		t.Errorf("code %q", code)
	}
}

func TestInboxIsBounded(t *testing.T) {
	p := &phone{groups: map[*group]struct{}{}}
	for range 3 * maxInbox {
		p.receive(&message{Group: "g"})
	}
	last := &message{Group: "g", Text: "last"}
	p.receive(last)
	got := p.messages("")
	if len(got) != maxInbox || got[maxInbox-1] != last || p.received != 3*maxInbox+1 || len(p.inbox) > 2*maxInbox {
		t.Errorf("%d messages, %d held, %d received", len(got), len(p.inbox), p.received)
	}
}
