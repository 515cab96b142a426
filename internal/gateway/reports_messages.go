package gateway

import (
	"errors"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// onStatus takes in how far a message of ours has come, and gives the message, nil if it is not known by the key that went out with it.
// One whose answer was lost is ended by it: the network has it. That costs one look at the message; only where its operation has not ended
// is more looked at.
func (g *Gateway) onStatus(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) (*store.Message, error) {
	key, err := strconv.ParseInt(e.Status.CallbackData, 10, 64)
	if err != nil {
		return nil, nil //nolint:nilerr // a message that was not sent from here
	}
	m, err := tx.Message(key)
	known := err == nil && m.Number == n.Number && m.AccountID == n.AccountID
	switch {
	case err != nil && !errors.Is(err, store.ErrNoRow):
		return nil, err
	case err == nil && !known:
		return nil, nil // of somebody else
	case !known || m.State == group.MessageAccepted:
		if gone, err := g.endSend(tx, fx, n, e, key); gone || err != nil {
			return nil, err
		}
	}
	if !known {
		return nil, nil
	}
	return &m, g.keepStatus(tx, &m, e)
}

// endSend ends a message that is at the head of its lane. It tells whether the status was left for the node that runs the lane.
func (g *Gateway) endSend(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event, operation int64) (left bool, err error) {
	op, err := tx.Operation(operation)
	if errors.Is(err, store.ErrNoRow) {
		return false, nil
	}
	if err == nil {
		err = holdGroupOf(tx, op.GroupID)
	}
	if err != nil || op.State != group.Pending || op.Kind != group.KindSend || op.AccountID != n.AccountID {
		return false, err
	}
	it, err := g.sendingHead(tx, fx, &op)
	if err != nil || it == nil || it.OperationID != op.ID {
		return false, err
	}
	if gone, err := g.elsewhere(tx, fx, e, it); gone || err != nil {
		return gone, err
	}
	if len(e.Status.Errors) > 0 && e.Status.Status == "failed" {
		why := because(it, e.Status.Errors[0])
		why.told = true
		err = g.recordFailure(tx, fx, why)
	} else {
		err = g.recordSent(tx, fx, op.ID, e.Status.MessageID) // which looks again whether it has ended
	}
	if err != nil {
		return false, err
	}
	fx.settled(it)
	return false, tx.Finish(it)
}

// sendingHead gives the head of the lane that a message is in, nil if that is something else than a message.
func (g *Gateway) sendingHead(tx *store.Tx, fx *effects, op *group.Operation) (*store.Item, error) {
	if op.GroupID != 0 {
		return g.headOf(tx, fx, op.GroupID, group.KindSend)
	}
	m, err := tx.Message(op.ID)
	if err != nil {
		return nil, err
	}
	holdConversation(tx, m.Number, m.Person)
	talk, err := tx.ConversationWith(m.Number, m.Person)
	if err != nil {
		return nil, err
	}
	return headItem(tx, fx, directLane(talk.ID))
}
