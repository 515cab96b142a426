package gateway

import (
	"context"
	"time"

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
