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
