package gateway_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// failures gives the statuses Failed of a message.
func failures(list []told, id int64) []told {
	return slices.DeleteFunc(list, func(item told) bool { return item.Status != "Failed" || item.MessageID != gateway.FormatID(id) })
}

// failedReport is what the network says later of a message that has failed.
func (w *world) failedReport(id int64, person group.Number) graph.Event {
	s := &graph.Status{MessageID: "wamid." + gateway.FormatID(id), Status: "failed", CallbackData: gateway.FormatID(id),
		Errors: []*graph.Error{{Code: graph.CodeUndeliverable, Title: "Message undeliverable"}}}
	if person != 0 {
		s.Participant = person.String()
	}
	return graph.Event{Type: graph.MessageStatus, PhoneNumberID: phoneID, Timestamp: w.clock.now(), Status: s}
}

// A message that the network refuses is told as failed, wherever it goes and however many were sent with it; once, also when the network
// reports it later.
func TestRefusedMessagesAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true), pushing(time.Millisecond))
	g := w.group("ward", anna, berta)
	r := w.newReceiver()
	w.callbacks(r.URL, "")
	w.deny("send_message", graph.CodeUndeliverable, 100)
	alone := w.post(gateway.Outgoing{Target: home, Person: anna, TaskID: "mine", Content: greet("Anna")}).Operation.ID
	inGroup := w.post(toGroup(g, group.Content{Kind: group.MessageText, Text: "hello"})).Operation.ID
	batch, err := w.gateway().SendMany(ctx, w.me(), home, []gateway.Outgoing{{Person: berta, Content: greet("Berta")}, {Person: carla, Content: greet("Carla")}})
	w.must(err)
	w.failed(alone)
	w.failed(inGroup)
	w.until("all four were told", func() bool {
		return len(slices.DeleteFunc(r.got(), func(item told) bool { return item.Status != "Failed" })) == 4
	})
	w.hooks.deliver(w.failedReport(alone, anna), w.failedReport(inGroup, 0))
	w.idle()
	for id, to := range map[int64]string{alone: anna.String(), inGroup: g.GroupID} {
		list := failures(r.got(), id)
		if len(list) != 1 {
			t.Fatalf("the failure of the message to %s was told %d times: %+v", to, len(list), list)
		}
		got := list[0]
		if got.To != to || got.ErrorCode != "131026" || !strings.HasPrefix(got.ErrorDescription, "131026:") || got.From != business.String() ||
			got.TaskID == "" || got.Timestamp == 0 {
			t.Errorf("told %+v", got)
		}
	}
	if got := failures(r.got(), alone)[0]; got.TaskID != "mine" || got.GroupID != "" {
		t.Errorf("told %+v", got)
	}
	rows, err := w.gateway().Messages(ctx, w.me(), home, store.MessageFilter{BatchID: batch.Operation.ID}, gateway.Page{Index: 1, Size: 10})
	w.must(err)
	for _, m := range rows {
		if list := failures(r.got(), m.ID); len(list) != 1 || list[0].To != m.Person.String() {
			t.Errorf("the failure of a row to %s was told as %+v", m.Person, list)
		}
	}
	pulled, _ := w.stream(home, "", 100)
	if pulled = slices.DeleteFunc(pulled, func(e gateway.Told) bool { return e.Kind != group.EventStatus }); len(pulled) != 4 || len(rows) != 2 {
		t.Errorf("%d failures were pulled, and there are %d rows", len(pulled), len(rows))
	}
	for _, e := range pulled {
		if !strings.Contains(string(e.Item), `"CustSpaceId":"`+space+`"`) {
			t.Errorf("pulled without its channel: %s", e.Item)
		}
	}
}

// A failure that the network reports before its answer is known is told as it reports it, once.
func TestReportedFailureIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true), pushing(time.Millisecond))
	r := w.newReceiver()
	w.callbacks(r.URL, "")
	tried := make(chan struct{}, 100)
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation != "send_message" {
			return simulator.CallFate{}
		}
		tried <- struct{}{}
		return simulator.CallFate{Code: graph.CodeSomethingWentWrong, Status: 500}
	}})
	id := w.post(gateway.Outgoing{Target: home, Person: anna, Content: greet("Anna")}).Operation.ID
	w.wait("it was tried", tried)
	w.hooks.deliver(w.failedReport(id, anna))
	w.failed(id)
	w.hooks.deliver(w.failedReport(id, anna))
	w.idle()
	list := failures(r.got(), id)
	if len(list) != 1 || list[0].To != anna.String() || list[0].ErrorCode != "131026" {
		t.Errorf("told %+v", list)
	}
}
