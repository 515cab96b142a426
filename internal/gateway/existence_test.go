package gateway_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// deny has the network refuse an operation with a code, so many times.
func (w *world) deny(operation string, code int, times int32) {
	var left atomic.Int32
	left.Store(times)
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == operation && left.Add(-1) >= 0 {
			return simulator.CallFate{Code: code}
		}
		return simulator.CallFate{}
	}})
}

// That the network denies once to know a group fails the command that asked, and no more.
func TestP7OneDenialDoesNotHideAGroup(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"send_message", "remove_participants", "update_group", "delete_invite_link"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			g := w.group("ward", anna, berta)
			w.clock.advance(time.Hour)
			w.deny(operation, graph.CodeGroupUnknown, 1)
			reads := len(w.calls("get_group"))
			acts := map[string]func(gateway.Caller) (gateway.Change, error){"send_message": w.changes(g.Target)["SendText"],
				"remove_participants": w.changes(g.Target)["RemoveParticipants"], "update_group": w.changes(g.Target)["UpdateGroup"],
				"delete_invite_link": w.changes(g.Target)["DropInviteLink"]}
			c, err := acts[operation](w.me())
			w.must(err)
			op := w.failed(c.Operation.ID)
			w.until("the group was read", func() bool { return len(w.calls("get_group")) > reads })
			w.idle()
			if got := w.row(g.GroupID); got.Status != group.Active || got.InviteLink != g.link {
				t.Errorf("after %+v the row is %+v", op, got)
			}
			w.expect(g.Target, anna, berta)
			w.isOut(w.remove(g.Target, anna), 1)
		})
	}
}

// One reading that denies a group does not hide it either, nor do two with one between them that shows it.
func TestP7OneReadingDoesNotHideAGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	for range 2 {
		w.clock.advance(time.Hour)
		reads := len(w.calls("get_group"))
		w.deny("get_group", graph.CodeGroupUnknown, 1)
		w.must(w.gateway().Reread(ctx, g.id))
		w.until("the group was read again", func() bool { return len(w.calls("get_group")) > reads+1 })
		w.idle()
		if got := w.statusOf(g.GroupID); got != group.Active {
			t.Fatalf("the group is %v", got)
		}
	}
	w.expect(g.Target, anna, berta)
}

// A deletion that the network answers by denying the group is not believed at once.
func TestOneDenialDoesNotEndADeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.clock.advance(time.Hour)
	w.deny("delete_group", graph.CodeGroupUnknown, 1)
	c, err := w.gateway().DeleteGroup(ctx, w.me(), g.Target)
	w.must(err)
	w.done(c.Operation.ID)
	if seats := w.seats(g.GroupID); len(w.calls("delete_group")) != 2 || len(seats) > 0 {
		t.Errorf("asked %d times; on the network %v", len(w.calls("delete_group")), seats)
	}
}

// How new a group is counts from when its id became known, however long its creation took.
func TestP7NewGroupMayNotBeKnownEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks.hold(kinds(graph.GroupCreate))
	created := w.add("ward", "")
	event := w.hooks.take(1)[0]
	w.hooks.hold(nil)
	w.clock.advance(5 * time.Minute)
	w.hooks.deliver(event)
	w.done(created.ID)
	w.join(event.Group.InviteLink, anna)
	w.expect(at(event.GroupID), anna)
	w.deny("send_message", graph.CodeGroupUnknown, 2)
	w.done(w.send(at(event.GroupID), "hello").Operation.ID)
	if calls := w.calls("send_message"); len(calls) != 3 {
		t.Errorf("sent %d times", len(calls))
	}
}
