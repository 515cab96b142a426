package outbox_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

func TestNothingRunsBeforeStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	items := w.send(lane(1))
	if w.box.Remembered() != 0 {
		t.Fatal("a lane runs")
	}
	w.start()
	r := w.expect(items[0])
	r.check(t, true, 0, 0) // for all the outbox knows, a process before this one ran it
	w.finish(r)
}

// P3 and P5: after a crash the head of a lane says that it may have run before; what is behind it has not, nor has new work.
func TestP3StartAfterACrash(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1), lane(2), lane(2))
	for range 2 {
		switch r := w.next(); r.Item.ID {
		case items[0].ID:
			r.say(outbox.Await(never))
		default:
			r.say(outbox.Retry(never, "timed out"))
		}
	}
	w.awaitParked(lane(1))
	w.awaitParked(lane(2))
	w.stop()

	w.renew()
	w.start()
	r := w.expect(items[0])
	r.check(t, true, 0, 0)
	behind := w.send(lane(1))[0]
	w.finish(r)
	for _, it := range []store.Item{items[1], behind} {
		r := w.expect(it)
		r.check(t, false, 0, 0)
		w.finish(r)
	}
	r = w.expect(w.send(lane(3))[0])
	r.check(t, false, 0, 0)
	w.finish(r)
	w.awaitParked(lane(2)) // its next try is due in an hour, also for the new process
	w.box.Hurry(lane(2))
	r = w.expect(items[2])
	r.check(t, true, 0, 1)
	w.finish(r)
	r = w.expect(items[3])
	r.check(t, false, 0, 0)
	w.finish(r)
	w.awaitIdle()
}

func TestStopLetsHandlersFinish(t *testing.T) {
	t.Parallel()
	w := started(t)
	items := w.send(lane(1), lane(1), lane(2), lane(2))
	heads := map[store.Lane]run{}
	for range 2 {
		r := w.next()
		heads[r.Item.Lane] = r
	}
	heads[lane(2)].say(outbox.Await(never))
	w.awaitParked(lane(2))
	stopped := make(chan error, 1)
	go func() { stopped <- w.box.Stop(context.Background()) }()
	w.until("Stop has begun", func() bool { // from then on new lanes are not taken up
		w.box.Wake(lane(99))
		return w.box.Remembered() == 2
	})
	select {
	case err := <-stopped:
		t.Fatalf("Stop did not wait for the handler: %v", err)
	default:
	}
	w.finish(heads[lane(1)])
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	w.box.Wake(lane(1), lane(3))
	w.box.Hurry(lane(2))
	w.box.Settled(lane(2), items[2].ID)
	w.stop() // twice is once
	for l, want := range map[store.Lane]store.Item{lane(1): items[1], lane(2): items[2]} {
		if head, living, _ := w.left(l); !living || head.ID != want.ID {
			t.Errorf("the head of %s is %d (living %v), want %d", l, head.ID, living, want.ID)
		}
	}
}

func TestStopCancelsHandlersWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	w := started(t)
	item := w.send(lane(1))[0]
	r := w.expect(item)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.box.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Stop gives %v", err)
	}
	if r.ctx.Err() == nil {
		t.Error("the handler was not told")
	}
	if head, living, _ := w.left(lane(1)); !living || head.Attempts != 1 || head.Failure != "stopped" {
		t.Errorf("living %v, %+v", living, head)
	}
}

func TestStopBeforeStart(t *testing.T) {
	t.Parallel()
	newWorld(t).stop()
}

func TestSweepFindsLanesThatNobodyWoke(t *testing.T) {
	t.Parallel()
	w := started(t, func(c *outbox.Config) { c.Sweep = time.Millisecond })
	items := w.add(lane(1), lane(1))
	w.finish(w.expect(items[0]))
	w.finish(w.expect(items[1]))
}

// More lanes than a page of the sweep has, and many more than may run at once.
func TestStartFindsEveryLane(t *testing.T) {
	t.Parallel()
	const lanes, parallel = 2500, 3
	var now, most, done atomic.Int64
	all := make(chan struct{})
	w := newWorld(t)
	w.renew(func(c *outbox.Config) {
		c.Parallel, c.Slow = parallel, time.Hour
		c.Handlers[store.GroupLane] = func(_ context.Context, job outbox.Job) outbox.Verdict {
			for n := now.Add(1); ; {
				if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			w.remove(job.Item)
			now.Add(-1)
			if done.Add(1) == lanes {
				close(all)
			}
			return outbox.Finished()
		}
	})
	names := make([]store.Lane, lanes)
	for i := range names {
		names[i] = lane(int64(i))
	}
	w.add(names...)
	w.start()
	select {
	case <-all:
	case <-time.After(60 * time.Second):
		t.Fatalf("%d of %d lanes were found", done.Load(), lanes)
	}
	if most.Load() > parallel {
		t.Errorf("%d handlers ran at once, want at most %d", most.Load(), parallel)
	}
	w.awaitIdle()
}

// A lane that waits holds nobody else up.
func TestWaitingLanesTakeNoPlace(t *testing.T) {
	t.Parallel()
	w := started(t, func(c *outbox.Config) { c.Parallel = 1 })
	for i := range int64(3) {
		w.expect(w.send(lane(i))[0]).say(outbox.Await(never))
	}
	for i := range int64(3) {
		w.expect(w.send(lane(10 + i))[0]).say(outbox.Retry(never, "out of order"))
	}
	w.finish(w.expect(w.send(lane(20))[0]))
}

func TestAStoreOutOfOrder(t *testing.T) {
	t.Parallel()
	w := started(t)
	r := w.expect(w.send(lane(1))[0])
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	r.say(outbox.Retry(0, "timed out")) // which cannot be recorded
	w.box.Wake(lane(2))                 // which cannot be read
	w.awaitParked(lane(1))
	w.awaitParked(lane(2))
	w.stop()
	w.renew()
	if err := w.box.Start(context.Background()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Start gives %v", err)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		failures := rapid.IntRange(-2, 1_000_000).Draw(t, "failures")
		middle := time.Minute
		if failures < 9 {
			middle = min(time.Minute, 200*time.Millisecond<<max(0, failures))
		}
		if d := outbox.Backoff(failures); d < middle*8/10 || d > middle*12/10 {
			t.Fatalf("after %d failures it waits %s, want %s give or take a fifth", failures, d, middle)
		}
	})
}
