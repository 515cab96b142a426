// Package outbox does durable work in order: one item of a lane at a time, lanes side by side. It knows when to run an item
// and when to run it again, never what the item does. What is in a lane, and in which order, stands in the store; what is
// kept in memory here can be lost at any moment.
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Job is one run of an item.
type Job struct {
	Item store.Item
	// Again says that the item may have run before, in this process or in one that died: its effect below may already be there.
	Again bool
	// Left says that it may have been running when this process was not there to see what came of it: it was left by a process before
	// this one, or by another node.
	Left bool
	// Expired counts how often the item has waited in vain for its event since it last ran to the end.
	Expired int
}

// Handler does the work. It takes the item out of the lane itself, in the transaction that records the effect, and says so
// with Finished.
type Handler func(ctx context.Context, job Job) Verdict

// Config says what the outbox works with.
type Config struct {
	Store    *store.Store
	Handlers map[store.LaneKind]Handler
	Parallel int                    // handlers running at once, default 16384
	Apart    map[store.LaneKind]int // kinds of lanes with places of their own, and how many: they take none of Parallel
	Slow     time.Duration          // a handler that has run for so long gives its place on while others want one, default 20 ms
	Sweep    time.Duration          // how often to look for lanes that nobody woke, default 30 s
	Node     int64                  // the number of this process among those that share the database
	Lease    time.Duration          // in a shared database, how long after its last sign a node is taken for dead, default 5 s
	Logger   *slog.Logger
}

// Outbox runs the lanes of one process.
type Outbox struct {
	cfg   Config
	slots map[store.LaneKind]*slots // of the kinds with places of their own; of kind 0, for all others
	birth int64                     // items below this key may have run in another process
	lease *lease                    // nil where the database is not shared

	mu      sync.Mutex
	lanes   map[store.Lane]*lane
	started bool
	stopped bool
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
	halt    chan struct{}
}

// New makes an outbox that is not running yet: items added before Start wait.
func New(cfg Config) *Outbox {
	if cfg.Parallel == 0 {
		cfg.Parallel = 1 << 14
	}
	if cfg.Slow == 0 {
		cfg.Slow = 20 * time.Millisecond
	}
	if cfg.Sweep == 0 {
		cfg.Sweep = 30 * time.Second
	}
	if cfg.Lease == 0 {
		cfg.Lease = 5 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Outbox{cfg: cfg, slots: cfg.slots(), lanes: map[store.Lane]*lane{}, ctx: ctx, cancel: cancel,
		halt: make(chan struct{})}
}

// places gives those of a kind of lane.
func (o *Outbox) places(kind store.LaneKind) *slots {
	if own := o.slots[kind]; own != nil {
		return own
	}
	return o.slots[0]
}

// slots makes the places of all kinds.
func (c Config) slots() map[store.LaneKind]*slots {
	out := map[store.LaneKind]*slots{0: newSlots(c.Parallel, c.Slow)}
	for kind, count := range c.Apart {
		out[kind] = newSlots(count, c.Slow)
	}
	return out
}

// Start wakes every lane with work left over and begins to sweep.
func (o *Outbox) Start(ctx context.Context) error {
	if err := o.join(ctx); err != nil {
		return fmt.Errorf("join the nodes of the database: %w", err)
	}
	birth, err := o.cfg.Store.NewID(ctx)
	if err != nil {
		return fmt.Errorf("start the outbox: %w", err)
	}
	o.mu.Lock()
	o.birth, o.started = birth, true
	o.mu.Unlock()
	if err := o.sweep(ctx); err != nil {
		return fmt.Errorf("start the outbox: %w", err)
	}
	o.running.Add(1)
	go o.sweepForever()
	if o.lease != nil {
		o.lease.renewing.Go(o.renewForever)
	}
	return nil
}

// Stop lets the handlers that are running come to their end and starts no more. What is left waits in the store. When ctx
// ends first, the handlers are cancelled.
func (o *Outbox) Stop(ctx context.Context) error {
	o.mu.Lock()
	if !o.stopped {
		o.stopped = true
		close(o.halt)
	}
	for _, l := range o.lanes {
		l.stopTimer()
	}
	o.mu.Unlock()
	ended := make(chan struct{})
	go func() { o.running.Wait(); close(ended) }()
	defer o.cancel()
	defer o.giveBack() // when no lane runs any more
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		o.cancel()
		<-ended
		return fmt.Errorf("stop the outbox: %w", ctx.Err())
	}
}

func (o *Outbox) sweepForever() {
	defer o.running.Done()
	tick := time.NewTicker(o.cfg.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := o.sweep(o.ctx); err != nil {
				o.cfg.Logger.Error("sweep of the outbox failed; trying again", "error", err)
			}
		case <-o.halt:
			return
		}
	}
}

// MayHaveRun tells whether a process before this one, or another node, may have run an item. What this process has run it knows
// otherwise.
func (o *Outbox) MayHaveRun(it *store.Item) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return it.Attempts > 0 || it.ID < o.birth
}

// Sweep looks for lanes that nobody woke, as is done now and then anyway.
func (o *Outbox) Sweep() {
	if err := o.sweep(o.ctx); err != nil {
		o.cfg.Logger.Error("sweep of the outbox failed; trying again", "error", err)
	}
}

// sweep wakes every lane that has work, a thousand at a time.
func (o *Outbox) sweep(ctx context.Context) error {
	const page = 1000
	var after store.Lane
	for {
		var lanes []store.Lane
		err := o.cfg.Store.Read(ctx, func(tx *store.Tx) (err error) {
			lanes, err = tx.Lanes(after, page)
			return err
		})
		if err != nil {
			return err
		}
		o.Wake(lanes...)
		if len(lanes) < page {
			return nil
		}
		after = lanes[len(lanes)-1]
	}
}

// guard keeps a mistake in one handler from stopping the others.
func (o *Outbox) guard(h Handler, job Job) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			o.cfg.Logger.Error("handler panicked", "lane", job.Item.Lane, "item", job.Item.ID, "panic", fmt.Sprint(p),
				"stack", string(debug.Stack()))
			v = Retry(time.Second, "internal error")
		}
	}()
	return h(o.context(), job)
}

// Backoff gives how long to wait after the given number of failures: from 200 ms, doubling, to a minute, give or take a fifth,
// so that lanes which failed together do not come back together.
func Backoff(failures int) time.Duration {
	const first, most = 200 * time.Millisecond, time.Minute
	d := most
	if failures < 9 {
		d = min(most, first<<max(0, failures))
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // jitter needs no secrecy
}
