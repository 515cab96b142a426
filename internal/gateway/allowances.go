package gateway

import (
	"context"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Spend uses up one call of an allowance that all nodes share: one comes free each interval, and so many can be saved. It gives how
// long to wait when there is none, and uses up nothing then. The nodes' clocks have to agree to within a fraction of a second.
func (g *Gateway) Spend(ctx context.Context, a store.Allowance, one time.Duration, saved int) (wait time.Duration, err error) {
	now := g.now().UnixMicro()
	err = g.store.WriteQuickly(ctx, func(tx *store.Tx) error {
		tx.Hold("allowance/" + FormatID(a.AccountID) + "/" + a.Action)
		spent, err := tx.Spent(a)
		if err != nil {
			return err
		}
		next := max(spent, now) + one.Microseconds()
		if wait = time.Duration(next-now-int64(saved)*one.Microseconds()) * time.Microsecond; wait > 0 {
			return nil
		}
		wait = 0
		return tx.PutSpent(a, next)
	})
	return wait, err
}
