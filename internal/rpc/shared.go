package rpc

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Shared is what all nodes of a database count together. A node looks at its own count first, so that most of what it refuses costs
// the others nothing.
type Shared struct {
	// UseNonce notes a nonce as used and tells whether it was not before, on any node.
	UseNonce func(ctx context.Context, n store.Nonce) (fresh bool, err error)
	// Spend uses up one call of an allowance, of which one comes free each interval and so many can be saved. It gives how long to
	// wait when there is none, and uses up nothing then.
	Spend func(ctx context.Context, a store.Allowance, one time.Duration, saved int) (wait time.Duration, err error)
}

func (s *Shared) useNonce(ctx context.Context, sum uint64, now time.Time) error {
	if s == nil {
		return nil
	}
	fresh, err := s.UseNonce(ctx, store.Nonce{Hash: int64(sum), At: now}) //nolint:gosec // the same 64 bits
	if err == nil && !fresh {
		err = refuse(codeNonceUsed)
	}
	return err
}

// spend counts a call that the node's own count has let through.
func (s *Shared) spend(ctx context.Context, t *throttle, name bucketName, now time.Time) error {
	rate := t.rates[name.action]
	if s == nil || rate <= 0 {
		return nil
	}
	account, err := strconv.ParseInt(string(name.account), 10, 64)
	if err != nil {
		return err
	}
	one := time.Duration(float64(time.Second) / rate)
	wait, err := s.Spend(ctx, store.Allowance{AccountID: account, Action: name.action, Refused: name.refused}, one, int(burst(rate)))
	if err != nil || wait == 0 {
		return err
	}
	t.empty(name, now, wait) // so that this node refuses by itself until then
	wait = time.Duration(math.Ceil(float64(wait)/float64(time.Millisecond))) * time.Millisecond
	return &Refusal{Kind: codeThrottled, throttle: &throttleState{limit: int(math.Ceil(rate)), wait: wait}}
}
