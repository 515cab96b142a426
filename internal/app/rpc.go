package app

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/store"
)

// maxQuery is the most bytes of a query. A message of the greatest length, escaped twice over, takes a quarter of it.
const maxQuery = 256 << 10

// rpc makes the callers' gateway.
func (p *Program) rpc(ctx context.Context) (http.Handler, error) {
	keys, err := p.keys()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var nonceLog *store.NonceLog
	var used []store.Nonce
	if !p.data.elsewhere() {
		if nonceLog, used, err = p.usedNonces(ctx, now); err != nil {
			return nil, err
		}
	}
	var shared *rpc.Shared
	if p.store.Shared() {
		shared = &rpc.Shared{UseNonce: p.store.UseNonce, Spend: p.gateway.Spend}
	}
	tokens, err := rpc.NewTokenSeal(keys.Token)
	if err != nil {
		return nil, fmt.Errorf("make the seal of security tokens: %w", err)
	}
	seals := seals{diagnostic: keys.Diagnostic, tokens: tokens}
	s, err := rpc.New(rpc.Config{Gateway: p.gateway, Operations: operations(p.gateway, seals), Keys: keys, Memory: rpc.Memory{NonceLog: nonceLog, Shared: shared},
		Limits:         rpc.Limits{QueryBytes: maxQuery, Bodies: p.bodies, CallsPerSecond: p.cfg.Listen.CallsPerSecond, Actions: p.cfg.Listen.Limits},
		TrustForwarded: p.cfg.Listen.Proxies, Telemetry: rpc.Telemetry{Logger: slog.New(untilTried{p.log.Handler(), &p.tried}), Metrics: p.metrics}})
	if err != nil {
		return nil, fmt.Errorf("make the callers' gateway: %w", err)
	}
	s.LoadNonces(used)
	return s, nil
}

// usedNonces gives the nonces that were used before the start, so that a restart does not make old requests good again: those of
// changes stand in their operations, all others in the nonce log. In PostgreSQL all of them are in a table.
func (p *Program) usedNonces(ctx context.Context, now time.Time) (*store.NonceLog, []store.Nonce, error) {
	log, logged, err := store.OpenNonceLog(p.data.Dir, rpc.NonceMemory, now)
	if err != nil {
		return nil, nil, err
	}
	p.onStop("nonce log", func(context.Context) error { return log.Close() })
	var changes []store.Nonce
	err = p.store.Read(ctx, func(tx *store.Tx) (err error) {
		changes, err = tx.NoncesSince(now.Add(-rpc.NonceMemory))
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read used nonces: %w", err)
	}
	return log, append(changes, logged...), nil
}

// keys derives the keys that have to outlive a restart from the seal key, each for its purpose alone.
func (p *Program) keys() (rpc.Keys, error) {
	nonce, err := hkdf.Key(sha256.New, p.sealKey, nil, "rollcall nonces 1", 32)
	if err != nil {
		return rpc.Keys{}, fmt.Errorf("derive key: %w", err)
	}
	diagnostic, err := hkdf.Key(sha256.New, p.sealKey, nil, "rollcall diagnostics 1", 32)
	if err != nil {
		return rpc.Keys{}, fmt.Errorf("derive key: %w", err)
	}
	token, err := hkdf.Key(sha256.New, p.sealKey, nil, "rollcall security tokens 1", 32)
	if err != nil {
		return rpc.Keys{}, fmt.Errorf("derive key: %w", err)
	}
	return rpc.Keys{Nonce: nonce, Diagnostic: diagnostic, Token: token}, nil
}

// untilTried keeps the line of our own first call out of the log: nobody else knows the address yet.
type untilTried struct {
	slog.Handler
	tried *atomic.Bool
}

// Handle lets everything through from then on, and trouble before it too.
func (h untilTried) Handle(ctx context.Context, r slog.Record) error {
	if !h.tried.Load() && r.Level < slog.LevelWarn {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}
