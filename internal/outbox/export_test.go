package outbox

import "github.com/rollcall-im/rollcall/internal/store"

// Parked tells whether a lane waits for its time or its event.
func (o *Outbox) Parked(name store.Lane) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lanes[name]
	return l != nil && l.timer != nil
}

// Remembered tells how many lanes are kept in memory.
func (o *Outbox) Remembered() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.lanes)
}

// Hurry runs a lane again that is waiting for its next try or for its event, as if its time were up.
func (o *Outbox) Hurry(name store.Lane) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lanes[name]
	switch {
	case o.stopped || l == nil:
	case l.timer == nil:
		l.hurried = true
	case l.timer.Stop():
		o.resume(name, l)
	}
}
