package gateway_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// failures has the network fail every step of a kind by report until it is told to stop, and collects the reports of it.
func (w *world) failures(kind string, reports graph.EventType) (seen *[]graph.Event, stop func()) {
	var on atomic.Bool
	on.Store(true)
	seen = &[]graph.Event{}
	w.hooks.hold(func(e *graph.Event) bool {
		if e.Type == reports && on.Load() {
			*seen = append(*seen, *e)
		}
		return false
	})
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == kind && on.Load() {
			return graph.CodeTermsNotAccepted
		}
		return 0
	}})
	return seen, func() { on.Store(false) }
}

// The report of a failed deletion that comes once more is not about the next one.
func TestRepeatedFailureDoesNotEndTheNextDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	seen, stop := w.failures("delete", graph.GroupDelete)
	for range 2 {
		c, err := w.gateway().DeleteGroup(ctx, w.me(), g.Target)
		w.must(err)
		w.failed(c.Operation.ID)
	}
	stop()
	old := *seen
	w.hooks.hold(kinds(graph.GroupDelete))
	c, err := w.gateway().DeleteGroup(hasty(), w.me(), g.Target)
	w.must(err)
	report := w.hooks.take(1)
	w.hooks.deliver(old...)
	w.hooks.deliver(graph.Event{Type: graph.GroupDelete, PhoneNumberID: phoneID, GroupID: g.GroupID, RequestID: "of another program",
		Errors: []*graph.Error{{Code: graph.CodeAccessDenied}}})
	if now := w.statusOf(g.GroupID); now != group.Deleting {
		t.Errorf("the group is %v", now)
	}
	w.hooks.deliver(report...)
	w.done(c.Operation.ID)
}

// Nor are those of removals that failed before the last one.
func TestP1OlderRefusalsDoNotEndTheNextRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	seen, stop := w.failures("remove", graph.ParticipantsRemove)
	for range 4 {
		if c := w.remove(g.Target, anna); c.Operation.State != group.Failed {
			t.Fatalf("the removal is %v", c.Operation.State)
		}
	}
	stop()
	old := *seen
	reached, open := make(chan struct{}), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "remove_participants" {
			close(reached)
			w.hang(open)
		}
		return simulator.CallFate{}
	}})
	next := w.accept(g.Target, anna)
	w.wait("the removal reaches the network", reached)
	for _, e := range old {
		w.hooks.deliver(e)
	}
	close(open)
	w.done(next.Operation.ID)
	w.expect(g.Target, berta)
}

// A refusal that one delivery brings twice ends one removal, and not the one behind it too.
func TestP1RefusalTwiceInOneDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	_, stop := w.failures("remove", graph.ParticipantsRemove)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	first := w.accept(g.Target, anna)
	report := w.hooks.take(1)
	second := w.accept(g.Target, anna, berta)
	stop()
	w.hooks.deliver(report[0], report[0])
	w.hooks.release()
	w.failed(first.Operation.ID)
	w.done(second.Operation.ID)
	w.expect(g.Target)
}

// A report that was not taken in, because another one of the same delivery was not, counts when it comes again.
func TestP7ReportThatWasTurnedAwayCountsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g, broken := w.group("ward", anna, berta), w.group("broken")
	w.failures("remove", graph.ParticipantsRemove)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	c := w.accept(g.Target, anna)
	refusal := w.hooks.take(1)[0]
	w.hooks.hold(nil)
	w.put(broken.id, nil, store.Item{Kind: group.KindUpdate, Payload: []byte("no JSON")})
	w.must(w.house.store.Write(ctx, func(tx *store.Tx) error {
		it, err := tx.Head(store.Lane{Kind: store.GroupLane, ID: broken.id})
		it.Attempts = 1 // it was run before, so that the report can be about it
		return errors.Join(err, tx.PutItem(&it))
	}))
	settings := graph.Event{Type: graph.SettingsUpdate, PhoneNumberID: phoneID, GroupID: broken.GroupID}
	if err := w.gateway().HandleReports(ctx, []graph.Event{refusal, settings}); err == nil {
		t.Fatal("the delivery was taken in")
	}
	if now, err := w.gateway().Operation(ctx, w.me(), c.Operation.ID); err != nil || !now.Pending() {
		t.Fatalf("the removal is %+v, %v", now, err)
	}
	w.hooks.deliver(refusal)
	w.failed(c.Operation.ID)
	w.expect(g.Target, anna, berta)
}

// A report that comes once more, to a process that has not heard it before, does not end a command that nobody has sent yet.
func TestP1ReportDoesNotEndACommandThatWasNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	other := gateway.New(gateway.Config{Store: w.house.store, Logger: quiet}) // as another node, or this one after a restart; it sends nothing
	p, err := other.Principal(ctx, w.keyID)
	w.must(err)
	me := gateway.Caller{Principal: p, Action: "Test", RequestID: "request", Source: "192.0.2.1", Nonce: 43}
	subject := "second name"
	c, err := other.UpdateGroup(ctx, me, g.Target, gateway.Settings{Subject: &subject})
	w.must(err)
	w.must(other.HandleReports(ctx, []graph.Event{{Type: graph.SettingsUpdate, PhoneNumberID: phoneID, GroupID: g.GroupID,
		RequestID: "of the change before", Settings: graph.Settings{Subject: &graph.SettingOutcome{Text: "first name", Successful: true}}}}))
	now, err := other.Operation(ctx, me, c.Operation.ID)
	w.must(err)
	if !now.Pending() {
		t.Errorf("the change is %v although the network was never asked for it", now.Operation.State)
	}
}
