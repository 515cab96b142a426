package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// paces holds the pace of every business number and what numbers have in common. What is in it is never forgotten: there are
// as many as numbers are bound.
type paces struct {
	log    *slog.Logger
	resume func(store.Lane) bool

	byNumber  sync.Map // of *pace by paceKey
	throttled [graph.AppLimit + 1]atomic.Int64

	mu       sync.Mutex
	accounts map[string]*limit // by id
	apps     map[string]*limit // by token: the headers do not name the app
}

// paceKey names a pace. Messages and the other calls have limits of their own, so that a number whose messages are refused can
// still have people removed.
type paceKey struct {
	number   string
	messages bool
}

// of gives the pace of a number.
func (all *paces) of(key paceKey) *pace {
	found, ok := all.byNumber.Load(key)
	if !ok {
		found, _ = all.byNumber.LoadOrStore(key, &pace{all: all, number: key.number, gate: gate{places: firstPlaces, threshold: mostPlaces},
			queued: map[store.Lane]bool{}, called: map[store.Lane]called{}})
	}
	p, _ := found.(*pace)
	return p
}

// shared gives the limits that a number has in common with others, which are mostly those that it had before.
func (all *paces) shared(account, app *limit, creds graph.Credentials) (ofAccount, ofApp *limit) {
	if account == nil || account.name != creds.AccountID {
		account = all.limit(&all.accounts, creds.AccountID, graph.AccountLimit)
	}
	if app == nil || app.name != creds.Token {
		app = all.limit(&all.apps, creds.Token, graph.AppLimit)
	}
	return account, app
}

func (all *paces) limit(in *map[string]*limit, name string, kind graph.Limit) *limit {
	all.mu.Lock()
	defer all.mu.Unlock()
	if *in == nil {
		*in = map[string]*limit{}
	}
	l := (*in)[name]
	if l == nil {
		l = &limit{all: all, name: name, kind: kind, gate: gate{places: mostPlaces, threshold: mostPlaces}, waits: map[*pace]bool{}}
		l.quiet.Store(true)
		(*in)[name] = l
	}
	return l
}

// tell writes down that the network has begun to keep somebody waiting.
func (all *paces) tell(what, id string, until time.Time, why error) {
	args := []any{"limit", what, "for", time.Until(until).Round(time.Second), "answer", reason(why)}
	if id != "" {
		args = append(args, "id", id)
	}
	all.log.Warn("the network asks to be called less; commands wait", args...)
}

// refusalIn gives the refusal in an error, nil if there is none.
func refusalIn(err error) *graph.Error {
	if graph.LimitOf(err) == graph.NoLimit {
		return nil
	}
	var why *graph.Error
	errors.As(err, &why)
	return why
}

// Paced tells how many business numbers have to keep to a pace now, because the network has refused calls or is close to it.
func (g *Gateway) Paced() int {
	numbers := map[string]bool{}
	g.paces.byNumber.Range(func(_, value any) bool {
		if p, ok := value.(*pace); ok && p.heldBack() {
			numbers[p.number] = true
		}
		return true
	})
	return len(numbers)
}

func (p *pace) heldBack() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.account == nil {
		return false // nobody has come yet
	}
	return p.gate.holdsBack() || p.account.heldBack() || p.app.heldBack()
}

// Throttled counts the answers that refused a call because of a limit.
func (g *Gateway) Throttled(of graph.Limit) int64 { return g.paces.throttled[of].Load() }

// enter lets a command through to the network, or says what becomes of it meanwhile.
func (g *Gateway) enter(ctx context.Context, c *command) (*pass, outbox.Verdict) {
	p := g.paces.of(paceKey{c.creds.PhoneNumberID, c.job.Item.Kind == group.KindSend})
	lane := c.job.Item.Lane
	if t := p.enter(lane, c.creds); t != nil {
		return t, outbox.Verdict{}
	}
	if why := p.refusal(); why != nil && c.op.ID != 0 && g.tired(c) {
		p.forget(lane)
		return nil, g.postpone(ctx, c, why)
	}
	if c.handed {
		g.handovers.put(c)
	}
	return nil, g.early(c)
}

// early has a command wait for its turn. To wait is no failure; but now and then it is looked whether it has become too old.
func (g *Gateway) early(c *command) outbox.Verdict {
	const shortest, longest = time.Second, 10 * time.Minute
	if c.op.ID == 0 {
		return outbox.Pause(longest)
	}
	return outbox.Pause(min(max(shortest, giveUp-g.now().Sub(c.op.At)), longest))
}

// throttled has a command that was refused because of a limit wait for the next try together with all that the limit is for.
func (g *Gateway) throttled(c *command, err error) outbox.Verdict {
	c.pass.refused(err) // in case that only the body of an answer said so
	c.pass.waitAgain(c.job.Item.Lane)
	return g.early(c)
}
