package app

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
)

// Why a call was refused is written behind its answer, so whoever asks at once may come too early.
const (
	explainPatience = 2 * time.Second
	explainLook     = 50 * time.Millisecond
)

// AwaitExplanation gives the explanation of a call and waits a little for one that is still being written. It gives ErrNoExplanation of
// package gateway where there is none.
func (m *Management) AwaitExplanation(ctx context.Context, requestID string) (Explanation, error) {
	for deadline := time.Now().Add(explainPatience); ; {
		e, err := m.Explanation(ctx, requestID)
		early := errors.Is(err, gateway.ErrNoExplanation) || err == nil && halfTold(&e)
		if !early || ctx.Err() != nil || time.Now().After(deadline) {
			return e, err
		}
		rest(ctx, explainLook)
	}
}

// halfTold tells whether only the audit has said something so far, and of a refusal.
func halfTold(e *Explanation) bool { return e.Status == 0 && e.Code != "" && e.Code != "OK" }
