package outbox_test

import (
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Lanes with places of their own take none of the others', and the others none of theirs.
func TestPlacesApart(t *testing.T) {
	t.Parallel()
	w := started(t, func(c *outbox.Config) {
		c.Parallel, c.Slow, c.Apart = 1, time.Hour, map[store.LaneKind]int{store.CallbackLane: 1}
		c.Handlers[store.CallbackLane] = c.Handlers[store.GroupLane]
	})
	callback := func(id int64) store.Lane { return store.Lane{Kind: store.CallbackLane, ID: id} }
	held := w.expect(w.send(callback(1))[0])
	waiting := w.send(callback(2))[0]
	busy := w.expect(w.send(lane(3))[0]) // though the callbacks' place is taken
	w.finish(held)
	w.finish(w.expect(waiting)) // though the groups' place is taken
	w.finish(busy)
	w.awaitIdle()
}
