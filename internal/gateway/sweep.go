package gateway

import (
	"context"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// sweep is where the reading of every group in turn has come to.
type sweep struct {
	last  int64 // the group put down last, 0 at the beginning of a round
	read  time.Time
	pause time.Duration // between two groups
	paced time.Time     // when the pause was worked out; zero when it has to be
}

// pacing is how long a pause holds at most: groups are made meanwhile, and a server that starts with none must not sleep
// through the first half hour of those it gets.
const pacing = time.Minute

// wait gives how long nothing need be done, 0 when a group is due.
func (s *sweep) wait(now time.Time, pace func() time.Duration) time.Duration {
	if s.paced.IsZero() || now.Sub(s.paced) >= pacing {
		s.pause, s.paced = pace(), now
	}
	return max(0, min(s.read.Add(s.pause).Sub(now), s.paced.Add(pacing).Sub(now)))
}

// due tells whether the time of the next group has come.
func (s *sweep) due(now time.Time) bool { return now.Sub(s.read) >= s.pause }

// sweepForever reads every group in turn, so that a report that never came is made up for in the end.
func (g *Gateway) sweepForever() {
	if g.cfg.Patience.Sweep < 0 {
		return
	}
	s := sweep{read: time.Now()}
	for {
		select {
		case <-g.halt:
			return
		case <-time.After(s.wait(time.Now(), g.pace)):
		}
		switch {
		case !s.due(time.Now()):
		case g.outbox.First():
			g.sweepOne(&s)
		default: // another node does it
			s.read = time.Now()
		}
	}
}

// pace spreads a round over the time it may take, but asks the network for one group in two seconds at the most.
func (g *Gateway) pace() time.Duration {
	const quickest = 2 * time.Second
	groups := 0
	err := g.store.Read(context.Background(), func(tx *store.Tx) (err error) {
		groups, err = tx.CountLiving()
		return err
	})
	if err != nil || groups == 0 {
		return g.cfg.Patience.Sweep
	}
	return max(quickest, g.cfg.Patience.Sweep/time.Duration(groups))
}

// sweepOne puts the next group down for reading, or begins a new round after the last one. When the store cannot say which is
// next, the round goes on from the same place later.
func (g *Gateway) sweepOne(s *sweep) {
	s.read = time.Now()
	var next []group.Group
	err := g.store.Read(context.Background(), func(tx *store.Tx) (err error) {
		next, err = tx.GroupsAfter(s.last, 1)
		return err
	})
	switch {
	case err != nil:
		g.log.Error("the next group to be read could not be found; trying again", "error", err)
	case len(next) == 0:
		s.last, s.paced = 0, time.Time{}
	default:
		s.last = next[0].ID
		g.rereadLogged(s.last)
	}
}
