package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// giveUp is how long a command is tried again while the network is out of order, or keeps silent about it.
const giveUp = 24 * time.Hour

// command is one run of one item of a group's lane, or of one that leads to a person outside of groups.
type command struct {
	job    outbox.Job
	op     group.Operation // zero for our own rereads
	group  group.Group
	talk   group.Conversation // outside of groups
	people []group.Participant
	creds  graph.Credentials
	handed bool  // by the transaction that caused it, and not read
	pass   *pass // to the network
}

func lane(groupID int64) store.Lane { return store.Lane{Kind: store.GroupLane, ID: groupID} }

func directLane(conversation int64) store.Lane {
	return store.Lane{Kind: store.DirectLane, ID: conversation}
}

// FormatID gives an operation's id as callers see it.
func FormatID(id int64) string { return strconv.FormatInt(id, 10) }

// runCommand does one piece of work for a group, or sends a message outside of groups. It is the handler of all lanes that lead to the
// network.
func (g *Gateway) runCommand(ctx context.Context, job outbox.Job) outbox.Verdict {
	c, err := g.load(ctx, job)
	switch {
	case err != nil:
		return g.unloaded(ctx, c, err)
	case job.Item.Kind != group.KindReread && c.op.State != group.Pending:
		return g.finish(ctx, c, nil)
	}
	var wait outbox.Verdict
	if c.pass, wait = g.enter(ctx, c); c.pass == nil {
		return wait
	}
	defer c.pass.leave()
	ctx = graph.WithListener(ctx, c.pass)
	switch job.Item.Kind {
	case group.KindCreate:
		return g.runCreate(ctx, c)
	case group.KindUpdate:
		return g.runUpdate(ctx, c)
	case group.KindDelete:
		return g.runDelete(ctx, c)
	case group.KindMakeLink:
		return g.runMakeLink(ctx, c)
	case group.KindDropLink:
		return g.runDropLink(ctx, c)
	case group.KindRemove:
		return g.runRemove(ctx, c)
	case group.KindSend:
		return g.runSend(ctx, c)
	case group.KindReread:
		return g.runReread(ctx, c)
	default:
		return g.abandon(ctx, c, "This version of the server does not know this kind of work.")
	}
}

// load gives what the run of an item needs; with an error, as much of it as could be had.
func (g *Gateway) load(ctx context.Context, job outbox.Job) (*command, error) {
	if c := g.handovers.take(job.Item.OperationID); c != nil && !job.Again && c.group.ID == job.Item.Lane.ID {
		c.job, c.handed = job, true
		return c, nil
	}
	c := &command{job: job}
	var generation int64
	err := g.store.Read(ctx, func(tx *store.Tx) (err error) {
		if generation, err = tx.Generation(); err != nil {
			return err
		}
		if job.Item.OperationID != 0 {
			if c.op, err = tx.Operation(job.Item.OperationID); err != nil {
				return fmt.Errorf("read operation: %w", err)
			}
		}
		return c.readSubject(tx)
	})
	if err != nil {
		return c, err
	}
	d, err := g.directory.at(ctx, g.store, generation)
	if err != nil {
		return c, err
	}
	n := d.numbers[c.number()]
	switch {
	case n == nil:
		return c, errors.New("the business number is not bound to the network")
	case c.op.ID != 0 && n.AccountID != c.op.AccountID: // what one account has asked for is not done in the name of another
		return c, fmt.Errorf("the business number belongs to another account now: %w", store.ErrNoRow)
	}
	c.creds = credentials(n)
	return c, nil
}

// readSubject reads what the lane leads to.
func (c *command) readSubject(tx *store.Tx) (err error) {
	if c.job.Item.Lane.Kind == store.DirectLane {
		if c.talk, err = tx.Conversation(c.job.Item.Lane.ID); err != nil {
			return fmt.Errorf("read conversation: %w", err)
		}
		return nil
	}
	if c.group, err = tx.Group(c.job.Item.Lane.ID); err != nil {
		return fmt.Errorf("read group: %w", err)
	}
	c.people, err = tx.Participants(c.group.ID)
	return err
}

// number is the business number that the command is sent from.
func (c *command) number() group.Number {
	if c.talk.ID != 0 {
		return c.talk.Number
	}
	return c.group.Number
}

// hold keeps other transactions from what the command is about.
func (c *command) hold(tx *store.Tx) {
	if c.talk.ID != 0 {
		holdConversation(tx, c.talk.Number, c.talk.Person)
		return
	}
	holdGroup(tx, &c.group)
}

func credentials(n *group.BusinessNumber) graph.Credentials {
	return graph.Credentials{PhoneNumberID: n.PhoneNumberID, AccountID: n.WABAID, Token: n.Token}
}

// unloaded follows an item that could not be loaded: it is tried again, but neither for ever nor where no wait can help.
func (g *Gateway) unloaded(ctx context.Context, c *command, err error) outbox.Verdict {
	if errors.Is(err, store.ErrNoRow) || g.tired(c) {
		g.log.Error("a command cannot be loaded", "lane", c.job.Item.Lane, "error", err)
		return g.abandon(ctx, c, "The command could not be carried out and was given up.")
	}
	return outbox.Retry(outbox.Backoff(c.job.Item.Attempts), err.Error())
}

// abandon gives up work that cannot even be begun, and its operation with it. Work that no operation stands for is kept where
// the operator can see it.
func (g *Gateway) abandon(ctx context.Context, c *command, why string) outbox.Verdict {
	if c.op.ID == 0 {
		return outbox.Dead(why)
	}
	g.log.Error("a command was given up", "operation", c.op.ID, "kind", c.job.Item.Kind, "why", why)
	return g.refused(ctx, c, 0, why)
}

// tired tells whether a command has been tried for so long that the next setback is its last. What has no operation counts
// from when it was put into its lane.
func (g *Gateway) tired(c *command) bool {
	since := g.now().Add(-giveUp)
	if c.op.ID == 0 {
		return c.job.Item.ID < store.IDAt(since)
	}
	return !c.op.At.After(since)
}

// finish takes the item out of its lane together with the effect, if there is one to record.
func (g *Gateway) finish(ctx context.Context, c *command, effect func(tx *store.Tx, fx *effects) error) outbox.Verdict {
	var fx *effects
	err := g.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		fx = &effects{}
		c.hold(tx)
		if effect != nil {
			if err := effect(tx, fx); err != nil {
				return err
			}
		}
		return tx.Finish(&c.job.Item)
	})
	if err != nil {
		return outbox.Retry(outbox.Backoff(c.job.Item.Attempts), err.Error())
	}
	g.flights.land(c.job.Item.Lane.ID, c.job.Item.ID)
	g.apply(fx)
	return outbox.Finished()
}

// done ends an operation well. change alters the group and says what to call it in the events.
func (g *Gateway) done(ctx context.Context, c *command, result, event string, change func(*group.Group)) outbox.Verdict {
	return g.finish(ctx, c, func(tx *store.Tx, fx *effects) error {
		return g.recordDone(tx, fx, doneRecord{operation: c.op.ID, group: c.group.ID, result: result, event: event, change: change})
	})
}

type doneRecord struct {
	operation, group int64
	result, event    string
	change           func(*group.Group)
}

func (g *Gateway) recordDone(tx *store.Tx, fx *effects, d doneRecord) error {
	op, err := tx.Operation(d.operation)
	if err != nil || op.State != group.Pending {
		return err
	}
	gr, err := tx.Group(d.group)
	if err != nil {
		return err
	}
	if d.change != nil {
		d.change(&gr)
		gr.ModifiedAt = g.now()
		if err := tx.UpdateGroup(&gr); err != nil {
			return err
		}
	}
	op.State, op.DoneAt, op.Result = group.Done, g.now(), d.result
	if err := tx.UpdateOperation(&op); err != nil {
		return err
	}
	fx.ended(op)
	if d.event == "" {
		return nil
	}
	return g.tell(tx, fx, &gr, happening{d.event, op.ID, nil})
}
