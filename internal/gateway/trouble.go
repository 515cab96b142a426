package gateway

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// trouble decides what an error of the network means for a command: wait and try again, or tell the caller.
func (g *Gateway) trouble(ctx context.Context, c *command, err error) outbox.Verdict {
	class := graph.ClassOf(err)
	passes := class == graph.Throttled || class == graph.Temporary || graph.TokenExpired(err) || graph.GroupUnknown(err) && g.fresh(&c.group)
	if !passes && ctx.Err() == nil {
		return g.refused(ctx, c, graph.CodeOf(err), reason(err))
	}
	return g.postpone(ctx, c, err)
}

// postpone tries a command again later, unless that has been done for too long.
func (g *Gateway) postpone(ctx context.Context, c *command, err error) outbox.Verdict {
	switch {
	case ctx.Err() != nil:
		return outbox.Retry(0, "stopped in the middle")
	case g.tired(c):
		return g.refused(ctx, c, graph.CodeOf(err), "Given up after 24 hours; the last answer was: "+reason(err))
	case graph.LimitOf(err) > graph.PairLimit && c.pass != nil:
		return g.throttled(c, err)
	}
	return outbox.Retry(pause(c, err), strconv.Itoa(graph.CodeOf(err))+": "+reason(err))
}

func pause(c *command, err error) time.Duration {
	return max(outbox.Backoff(c.job.Item.Attempts), graph.WaitOf(err))
}

// unread follows a look that failed at what has become of a command which the network accepted before. That says nothing of
// the command itself, so it goes on waiting; only that the whole group is gone ends it.
func (g *Gateway) unread(ctx context.Context, c *command, err error) outbox.Verdict {
	if graph.GroupUnknown(err) && ctx.Err() == nil && g.gone(&c.group) {
		return g.refused(ctx, c, graph.CodeOf(err), reason(err))
	}
	return g.postpone(ctx, c, err)
}

// reason gives the network's words, fit for callers and for the audit.
func reason(err error) string {
	var e *graph.Error
	if errors.As(err, &e) {
		return e.Reason()
	}
	return err.Error()
}

// refused ends an operation badly: the network will not do it.
func (g *Gateway) refused(ctx context.Context, c *command, code int, message string) outbox.Verdict {
	return g.finish(ctx, c, func(tx *store.Tx, fx *effects) error {
		if c.op.Kind == group.KindRemove && c.group.ID != 0 {
			return g.refusePeople(tx, fx, c, code, message)
		}
		return g.recordFailure(tx, fx, failure{operation: c.op.ID, group: c.group.ID, code: code, message: message})
	})
}

type failure struct {
	operation, group int64
	code             int
	message          string
	told             bool // by the report that has brought it, which is a receipt of its own
}

// because is the failure of a command for the reason that the network gave.
func because(it *store.Item, why *graph.Error) failure {
	return failure{operation: it.OperationID, group: it.Lane.ID, code: why.Code, message: why.Reason()}
}

func (g *Gateway) recordFailure(tx *store.Tx, fx *effects, f failure) error {
	op, err := tx.Operation(f.operation)
	if err != nil || op.State != group.Pending {
		return err
	}
	op.Fail(g.now(), f.code, f.message)
	if err := tx.UpdateOperation(&op); err != nil {
		return err
	}
	fx.ended(op)
	if op.Kind == group.KindSend {
		news := store.MessageNews{State: group.MessageFailed, At: g.now(), Code: f.code, Reason: f.message}
		if err := g.failMessage(tx, fx, op.ID, news, f.told); err != nil {
			return err
		}
	}
	gr, err := tx.Group(f.group)
	if errors.Is(err, store.ErrNoRow) {
		return nil // the operation must end all the same, and one of a message outside of groups has none
	}
	if err != nil {
		return err
	}
	before := gr.Status
	gr.AfterFailure(op.Kind, f.code == graph.CodeSuspended)
	gr.ModifiedAt = g.now()
	if err := tx.UpdateGroup(&gr); err != nil {
		return err
	}
	if op.Kind == group.KindDelete {
		fx.verify(gr.ID) // whether it was suspended before, or is meanwhile
	}
	if f.code == graph.CodeGroupUnknown {
		if err := fx.doubt(tx, gr.ID); err != nil {
			return err
		}
	}
	if err := g.tellSuspended(tx, fx, &gr, before); err != nil {
		return err
	}
	return g.tell(tx, fx, &gr, happening{group.EventRefused, op.ID, receipt.News{Operation: op.Kind.String(), Code: f.code, Message: f.message}})
}
