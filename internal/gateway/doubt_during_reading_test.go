package gateway_test

import (
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// A doubt that comes up while a group is being read is about what that reading may have missed: the group is read once more.
func TestP7DoubtDuringAReadingIsNotSwallowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.isOut(w.remove(g.Target, berta), 1)
	reading, answered := make(chan struct{}, 16), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{
		AfterCall: func(c simulator.Call) {
			if c.Operation == "get_group" {
				reading <- struct{}{}
				w.hang(answered)
			}
		},
		Webhook: func(h simulator.Webhook) simulator.WebhookFate {
			return simulator.WebhookFate{Lose: h.Type == "group_participants_add"}
		}})
	w.must(w.gateway().Reread(ctx, g.id))
	w.wait("the group is read", reading)
	w.join(g.link, carla)                                                                                // after the reading, and the report is lost
	w.hooks.deliver(graph.Event{Type: graph.ParticipantsAdd, PhoneNumberID: phoneID, GroupID: g.GroupID, // it cannot be: she is barred
		Timestamp: w.clock.now().Add(5 * time.Second), Added: []graph.Participant{{WaID: berta.String()}}})
	close(answered)
	w.idle()
	w.expect(g.Target, anna, carla)
}
