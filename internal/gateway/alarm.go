package gateway

import "time"

// alarm rings once, at the earliest of the times it was set to. Its owner holds the lock, and calls rang when it rings.
type alarm struct {
	timer *time.Timer
	at    time.Time
}

// set has it ring at a time, not at all for the zero time.
func (a *alarm) set(at time.Time, ring func()) {
	if at.IsZero() || !a.at.IsZero() && !at.Before(a.at) {
		return
	}
	if a.timer != nil {
		a.timer.Stop() // if it is too late for that, it rings once too often, which does no harm
	}
	a.at = at
	a.timer = time.AfterFunc(time.Until(at), ring)
}

func (a *alarm) rang() { a.at = time.Time{} }
