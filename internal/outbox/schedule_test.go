package outbox_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// step is what one run of an item does.
type step string

const (
	fails        step = "fails"         // to be tried again at once
	waitsInVain  step = "waits in vain" // for an event that does not come
	finishes     step = "finishes"
	dies         step = "dies"
	settledIn    step = "settled while it runs"
	settledAwait step = "settled while or after it begins to wait"
	settledRetry step = "settled while or after its answer is lost"
	tooEarly     step = "comes too early and is called while or after it says so"
)

// planned is an item with what its runs shall do.
type planned struct {
	item  store.Item
	steps []step
	next  int            // of the steps
	runs  int            // those that came too early do not count
	early *outbox.Job    // the last run, if it came too early
	by    *outbox.Outbox // whose run that was
	ended bool
	noted bool
}

// play runs one random schedule and notes what goes against the rules.
type play struct {
	store *store.Store
	box   atomic.Pointer[outbox.Outbox]
	event sync.WaitGroup

	mu       sync.Mutex
	lanes    map[store.Lane][]*planned // in the order of acceptance
	inFlight map[store.Lane]bool
	open     int // items that have not ended
	all      bool
	done     chan struct{}
	wrong    []string
}

// P3 and P4: whatever the runs of items do, however events fall, and however often the process is replaced: each lane runs its
// items in the order of acceptance, one at a time, each after the last has ended; every item ends; and no second run of an item
// passes for the first.
func TestP4RandomSchedules(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	base := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		base += 10 // each schedule has lanes of its own
		p := &play{store: s, lanes: map[store.Lane][]*planned{}, inFlight: map[store.Lane]bool{}, done: make(chan struct{})}
		p.replace(t)
		for range rapid.IntRange(1, 12).Draw(t, "actions") {
			l := lane(base + rapid.Int64Range(0, 3).Draw(t, "lane"))
			switch rapid.SampledFrom([]string{"add", "add", "add", "add", "wake", "hurry", "replace"}).Draw(t, "action") {
			case "add":
				p.add(t, base)
			case "wake":
				p.box.Load().Wake(l)
			case "hurry":
				p.box.Load().Hurry(l)
			case "replace":
				p.replace(t)
			}
		}
		p.finish(t)
	})
}

// replace stops the outbox and starts another one on the same store.
func (p *play) replace(t *rapid.T) {
	if old := p.box.Load(); old != nil {
		if err := old.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	next := outbox.New(outbox.Config{Store: p.store, Node: 1, Parallel: 3, Handlers: map[store.LaneKind]outbox.Handler{store.GroupLane: p.handle}})
	p.box.Store(next) // before Start, so that no event goes to the old one and is missed by the new
	if err := next.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// add puts some items into some lanes, in one transaction.
func (p *play) add(t *rapid.T, base int64) {
	var items []*planned
	for range rapid.IntRange(1, 6).Draw(t, "items") {
		it := &planned{item: store.Item{Lane: lane(base + rapid.Int64Range(0, 3).Draw(t, "lane")), Kind: group.KindSend}}
		it.steps = rapid.SliceOfN(rapid.SampledFrom([]step{fails, waitsInVain, tooEarly}), 0, 4).Draw(t, "steps")
		it.steps = append(it.steps, rapid.SampledFrom([]step{finishes, dies, settledIn, settledAwait, settledRetry}).Draw(t, "end"))
		items = append(items, it)
	}
	err := p.store.Write(context.Background(), func(tx *store.Tx) error {
		for _, it := range items {
			tx.Hold(it.item.Lane.String())
			if err := tx.Enqueue(&it.item); err != nil {
				return err
			}
		}
		p.note(items) // before the commit, after which they can run; no lock is held while the database is asked
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		p.box.Load().Wake(it.item.Lane)
	}
}

// note takes up items that are about to be in their lanes; in a run that is made again they are known already.
func (p *play) note(items []*planned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, it := range items {
		if !it.noted {
			it.noted = true
			p.lanes[it.item.Lane] = append(p.lanes[it.item.Lane], it)
			p.open++
		}
	}
}

// finish waits until every item has ended and looks at what is left.
func (p *play) finish(t *rapid.T) {
	p.mu.Lock()
	p.all = true
	if p.open == 0 {
		close(p.done)
	}
	p.mu.Unlock()
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.mu.Lock()
		t.Fatalf("%d items have not ended, %q", p.open, p.wrong)
	}
	if err := p.box.Load().Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.event.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.wrong {
		t.Error(w)
	}
}

func (p *play) handle(_ context.Context, job outbox.Job) outbox.Verdict {
	defer p.leave(job.Item.Lane)
	switch it := job.Item; p.enter(job) {
	case fails:
		return outbox.Retry(0, "failed")
	case waitsInVain:
		return outbox.Await(time.Millisecond)
	case tooEarly:
		p.event.Go(func() { p.box.Load().Resume(it.Lane) })
		return outbox.Pause(never)
	case dies:
		p.end(it)
		return outbox.Dead("died")
	case settledIn:
		p.settle(it)
		return outbox.Await(never)
	case settledAwait:
		p.event.Go(func() { p.settle(it) })
		return outbox.Await(never)
	case settledRetry:
		p.event.Go(func() { p.settle(it) })
		return outbox.Retry(never, "the answer was lost")
	default:
		p.remove(it)
		return outbox.Finished()
	}
}

// enter checks that the run is one that may be, and gives what it shall do.
func (p *play) enter(job outbox.Job) step {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := job.Item.Lane
	if p.inFlight[l] {
		p.complain("two items of %s are in flight", l)
	}
	p.inFlight[l] = true
	for _, it := range p.lanes[l] {
		if it.item.ID != job.Item.ID {
			if !it.ended {
				p.complain("item %d runs and %d before it has not ended", job.Item.ID, it.item.ID)
			}
			continue
		}
		if it.runs > 0 && !job.Again {
			p.complain("run %d of item %d passes for the first", it.runs+1, it.item.ID)
		}
		if it.early != nil && it.by == p.box.Load() && (job.Again != it.early.Again || job.Expired != it.early.Expired || job.Item.Attempts != it.early.Item.Attempts) {
			p.complain("a run of item %d that came too early changed %+v into %+v", it.item.ID, *it.early, job)
		}
		next := it.steps[min(it.next, len(it.steps)-1)]
		it.next++
		it.early = nil
		if next == tooEarly {
			it.early, it.by = &job, p.box.Load()
		} else {
			it.runs++
		}
		return next
	}
	p.complain("item %d was never accepted", job.Item.ID)
	return finishes
}

func (p *play) leave(l store.Lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight[l] = false
}

func (p *play) complain(format string, args ...any) {
	p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
}

// settle is an event that ends an item.
func (p *play) settle(it store.Item) {
	emptied := p.remove(it)
	tell(p.box.Load(), it, emptied) // the outbox of now, which has not seen the item go
}

func (p *play) remove(it store.Item) (emptied bool) {
	err := p.store.Write(context.Background(), func(tx *store.Tx) (err error) {
		p.end(it)
		emptied, err = takeOut(tx, &it)
		return err
	})
	if err != nil {
		p.mu.Lock()
		p.complain("item %d could not be taken out: %v", it.ID, err)
		p.mu.Unlock()
	}
	return emptied
}

func (p *play) end(it store.Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.lanes[it.Lane] {
		if known.item.ID != it.ID || known.ended {
			continue
		}
		known.ended = true
		if p.open--; p.open == 0 && p.all {
			close(p.done)
		}
	}
}
