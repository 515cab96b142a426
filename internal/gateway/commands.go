package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// giveUp is how long a command is tried again while the network is out of order.
const giveUp = 24 * time.Hour

// command is one run of one item of a group's lane.
type command struct {
	job    outbox.Job
	op     group.Operation // zero for our own rereads
	group  group.Group
	people []group.Participant
	creds  graph.Credentials
}

func lane(groupID int64) store.Lane { return store.Lane{Kind: store.GroupLane, ID: groupID} }

// FormatID gives an operation's id as callers see it.
func FormatID(id int64) string { return strconv.FormatInt(id, 10) }

// runCommand does one piece of work for a group. It is the handler of the group lanes.
func (g *Gateway) runCommand(ctx context.Context, job outbox.Job) outbox.Verdict {
	c, err := g.load(ctx, job)
	if err != nil {
		return outbox.Retry(outbox.Backoff(job.Item.Attempts), err.Error())
	}
	if job.Item.Kind != group.KindReread && c.op.State != group.Pending {
		return g.finish(ctx, c, nil)
	}
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
		return outbox.Dead("unknown kind of work")
	}
}

func (g *Gateway) load(ctx context.Context, job outbox.Job) (*command, error) {
	if c := g.handovers.take(job.Item.OperationID); c != nil && !job.Again {
		c.job = job
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
		if c.group, err = tx.Group(job.Item.Lane.ID); err != nil {
			return fmt.Errorf("read group: %w", err)
		}
		c.people, err = tx.Participants(c.group.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	d, err := g.directory.at(ctx, g.store, generation)
	if err != nil {
		return nil, err
	}
	n := d.numbers[c.group.Number]
	if n == nil {
		return nil, errors.New("the business number is not bound to the network")
	}
	c.creds = credentials(n)
	return c, nil
}

func credentials(n *group.BusinessNumber) graph.Credentials {
	return graph.Credentials{PhoneNumberID: n.PhoneNumberID, Token: n.Token}
}

// handovers spare the first run of a command the reading of what the transaction that caused it had just in its hands. What
// is missing, because there are too many or after a restart, is read from the store.
type handovers struct {
	mu          sync.Mutex
	byOperation map[int64]*command
}

const maxHandovers = 4096

func (h *handovers) put(c *command) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.byOperation) < maxHandovers {
		h.byOperation[c.op.ID] = c
	}
}

// take gives a command once. It is also how one is forgotten whose transaction failed.
func (h *handovers) take(operation int64) *command {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.byOperation[operation]
	delete(h.byOperation, operation)
	return c
}

// finish takes the item out of its lane together with the effect, if there is one to record.
func (g *Gateway) finish(ctx context.Context, c *command, effect func(tx *store.Tx, fx *effects) error) outbox.Verdict {
	fx := &effects{}
	err := g.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
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
	g.flights.land(c.group.ID)
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
	return g.tell(tx, &gr, d.event, op.ID, nil)
}

// trouble decides what an error of the network means for a command: wait and try again, or tell the caller.
func (g *Gateway) trouble(ctx context.Context, c *command, err error) outbox.Verdict {
	wait := outbox.Backoff(c.job.Item.Attempts)
	var e *graph.Error
	if errors.As(err, &e) {
		wait = max(wait, e.RetryAfter)
	}
	class, code := graph.ClassOf(err), graph.CodeOf(err)
	expiredToken := code == graph.CodeTokenInvalid || code == graph.CodeTokenMissing
	switch {
	case code == graph.CodeGroupUnknown && g.fresh(&c.group):
		return outbox.Retry(wait, "the network does not know the new group yet")
	case ctx.Err() != nil:
		return outbox.Retry(0, "stopped in the middle")
	case (class == graph.Throttled || class == graph.Temporary || expiredToken) && g.now().Sub(c.op.At) < giveUp:
		return outbox.Retry(wait, err.Error())
	}
	return g.refused(ctx, c, code, reason(err))
}

// fresh tells whether a group is so new that the network may not know of it everywhere.
func (g *Gateway) fresh(gr *group.Group) bool {
	const lag = 2 * time.Minute
	return g.now().Sub(gr.CreatedAt) < lag
}

// reason gives the network's words without what only a program needs.
func reason(err error) string {
	var e *graph.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Details != "" {
		return e.Details
	}
	if e.Title != "" {
		return e.Title
	}
	return "refused by the network"
}

// refused ends an operation badly: the network will not do it.
func (g *Gateway) refused(ctx context.Context, c *command, code int, message string) outbox.Verdict {
	return g.finish(ctx, c, func(tx *store.Tx, fx *effects) error {
		if c.op.Kind == group.KindRemove {
			return g.refusePeople(tx, fx, c, code, message)
		}
		return g.recordFailure(tx, fx, failure{operation: c.op.ID, group: c.group.ID, code: code, message: message})
	})
}

type failure struct {
	operation, group int64
	code             int
	message          string
}

func (g *Gateway) recordFailure(tx *store.Tx, fx *effects, f failure) error {
	op, err := tx.Operation(f.operation)
	if err != nil || op.State != group.Pending {
		return err
	}
	gr, err := tx.Group(f.group)
	if err != nil {
		return err
	}
	afterFailure(&gr, op.Kind, f.code)
	gr.ModifiedAt = g.now()
	if err := tx.UpdateGroup(&gr); err != nil {
		return err
	}
	op.State, op.DoneAt, op.Code, op.Message = group.Failed, g.now(), strconv.Itoa(f.code), f.message
	if err := tx.UpdateOperation(&op); err != nil {
		return err
	}
	fx.ended(op)
	if op.Kind == group.KindDelete {
		fx.verify(gr.ID) // whether it was suspended before, or is meanwhile
	}
	return g.tell(tx, &gr, "refused", op.ID, map[string]any{"operation": op.Kind.String(), "code": f.code, "message": f.message})
}

// afterFailure puts a group back to where a failed change found it, or to what the failure has taught us.
func afterFailure(gr *group.Group, kind group.Kind, code int) {
	switch {
	case kind == group.KindCreate:
		gr.Status = group.Inactive
	case code == graph.CodeGroupUnknown:
		gr.Status, gr.InviteLink = group.Deleted, ""
	case code == graph.CodeSuspended:
		gr.Status = group.Suspended
	case kind == group.KindUpdate:
		gr.Status = gr.Status.AfterUpdate()
	case kind == group.KindDelete && gr.Status == group.Deleting:
		gr.Status = group.Active
	}
}

// flight is what is known in memory of a change that the network has been asked for: by which name its report will come,
// and whether it may have been asked before.
type flight struct {
	item      int64
	requestID string
	again     bool
}

type flights struct {
	mu      sync.Mutex
	byGroup map[int64]flight
	heard   map[int64]string // by group: the request whose report ended a command last; it may come again
}

func (f *flights) start(groupID int64, fl flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byGroup[groupID] = fl
}

// named notes the request id that the answer carried, if the flight is still the same.
func (f *flights) named(groupID, item int64, requestID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl, ok := f.byGroup[groupID]; ok && fl.item == item {
		fl.requestID = requestID
		f.byGroup[groupID] = fl
	}
}

func (f *flights) of(groupID, item int64) flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl, ok := f.byGroup[groupID]; ok && fl.item == item {
		return fl
	}
	return flight{item: item, again: true} // a process before this one may have asked
}

func (f *flights) land(groupID int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.byGroup, groupID)
}

// reported notes that the report with this request id has ended a command.
func (f *flights) reported(groupID int64, requestID string) {
	f.land(groupID)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard[groupID] = requestID
}

// mine tells whether a report with this request id can be about the item. One that has ended a command before is not about
// the next.
func (f *flights) mine(groupID, item int64, requestID string) bool {
	fl := f.of(groupID, item)
	f.mu.Lock()
	defer f.mu.Unlock()
	if requestID == "" || fl.requestID == requestID {
		return true
	}
	return fl.requestID == "" && f.heard[groupID] != requestID
}
