package gateway

import (
	"context"
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
		if p := group.Find(people, n); p != nil && p.SurelyOut() {
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
		inputs[i] = graph.FormatNumber(n.String())
	}
	answer, err := g.graph.RemoveParticipants(ctx, c.creds, c.group.NetworkID, inputs)
	switch {
	case graph.NotInGroup(err) && len(share) == 1:
		v, _ := g.conclude(ctx, c, nobodyThere(share), g.now())
		return v
	case graph.NotInGroup(err):
		return g.removeOthers(ctx, c, share)
	case err != nil:
		return g.trouble(ctx, c, err)
	}
	g.flights.accepted(c.group.ID, c.job.Item.ID, answer.RequestID, g.now())
	said := atOnce(answer)
	why := graph.FirstReason(answer.Errors)
	switch {
	case len(said) > 0:
		v, _ := g.conclude(ctx, c, said, g.now())
		return v
	case why != nil && answer.RequestID == "":
		return g.trouble(ctx, c, why) // nothing was accepted, whatever the status of the answer
	}
	return g.again(0) // also when it says that not all succeeded, but not who: the report or the reading will
}

// removeOthers follows a refusal of a whole list that only says that somebody is not in the group. Who it is, the group itself
// tells; the others are sent again. Where the group does not tell, because it hides people's numbers, they are sent one by
// one: each then gets an answer of their own.
func (g *Gateway) removeOthers(ctx context.Context, c *command, share []group.Number) outbox.Verdict {
	r, err := g.readGroup(ctx, c)
	if err != nil {
		return g.unread(ctx, c, err)
	}
	if !r.complete {
		return g.sendRemoval(ctx, c, share[:1])
	}
	var gone, rest []group.Number
	for _, n := range share {
		if r.lacks(n) {
			gone = append(gone, n)
		} else {
			rest = append(rest, n)
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

// atOnce gives what the answer itself already says of single people. Somebody who failed without a reason of their own has
// that of the whole; where there is none either, they are not settled by the answer.
func atOnce(answer graph.Removal) []verdictOn {
	var said []verdictOn
	for _, input := range answer.Removed {
		if n, ok := group.NetworkNumber(input); ok {
			said = append(said, verdictOn{number: n, out: true})
		}
	}
	for _, f := range answer.Failed {
		n, ok := group.NetworkNumber(f.Input)
		why := graph.FirstReason([]*graph.Error{f.Err}, answer.Errors)
		if ok && why != nil {
			said = append(said, verdictOn{number: n, code: why.Code, message: why.Reason()})
		}
	}
	return said
}

// lookRemoved reads the group because no report has come. Whoever is surely not in it is out; for the others the removal is
// waited for, and now and then sent again, since it may have been lost.
func (g *Gateway) lookRemoved(ctx context.Context, c *command, share []group.Number) outbox.Verdict {
	r, err := g.readGroup(ctx, c)
	if err != nil {
		return g.unread(ctx, c, err)
	}
	var gone []verdictOn
	for _, n := range share {
		if p := group.Find(c.people, n); r.lacks(n) {
			gone = append(gone, verdictOn{number: n, code: graph.CodeNotInGroup, out: p != nil && p.State == group.Removing})
		}
	}
	switch {
	case len(gone) > 0:
		v, _ := g.conclude(ctx, c, gone, time.Time{})
		return v
	case g.tired(c):
		return g.refused(ctx, c, 0, "the network accepted the removal and never confirmed it")
	case c.job.Expired%looks == 0:
		return g.sendRemoval(ctx, c, share)
	default:
		return g.again(c.job.Expired)
	}
}

// unmoved leaves out those of whom the network said that they are not there, and who have come in since it was asked: its
// word is older than what we know now, and they have to be asked about again.
func (c *command) unmoved(said []verdictOn, now []group.Participant) []verdictOn {
	return slices.DeleteFunc(slices.Clone(said), func(v verdictOn) bool {
		p := group.Find(now, v.number)
		if v.code != graph.CodeNotInGroup || p == nil || !p.State.Present() {
			return false
		}
		asked := group.Find(c.people, v.number)
		return asked == nil || asked.State != p.State || !asked.Since.Equal(p.Since)
	})
}

// conclude records what the network said of some people and ends the command once all of them are settled. It tells
// whether nothing more is to be done now.
func (g *Gateway) conclude(ctx context.Context, c *command, said []verdictOn, at time.Time) (v outbox.Verdict, ended bool) {
	var fx *effects
	err := g.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) (err error) {
		fx = &effects{}
		holdGroup(tx, &c.group)
		people, err := tx.Participants(c.group.ID)
		if err != nil {
			return err
		}
		still := c.unmoved(said, people)
		ended, err = g.settlePeople(tx, fx, settlement{group: &c.group, people: people, item: &c.job.Item, said: still, at: at})
		return err
	})
	switch {
	case err != nil:
		return outbox.Retry(outbox.Backoff(c.job.Item.Attempts), err.Error()), true
	case !ended:
		g.apply(fx)
		return g.again(0), false
	}
	g.apply(fx)
	return outbox.Finished(), true
}
