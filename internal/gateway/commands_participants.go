package gateway

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// verdictOn is what the network said of one person of a removal.
type verdictOn struct {
	number  group.Number
	out     bool // the network took the person out
	code    int  // why not; CodeNotInGroup says that the person was not there
	message string
}

// runRemove takes up to eight people out. The report of the network ends it; until then the lane stays closed, so that
// nothing later overtakes the removal. When no report comes, the group is read.
func (g *Gateway) runRemove(ctx context.Context, c *command) outbox.Verdict {
	settled, share := alreadyOut(c.people, c.share())
	if len(settled) > 0 {
		v, ended := g.conclude(ctx, c, settled, time.Time{})
		if ended || len(share) == 0 {
			return v
		}
	}
	switch {
	case len(share) == 0:
		return g.finish(ctx, c, nil)
	case c.job.Expired > 0:
		return g.lookRemoved(ctx, c, share)
	default:
		return g.sendRemoval(ctx, c, share)
	}
}

// share gives those of the command's eight people who are still to be settled.
func (c *command) share() []group.Number {
	return shareOf(&c.op, &c.job.Item)
}

func shareOf(op *group.Operation, it *store.Item) []group.Number {
	if len(it.Payload) != 1 {
		return nil
	}
	first := min(int(it.Payload[0]), len(op.People))
	last := min(first+group.MaxPeoplePerCommand, len(op.People))
	var share []group.Number
	for _, p := range op.People[first:last] {
		if p.State == group.PersonPending {
			share = append(share, p.Number)
		}
	}
	return share
}

// alreadyOut parts those whom a removal before this one took out for good from those who are still to be removed.
func alreadyOut(people []group.Participant, share []group.Number) (settled []verdictOn, rest []group.Number) {
	for _, n := range share {
		if p := group.Find(people, n); p != nil && p.State == group.Removed {
			settled = append(settled, verdictOn{number: n, code: graph.CodeNotInGroup})
		} else {
			rest = append(rest, n)
		}
	}
	return settled, rest
}

func (g *Gateway) sendRemoval(ctx context.Context, c *command, share []group.Number) outbox.Verdict {
	g.flights.start(c.group.ID, flight{item: c.job.Item.ID, again: c.job.Again})
	inputs := make([]string, len(share))
	for i, n := range share {
		inputs[i] = "+" + n.String()
	}
	answer, err := g.graph.RemoveParticipants(ctx, c.creds, c.group.NetworkID, inputs)
	switch {
	case graph.CodeOf(err) == graph.CodeNotInGroup && len(share) == 1:
		v, _ := g.conclude(ctx, c, nobodyThere(share), g.now())
		return v
	case graph.CodeOf(err) == graph.CodeNotInGroup:
		return g.removeOthers(ctx, c, share)
	case err != nil:
		return g.trouble(ctx, c, err)
	}
	g.flights.named(c.group.ID, c.job.Item.ID, answer.RequestID)
	if said := atOnce(answer); len(said) > 0 {
		v, _ := g.conclude(ctx, c, said, g.now())
		return v
	}
	return g.again(0)
}

// removeOthers follows a refusal of a whole list that only says that somebody is not in the group. Who it is, the group itself
// tells; the others are sent again.
func (g *Gateway) removeOthers(ctx context.Context, c *command, share []group.Number) outbox.Verdict {
	present, _, err := g.readGroup(ctx, c)
	if err != nil {
		return g.trouble(ctx, c, err)
	}
	var gone, rest []group.Number
	for _, n := range share {
		if present[n] {
			rest = append(rest, n)
		} else {
			gone = append(gone, n)
		}
	}
	if len(gone) == 0 {
		return g.again(0) // the reading lags behind
	}
	if v, ended := g.conclude(ctx, c, nobodyThere(gone), g.now()); ended || len(rest) == 0 {
		return v
	}
	return g.sendRemoval(ctx, c, rest)
}

func nobodyThere(share []group.Number) []verdictOn {
	out := make([]verdictOn, len(share))
	for i, n := range share {
		out[i] = verdictOn{number: n, code: graph.CodeNotInGroup}
	}
	return out
}

// atOnce gives what the answer itself already says of single people.
func atOnce(answer graph.Removal) []verdictOn {
	var said []verdictOn
	for _, input := range answer.Removed {
		if n, ok := group.NetworkNumber(input); ok {
			said = append(said, verdictOn{number: n, out: true})
		}
	}
	for _, f := range answer.Failed {
		if n, ok := group.NetworkNumber(f.Input); ok && f.Err != nil {
			said = append(said, verdictOn{number: n, code: f.Err.Code, message: reason(f.Err)})
		}
	}
	return said
}

// lookRemoved reads the group because no report has come. Whoever is not in it is out; for the others the removal is waited
// for, and now and then sent again, since it may have been lost.
func (g *Gateway) lookRemoved(ctx context.Context, c *command, share []group.Number) outbox.Verdict {
	present, _, err := g.readGroup(ctx, c)
	if err != nil {
		return g.trouble(ctx, c, err)
	}
	var gone []verdictOn
	for _, n := range share {
		if p := group.Find(c.people, n); !present[n] {
			gone = append(gone, verdictOn{number: n, code: graph.CodeNotInGroup, out: p != nil && p.State == group.Removing})
		}
	}
	switch {
	case len(gone) > 0:
		v, _ := g.conclude(ctx, c, gone, time.Time{})
		return v
	case g.now().Sub(c.op.At) > giveUp:
		return g.refused(ctx, c, 0, "the network accepted the removal and never confirmed it")
	case c.job.Expired%3 == 0:
		return g.sendRemoval(ctx, c, share)
	default:
		return g.again(c.job.Expired)
	}
}

// conclude records what the network said of some people and ends the command once all of them are settled. It tells
// whether nothing more is to be done now.
func (g *Gateway) conclude(ctx context.Context, c *command, said []verdictOn, at time.Time) (v outbox.Verdict, ended bool) {
	fx := &effects{}
	err := g.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) (err error) {
		people, err := tx.Participants(c.group.ID)
		if err != nil {
			return err
		}
		ended, err = g.settlePeople(tx, fx, settlement{group: &c.group, people: people, item: &c.job.Item, said: said, at: at})
		return err
	})
	switch {
	case err != nil:
		return outbox.Retry(outbox.Backoff(c.job.Item.Attempts), err.Error()), true
	case !ended:
		g.apply(fx)
		return g.again(0), false
	}
	g.flights.land(c.group.ID)
	g.apply(fx)
	return outbox.Finished(), true
}

// settlement is what has to be recorded when the network has spoken about people of a group.
type settlement struct {
	group  *group.Group
	people []group.Participant
	item   *store.Item // the removal they are part of, nil if none of ours is
	said   []verdictOn
	at     time.Time // when the network says it happened; zero when that was read off the group
}

// settlePeople records what the network said, in the members, in the operation and in the events, and tells whether the
// command has ended with it.
func (g *Gateway) settlePeople(tx *store.Tx, fx *effects, s settlement) (ended bool, err error) {
	var op *group.Operation
	again := false
	if s.item != nil {
		found, err := tx.Operation(s.item.OperationID)
		if err != nil {
			return false, err
		}
		op, again = &found, g.flights.of(s.group.ID, s.item.ID).again || s.item.Attempts > 0
	}
	told := news{taken: map[int64][]group.Number{}}
	changed := make([]group.Participant, 0, len(s.said))
	for _, v := range s.said {
		was := s.known(v.number)
		p, state := s.judge(v, again)
		ours := op != nil && op.Settle(v.number, state, v.code, v.message)
		if p != nil {
			if state == group.PersonOut && v.code != 0 {
				p.OperationID = s.item.OperationID // whose work it was, for when the report comes after all
			}
			changed = append(changed, *p)
			told.add(&was, state, ours, s.item)
		}
	}
	if err := tx.PutParticipants(s.group.ID, changed); err != nil {
		return false, err
	}
	if len(told.left) > 0 {
		fx.verify(s.group.ID) // a surprise: they were members
	}
	if err := g.tellNews(tx, s.group, &told); err != nil || op == nil {
		return false, err
	}
	return g.closeShare(tx, fx, op, s.item)
}

// known gives what is known of a person, zero for a stranger.
func (s *settlement) known(n group.Number) group.Participant {
	if p := group.Find(s.people, n); p != nil {
		return *p
	}
	return group.Participant{Number: n}
}

// news is what a settlement has to tell of people.
type news struct {
	taken map[int64][]group.Number // by the operation whose work it was, 0 if none of ours
	left  []group.Number
}

// add notes one person who stood as was before. Whom we found gone because of a removal was told as removed then; the report
// that comes late tells nothing new.
func (n *news) add(was *group.Participant, state group.PersonState, ours bool, it *store.Item) {
	switch {
	case state == group.PersonWasOut && was.State.Present():
		n.left = append(n.left, was.Number)
	case state != group.PersonOut, was.State == group.Left && was.OperationID != 0:
	case ours:
		n.taken[it.OperationID] = append(n.taken[it.OperationID], was.Number)
	default:
		n.taken[0] = append(n.taken[0], was.Number)
	}
}

// judge gives the participant after the network's word, nil when nothing changes, and what it means for the operation. A
// person whom an earlier try may have taken out already counts as taken out, though we cannot be sure of the bar.
func (s *settlement) judge(v verdictOn, again bool) (*group.Participant, group.PersonState) {
	p := s.known(v.number)
	was := p.State
	switch {
	case v.out && v.code == 0: // the network's own word for it
		return kept(&p, p.TakeOut(s.at)), group.PersonOut
	case v.out: // read off the group
		return kept(&p, p.Absent(s.at)), group.PersonOut
	case v.code == graph.CodeNotInGroup:
		state := group.PersonWasOut
		if again && was == group.Removing {
			state = group.PersonOut
		}
		return kept(&p, p.Absent(s.at)), state
	default:
		return kept(&p, p.Stay()), group.PersonRefused
	}
}

func kept(p *group.Participant, v group.Verdict) *group.Participant {
	if v.Kept() {
		return p
	}
	return nil
}

func (g *Gateway) tellNews(tx *store.Tx, gr *group.Group, n *news) error {
	for _, operation := range slices.Sorted(maps.Keys(n.taken)) {
		if err := g.tell(tx, gr, "removed", operation, peopleEvent{n.taken[operation], graph.ByBusiness}); err != nil {
			return err
		}
	}
	if len(n.left) == 0 {
		return nil
	}
	return g.tell(tx, gr, "left", 0, peopleEvent{n.left, graph.ByParticipant})
}

// closeShare writes the operation, takes the command out of its lane when its people are settled, and tells so.
func (g *Gateway) closeShare(tx *store.Tx, fx *effects, op *group.Operation, it *store.Item) (bool, error) {
	if op.Close(g.now()) {
		fx.ended(*op)
	}
	if err := tx.UpdateOperation(op); err != nil {
		return false, err
	}
	if len(shareOf(op, it)) > 0 {
		return false, nil
	}
	fx.settled(it)
	return true, tx.Finish(it)
}

// refusePeople ends a command whose people the network will not remove.
func (g *Gateway) refusePeople(tx *store.Tx, fx *effects, c *command, code int, message string) error {
	people, err := tx.Participants(c.group.ID)
	if err != nil {
		return err
	}
	var said []verdictOn
	for _, n := range c.share() {
		said = append(said, verdictOn{number: n, code: code, message: message})
	}
	gr, err := tx.Group(c.group.ID)
	if err != nil {
		return err
	}
	before := gr.Status
	if afterFailure(&gr, group.KindRemove, code); gr.Status != before {
		gr.ModifiedAt = g.now()
		if err := tx.UpdateGroup(&gr); err != nil {
			return err
		}
	}
	_, err = g.settlePeople(tx, fx, settlement{group: &gr, people: people, item: &c.job.Item, said: said, at: g.now()})
	return err
}
