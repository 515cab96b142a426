package gateway

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// MakeInviteLink gives the live link of a group, in the operation's Result. Only when there is none does it have one made: a
// new link would kill the one that people hold. Refusals: NotOwner, NotFound, Suspended, NotActive.
func (g *Gateway) MakeInviteLink(ctx context.Context, c Caller, t Target) (Change, error) {
	return g.changeLink(ctx, c, t, group.KindMakeLink)
}

// DropInviteLink kills the link of a group; nobody can join until a new one is made. Without a link there is nothing to
// do, which is no error. Refusals: NotOwner, NotFound, Suspended, NotActive.
func (g *Gateway) DropInviteLink(ctx context.Context, c Caller, t Target) (Change, error) {
	return g.changeLink(ctx, c, t, group.KindDropLink)
}

func (g *Gateway) changeLink(ctx context.Context, c Caller, t Target, kind group.Kind) (Change, error) {
	n, err := g.owned(c, t)
	if err != nil {
		return Change{}, err
	}
	op, err := g.run(ctx, c, kind, func(tx *store.Tx, op *group.Operation) error {
		gr, err := find(tx, n, t)
		if err != nil {
			return err
		}
		if err := gr.CheckChangeable(); err != nil {
			return err
		}
		settled, err := linkSettled(tx, &gr, kind)
		if err != nil {
			return err
		}
		if !settled {
			return g.command(tx, &gr, op, nil)
		}
		op.GroupID, op.State, op.DoneAt, op.Result = gr.ID, group.Done, op.At, gr.InviteLink
		if kind == group.KindDropLink {
			op.Result = nothingDone
		}
		return tx.InsertOperation(op)
	})
	return one(op), err
}

// linkSettled tells whether the wish is fulfilled already. While a link is being made or dropped nobody can say, so the
// command goes into the lane behind it.
func linkSettled(tx *store.Tx, gr *group.Group, kind group.Kind) (bool, error) {
	if (kind == group.KindMakeLink) != (gr.InviteLink != "") {
		return false, nil
	}
	for _, other := range []group.Kind{group.KindMakeLink, group.KindDropLink} {
		busy, err := tx.HasItem(lane(gr.ID), other)
		if busy || err != nil {
			return false, err
		}
	}
	return true, nil
}
