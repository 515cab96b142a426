package outbox

import (
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Pause says that the run came too early and has done nothing: it does not count, as if it had not been. The lane stays closed,
// without a place and without a goroutine, until Resume is called, or until the time is up.
func Pause(most time.Duration) Verdict { return Verdict{kind: paused, after: most} }

// Resume lets a lane go on whose handler has said, or is about to say, that it came too early. It tells whether the lane comes
// back; it does not when it has been woken by something else meanwhile, or when there is no more work for it.
func (o *Outbox) Resume(name store.Lane) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lanes[name]
	switch {
	case o.stopped || l == nil:
		return false
	case l.timer == nil:
		l.resumed = true
	case !l.paused:
		return false
	case l.timer.Stop(): // otherwise it is on its way already
		o.resume(name, l)
	}
	return true
}

// pause parks the lane and undoes what the run has changed, and tells whether to go on instead.
func (o *Outbox) pause(name store.Lane, l *lane, item int64, most time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.head = l.prior
	if l.resumed || l.hurried {
		l.resumed, l.hurried = false, true
		return true
	}
	parked := o.parkLocked(name, l, item, most)
	l.paused = parked
	return !parked
}
