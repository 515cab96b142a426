package receipt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Address is where the receipts of a number go that are of one kind, and for whom they speak.
type Address struct {
	Destination
	Sender
}

// Delivery brings what waits in the callbacks' lanes to its destination.
type Delivery struct {
	store  *store.Store
	pusher *Pusher
	where  func(ctx context.Context, r *store.Receipt) (Address, error)
	resume func(store.Lane) bool
	log    *slog.Logger
	gates  gates

	retries []time.Duration
	now     func() time.Time

	counts [outcomes]atomic.Int64
}

// Outcome says what has become of a receipt.
type Outcome int

// The outcomes.
const (
	Acknowledged Outcome = iota
	Failed               // once; it may be pushed again
	GivenUp
	Dropped // there was no callback for it any more, or the event had been forgotten
	outcomes
)

var outcomeNames = [...]string{Acknowledged: "acknowledged", Failed: "failed", GivenUp: "given_up", Dropped: "dropped"}

func (o Outcome) String() string { return outcomeNames[o] }

// Outcomes gives all of them.
func Outcomes() []Outcome { return []Outcome{Acknowledged, Failed, GivenUp, Dropped} }

// DeliveryConfig says what a delivery works with.
type DeliveryConfig struct {
	Store  *store.Store
	Pusher *Pusher
	Where  func(ctx context.Context, r *store.Receipt) (Address, error) // URL "" for nowhere
	Resume func(store.Lane) bool                                        // lets a lane go on that was told to pause
	Logger *slog.Logger

	Retries []time.Duration  // waits before the second and later pushes; empty for none
	AtOnce  int              // pushes to one callback that run at the same time, default DefaultAtOnce
	Now     func() time.Time // the clock of the outbox; defaults to time.Now
}

// NewDelivery makes a delivery.
func NewDelivery(cfg DeliveryConfig) *Delivery {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Delivery{store: cfg.Store, pusher: cfg.Pusher, where: cfg.Where, resume: cfg.Resume, log: cfg.Logger,
		gates: gates{most: cmp.Or(cfg.AtOnce, DefaultAtOnce)}, retries: cfg.Retries, now: cfg.Now}
}

// Count gives how many receipts have come to an outcome since the start.
func (d *Delivery) Count(o Outcome) int64 { return d.counts[o].Load() }

// maxItems is the most receipts that one request carries.
const maxItems = 100

// gateWait is how long a lane waits at most for others to leave a callback.
const gateWait = 30 * time.Second

// Run pushes what stands at the head of a lane, with what follows and goes the same way. It is the handler of the callbacks' lanes.
func (d *Delivery) Run(ctx context.Context, job outbox.Job) outbox.Verdict {
	b, err := d.gather(ctx, &job.Item)
	if err != nil {
		return d.later(err)
	}
	switch {
	case len(b.items) == 0:
		return outbox.Pause(time.Millisecond) // it is not at the head any more
	case b.unreadable != nil:
		d.counts[GivenUp].Add(1)
		return outbox.Dead("the event cannot be told: " + b.unreadable.Error())
	case b.to.URL == "":
		return d.finish(ctx, &b, Dropped)
	}
	if !d.gates.enter(b.to.URL, job.Item.Lane) {
		return outbox.Pause(gateWait)
	}
	err = d.pusher.Push(ctx, b.to.Destination, b.name(), b.told)
	d.gates.leave(b.to.URL, d.resume)
	switch {
	case err == nil:
		return d.finish(ctx, &b, Acknowledged)
	case ctx.Err() != nil:
		return outbox.Pause(time.Second) // we are stopping, or have lost the lane: that is not the receiver's failure
	}
	return d.failed(ctx, &b, err.Error())
}

// later tries again soon after a failure of our own, which does not count as a push.
func (d *Delivery) later(err error) outbox.Verdict {
	d.log.Error("receipts could not be looked after; trying again", "error", err)
	return outbox.Pause(time.Second)
}

// batch is what goes out together.
type batch struct {
	to     Address
	items  []store.Item
	told   []json.RawMessage
	events []int64 // by their keys, those that are told

	unreadable error // why the head, which is alone then, can never be told
}

// name is the same for the same batch, however often it is pushed, and another one for every other batch: a receiver may take two requests
// of one name for one.
func (b *batch) name() string {
	var keys []byte
	for _, id := range b.events {
		keys = binary.BigEndian.AppendUint64(keys, uint64(id)) //nolint:gosec // the same 64 bits
	}
	sum := sha256.Sum256(keys)
	return "evt_" + hex.EncodeToString(sum[:16])
}

// together gives how many of those that wait may go out in one request: those at the front that have been tried as often. Of such as
// have failed together only half go together again, and the last time each goes alone, so that one that the receiver
// chokes on is given up without the others.
func (d *Delivery) together(waiting []store.Waiting) int {
	n := 0
	for n < len(waiting) && waiting[n].Item.Attempts == waiting[0].Item.Attempts && waiting[n].Item.Owner == d.store.Node() {
		n++
	}
	switch tries := waiting[0].Item.Attempts; {
	case n == 0 || tries == 0:
		return n
	case tries >= len(d.retries):
		return 1
	}
	return (n + 1) / 2
}

// gather reads what goes out together: the head, and as many behind it as may and go to the same callback. An event that
// cannot be told ends it, and is at the head next time.
func (d *Delivery) gather(ctx context.Context, head *store.Item) (b batch, err error) {
	var waiting []store.Waiting
	err = d.store.Read(ctx, func(tx *store.Tx) (err error) {
		waiting, err = tx.WaitingIn(head.Lane, maxItems)
		return err
	})
	if err != nil {
		return b, err
	}
	if len(waiting) == 0 || waiting[0].Item.ID != head.ID {
		return b, nil
	}
	for i := range d.together(waiting) {
		w := &waiting[i]
		var to Address
		if w.Receipt.ID != 0 {
			if to, err = d.where(ctx, &w.Receipt); err != nil {
				return b, err
			}
		}
		if i > 0 && to != b.to {
			break
		}
		if b.to = to; to.URL != "" {
			item, err := Item(&w.Receipt, to.Sender)
			if err != nil && i > 0 {
				break
			}
			b.told, b.events, b.unreadable = append(b.told, item), append(b.events, w.Receipt.ID), err
		}
		if b.items = append(b.items, w.Item); b.unreadable != nil {
			break
		}
	}
	return b, nil //nolint:nilerr // an event that cannot be read ends the batch before it
}

// finish takes a batch out of its lane.
func (d *Delivery) finish(ctx context.Context, b *batch, as Outcome) outbox.Verdict {
	err := d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		var errs []error
		for i := range b.items {
			errs = append(errs, tx.Finish(&b.items[i]))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return d.later(err)
	}
	d.counts[as].Add(int64(len(b.items)))
	return outbox.Finished()
}

// failed has a batch pushed again later, or gives up a receipt that went alone. Where no further push is due after one of several, each has one
// alone at once. What becomes of the head the lane writes down itself.
func (d *Delivery) failed(ctx context.Context, b *batch, why string) outbox.Verdict {
	head := &b.items[0]
	over := head.Attempts >= len(d.retries) && len(b.items) == 1
	wait := time.Duration(0)
	if head.Attempts < len(d.retries) {
		wait = d.retries[head.Attempts]
	}
	err := d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		var errs []error
		for _, it := range b.items[1:] {
			it.Failure, it.Attempts, it.NextAt = why, it.Attempts+1, d.now().Add(wait)
			errs = append(errs, tx.PutAttempt(&it))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return d.later(err)
	}
	d.counts[Failed].Add(int64(len(b.items)))
	if over {
		d.counts[GivenUp].Add(1)
		return outbox.Dead(why)
	}
	return outbox.Retry(wait, why)
}
