package app

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/store"
)

// receipts looks whether there are any that nobody took.
func (e *examination) receipts(ctx context.Context, s *store.Store) {
	var dead int
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		dead, err = tx.CountDeadReceipts()
		return err
	})
	switch {
	case err != nil:
		e.add(Fail, "receipts", "%v", err)
	case dead > 0:
		e.add(Warn, "receipts", "%d were given up; see rollcall receipts list, and when the receiver is well again, rollcall receipts replay", dead)
	default:
		e.add(Fine, "receipts", "none was given up")
	}
}
