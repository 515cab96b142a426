package gateway_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// everyKind is a message of each kind that groups take, about another message where it has to be about one.
func everyKind(about string) []group.Content {
	file := func(kind group.MessageKind) group.Content {
		return group.Content{Kind: kind, Link: "https://example.com/file", Caption: "a file"}
	}
	return []group.Content{
		{Kind: group.MessageText, Text: "text"}, file(group.MessageImage), file(group.MessageVideo), file(group.MessageAudio),
		file(group.MessageDocument), file(group.MessageSticker),
		{Kind: group.MessageLocation, Place: &group.Place{Latitude: 31.2, Longitude: 121.4, Name: "Office"}},
		{Kind: group.MessageContacts, Contacts: json.RawMessage(`[{"name":{"formatted_name":"Ann"}}]`)},
		{Kind: group.MessageReaction, MessageID: about, Emoji: "👍"},
		{Kind: group.MessagePin, MessageID: about, Pin: &group.Pin{Days: 3}},
		{Kind: group.MessagePin, MessageID: about, Pin: &group.Pin{Unpin: true}},
		greet("you"),
	}
}

// A removed phone gets nothing of any kind, and everybody else gets all.
func TestP2NoKindReachesTheRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	g := w.group("ward", anna, berta)
	first := w.post(toGroup(g, group.Content{Text: "first"}))
	w.done(first.Operation.ID)
	w.delivered(g, berta, 1)
	w.isOut(w.remove(g.Target, berta), 1)
	want := []string{"text"}
	for _, c := range everyKind(gateway.FormatID(first.Operation.ID)) {
		w.done(w.post(toGroup(g, c)).Operation.ID)
		want = append(want, string(c.Kind))
	}
	w.until("everything has arrived", func() bool { return len(w.phone(anna, g.GroupID)) == len(want) })
	if diff := cmp.Diff(want, w.types(anna, g.GroupID)); diff != "" {
		t.Errorf("anna (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"text"}, w.types(berta, g.GroupID)); diff != "" {
		t.Errorf("berta (-want +got):\n%s", diff)
	}
	wamid := w.kept(first.Operation.ID).WAMID
	for _, m := range w.phone(anna, g.GroupID) {
		if about := m.Type == "reaction" || m.Type == "pin"; about && !strings.Contains(string(m.Content), wamid) {
			t.Errorf("%s does not name the network's id %s: %s", m.Type, wamid, m.Content)
		}
	}
}

// Each kind waits behind a removal that is under way, also when its own answer is lost.
func TestP2EveryKindWaitsForTheRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	g := w.group("ward", anna, berta)
	first := w.post(toGroup(g, group.Content{Text: "first"}))
	w.done(first.Operation.ID)
	w.delivered(g, anna, 1)
	w.delivered(g, berta, 1)
	reached, opened := make(chan struct{}, 64), make(chan struct{})
	var sent atomic.Int32
	w.sim.Interfere(&simulator.Interference{
		Outcome: func(s simulator.Step) int {
			if s.Kind == "remove" {
				reached <- struct{}{}
				w.hang(opened)
			}
			return 0
		},
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			return simulator.CallFate{LoseAnswer: c.Operation == "send_message" && sent.Add(1)%2 == 0}
		}})
	removal := w.accept(g.Target, berta)
	w.wait("the network has the removal", reached)
	var messages []gateway.Change
	want := []string{"text"}
	for _, c := range everyKind(gateway.FormatID(first.Operation.ID)) {
		messages = append(messages, w.post(toGroup(g, c)))
		want = append(want, string(c.Kind))
	}
	if n := sent.Load(); n != 0 {
		t.Fatalf("%d messages overtook the removal", n)
	}
	close(opened)
	w.done(removal.Operation.ID)
	for _, m := range messages {
		w.done(m.Operation.ID)
	}
	w.until("everything has arrived", func() bool { return len(w.phone(anna, g.GroupID)) >= len(want) })
	if diff := cmp.Diff(want, w.types(anna, g.GroupID)); diff != "" {
		t.Errorf("anna (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"text"}, w.types(berta, g.GroupID)); diff != "" {
		t.Errorf("berta (-want +got):\n%s", diff)
	}
}

// Anything can be sent to a person for 24 hours after they have written, and templates always. The network sees it in the same way.
func TestServiceWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	w.newPhone(anna)
	send := func() error {
		_, err := w.gateway().Send(ctx, w.me(), toPerson(anna, "hello"))
		return err
	}
	w.refused(send(), group.CodeWindowClosed)
	w.done(w.post(gateway.Outgoing{Target: home, Person: anna, Content: greet("Anna")}).Operation.ID)
	w.refused(send(), group.CodeWindowClosed)
	w.writes(anna, map[string]any{"text": "hi"})
	w.must(send())
	w.clock.advance(23 * time.Hour)
	w.must(send())
	w.idle()
	w.clock.advance(time.Hour)
	w.refused(send(), group.CodeWindowClosed)
	client, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: simulator.InProcess(w.sim.Graph())})
	w.must(err)
	_, err = client.Send(ctx, graph.Credentials{PhoneNumberID: phoneID, Token: token}, graph.Outgoing{To: anna.String(), Body: graph.TextBody{Body: "x"}})
	if graph.CodeOf(err) != graph.CodeWindowClosed {
		t.Errorf("the network says %v", err)
	}
	w.writes(anna, map[string]any{"type": "reaction", "content": map[string]string{"message_id": "wamid.1", "emoji": "👍"}})
	w.must(send())
	w.until("all has arrived", func() bool { return len(w.phone(anna, "")) == 4 })
	texts := []string{}
	for _, m := range w.phone(anna, "") {
		texts = append(texts, m.Text)
	}
	if diff := cmp.Diff([]string{"Hello Anna", "hello", "hello", "hello"}, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Messages to one person reach the network in the order in which they were accepted, and each of them once, although answers are lost and
// calls are refused in between.
func TestDirectMessagesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newPhone(anna)
	w.writes(anna, map[string]any{"text": "hi"})
	var tries atomic.Int32
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation != "send_message" {
			return simulator.CallFate{}
		}
		switch tries.Add(1) % 4 {
		case 1:
			return simulator.CallFate{LoseAnswer: true}
		case 2:
			return simulator.CallFate{Code: graph.CodeThroughputReached}
		}
		return simulator.CallFate{}
	}})
	var want []string
	var sent []gateway.Change
	for i := range 6 {
		text := fmt.Sprint("message ", i)
		want = append(want, text)
		sent = append(sent, w.post(toPerson(anna, text)))
	}
	for _, c := range sent {
		if op := w.done(c.Operation.ID); !strings.HasPrefix(op.Result, "wamid.") {
			t.Errorf("result %q", op.Result)
		}
	}
	w.idle()
	if diff := cmp.Diff(want, w.inbox(anna, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A message to a person that was on its way when the crash came is not sent once more when its status shows that it went through, and one
// that was only accepted is sent after it.
func TestP3DirectMessageInDoubtIsNotSentTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.newPhone(anna)
	w.writes(anna, map[string]any{"text": "hi"})
	reached, crashed := make(chan struct{}, 8), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{
		AfterCall: func(c simulator.Call) {
			if c.Operation == "send_message" {
				reached <- struct{}{}
				w.hang(crashed)
			}
		},
		Webhook: func(h simulator.Webhook) simulator.WebhookFate { // until the next life has begun
			return simulator.WebhookFate{Delay: map[string]time.Duration{"messages": 300 * time.Millisecond}[h.Field]}
		}})
	first, second := w.post(toPerson(anna, "once")), w.post(toPerson(anna, "then"))
	w.wait("the network has the message", reached)
	w.crash()
	close(crashed)
	w.open()
	w.done(first.Operation.ID)
	w.done(second.Operation.ID)
	w.idle()
	if diff := cmp.Diff([]string{"once", "then"}, w.inbox(anna, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A message can be about one that was sent or received in the same chat, by our id or by the network's, also when that one has only been accepted.
func TestReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g, other := w.group("ward", anna), w.group("other", anna)
	w.newPhone(berta)
	wamid := w.writes(berta, map[string]any{"text": "hi"})
	inGroup := w.writes(anna, map[string]any{"text": "hi all", "group_id": g.GroupID})
	inbound, _ := w.stored(wamid)
	sent := w.post(toGroup(g, group.Content{Text: "first"}))
	reply := func(o gateway.Outgoing, id string) error {
		o.Content.ContextID = id
		_, err := w.gateway().Send(ctx, w.me(), o)
		return err
	}
	ours := gateway.FormatID(sent.Operation.ID)
	w.must(reply(toGroup(g, group.Content{Text: "to ours"}), ours))
	w.must(reply(toGroup(g, group.Content{Text: "to anna's"}), inGroup))
	w.must(reply(toPerson(berta, "to berta's"), wamid))
	w.must(reply(toPerson(berta, "to berta's, by our id"), gateway.FormatID(inbound.ID)))
	w.must(reply(toGroup(g, group.Content{Text: "older than what is kept"}), "wamid.unknown"))
	for name, err := range map[string]error{
		"of another group": reply(toGroup(other, group.Content{Text: "x"}), ours),
		"of a person":      reply(toGroup(g, group.Content{Text: "x"}), wamid),
		"of a group":       reply(toPerson(berta, "x"), inGroup),
		"of nobody":        reply(toGroup(g, group.Content{Text: "x"}), "77"),
		"too long":         reply(toGroup(g, group.Content{Text: "x"}), strings.Repeat("9", 300)),
	} {
		t.Run(name, func(*testing.T) { w.refused(err, group.CodeMessageUnknown) })
	}
	w.idle()
	w.delivered(g, anna, 4)
	to := w.kept(sent.Operation.ID).WAMID
	replies := map[string]string{"first": "", "to ours": to, "to anna's": inGroup, "older than what is kept": "wamid.unknown",
		"to berta's": wamid, "to berta's, by our id": wamid}
	for _, m := range append(w.phone(anna, g.GroupID), w.phone(berta, "")...) {
		if want, known := replies[m.Text]; !known || m.ReplyTo != want {
			t.Errorf("%q replies to %q, want %q", m.Text, m.ReplyTo, want)
		}
		delete(replies, m.Text)
	}
	if len(replies) > 0 {
		t.Errorf("missing: %v", replies)
	}
}

// A message about one that the network has refused ends badly, and what is behind it goes on.
func TestReferenceThatNeverReachedTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	var tries atomic.Int32
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "send_message" && tries.Add(1) == 1 {
			return simulator.CallFate{Code: graph.CodeParameterValue}
		}
		return simulator.CallFate{}
	}})
	lost := w.post(toGroup(g, group.Content{Text: "lost"}))
	about := w.post(toGroup(g, group.Content{Text: "about it", ContextID: gateway.FormatID(lost.Operation.ID)}))
	last := w.post(toGroup(g, group.Content{Text: "last"}))
	if op := w.failed(lost.Operation.ID); op.Code != "131009" {
		t.Errorf("code %q", op.Code)
	}
	if op := w.failed(about.Operation.ID); op.Message == "" {
		t.Error("it does not say why")
	}
	w.done(last.Operation.ID)
	if m := w.kept(lost.Operation.ID); m.State != group.MessageFailed || m.Code != graph.CodeParameterValue {
		t.Errorf("kept as %v with code %d", m.State, m.Code)
	}
	w.delivered(g, anna, 1)
	w.received(g, anna, "last")
}

// What is kept of messages: how far each has come, to whom in a group, and what came in, once however often it is reported.
func TestMessagesAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Interfere(&simulator.Interference{Webhook: func(h simulator.Webhook) simulator.WebhookFate {
		if h.Field != "messages" {
			return simulator.WebhookFate{}
		}
		return simulator.WebhookFate{Copies: 1}
	}})
	g := w.group("ward", anna, berta)
	o := toGroup(g, group.Content{Text: "to both"})
	o.TaskID = "task 7"
	sent := w.post(o).Operation.ID
	m := w.comesTo(sent, group.MessageDelivered)
	if m.TaskID != "task 7" || m.Frame() != "message" || m.Chat != g.GroupID || m.Inbound || m.Content != "to both" || !strings.HasPrefix(m.WAMID, "wamid.") {
		t.Errorf("kept %+v", m)
	}
	w.did(w.control("POST", "/phones/"+berta.String()+"/read", map[string]string{"message_id": m.WAMID}, nil), "reading")
	w.comesTo(sent, group.MessageRead)
	members := map[group.Number]group.MessageState{}
	change, err := w.gateway().Operation(ctx, w.me(), sent)
	w.must(err)
	for _, one := range change.Reached {
		members[one.Person] = one.State
	}
	if diff := cmp.Diff(map[group.Number]group.MessageState{anna: group.MessageDelivered, berta: group.MessageRead}, members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	id := w.writes(anna, map[string]any{"type": "location", "group_id": g.GroupID, "content": map[string]any{"latitude": 1.5, "longitude": 2}})
	in, _ := w.stored(id)
	if in.Person != anna || in.GroupID != g.id || in.Kind != "location" || !strings.Contains(in.Content, "1.5") || in.Number != business || in.Chat != g.GroupID || !in.Inbound {
		t.Errorf("kept %+v", in)
	}
	w.idle()
	list := func(f store.MessageFilter) (ids []int64) {
		found, err := w.gateway().Messages(ctx, w.me(), home, f, gateway.Page{Index: 1, Size: 10})
		w.must(err)
		for _, m := range found {
			ids = append(ids, m.ID)
		}
		return ids
	}
	yes := true
	for name, c := range map[string]struct {
		f    store.MessageFilter
		want []int64
	}{
		"inbound": {store.MessageFilter{Inbound: &yes}, []int64{in.ID}},
		"anna":    {store.MessageFilter{Person: anna}, []int64{in.ID}},
		"read":    {store.MessageFilter{States: []group.MessageState{group.MessageRead}}, []int64{sent}},
		"before":  {store.MessageFilter{Until: m.At.Add(-time.Minute)}, nil},
		"batch":   {store.MessageFilter{BatchID: 1}, nil},
	} {
		if diff := cmp.Diff(c.want, list(c.f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A message that does not arrive is reported, and kept as failed.
func TestUndeliverable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	c := w.post(gateway.Outgoing{Target: home, Person: doris, Content: greet("Doris")})
	m := w.comesTo(c.Operation.ID, group.MessageFailed)
	if m.Code != graph.CodeUndeliverable || m.Reason == "" || m.Frame() != "template" || m.TemplateCode != "100" || m.TemplateName != "greeting" || m.Language != "en" {
		t.Errorf("kept %+v", m)
	}
}

// Somebody whose number has two spellings is meant by either, and known by the one under which they have written.
func TestTwoSpellingsOfAPerson(t *testing.T) {
	t.Parallel()
	const known, dialled = group.Number(551112345678), group.Number(5511912345678)
	w := newWorld(t)
	w.newPhone(known)
	w.writes(known, map[string]any{"text": "hi"})
	w.done(w.post(toPerson(dialled, "first")).Operation.ID)
	w.done(w.post(toPerson(known, "second")).Operation.ID)
	if diff := cmp.Diff([]string{"first", "second"}, w.inbox(known, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Messages to one person from three nodes reach the network in the order of acceptance, each once, whatever is refused or lost in between; and their
// states are kept wherever they are reported.
func TestDirectMessagesFromThreeNodes(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	const each = 10
	w := newWorld(t, simDelay(time.Millisecond))
	w.newPhone(anna)
	w.writes(anna, map[string]any{"text": "hi"})
	a, b, c := w.trio()
	nodes := []*world{a, b, c}
	w.arriveAt(nodes...)
	var tries atomic.Int32
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation != "send_message" {
			return simulator.CallFate{}
		}
		switch tries.Add(1) % 7 {
		case 2:
			return simulator.CallFate{Code: graph.CodeThroughputReached}
		case 5:
			return simulator.CallFate{LoseAnswer: true}
		}
		return simulator.CallFate{}
	}})
	var mu sync.Mutex
	var sent []int64
	var all sync.WaitGroup
	for i, n := range nodes {
		caller := n.me()
		all.Go(func() {
			for j := range each {
				change, err := n.gateway().Send(ctx, caller, toPerson(anna, fmt.Sprintf("%d of %d", j, i)))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				sent = append(sent, change.Operation.ID)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for _, n := range nodes {
		n.idle()
	}
	slices.Sort(sent)
	var want []string
	for _, id := range sent {
		want = append(want, w.comesTo(id, group.MessageDelivered).Content)
	}
	if diff := cmp.Diff(want, w.inbox(anna, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Lists that name the same people by either of their spellings, in either order, do not wait for each other in a circle.
func TestListsWithTwoSpellingsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	w := newWorld(t, templates(true))
	a, b, _ := w.trio()
	var both sync.WaitGroup
	for _, n := range []struct {
		node   *world
		people []group.Number
	}{{a, []group.Number{551112345678, 5511912345679}}, {b, []group.Number{551112345679, 5511912345678}}} {
		caller := n.node.me()
		both.Go(func() {
			for range 20 {
				var list []gateway.Outgoing
				for _, p := range n.people {
					list = append(list, gateway.Outgoing{Target: home, Person: p, Content: greet("Doris")})
				}
				if _, err := n.node.gateway().SendMany(ctx, caller, home, list); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
}
