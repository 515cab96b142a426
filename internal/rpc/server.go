package rpc

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Config says what a server works with.
type Config struct {
	Gateway        *gateway.Gateway
	Operations     []Operation
	Keys           Keys
	Memory         Memory
	Limits         Limits
	TrustForwarded []netip.Prefix   // proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; none by default
	Now            func() time.Time // defaults to time.Now
	Telemetry      Telemetry
}

// Memory is what a server knows beyond itself.
type Memory struct {
	NonceLog *store.NonceLog // remembers the nonces of calls that leave no operation; nil forgets them with a restart
	Shared   *Shared         // what is counted over all nodes of a database; nil where there is one process
}

// Telemetry is where a server tells of its calls.
type Telemetry struct {
	Logger  *slog.Logger          // nil logs nothing
	Metrics prometheus.Registerer // nil counts nothing
}

// Keys are secrets of the server. They must be the same after a restart, and on every node.
type Keys struct {
	Nonce      []byte // hashes nonces; at least 16 bytes
	Diagnostic []byte // encrypts diagnostic messages; 32 bytes
	Token      []byte // encrypts the security tokens of role sessions; 32 bytes, or nil to let no session in
}

// Limits bound what callers can cost. Zero values take the defaults.
type Limits struct {
	BodyBytes       int64   // of a body, default 1 MiB
	QueryBytes      int     // of a query, default 1 MiB
	Bodies          *Bodies // room for the bodies of all requests, default DefaultBodyRoom of its own
	Parameters      int     // in query and form together, default 2048
	Nonces          int     // remembered at once, default ten million; each takes about 14 bytes
	NoncesOfAccount int     // of them those of one account, default a quarter
	CallsPerSecond  float64 // of one account and action, and as many that are refused, where nothing is documented; 0 limits nothing

	Actions map[string]float64 // by action, instead of what is documented or CallsPerSecond; 0 does not limit
}

func (l Limits) withDefaults() Limits {
	if l.BodyBytes == 0 {
		l.BodyBytes = 1 << 20
	}
	if l.QueryBytes == 0 {
		l.QueryBytes = 1 << 20
	}
	if l.Bodies == nil {
		l.Bodies = NewBodies(DefaultBodyRoom)
	}
	if l.Parameters == 0 {
		l.Parameters = 2048
	}
	if l.Nonces == 0 {
		l.Nonces = 10_000_000
	}
	if l.NoncesOfAccount == 0 {
		l.NoncesOfAccount = (l.Nonces + 3) / 4
	}
	return l
}

// Server answers calls. It is an http.Handler for everything that is asked of the host it stands for; any path but "/" gets
// the gateway's own 404.
type Server struct {
	gateway     *gateway.Gateway
	registry    registry
	limits      Limits
	trusted     []netip.Prefix
	nonces      *nonces
	nonceLog    *store.NonceLog
	shared      *Shared
	throttle    throttle
	diagnostics cipher.AEAD
	tokens      *TokenSeal // nil lets no session in
	metrics     *metrics
	now         func() time.Time
	log         *slog.Logger
}

// New makes a server. It refuses keys that are too short, operations that are incomplete or there twice, and metrics that
// are registered already.
func New(cfg Config) (*Server, error) {
	registry, err := newRegistry(cfg.Operations)
	if err != nil {
		return nil, fmt.Errorf("register operations: %w", err)
	}
	if len(cfg.Keys.Nonce) < 16 {
		return nil, fmt.Errorf("the key for nonces has %d bytes and needs 16", len(cfg.Keys.Nonce))
	}
	seal, err := newDiagnosticSeal(cfg.Keys.Diagnostic)
	if err != nil {
		return nil, err
	}
	limits := cfg.Limits.withDefaults()
	for action, rate := range limits.Actions {
		if !registry.hasAction(action) || !(rate >= 0) || math.IsInf(rate, 0) {
			return nil, fmt.Errorf("there is no limit of %v calls a second for an operation %q; name an operation as callers do, and a number from 0", rate, action)
		}
	}
	s := &Server{gateway: cfg.Gateway, registry: registry, limits: limits, trusted: cfg.TrustForwarded, diagnostics: seal,
		nonces: newNonces(cfg.Keys.Nonce, limits.Nonces, limits.NoncesOfAccount), nonceLog: cfg.Memory.NonceLog, shared: cfg.Memory.Shared, now: cfg.Now, log: cfg.Telemetry.Logger,
		throttle: throttle{rates: ratesOf(registry.operations, &limits), buckets: map[bucketName]*bucket{}}}
	if cfg.Keys.Token != nil {
		if s.tokens, err = NewTokenSeal(cfg.Keys.Token); err != nil {
			return nil, err
		}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.metrics, err = newMetrics(cfg.Telemetry.Metrics, s.nonces); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return s, nil
}

// LoadNonces takes over nonces that the store or the nonce log remembers. It is called before the first request, with those of
// the last NonceMemory.
func (s *Server) LoadNonces(used []store.Nonce) { s.nonces.load(used) }

// ServeHTTP answers one call. Whatever happens, there is an answer that clients can read.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(w, r, s.now())
	defer func() { x.release() }()
	answer, err := s.handle(r.Context(), x)
	reply := replyTo(answer, err)
	if err != nil {
		s.logFault(x, err)
	}
	s.answer(x, &reply)
	s.account(x, &reply)
	s.explain(x, &reply)
}

// handle leads a request through the phases. Their order is the official gateway's as far as it is known: the operation is
// looked for before the key, and who calls is certain before anything else is said.
func (s *Server) handle(ctx context.Context, x *exchange) (answer Answer, err error) {
	defer s.recoverInto(x, &err)
	if err := s.receive(ctx, x); err != nil {
		return answer, err
	}
	if err := s.resolve(x); err != nil {
		return answer, err
	}
	if err := s.authenticate(ctx, x); err != nil {
		return answer, err
	}
	answer, err = s.perform(ctx, x)
	if logErr := s.keepNonce(ctx, x, answer, err); logErr != nil && err == nil {
		return Answer{}, logErr // the same request again would be answered after a restart
	}
	return answer, err
}

// receive takes the request in.
func (s *Server) receive(ctx context.Context, x *exchange) error {
	x.origin = originOf(x.http, s.trusted)
	if path := x.http.URL.Path; path != "/" && path != "" {
		return refuse(codeActionUnknown)
	}
	if x.http.Method != http.MethodGet && x.http.Method != http.MethodPost {
		return refuse(codeMethod)
	}
	return x.read(ctx, &s.limits)
}

// resolve finds the operation. The claim is read for that, but what is wrong with it is said later.
func (s *Server) resolve(x *exchange) error {
	x.claim, x.claimErr = signature.Parse(&x.signed)
	op, err := s.registry.find(x.name())
	if err != nil {
		return err
	}
	x.operation = op
	return x.checkFormat()
}

// perform does what a caller who is known has asked for, if it may. A panic ends here, so that it is told from a call that
// never began.
func (s *Server) perform(ctx context.Context, x *exchange) (answer Answer, err error) {
	defer s.recoverInto(x, &err)
	if err := s.authorize(ctx, x); err != nil {
		return answer, err
	}
	if err := x.readToken(); err != nil {
		return answer, err
	}
	for _, p := range x.operation.Parameters {
		if p.Required && !x.Params.Has(p.Name) {
			return answer, Missing(p.Name)
		}
	}
	answer, err = x.operation.Run(ctx, &x.Call)
	if err != nil {
		err = s.denied(x, err)
	}
	return answer, err
}

// denied makes a refusal of what an operation has found a policy to forbid, and leaves every other error.
func (s *Server) denied(x *exchange, err error) error {
	var d *gateway.Denied
	if errors.As(err, &d) {
		return s.deny(x, d.Decision)
	}
	return err
}

// keepNonce sees to it that the nonce of a call stays used after a restart, before the call is answered. A change that has
// begun has its operation, which holds it, unless its ClientToken has led to an operation that was there before; one that was
// refused is recorded. All other nonces go into the nonce log, and so do those of throttled calls: a flood must not fill
// the audit.
func (s *Server) keepNonce(ctx context.Context, x *exchange, a Answer, err error) error {
	if x.operation.Change && a.OperationID == 0 && !isThrottled(err) {
		recordErr := s.recordRefusal(ctx, x, a, err)
		if recordErr == nil {
			return nil
		}
		s.log.Error("recording a refusal failed", "request_id", x.RequestID, "error", recordErr)
	}
	inOperation := x.operation.Change && a.OperationID != 0 && x.Caller.ClientToken == ""
	if inOperation || s.nonceLog == nil {
		return nil
	}
	logErr := s.nonceLog.Append(store.Nonce{Hash: x.Caller.Nonce, At: x.now})
	if logErr != nil {
		s.log.Error("remembering a nonce failed", "request_id", x.RequestID, "error", logErr)
	}
	return logErr
}

// recordRefusal writes down that a change was asked for and not begun: for the audit, and so that the nonce stays used. When
// that fails, the refusal stands all the same, since nothing has changed.
func (s *Server) recordRefusal(ctx context.Context, x *exchange, a Answer, err error) error {
	r := replyTo(a, err)
	return s.gateway.RecordRefusal(ctx, x.Caller, r.Code, r.Message)
}

// recoverInto makes an internal error of a panic. The stack goes into the log, never into an answer.
func (s *Server) recoverInto(x *exchange, err *error) {
	if p := recover(); p != nil {
		s.log.Error("call panicked", "request_id", x.RequestID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = refuse(codeInternal)
	}
}

// logFault logs an error that is ours and not the caller's.
func (s *Server) logFault(x *exchange, err error) {
	if _, known := refusalOf(err); !known {
		s.log.Error("call failed", "request_id", x.RequestID, "error", err)
	}
}
