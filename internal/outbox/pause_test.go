package outbox_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// A run that came too early leaves no trace: the lane stays closed, and the next run is what this one was.
func TestPause(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1))
	r := w.expect(items[0])
	r.check(t, false, 0, 0)
	r.say(outbox.Pause(never))
	w.awaitParked(lane(1))
	w.box.Wake(lane(1)) // new work is no reason to open the lane
	if !w.box.Parked(lane(1)) {
		t.Fatal("the lane was opened")
	}
	if !w.box.Resume(lane(1)) {
		t.Fatal("the lane cannot be resumed")
	}
	r = w.expect(items[0])
	r.check(t, false, 0, 0)
	r.say(outbox.Await(time.Millisecond))
	r = w.expect(items[0])
	r.check(t, true, 1, 0)
	r.say(outbox.Pause(never))
	w.awaitParked(lane(1))
	w.box.Resume(lane(1))
	r = w.expect(items[0])
	r.check(t, true, 1, 0)
	w.box.Resume(lane(1)) // before it says that it came too early
	r.say(outbox.Pause(never))
	r = w.expect(items[0])
	r.check(t, true, 1, 0)
	r.say(outbox.Pause(time.Millisecond)) // nobody calls it
	r = w.expect(items[0])
	r.check(t, true, 1, 0)
	r.say(outbox.Retry(0, "timed out"))
	r = w.expect(items[0])
	r.check(t, true, 1, 1)
	r.say(outbox.Pause(never))
	w.awaitParked(lane(1))
	w.settle(items[0]) // an event opens it too
	r = w.expect(items[1])
	r.check(t, false, 0, 0)
	w.finish(r)
	w.awaitIdle()
}

// Only who came too early can be resumed.
func TestResumeInVain(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(2))
	for range items {
		r := w.next()
		r.say(map[int64]outbox.Verdict{items[0].ID: outbox.Await(never), items[1].ID: outbox.Retry(never, "timed out")}[r.Item.ID])
	}
	for _, name := range []store.Lane{lane(1), lane(2)} {
		w.awaitParked(name)
		if w.box.Resume(name) || !w.box.Parked(name) {
			t.Errorf("lane %s was resumed", name)
		}
	}
	if w.box.Resume(lane(3)) {
		t.Error("a lane without work was resumed")
	}
	w.stop()
	if w.box.Resume(lane(1)) {
		t.Error("a lane was resumed after the end")
	}
}

// Handlers that wait for something do not keep those that could work from working; as long as they compute, they do.
func TestSlowHandlersGiveTheirPlacesOn(t *testing.T) {
	t.Parallel()
	if !withFile("a clock in a bubble stands still as long as somebody reads from a connection") {
		return
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		began := time.Now()
		ran := make(chan time.Duration, 1)
		w.renew(func(c *outbox.Config) {
			c.Parallel, c.Slow = 2, 30*time.Millisecond
			c.Handlers[store.GroupLane] = func(_ context.Context, job outbox.Job) outbox.Verdict {
				if job.Item.Lane.ID < 10 {
					<-time.After(time.Minute)
				} else {
					ran <- time.Since(began)
				}
				w.remove(job.Item)
				return outbox.Finished()
			}
		})
		w.start()
		w.send(lane(1), lane(2), lane(3), lane(4), lane(5), lane(6))
		synctest.Wait()
		w.send(lane(10))
		if took := <-ran; took < 30*time.Millisecond || took > 500*time.Millisecond {
			t.Errorf("it ran after %s", took)
		}
		<-time.After(2 * time.Minute)
		synctest.Wait()
		w.send(lane(11), lane(12), lane(13)) // the places are all there again
		for range 3 {
			<-ran
		}
		w.stop()
	})
}
