package app

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/rpc/cams"
	"github.com/rollcall-im/rollcall/internal/store"
)

// maxQuery is the most bytes of a query. A message of the greatest length, escaped twice over, takes a quarter of it.
const maxQuery = 256 << 10

// rpc makes the callers' gateway. It begins with the nonces that were used before the start, so that a restart does not make
// old requests good again: those of changes stand in their operations, all others in the nonce log.
func (p *Program) rpc(ctx context.Context) (http.Handler, error) {
	keys, err := p.keys()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	nonceLog, logged, err := store.OpenNonceLog(p.data.Dir, rpc.NonceMemory, now)
	if err != nil {
		return nil, err
	}
	p.onStop("nonce log", func(context.Context) error { return nonceLog.Close() })
	s, err := rpc.New(rpc.Config{Gateway: p.gateway, Operations: cams.Operations(p.gateway), Keys: keys, NonceLog: nonceLog,
		Limits:         rpc.Limits{QueryBytes: maxQuery, Bodies: p.bodies, CallsPerSecond: p.cfg.Listen.CallsPerSecond},
		TrustForwarded: p.cfg.Listen.Proxies, Telemetry: rpc.Telemetry{Logger: p.log, Metrics: p.metrics}})
	if err != nil {
		return nil, fmt.Errorf("make the callers' gateway: %w", err)
	}
	var used []store.Nonce
	err = p.store.Read(ctx, func(tx *store.Tx) (err error) {
		used, err = tx.NoncesSince(now.Add(-rpc.NonceMemory))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read used nonces: %w", err)
	}
	s.LoadNonces(used)
	s.LoadNonces(logged)
	return s, nil
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
	return rpc.Keys{Nonce: nonce, Diagnostic: diagnostic}, nil
}
