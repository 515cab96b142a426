package gateway

import (
	"slices"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/store"
)

const (
	silence      = time.Second // after which a number that owes answers counts as slow
	silentPlaces = 8           // as many commands of a slow number are at the network at once
	arrival      = time.Second // in which a lane that was called has to come, or another one is called
)

// pace says when the commands of one business number may go to the network, for one kind of call. Those that may not yet wait
// in it by the name of their lane: they take no goroutine and no place of the outbox. It is memory alone; a new process finds
// out anew.
//
// Locks are taken in this order: pace, limit, and the outbox's own.
type pace struct {
	all    *paces
	number string // the network's id of it

	mu       sync.Mutex
	gate     gate
	account  *limit
	app      *limit
	inFlight int       // of all epochs
	alive    time.Time // when the network last answered, or owed no answer

	queue  []store.Lane // lanes that wait, and some that have left since
	queued map[store.Lane]bool
	called map[store.Lane]called // those whose turn has come and who are on their way
	alarm  alarm
}

// called is a lane with the pass that is kept for it.
type called struct {
	pass *pass
	at   time.Time
}

// pass lets one command through to the network and hears what its calls are answered.
type pass struct {
	pace             *pace
	account, app     *limit // as they were when it was let through
	own              stamp
	inAccount, ofApp stamp
}

// enter lets a command through, or has its lane wait and gives nil. Whoever came before goes first.
func (p *pace) enter(lane store.Lane, creds graph.Credentials) *pass {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.account, p.app = p.all.shared(p.account, p.app, creds)
	if c, ok := p.called[lane]; ok {
		delete(p.called, lane)
		return c.pass
	}
	now := time.Now()
	if len(p.queued) == 0 {
		if t := p.admit(now); t != nil {
			return t
		}
	}
	if !p.queued[lane] {
		p.queued[lane] = true
		p.queue = append(p.queue, lane)
	}
	return nil
}

// admit lets one more through if all its limits have room; if not, it sees to it that somebody asks again. The lock is held.
func (p *pace) admit(now time.Time) *pass {
	ok, at := p.room(now)
	if !ok {
		p.alarm.set(at, p.ring)
		return nil
	}
	t := &pass{pace: p, account: p.account, app: p.app}
	if t.inAccount, ok = p.account.take(p, now); !ok {
		return nil
	}
	if t.ofApp, ok = p.app.take(p, now); !ok {
		p.account.giveBack(t.inAccount)
		return nil
	}
	t.own = p.gate.take(now)
	if p.inFlight++; p.inFlight == 1 {
		p.alive = now
	}
	return t
}

// room is the gate's, and bounds how many are on their way when answers fail to come.
func (p *pace) room(now time.Time) (ok bool, at time.Time) {
	if p.inFlight >= mostPlaces || p.inFlight >= silentPlaces && now.Sub(p.alive) > silence {
		return false, time.Time{}
	}
	return p.gate.room(now)
}

// pump calls those whose turn has come. The lock is held.
func (p *pace) pump(now time.Time) {
	for len(p.queued) > 0 {
		t := p.admit(now)
		if t == nil {
			break
		}
		lane := p.pop()
		if !p.all.resume(lane) {
			p.discard(t)
			continue
		}
		p.called[lane] = called{t, now}
		p.alarm.set(now.Add(arrival), p.ring)
	}
}

// pop takes the next lane out. There is one.
func (p *pace) pop() store.Lane {
	for {
		lane := p.queue[0]
		p.queue = p.queue[1:]
		if p.queued[lane] { // otherwise it has left since
			delete(p.queued, lane)
			return lane
		}
	}
}

func (p *pace) discard(t *pass) {
	p.gate.giveBack(t.own)
	p.inFlight--
	t.account.giveBack(t.inAccount)
	t.app.giveBack(t.ofApp)
}

// ring is called when a time has come for which somebody waits.
func (p *pace) ring() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alarm.rang()
	now := time.Now()
	for lane, c := range p.called {
		switch due := c.at.Add(arrival); {
		case now.Before(due):
			p.alarm.set(due, p.ring)
		default: // it had nothing left to do
			delete(p.called, lane)
			p.discard(c.pass)
		}
	}
	p.pump(now)
}

// forget takes a lane out that has given up.
func (p *pace) forget(lane store.Lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.queued, lane)
}

// refusal gives the answer for which the network keeps this number waiting, nil if it is not because of one.
func (p *pace) refusal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, why := range []error{p.gate.why, p.account.refusal(), p.app.refusal()} {
		if why != nil {
			return why
		}
	}
	return nil
}

// waitAgain puts the lane of a refused command first. It goes once its pass is given back and the network allows it.
func (t *pass) waitAgain(lane store.Lane) {
	p := t.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.queued[lane] {
		p.queued[lane] = true
		p.queue = slices.Insert(p.queue, 0, lane)
	}
}

// leave ends the command's stay at the network.
func (t *pass) leave() {
	p := t.pace
	p.mu.Lock()
	p.gate.leave(t.own)
	p.inFlight--
	if len(p.queued) > 0 {
		p.pump(time.Now())
	}
	p.mu.Unlock()
	t.account.leave(t.inAccount)
	t.app.leave(t.ofApp)
}

// Allow stops a command between two of its calls when the network has refused others meanwhile.
func (t *pass) Allow() error {
	if t.own.epoch != t.pace.gate.epoch.Load() {
		t.pace.mu.Lock()
		why := t.pace.gate.bars(t.own)
		t.pace.mu.Unlock()
		if why != nil {
			return why
		}
	}
	if why := t.account.bars(t.inAccount); why != nil {
		return why
	}
	return t.app.bars(t.ofApp)
}

// Hear takes in what a call has shown of the limits.
func (t *pass) Hear(h graph.Heard) {
	of := graph.LimitOf(h.Err)
	if of != graph.NoLimit {
		t.pace.all.throttled[of].Add(1)
		t.refused(h.Err)
	}
	passed := h.Answered && of <= graph.PairLimit // a refusal for one limit says nothing of the others
	now := time.Now()
	p := t.pace
	p.mu.Lock()
	switch {
	case !h.Answered:
		p.gate.falter(t.own)
	case passed:
		p.gate.accept(t.own)
	}
	if h.Answered {
		p.alive = now
	}
	if len(p.queued) > 0 {
		p.pump(now)
	}
	p.mu.Unlock()
	t.account.hear(t.inAccount, besides(of, h.Usage.Account), passed)
	t.app.hear(t.ofApp, besides(of, h.Usage.App), passed)
}

// besides gives what a usage says of its own limit when the call was refused for a limit: the time in it is then that of the
// refusal.
func besides(of graph.Limit, u graph.Share) graph.Share {
	if of != graph.NoLimit && u.Percent < fullUsage {
		u.Regain = 0
	}
	return u
}

// refused closes the gate of the limit that an error speaks of.
func (t *pass) refused(err error) {
	why := refusalIn(err)
	if why == nil {
		return
	}
	switch graph.LimitOf(err) {
	case graph.NumberLimit:
		p := t.pace
		p.mu.Lock()
		closed := p.gate.refuse(t.own, why, time.Now())
		until := p.gate.until
		p.mu.Unlock()
		if closed {
			p.all.tell("a business number", p.number, until, why)
		}
	case graph.AccountLimit:
		t.account.refuse(t.inAccount, why)
	case graph.AppLimit:
		t.app.refuse(t.ofApp, why)
	}
}
