package gateway

import (
	"errors"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// onStatus ends a message of ours whose answer was lost: a status shows that the network has it.
func (g *Gateway) onStatus(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	operation, err := strconv.ParseInt(e.Status.CallbackData, 10, 64)
	if err != nil {
		return nil //nolint:nilerr // a message that was not sent from here
	}
	op, err := tx.Operation(operation)
	if errors.Is(err, store.ErrNoRow) {
		return nil
	}
	if err == nil {
		err = holdGroupOf(tx, op.GroupID)
	}
	if err == nil {
		op, err = tx.Operation(operation) // it may have ended since
	}
	if err != nil || op.State != group.Pending || op.Kind != group.KindSend || op.AccountID != n.AccountID {
		return err
	}
	it, err := g.headOf(tx, fx, op.GroupID, group.KindSend)
	if err != nil || it == nil || it.OperationID != op.ID {
		return err
	}
	if gone, err := g.elsewhere(tx, fx, e, it); gone || err != nil {
		return err
	}
	if len(e.Status.Errors) > 0 && e.Status.Status == "failed" {
		err = g.recordFailure(tx, fx, because(it, e.Status.Errors[0]))
	} else {
		err = g.recordDone(tx, fx, doneRecord{operation: op.ID, group: op.GroupID, result: e.Status.MessageID})
	}
	if err != nil {
		return err
	}
	fx.settled(it)
	return tx.Finish(it)
}
