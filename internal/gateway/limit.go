package gateway

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// limit is one that several business numbers share: that of their account, or that of the token they are called with. While the
// network says nothing of it, it is quiet: nobody takes its lock or is counted.
type limit struct {
	all   *paces
	name  string // of an app's it is a token, which must not be shown
	kind  graph.Limit
	quiet atomic.Bool

	mu      sync.Mutex
	gate    gate
	waiting []*pace // numbers that ask again when there is room, those that wait longest first
	waits   map[*pace]bool
	alarm   alarm
}

// take takes a place for a number, or has the number asked again when there may be one.
func (l *limit) take(p *pace, now time.Time) (stamp, bool) {
	free := stamp{epoch: l.gate.epoch.Load()} // before quiet, so that it is of the time when it was
	if l.quiet.Load() {
		return free, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ok, at := l.gate.room(now)
	if !ok {
		if !l.waits[p] {
			l.waits[p] = true
			l.waiting = append(l.waiting, p)
		}
		l.alarm.set(at, l.ring)
		return stamp{}, false
	}
	return l.gate.take(now), true
}

// giveBack is for a number that was let through here and not elsewhere. It may hold its own lock, so that others are called by
// somebody else.
func (l *limit) giveBack(s stamp) {
	if !s.counted {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gate.giveBack(s)
	if len(l.waiting) > 0 {
		l.alarm.set(time.Now(), l.ring)
	}
}

func (l *limit) leave(s stamp) {
	if !s.counted {
		return
	}
	l.mu.Lock()
	l.gate.leave(s)
	l.mu.Unlock()
	l.call()
}

// bars tells why somebody who was let through may not go on.
func (l *limit) bars(s stamp) error {
	if s.epoch == l.gate.epoch.Load() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate.bars(s)
}

func (l *limit) refusal() error {
	if l.quiet.Load() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate.why
}

func (l *limit) heldBack() bool {
	if l.quiet.Load() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calmDown()
	return l.gate.holdsBack()
}

func (l *limit) refuse(s stamp, why *graph.Error) {
	l.mu.Lock()
	if s.epoch == l.gate.epoch.Load() {
		l.quiet.Store(false) // before the epoch changes
	}
	closed := l.gate.refuse(s, why, time.Now())
	until := l.gate.until
	l.mu.Unlock()
	if closed {
		l.tell(until, why)
	}
}

func (l *limit) tell(until time.Time, why error) {
	if l.kind == graph.AppLimit {
		l.all.tell("the app", "", until, why)
		return
	}
	l.all.tell("a business account", l.name, until, why)
}

// hear takes in what the answer to a call says of the limit.
func (l *limit) hear(s stamp, u graph.Share, passed bool) {
	if usedUp(u) {
		code := graph.CodeBusinessRateLimit
		if l.kind == graph.AppLimit {
			code = graph.CodeAppRateLimit
		}
		l.refuse(s, &graph.Error{Code: code, Title: "the limit is used up", RetryAfter: u.Regain})
		return
	}
	if l.quiet.Load() && u.Percent < highUsage {
		return
	}
	l.mu.Lock()
	l.quiet.Store(false)
	l.gate.heed(u, time.Now())
	if passed {
		l.gate.accept(s)
	}
	l.calmDown()
	l.mu.Unlock()
	l.call()
}

// calmDown lets the limit be quiet once there is nothing left that it has to count. The lock is held.
func (l *limit) calmDown() {
	g := &l.gate
	if g.gap > 0 && time.Now().After(g.gapUntil) {
		g.gap = 0
	}
	if !g.holdsBack() && g.places >= mostPlaces {
		g.busy = 0 // nobody is counted any more
		g.epoch.Add(1)
		l.quiet.Store(true)
	}
}

func (l *limit) ring() {
	l.mu.Lock()
	l.alarm.rang()
	l.mu.Unlock()
	l.call()
}

// call has numbers ask again as long as there is room. No lock is held.
func (l *limit) call() {
	for {
		p := l.next(time.Now())
		if p == nil {
			return
		}
		p.mu.Lock()
		p.pump(time.Now())
		p.mu.Unlock()
	}
}

func (l *limit) next(now time.Time) *pace {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return nil
	}
	if ok, at := l.gate.room(now); !ok {
		l.alarm.set(at, l.ring)
		return nil
	}
	p := l.waiting[0]
	l.waiting = l.waiting[1:]
	delete(l.waits, p)
	return p
}
