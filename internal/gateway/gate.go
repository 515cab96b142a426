package gateway

import (
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/outbox"
)

const (
	mostPlaces  = 64 // commands at the network at once, for one number and kind of call
	firstPlaces = 8  // as many for a number of which nothing is known yet

	highUsage   = 80                     // per cent of a limit from which on commands keep a distance
	firstGap    = 100 * time.Millisecond // at highUsage; it doubles with every four per cent
	usageLasts  = 5 * time.Minute        // how long a usage counts that no later answer speaks of
	fullUsage   = 100                    // per cent; beyond it calls are refused
	percentStep = 4
)

// gate is one limit of the network, as far as its answers have shown it. A refusal closes it; then one goes first, and with
// every answer there is room for more. Its owner holds its lock; only the epoch is read without.
type gate struct {
	epoch atomic.Int64 // counts the refusals that have closed it

	places    int // for so many at once
	busy      int // those taken in this epoch
	threshold int // up to so many places each answer makes one more, from then on a round of answers does
	credit    int // answers of the round that is going on
	halvings  int // how often places were halved because no answer came

	refusals int       // in a row
	why      error     // the last of them, nil once a call has passed
	until    time.Time // nobody goes before then

	gap      time.Duration // between two that go, 0 for none
	gapUntil time.Time     // when the usage that made the gap is too old to count
	next     time.Time     // when the next one may go
}

// stamp tells when somebody was let through a gate.
type stamp struct {
	epoch    int64
	halvings int
	counted  bool // a place was taken
}

// room tells whether one more may go now; if not, when to ask again, zero for as soon as somebody has left or was answered.
func (g *gate) room(now time.Time) (ok bool, at time.Time) {
	if g.gap > 0 && now.After(g.gapUntil) {
		g.gap = 0
	}
	switch {
	case now.Before(g.until):
		return false, g.until
	case g.busy >= g.places:
		return false, time.Time{}
	case g.gap > 0 && now.Before(g.next):
		return false, g.next
	}
	return true, time.Time{}
}

func (g *gate) take(now time.Time) stamp {
	g.busy++
	if g.gap > 0 {
		g.next = now.Add(g.gap)
	}
	return stamp{epoch: g.epoch.Load(), halvings: g.halvings, counted: true}
}

func (g *gate) leave(s stamp) {
	if s.counted && s.epoch == g.epoch.Load() {
		g.busy--
	}
}

// giveBack is for somebody who was let through and did not go.
func (g *gate) giveBack(s stamp) {
	g.leave(s)
	g.next = time.Time{}
}

// bars tells why somebody who was let through may not go on, nil if they may: it was closed since, and nobody has passed.
func (g *gate) bars(s stamp) error {
	if s.epoch == g.epoch.Load() {
		return nil
	}
	return g.why
}

// refuse closes the gate for as long as the network says, or for longer and longer where it does not. Only the first refusal
// of an epoch does, since the others were on their way already. It tells whether it has closed it.
func (g *gate) refuse(s stamp, why *graph.Error, now time.Time) bool {
	wait := why.RetryAfter
	if s.epoch != g.epoch.Load() {
		if end := now.Add(wait); wait > 0 && g.why != nil && end.After(g.until) {
			g.until = end
		}
		return false
	}
	if wait == 0 {
		wait = outbox.Backoff(g.refusals)
	}
	g.epoch.Add(1)
	g.threshold = max(1, g.places/2)
	g.places, g.busy, g.credit = 1, 0, 0
	g.refusals++
	again := *why
	again.RetryAfter = 0 // it is in until, and must not begin anew with everybody who is told
	g.why, g.until = &again, now.Add(wait)
	return true
}

// accept makes room for more after an answer that did not refuse.
func (g *gate) accept(s stamp) {
	if s.epoch != g.epoch.Load() {
		return
	}
	g.refusals, g.why, g.until = 0, nil, time.Time{}
	if g.places >= mostPlaces {
		return
	}
	if g.credit++; g.places < g.threshold || g.credit >= g.places {
		g.places++
		g.credit = 0
	}
}

// falter halves the places when no answer came, once for all who were on their way.
func (g *gate) falter(s stamp) {
	if s.epoch != g.epoch.Load() || s.halvings != g.halvings {
		return
	}
	g.halvings++
	g.places = max(1, g.places/2)
	g.threshold, g.credit = g.places, 0
}

// heed keeps those who go at a distance when much of the limit is used up.
func (g *gate) heed(u graph.Share, now time.Time) {
	if !u.Known {
		return
	}
	g.gap = 0
	if u.Percent >= highUsage {
		g.gap = firstGap << ((min(u.Percent, fullUsage) - highUsage) / percentStep)
		g.gapUntil = now.Add(usageLasts)
	}
}

// usedUp tells whether the network will refuse the next call, though it has not refused this one.
func usedUp(u graph.Share) bool { return u.Known && (u.Percent >= fullUsage || u.Regain > 0) }

// holdsBack tells whether the gate keeps anybody waiting because of what the network has said.
func (g *gate) holdsBack() bool { return g.why != nil || g.gap > 0 }
