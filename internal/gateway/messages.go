package gateway

import (
	"context"
	"encoding/json"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// text is what the lane keeps of a message.
type text struct {
	Text string `json:"text"`
}

// SendText has a text sent to a group, behind everything that the group was asked to do before: whoever a removal takes out
// does not get it. It answers once the message cannot be lost; the message's id is in the operation's Result. Refusals:
// NotOwner, NotFound, Suspended, NotActive, BadMessage.
func (g *Gateway) SendText(ctx context.Context, c Caller, t Target, body string) (Change, error) {
	n, err := g.sender(c, t)
	if err != nil {
		return Change{}, err
	}
	if err := group.CheckText(body); err != nil {
		return Change{}, err
	}
	payload, err := json.Marshal(text{body})
	if err != nil {
		return Change{}, err
	}
	s, err := g.change(ctx, c, group.KindSend, func(tx *store.Tx, op *group.Operation) error {
		gr, err := find(tx, n, t)
		if err != nil {
			return err
		}
		if err := gr.CheckChangeable(); err != nil {
			return err
		}
		return g.command(tx, &gr, op, payload)
	})
	g.waiters.remove(s.op.ID, s.ended)
	return Change{Operation: s.op, Rows: 1}, err
}

// sender is owned for a call that may leave the channel out: one number belongs to one channel.
func (g *Gateway) sender(c Caller, t Target) (*group.BusinessNumber, error) {
	if n := g.directory.latest().numbers[t.Number]; n != nil && t.SpaceID == "" {
		t.SpaceID = n.SpaceID
	}
	return g.owned(c, t)
}
