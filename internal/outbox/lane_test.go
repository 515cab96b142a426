package outbox_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// P4: in a lane one after the other, lanes side by side.
func TestP4LanesRunInOrderAndSideBySide(t *testing.T) {
	t.Parallel()
	w := started(t)
	a, b := lane(1), lane(2)
	items := w.send(a, b, a, b, a)
	inFlight := map[store.Lane]run{}
	for range 2 {
		r := w.next()
		inFlight[r.Item.Lane] = r
	}
	if inFlight[a].Item.ID != items[0].ID || inFlight[b].Item.ID != items[1].ID {
		t.Fatalf("the heads are %d and %d", inFlight[a].Item.ID, inFlight[b].Item.ID)
	}
	w.finish(inFlight[a]) // b is still in flight
	r := w.expect(items[2])
	w.finish(r)
	r = w.expect(items[4])
	w.finish(inFlight[b])
	w.finish(w.expect(items[3]))
	w.finish(r)
	w.awaitIdle()
}

func TestWorkAddedWhileItsLaneRuns(t *testing.T) {
	t.Parallel()
	w := started(t)
	first := w.send(lane(1))[0]
	r := w.expect(first)
	second := w.send(lane(1))[0]
	w.finish(r)
	w.finish(w.expect(second))
	w.awaitIdle()
	w.finish(w.expect(w.send(lane(1))[0])) // a lane that was forgotten comes back
}

func TestRetryKeepsTheLaneClosed(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	const after = 30 * time.Millisecond
	r := w.expect(items[0])
	r.check(t, false, 0, 0)
	for attempt := 1; attempt <= 2; attempt++ {
		failed := time.Now()
		r.say(outbox.Retry(after, "timed out"))
		r = w.expect(items[0])
		if waited := time.Since(failed); waited < after-time.Millisecond { // the store keeps whole milliseconds
			t.Errorf("the next try came after %s", waited)
		}
		r.check(t, true, 0, attempt)
		if r.Item.Failure != "timed out" {
			t.Errorf("the reason is %q", r.Item.Failure)
		}
	}
	w.finish(r)
	r = w.expect(items[1])
	r.check(t, false, 0, 0)
	w.finish(r)
}

func TestDeadItemsAreKeptAndTheLaneGoesOn(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	w.expect(items[0]).say(outbox.Dead("it will never do"))
	w.finish(w.expect(items[1]))
	w.awaitIdle()
	_, living, dead := w.left(lane(1))
	if living || len(dead) != 1 || dead[0].ID != items[0].ID || dead[0].Failure != "it will never do" {
		t.Errorf("living %v, dead %+v", living, dead)
	}
}

func TestSettledAfterTheLaneIsParked(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	w.expect(items[0]).say(outbox.Await(never))
	w.awaitParked(lane(1))
	w.box.Wake(lane(1))                 // new work is no reason to open the lane
	w.box.Settled(lane(1), items[1].ID) // nor is another item's event
	w.box.Settled(lane(2), items[0].ID)
	if !w.box.Parked(lane(1)) {
		t.Fatal("the lane was opened")
	}
	w.settle(items[0])
	w.finish(w.expect(items[1]))
}

func TestSettledWhileTheHandlerRuns(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	r := w.expect(items[0])
	w.settle(items[0])
	r.say(outbox.Await(never))
	w.finish(w.expect(items[1]))
}

// The event of the last item closes the lane without another look, unless something was put behind it since.
func TestEmptied(t *testing.T) {
	t.Parallel()
	w := started(t)
	r := w.expect(w.send(lane(1))[0])
	w.settle(r.Item) // while it runs
	r.say(outbox.Await(never))
	w.awaitIdle()
	it := w.send(lane(1))[0]
	w.expect(it).say(outbox.Await(never))
	w.awaitParked(lane(1))
	w.settle(it)
	if w.box.Remembered() != 0 {
		t.Error("the lane is remembered")
	}
	for _, parked := range []bool{true, false} { // the next item is there before the event's news comes
		it = w.send(lane(1))[0]
		r = w.expect(it)
		if parked {
			r.say(outbox.Await(never))
			w.awaitParked(lane(1))
		}
		w.remove(it)
		next := w.send(lane(1))[0]
		w.box.Emptied(lane(1), it.ID)
		if !parked {
			r.say(outbox.Await(never))
		}
		w.finish(w.expect(next))
		w.awaitIdle()
	}
}

// An event may end an item that has not run yet, and the events of two items may come during one run.
func TestSettledBeforeTheItemRuns(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1), lane(1))
	r := w.expect(items[0])
	w.settle(items[0])
	w.settle(items[1])
	r.say(outbox.Await(never))
	w.finish(w.expect(items[2]))
}

// The answer to a request is lost and its report comes nevertheless: nobody has to wait for the next try.
func TestSettledWhileWaitingForTheNextTry(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1), lane(1))
	w.expect(items[0]).say(outbox.Retry(never, "timed out"))
	w.awaitParked(lane(1))
	w.settle(items[0])
	r := w.expect(items[1])
	w.settle(items[1])
	r.say(outbox.Retry(never, "timed out"))
	w.finish(w.expect(items[2]))
}

// However an event and a verdict fall together, the lane goes on.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	const items, lanes = 150, 4
	w := newWorld(t)
	ended := make(chan int64, items*lanes)
	w.renew(func(c *outbox.Config) {
		c.Handlers[store.GroupLane] = func(_ context.Context, job outbox.Job) outbox.Verdict {
			go func() {
				w.settle(job.Item)
				ended <- job.Item.ID
			}()
			if job.Item.ID%2 == 0 {
				return outbox.Retry(never, "timed out")
			}
			return outbox.Await(never)
		}
	})
	w.start()
	for range items {
		w.send(lane(1), lane(2), lane(3), lane(4))
	}
	for range items * lanes {
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Fatal("a lane stands still")
		}
	}
	w.awaitIdle()
}

func TestExpiredCountsWaitsInVain(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	for expired := range 3 {
		r := w.expect(items[0])
		r.check(t, expired > 0, expired, 0)
		r.say(outbox.Await(time.Millisecond))
	}
	r := w.expect(items[0])
	r.say(outbox.Retry(0, "could not look"))
	r = w.expect(items[0])
	r.check(t, true, 3, 1) // a failure does not make it forget
	w.finish(r)
	r = w.expect(items[1])
	r.check(t, false, 0, 0)
	w.finish(r)
}

func TestHurry(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	w.box.Hurry(lane(9)) // nobody there
	w.expect(items[0]).say(outbox.Await(never))
	w.awaitParked(lane(1))
	w.box.Hurry(lane(1))
	r := w.expect(items[0])
	r.check(t, true, 1, 0)
	r.say(outbox.Retry(never, "out of order"))
	w.awaitParked(lane(1))
	w.box.Hurry(lane(1))
	r = w.expect(items[0])
	r.check(t, true, 1, 1)
	w.box.Hurry(lane(1)) // while it runs
	r.say(outbox.Await(never))
	r = w.expect(items[0])
	r.check(t, true, 2, 1)
	w.box.Hurry(lane(1))
	r.say(outbox.Retry(never, "out of order"))
	r = w.expect(items[0])
	r.check(t, true, 2, 2)
	r.say(outbox.Await(time.Millisecond)) // the next try was due in an hour; that is past
	r = w.expect(items[0])
	r.check(t, true, 3, 2)
	w.box.Hurry(lane(1)) // meant for this item and not for the next
	w.finish(r)
	w.expect(items[1]).say(outbox.Await(never))
	w.awaitParked(lane(1))
}

func TestPanickingHandler(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1))
	w.expect(items[0]).verdict <- func() outbox.Verdict { panic("a mistake") }
	other := w.send(lane(2))[0]
	w.finish(w.expect(other))
	w.awaitParked(lane(1))
	w.box.Hurry(lane(1))
	r := w.expect(items[0])
	r.check(t, true, 0, 1)
	if r.Item.Failure != "internal error" {
		t.Errorf("the reason is %q", r.Item.Failure)
	}
	w.finish(r)
}

// A handler that forgets to take its item out must not eat a processor, and nothing overtakes the item.
func TestFinishedButStillThere(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	w.expect(items[0]).say(outbox.Finished())
	w.awaitParked(lane(1))
	w.box.Hurry(lane(1))
	r := w.expect(items[0])
	r.check(t, true, 0, 0)
	w.finish(r)
	w.finish(w.expect(items[1]))
}

// An item that an event takes out while it waits for a slot does not run.
func TestSettledWhileItWaitsForASlot(t *testing.T) {
	t.Parallel()
	var said logged
	w := started(t, func(c *outbox.Config) {
		c.Parallel, c.Slow = 1, time.Hour
		c.Logger = slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	busy := w.expect(w.send(lane(2))[0]) // has the only slot
	items := w.send(lane(1), lane(1))
	w.until("the lane waits for the slot", func() bool { return said.contains("a lane waits") })
	w.settle(items[0])
	w.finish(busy)
	w.finish(w.expect(items[1]))
	w.awaitIdle()
}

// logged keeps what a logger writes.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) contains(words string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), words)
}
