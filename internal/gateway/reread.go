package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// reading is what the network said of a group at one moment.
type reading struct {
	roll     graph.Roll
	present  map[group.Number]bool
	complete bool // nobody is there who is not in present
}

// lacks tells whether the reading shows that a person is not in the group. That somebody is not listed does not, while the
// network hides numbers.
func (r *reading) lacks(n group.Number) bool {
	other, _ := n.Other()
	return r.complete && !r.present[n] && !r.present[other]
}

// readGroup asks the network who is in a group.
func (g *Gateway) readGroup(ctx context.Context, c *command) (reading, error) {
	roll, err := g.graph.Roll(ctx, c.creds, c.group.NetworkID)
	if err != nil {
		return reading{}, err
	}
	g.existence.show(c.group.ID)
	r := reading{roll: roll, present: make(map[group.Number]bool, len(roll.Numbers)), complete: roll.Complete}
	for _, digits := range roll.Numbers {
		n, ok := group.NetworkNumber(digits)
		if r.complete = r.complete && ok; ok {
			r.present[n] = true
		}
	}
	return r, nil
}

// runReread compares what we know of a group with what the network says and takes over the difference. It runs in the
// group's lane, so no command of ours is on its way meanwhile; reports may come, and then the reading is thrown away. That
// there is no such group is believed only when it is said again a while later.
func (g *Gateway) runReread(ctx context.Context, c *command) outbox.Verdict {
	if c.group.NetworkID == "" || c.group.Status == group.Deleted {
		g.existence.show(c.group.ID)
		return g.finish(ctx, c, nil)
	}
	r, err := g.readGroup(ctx, c)
	switch {
	case graph.GroupUnknown(err) && g.gone(&c.group):
		return g.finish(ctx, c, func(tx *store.Tx, fx *effects) error { return g.lost(tx, fx, c.group.ID) })
	case err != nil: // commands behind this one must not wait for it
		g.log.Warn("a group could not be read; trying again later", "group", c.group.ID, "error", reason(err))
		return g.finish(ctx, c, func(_ *store.Tx, fx *effects) error { fx.verify(c.group.ID); return nil })
	}
	moved := false
	v := g.finish(ctx, c, func(tx *store.Tx, fx *effects) error {
		now, err := tx.Participants(c.group.ID)
		if err != nil {
			return err
		}
		gr, err := tx.Group(c.group.ID)
		if err != nil {
			return err
		}
		if moved = !slices.EqualFunc(now, c.people, samePerson) || !sameStanding(&gr, &c.group); moved {
			return errors.New("reports came while the group was read")
		}
		return g.takeOver(tx, fx, c, &gr, &r)
	})
	if moved {
		return outbox.Retry(100*time.Millisecond, "reports came while the group was read")
	}
	return v
}

func samePerson(a, b group.Participant) bool {
	return a.Number == b.Number && a.State == b.State && a.Since.Equal(b.Since) && a.OperationID == b.OperationID
}

// sameStanding tells whether no report has changed what a reading tells of the group itself.
func sameStanding(a, b *group.Group) bool {
	return a.Subject == b.Subject && a.Description == b.Description && (a.Status == group.Suspended) == (b.Status == group.Suspended) &&
		(a.Status == group.Deleted) == (b.Status == group.Deleted)
}

// takeOver writes the difference between what we know and what was read.
func (g *Gateway) takeOver(tx *store.Tx, fx *effects, c *command, gr *group.Group, r *reading) error {
	var changed []group.Participant
	var joined, left []group.Number
	for n := range r.present {
		n = group.Spelt(c.people, []group.Number{n})[0]
		p := group.Participant{Number: n}
		if known := group.Find(c.people, n); known != nil {
			p = *known
		}
		if p.Seen(true).Kept() {
			changed, joined = append(changed, p), append(joined, n)
		}
	}
	for _, p := range c.people {
		if r.lacks(p.Number) && p.Seen(false).Kept() {
			changed, left = append(changed, p), append(left, p.Number)
		}
	}
	if err := tx.PutParticipants(c.group.ID, changed); err != nil {
		return err
	}
	if len(changed) > 0 {
		fx.verify(c.group.ID)
	}
	return errors.Join(g.tellPeople(tx, fx, gr, group.EventJoined, joined), g.tellPeople(tx, fx, gr, group.EventLeft, left), g.takeOverSettings(tx, fx, gr, r.roll))
}

func (g *Gateway) tellPeople(tx *store.Tx, fx *effects, gr *group.Group, event string, numbers []group.Number) error {
	if len(numbers) == 0 {
		return nil
	}
	slices.Sort(numbers)
	return g.tell(tx, fx, gr, happening{event, 0, receipt.News{People: numbers, By: "reread"}})
}

func (g *Gateway) takeOverSettings(tx *store.Tx, fx *effects, gr *group.Group, info graph.Roll) error {
	was := *gr
	gr.Subject, gr.Description = info.Subject, info.Description
	event := group.EventChanged
	switch {
	case info.Suspended && gr.Status != gr.Status.AfterSuspend():
		gr.Status, event = gr.Status.AfterSuspend(), group.EventSuspended
	case !info.Suspended && gr.Status == group.Suspended:
		gr.Status, event = gr.Status.AfterClear(), group.EventCleared
	}
	if *gr == was {
		return nil
	}
	fx.verify(gr.ID)
	gr.ModifiedAt = g.now()
	if err := tx.UpdateGroup(gr); err != nil {
		return err
	}
	return g.tell(tx, fx, gr, happening{event, 0, nil})
}

// lost marks a group that the network no longer knows.
func (g *Gateway) lost(tx *store.Tx, fx *effects, groupID int64) error {
	gr, err := tx.Group(groupID)
	if err != nil || gr.Status == group.Deleted {
		return err
	}
	gr.End()
	gr.ModifiedAt = g.now()
	if err := tx.UpdateGroup(&gr); err != nil {
		return err
	}
	return g.tell(tx, fx, &gr, happening{group.EventDeleted, 0, nil})
}
