// Package rollcalltest runs a whole Rollcall inside a Go test: the server that callers speak to, and a simulated network with
// phones that join groups, receive messages, and stop receiving them once they are removed. A program under test is pointed at
// Endpoint with the official SDK, or the test calls operations itself; then it asserts on what the phones received.
//
//	r := rollcalltest.Start(t)
//	group := r.NewGroup("Team")
//	ann := r.AddPhone("8613900000001", "Ann")
//	ann.Join(group.InviteLink)
//	// … the program under test removes Ann …
//	if ann.In(group.ID) {
//		t.Error("Ann is still in the group")
//	}
//
// Everything happens on loopback and in a temporary directory that goes when the test ends. Nothing here may be used outside
// of tests. Unless a method says otherwise, it ends the test when it does not succeed.
package rollcalltest

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
)

const (
	startTime = 30 * time.Second
	stopTime  = 20 * time.Second
	awaitTime = 10 * time.Second
	callTime  = 30 * time.Second
)

// Rollcall is a running Rollcall with a demo account. The account is on the allowlist of the group beta and has one channel
// with one business number. Its methods must be called from the goroutine of the test.
type Rollcall struct {
	Endpoint        string // host:port; the protocol is plain HTTP
	AccountID       string
	AccessKeyID     string // the account's own key, which may do everything
	AccessKeySecret string

	ReadonlyAccessKeyID     string // key of a user with AliyunCamsReadOnlyAccess
	ReadonlyAccessKeySecret string

	CustSpaceID    string
	BusinessNumber string // digits
	SimulatorURL   string // base of the simulated network's control API, for what has no method here

	t       testing.TB
	cfg     app.Config
	program *app.Program
	http    *http.Client
}

// Option changes how Start runs a Rollcall.
type Option func(*app.Config)

// WithDelay sets how long the simulated network takes for each asynchronous step. The default 0 is at once, but still after the
// call that asked for it.
func WithDelay(d time.Duration) Option {
	return func(c *app.Config) { c.Simulator.Delay = d }
}

// WithConfirmWait sets how long a change waits for the network's confirmation before it answers ChatGroup.OperationPending.
// The default is 5 s; 0 answers as soon as the change is accepted.
func WithConfirmWait(d time.Duration) Option {
	return func(c *app.Config) { c.ConfirmWait = d }
}

// WithLogger sets where the server logs. The default is nowhere.
func WithLogger(l *slog.Logger) Option {
	return func(c *app.Config) { c.Logger = l }
}

// Start runs a Rollcall until the test ends. It returns once the server answers.
func Start(t testing.TB, options ...Option) *Rollcall {
	t.Helper()
	r := &Rollcall{t: t, cfg: app.Config{
		Listen:      app.Listener{Address: "127.0.0.1:0"},
		DataDir:     filepath.Join(t.TempDir(), "rollcall"),
		ConfirmWait: app.DefaultConfirmWait,
		Simulator:   &app.Simulator{Address: "127.0.0.1:0"},
	}}
	for _, option := range options {
		option(&r.cfg)
	}
	r.http = &http.Client{Timeout: callTime, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	t.Cleanup(func() {
		r.stop()
		r.http.CloseIdleConnections()
	})
	r.start()
	return r
}

// Restart stops the Rollcall in order and starts it again on the same data. Endpoint and SimulatorURL change; everything else,
// phones and groups included, stays as it was.
func (r *Rollcall) Restart() {
	r.t.Helper()
	r.stop()
	r.start()
}

func (r *Rollcall) start() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	p, err := app.Start(ctx, r.cfg)
	if err != nil {
		r.t.Fatalf("start rollcall: %v", err)
	}
	ready := p.Ready()
	r.program = p
	r.Endpoint, r.SimulatorURL = ready.Endpoint, ready.SimulatorURL
	r.AccountID, r.AccessKeyID, r.AccessKeySecret = ready.AccountID, ready.AccessKeyID, ready.AccessKeySecret
	r.ReadonlyAccessKeyID, r.ReadonlyAccessKeySecret = ready.ReadonlyAccessKeyID, ready.ReadonlyAccessKeySecret
	r.CustSpaceID, r.BusinessNumber = ready.CustSpaceID, ready.BusinessNumber
}

func (r *Rollcall) stop() {
	r.t.Helper()
	if r.program == nil {
		return // it never started
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := r.program.Stop(ctx); err != nil {
		r.t.Errorf("stop rollcall: %v", err)
	}
	r.program = nil
}
