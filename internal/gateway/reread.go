package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// readGroup asks the network who is in a group.
func (g *Gateway) readGroup(ctx context.Context, c *command) (map[group.Number]bool, graph.Group, error) {
	info, err := g.graph.Group(ctx, c.creds, c.group.NetworkID, "subject", "description", "suspended", "participants", "total_participant_count")
	if err != nil {
		return nil, info, err
	}
	present := make(map[group.Number]bool, len(info.Participants))
	for _, p := range info.Participants {
		if n, ok := group.NetworkNumber(p.Number()); ok {
			present[n] = true
		}
	}
	return present, info, nil
}

// runReread compares what we know of a group with what the network says and takes over the difference. It runs in the
// group's lane, so no command of ours is on its way meanwhile; reports may come, and then the reading is thrown away.
func (g *Gateway) runReread(ctx context.Context, c *command) outbox.Verdict {
	if c.group.NetworkID == "" || c.group.Status == group.Deleted {
		return g.finish(ctx, c, nil)
	}
	present, info, err := g.readGroup(ctx, c)
	switch {
	case graph.CodeOf(err) == graph.CodeGroupUnknown && !g.fresh(&c.group):
		return g.finish(ctx, c, func(tx *store.Tx, _ *effects) error { return g.lost(tx, c.group.ID) })
	case err != nil: // commands behind this one must not wait for it
		g.log.Warn("a group could not be read; trying again later", "group", c.group.ID, "error", err)
		return g.finish(ctx, c, func(_ *store.Tx, fx *effects) error { fx.verify(c.group.ID); return nil })
	}
	moved := false
	v := g.finish(ctx, c, func(tx *store.Tx, fx *effects) error {
		now, err := tx.Participants(c.group.ID)
		if err != nil {
			return err
		}
		if moved = !slices.EqualFunc(now, c.people, samePerson); moved {
			return errors.New("reports came while the group was read")
		}
		return g.takeOver(tx, fx, c, present, info)
	})
	if moved {
		return outbox.Retry(100*time.Millisecond, "reports came while the group was read")
	}
	return v
}

func samePerson(a, b group.Participant) bool {
	return a.Number == b.Number && a.State == b.State && a.Since.Equal(b.Since) && a.OperationID == b.OperationID
}

// takeOver writes the difference between what we know and what was read.
func (g *Gateway) takeOver(tx *store.Tx, fx *effects, c *command, present map[group.Number]bool, info graph.Group) error {
	var changed []group.Participant
	var joined, left []group.Number
	for n := range present {
		p := group.Participant{Number: n}
		if known := group.Find(c.people, n); known != nil {
			p = *known
		}
		if p.Seen(true).Kept() {
			changed, joined = append(changed, p), append(joined, n)
		}
	}
	for _, p := range c.people {
		if !present[p.Number] && p.Seen(false).Kept() {
			changed, left = append(changed, p), append(left, p.Number)
		}
	}
	if err := tx.PutParticipants(c.group.ID, changed); err != nil {
		return err
	}
	if len(changed) > 0 {
		fx.verify(c.group.ID)
	}
	gr, err := tx.Group(c.group.ID)
	if err != nil {
		return err
	}
	return errors.Join(g.tellPeople(tx, &gr, "joined", joined), g.tellPeople(tx, &gr, "left", left), g.takeOverSettings(tx, fx, &gr, info))
}

func (g *Gateway) tellPeople(tx *store.Tx, gr *group.Group, event string, numbers []group.Number) error {
	if len(numbers) == 0 {
		return nil
	}
	slices.Sort(numbers)
	return g.tell(tx, gr, event, 0, peopleEvent{numbers, "reread"})
}

func (g *Gateway) takeOverSettings(tx *store.Tx, fx *effects, gr *group.Group, info graph.Group) error {
	was := *gr
	gr.Subject, gr.Description = info.Subject, info.Description
	event := "changed"
	switch {
	case info.Suspended && gr.Status != gr.Status.AfterSuspend():
		gr.Status, event = gr.Status.AfterSuspend(), "suspended"
	case !info.Suspended && gr.Status == group.Suspended:
		gr.Status, event = gr.Status.AfterClear(), "cleared"
	}
	if *gr == was {
		return nil
	}
	fx.verify(gr.ID)
	gr.ModifiedAt = g.now()
	if err := tx.UpdateGroup(gr); err != nil {
		return err
	}
	return g.tell(tx, gr, event, 0, nil)
}

// lost marks a group that the network no longer knows.
func (g *Gateway) lost(tx *store.Tx, groupID int64) error {
	gr, err := tx.Group(groupID)
	if err != nil || gr.Status == group.Deleted {
		return err
	}
	deleted(&gr)
	gr.ModifiedAt = g.now()
	if err := tx.UpdateGroup(&gr); err != nil {
		return err
	}
	return g.tell(tx, &gr, "deleted", 0, nil)
}

// rereads holds the groups that will be read again after a while.
type rereads struct {
	mu      sync.Mutex
	timers  map[int64]*time.Timer
	stopped bool
}

func (r *rereads) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	for _, t := range r.timers {
		t.Stop()
	}
}

// later has a group read after a while; asked for twice it is read once.
func (r *rereads) later(groupID int64, wait time.Duration, read func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || r.timers[groupID] != nil {
		return
	}
	r.timers[groupID] = time.AfterFunc(wait, func() {
		r.mu.Lock()
		delete(r.timers, groupID)
		stopped := r.stopped
		r.mu.Unlock()
		if !stopped {
			read()
		}
	})
}

// Reread has a group read again now.
func (g *Gateway) Reread(ctx context.Context, groupID int64) error {
	err := g.store.Write(ctx, func(tx *store.Tx) error { return tx.EnqueueReread(lane(groupID)) })
	if err == nil {
		g.outbox.Wake(lane(groupID))
	}
	return err
}

func (g *Gateway) rereadLogged(groupID int64) {
	if err := g.Reread(context.Background(), groupID); err != nil {
		g.log.Error("a group could not be put down for reading", "group", groupID, "error", err)
	}
}

// sweepForever reads every group in turn, so that a report that never came is made up for in the end.
func (g *Gateway) sweepForever() {
	if g.cfg.Patience.Sweep < 0 {
		return
	}
	var last int64
	for pause := g.pace(); ; {
		select {
		case <-g.halt:
			return
		case <-time.After(pause):
		}
		if last = g.sweepOne(last); last == 0 {
			pause = g.pace()
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

// sweepOne puts the group after the given one down for reading and gives its key, 0 at the end of the round.
func (g *Gateway) sweepOne(after int64) int64 {
	var next []group.Group
	err := g.store.Read(context.Background(), func(tx *store.Tx) (err error) {
		next, err = tx.GroupsAfter(after, 1)
		return err
	})
	if err != nil || len(next) == 0 {
		return 0
	}
	g.rereadLogged(next[0].ID)
	return next[0].ID
}
