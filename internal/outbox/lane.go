package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// lane is what is remembered of a lane while it has work. Exactly one of these holds: a goroutine runs it, or a timer
// will.
type lane struct {
	timer  *time.Timer // set while the lane is parked
	parked int64       // the item it is parked for, 0 when the store could not be read
	awaits bool        // that item waits for an event, and not for its next try

	pending bool    // somebody woke it since it was looked at
	settled []int64 // items that events took out while it ran
	emptied int64   // one of them, with which the lane was empty
	hurried bool    // the next run does not wait for its time
	paused  bool    // it is parked because a run came too early
	resumed bool    // a run that comes too early may come again at once

	head    int64 // the item that ran last
	prior   int64 // the one before the run that is going on
	expired int   // how often that item has waited in vain
	over    int64 // the item whose handler said that it is out of the lane
	first   int64 // the item that was at the head when the lane was first looked at
}

func (l *lane) stopTimer() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

// Wake says that lanes have new work. It returns at once.
func (o *Outbox) Wake(lanes ...store.Lane) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range lanes {
		l := o.lanes[name]
		switch {
		case !o.started || o.stopped:
		case l == nil:
			l = &lane{}
			o.lanes[name] = l
			o.spawn(name, l)
		default:
			l.pending = true
		}
	}
}

// Settled says that an event has taken the item out of its lane, so that the lane can go on, whatever it is waiting for: the
// event itself, or the next try of a request whose answer was lost.
func (o *Outbox) Settled(name store.Lane, item int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lanes[name]
	switch {
	case o.stopped || l == nil:
	case l.timer == nil:
		l.settled, l.pending = append(l.settled, item), true
	case l.parked == item && l.timer.Stop():
		l.timer = nil
		o.spawn(name, l)
	}
}

// Emptied is Settled for an item that was alone in its lane when it was taken out. The lane is not looked at again, unless
// somebody has woken it since it was.
func (o *Outbox) Emptied(name store.Lane, item int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lanes[name]
	switch {
	case o.stopped || l == nil:
	case l.timer == nil:
		l.settled, l.emptied = append(l.settled, item), item
	case l.parked != item || !l.timer.Stop():
	case l.pending:
		l.timer = nil
		o.spawn(name, l)
	default:
		delete(o.lanes, name)
	}
}

// spawn starts a goroutine for a lane that has none. The lock is held.
func (o *Outbox) spawn(name store.Lane, l *lane) {
	l.parked, l.awaits, l.paused = 0, false, false
	o.running.Add(1)
	go func() {
		defer o.running.Done()
		o.run(name, l)
	}()
}

// run works until the lane is empty or has to wait.
func (o *Outbox) run(name store.Lane, l *lane) {
	for {
		item, err := o.next(name, l)
		switch {
		case errors.Is(err, store.ErrNoRow):
			if o.leave(name, l) {
				return
			}
			continue
		case err != nil:
			o.cfg.Logger.Error("reading a lane failed; trying again", "lane", name, "error", err)
			o.park(name, l, 0, time.Second)
			return
		}
		if item.Owner != o.cfg.Store.Node() {
			o.cfg.Store.Signal(store.Signal{To: item.Owner, Lanes: []store.Lane{name}})
			if o.leave(name, l) {
				return
			}
			continue
		}
		if wait := o.wait(name, l, item); wait > 0 {
			if o.park(name, l, item.ID, wait) {
				return
			}
			continue
		}
		if !o.step(name, l, item) {
			return
		}
	}
}

// wait gives how long the head of a lane has to wait for its next run.
func (o *Outbox) wait(name store.Lane, l *lane, item store.Item) time.Duration {
	if l.over == item.ID { // without this, the mistake would eat a processor
		l.over = 0
		o.cfg.Logger.Error("a handler called an item finished that is still in its lane", "lane", name, "item", item.ID)
		return time.Second
	}
	wait := time.Until(item.NextAt) // which may be that of an earlier try: the wait for an event does not change it
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.hurried {
		return 0
	}
	return wait
}

// next looks at a lane. What is put into it before somebody wakes it after this is seen.
func (o *Outbox) next(name store.Lane, l *lane) (item store.Item, err error) {
	o.mu.Lock()
	l.pending = false
	o.mu.Unlock()
	err = o.cfg.Store.Look(func(tx *store.Tx) (err error) {
		item, err = tx.Head(name)
		return err
	})
	return item, err
}

// leave forgets a lane that is empty, unless somebody woke it in the meantime.
func (o *Outbox) leave(name store.Lane, l *lane) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.pending && !o.stopped {
		return false
	}
	delete(o.lanes, name)
	return true
}

// step runs the head of a lane once and tells whether to go on with the next.
func (o *Outbox) step(name store.Lane, l *lane, item store.Item) bool {
	slots := o.places(name.Kind)
	place, ok := o.enter(name, slots)
	if !ok {
		return false
	}
	if o.overtaken(l, item.ID) {
		slots.leave(place)
		return true
	}
	if !o.held() {
		slots.leave(place)
		return !o.park(name, l, item.ID, o.cfg.Lease/5)
	}
	job, ok := o.job(l, item)
	if !ok {
		slots.leave(place)
		return false
	}
	v := o.guard(o.cfg.Handlers[name.Kind], job)
	slots.leave(place)
	switch v.kind {
	case retry:
		item.Attempts++
		item.NextAt = time.Now().Add(v.after)
		item.Failure = v.failure
		o.cfg.Logger.Warn("work failed; trying again", append(about(&item), "attempt", item.Attempts, "after", v.after, "failure", v.failure)...)
		return o.record(name, l, item)
	case dead:
		item.Dead, item.Failure = true, v.failure
		o.cfg.Logger.Error("work given up", append(about(&item), "failure", v.failure)...)
		return o.record(name, l, item)
	case await:
		return o.await(name, l, item.ID, v.after)
	case paused:
		return o.pause(name, l, item.ID, v.after)
	default:
		l.over = item.ID
		return true
	}
}

// about names an item in the log. One of a callback tells of an event, under the id by which the receiver knows it.
func about(it *store.Item) []any {
	if it.Lane.Tells() {
		return []any{"lane", it.Lane, "item", it.ID, "event", it.OperationID}
	}
	return []any{"lane", it.Lane, "item", it.ID, "kind", it.Kind, "operation", it.OperationID}
}

// enter takes a slot, as soon as there is one, and tells whether it has.
func (o *Outbox) enter(name store.Lane, slots *slots) (ticket, bool) {
	if t, ok := slots.try(); ok {
		return t, true
	}
	o.cfg.Logger.Debug("a lane waits because enough of them are at work", "lane", name)
	return slots.wait(o.ctx.Done())
}

// overtaken tells whether an event took the item out of the lane since it was read, while it waited for a slot.
func (o *Outbox) overtaken(l *lane, item int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := slices.Index(l.settled, item)
	if at < 0 {
		return false
	}
	l.settled = slices.Delete(l.settled, at, at+1)
	l.hurried = false
	return true
}

func (o *Outbox) job(l *lane, item store.Item) (Job, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped {
		return Job{}, false
	}
	l.prior, l.resumed = l.head, false
	again := item.Attempts > 0 || l.head == item.ID
	if l.head != item.ID {
		l.head, l.expired = item.ID, 0
	}
	l.hurried = false
	if l.first == 0 {
		l.first = item.ID
	}
	leftover := item.ID == l.first && item.ID < o.birth // only the head of a lane can have been running
	again = again || leftover
	l.settled = slices.DeleteFunc(l.settled, func(id int64) bool { return id != item.ID }) // those before it will not come back
	return Job{Item: item, Again: again, Left: leftover, Expired: l.expired}, true
}

// record writes what became of an item and goes on; the loop then finds what to do next in the store.
func (o *Outbox) record(name store.Lane, l *lane, item store.Item) bool {
	err := o.cfg.Store.Write(context.WithoutCancel(o.ctx), func(tx *store.Tx) error { return tx.PutAttempt(&item) })
	if err != nil {
		o.cfg.Logger.Error("recording an attempt failed", "lane", name, "item", item.ID, "error", err)
		return !o.park(name, l, item.ID, time.Second)
	}
	return true
}

// await parks the lane until the item's event comes and tells whether to go on instead.
func (o *Outbox) await(name store.Lane, l *lane, item int64, most time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.emptied == item && !l.pending {
		delete(o.lanes, name)
		return false
	}
	if l.hurried {
		l.expired++
		return true
	}
	parked := o.parkLocked(name, l, item, most)
	l.awaits = parked
	return !parked
}

// park lets the lane wait and tells whether it does. It does not when the item it would wait for was taken out while it ran.
func (o *Outbox) park(name store.Lane, l *lane, item int64, wait time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.parkLocked(name, l, item, wait)
}

func (o *Outbox) parkLocked(name store.Lane, l *lane, item int64, wait time.Duration) bool {
	if slices.Contains(l.settled, item) {
		l.settled = nil
		return false
	}
	l.parked, l.settled = item, nil
	if !o.stopped {
		l.timer = time.AfterFunc(wait, func() { o.rouse(name, l) })
	}
	return true
}

// rouse runs a lane whose time is up.
func (o *Outbox) rouse(name store.Lane, l *lane) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped || l.timer == nil {
		return
	}
	o.resume(name, l)
}

// resume runs a parked lane whose wait has ended without its event. The lock is held, and the timer will not fire.
func (o *Outbox) resume(name store.Lane, l *lane) {
	if l.awaits {
		l.expired++
	}
	l.timer, l.hurried = nil, true
	o.spawn(name, l)
}
