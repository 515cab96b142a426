package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Pauses plays the sweep with a clock of its own for so long: groups gives how many groups there are at a time. It gives when
// groups were due.
func Pauses(from time.Time, length time.Duration, pace func(time.Time) time.Duration) (due []time.Time) {
	s := sweep{read: from}
	for now := from; ; {
		now = now.Add(s.wait(now, func() time.Duration { return pace(now) }))
		if now.Sub(from) > length {
			return due
		}
		if s.due(now) {
			s.read = now
			due = append(due, now)
		}
	}
}

// SweepOne puts the next group down for reading, beginning behind the given one, and gives where the round has come to.
func (g *Gateway) SweepOne(after int64) int64 {
	s := sweep{last: after}
	g.sweepOne(&s)
	return s.last
}

// Heard plays reports that end commands, one for each group, and gives how many groups are remembered, and whether the report
// that came so many before the last one is.
func Heard(groups int64, before int64) (remembered int, known bool) {
	var h heard
	for id := int64(1); id <= groups; id++ {
		h.add(id, "request")
	}
	return len(h.recent) + len(h.older), h.has(groups-before, "request")
}

// Glances gives a reading of the generation that callers who come together share.
func Glances(s *store.Store) func(context.Context) (int64, error) {
	var g glances
	return func(ctx context.Context) (int64, error) { return g.read(ctx, s) }
}

// Pace is the pace of one number, without a gateway around it.
type Pace struct{ p *pace }

// NewPace gives one that calls lanes in this way.
func NewPace(call func(lane int64) bool) Pace {
	all := &paces{log: slog.New(slog.DiscardHandler), resume: func(l store.Lane) bool { return call(l.ID) }}
	return Pace{all.of(paceKey{number: "1"})}
}

// Enter lets a lane through, or has it wait.
func (p Pace) Enter(lane int64) (*Pass, bool) {
	t := p.p.enter(store.Lane{Kind: store.GroupLane, ID: lane}, graph.Credentials{PhoneNumberID: "1", AccountID: "2", Token: "3"})
	return (*Pass)(t), t != nil
}

// Pass is what a lane is let through with.
type Pass pass

// Leave gives it back.
func (t *Pass) Leave() { (*pass)(t).leave() }

// Listener is how its calls are heard.
func (t *Pass) Listener() graph.Listener { return (*pass)(t) }

// Handovers has so many removals handed over that nobody comes for, and tells how many are kept, and whether the last one is.
func Handovers(count int64) (kept int, last bool) {
	h := handovers{byOperation: map[int64]*command{}}
	for id := int64(1); id <= count; id++ {
		h.put(&command{op: group.Operation{ID: id}})
	}
	return len(h.byOperation), h.take(count) != nil
}

// SendText sends a text to a group.
func (g *Gateway) SendText(ctx context.Context, c Caller, t Target, text string) (Change, error) {
	return g.Send(ctx, c, Outgoing{Target: t, Content: group.Content{Kind: group.MessageText, Text: text}})
}

// CheckFree is what a change of a name makes of the look-up of the new one.
var CheckFree = checkFree

// BusinessNumbers gives the numbers as the gateway has them in memory.
func (g *Gateway) BusinessNumbers(ctx context.Context) (map[group.Number]*group.BusinessNumber, error) {
	e, err := g.directory.current(ctx, g.store)
	if err != nil {
		return nil, err
	}
	return e.numbers, nil
}
