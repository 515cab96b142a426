package gateway_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// received fails unless a phone has just these texts of the group.
func (w *world) received(g made, n group.Number, texts ...string) {
	w.t.Helper()
	want := append([]string{}, texts...)
	if diff := cmp.Diff(want, w.inbox(n, g.GroupID)); diff != "" {
		w.t.Errorf("inbox of %d (-want +got):\n%s", n, diff)
	}
}

// delivered waits until a phone has so many texts of the group.
func (w *world) delivered(g made, n group.Number, count int) {
	w.t.Helper()
	w.until("the texts arrive", func() bool { return len(w.inbox(n, g.GroupID)) >= count })
}

func TestP2RemovedPersonGetsNothingAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla)
	w.done(w.send(g.Target, "to all").Operation.ID)
	w.delivered(g, berta, 1)
	w.isOut(w.remove(g.Target, carla), 1)
	op := w.done(w.send(g.Target, "to two").Operation.ID)
	if op.Result == "" {
		t.Error("the operation does not hold the id of the message")
	}
	w.delivered(g, anna, 2)
	w.delivered(g, berta, 2)
	w.received(g, anna, "to all", "to two")
	w.received(g, berta, "to all", "to two")
	w.received(g, carla, "to all")
}

// A message that is accepted while a removal is under way waits behind it, however the removal comes to its end.
func TestP2MessageWaitsForTheRemovalBeforeIt(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]bool{"reported": false, "found by reading": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(50*time.Millisecond))
			g := w.group("ward", anna, berta, carla)
			reached, opened := make(chan struct{}, 64), make(chan struct{})
			w.sim.Interfere(&simulator.Interference{
				Outcome: func(s simulator.Step) int {
					if s.Kind == "remove" {
						reached <- struct{}{}
						w.hang(opened)
					}
					return 0
				},
				Webhook: func(h simulator.Webhook) simulator.WebhookFate {
					return simulator.WebhookFate{Lose: lose && h.Type == "group_participants_remove"}
				}})
			removal := w.accept(g.Target, carla)
			message := w.send(g.Target, "to two")
			w.wait("the network has the removal", reached)
			w.until("the gateway has looked in vain", func() bool { return len(w.calls("get_group")) > 1 })
			if sent := w.calls("send_message"); len(sent) != 0 {
				t.Fatalf("the message overtook the removal: %+v", sent)
			}
			close(opened)
			w.done(removal.Operation.ID)
			w.done(message.Operation.ID)
			w.delivered(g, anna, 1)
			w.received(g, anna, "to two")
			w.received(g, berta, "to two")
			w.received(g, carla)
		})
	}
}

// A message whose answer was lost is in doubt; nothing that follows may overtake it, and it is not sent twice when its
// status shows that it went through.
func TestP2LostAnswerOfAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	var lost atomic.Bool
	w.sim.Interfere(&simulator.Interference{
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			return simulator.CallFate{LoseAnswer: c.Operation == "send_message" && !lost.Swap(true)}
		},
		Webhook: func(h simulator.Webhook) simulator.WebhookFate { // longer than an ordinary retry would wait
			return simulator.WebhookFate{Delay: map[string]time.Duration{"messages": 300 * time.Millisecond}[h.Field]}
		}})
	message := w.send(g.Target, "once")
	removal := w.remove(g.Target, berta)
	w.isOut(removal, 1)
	w.done(message.Operation.ID)
	w.received(g, anna, "once")
	if sent := w.calls("send_message"); len(sent) != 1 {
		t.Errorf("sent %d times", len(sent))
	}
}

// Also when neither answer nor status comes, a retry of a message never reaches somebody who was answered to be out: a removal
// accepted behind it waits, and one accepted before it is over.
func TestP2RetriesNeverReachTheRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(20*time.Millisecond))
	g := w.group("ward", anna, berta, carla)
	var tries atomic.Int32
	w.sim.Interfere(&simulator.Interference{
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			if c.Operation != "send_message" {
				return simulator.CallFate{}
			}
			switch tries.Add(1) % 3 {
			case 1: // done, and nobody knows
				return simulator.CallFate{LoseAnswer: true}
			case 2: // not done
				return simulator.CallFate{Code: graph.CodeTemporarilyUnavailable}
			}
			return simulator.CallFate{}
		},
		Webhook: func(h simulator.Webhook) simulator.WebhookFate {
			return simulator.WebhookFate{Lose: h.Field == "messages"}
		}})
	w.isOut(w.remove(g.Target, carla), 1)
	first := w.send(g.Target, "first")
	w.isOut(w.remove(g.Target, berta), 1)
	after := len(w.inbox(berta, g.GroupID))
	second := w.send(g.Target, "second")
	w.done(first.Operation.ID)
	w.done(second.Operation.ID)
	w.idle()
	w.delivered(g, anna, 2)
	w.received(g, carla)
	if got := w.inbox(berta, g.GroupID); len(got) != after {
		t.Errorf("berta got %q after she was out", got[after:])
	}
	for _, text := range w.inbox(berta, g.GroupID) {
		if text == "second" {
			t.Error("berta got the second message")
		}
	}
}

// A message that cannot be sent for a while keeps its place before a removal that was accepted later.
func TestP2RemovalWaitsForTheMessageBeforeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	var tries atomic.Int32
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "send_message" && tries.Add(1) <= 2 {
			return simulator.CallFate{Code: graph.CodeGroupRateLimit}
		}
		return simulator.CallFate{}
	}})
	message := w.send(g.Target, "both still get this")
	w.isOut(w.remove(g.Target, berta), 1)
	w.done(message.Operation.ID)
	w.delivered(g, berta, 1)
	w.received(g, berta, "both still get this")
}

// After a removal that was refused the person is in the group, and gets what the group gets.
func TestP2RefusedRemovalFencesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == "remove" {
			return graph.CodeTermsNotAccepted
		}
		return 0
	}})
	c := w.accept(g.Target, berta)
	message := w.send(g.Target, "to both")
	w.failed(c.Operation.ID)
	w.done(message.Operation.ID)
	w.delivered(g, berta, 1)
	w.expect(g.Target, anna, berta)
}
