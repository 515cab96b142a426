package gateway

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Messages gives a page of a number's messages, newest first; a page of size 0 is empty and asks only whether the number is the caller's.
// The filter's number is the target's. Refusal: NotOwner.
func (g *Gateway) Messages(ctx context.Context, c Caller, t Target, f store.MessageFilter, p Page) ([]store.Message, error) {
	n, err := g.owned(c, t)
	if err != nil || p.Size == 0 {
		return nil, err
	}
	f.Number, f.AccountID = n.Number, n.AccountID
	var found []store.Message
	err = g.store.Snapshot(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.Messages(f, (p.Index-1)*p.Size, p.Size)
		return err
	})
	return found, err
}

// Page says which part of a list is wanted.
type Page struct {
	Index int // from 1
	Size  int
}
