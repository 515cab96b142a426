package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbound"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

const (
	account   = "1000000000000001"
	space     = "cams-tests"
	business  = group.Number(8613800000000)
	phoneID   = "106540352242922"
	wabaID    = "102290129340398"
	token     = "token-of-the-tests"
	appSecret = "app secret"
	verify    = "verify token"

	patience = 20 * time.Second // how long a test waits for what has to happen
)

// People of the stories.
const (
	anna  = group.Number(4915110000001)
	berta = group.Number(4915110000002)
	carla = group.Number(4915110000003)
	doris = group.Number(4915110000004)
)

var (
	ctx   = context.Background()
	quiet = slog.New(slog.DiscardHandler)
)

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(f func())
}

// clock is the time of the gateway and of the network: the real one, and as far ahead as a test says.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// world is a gateway in front of a simulated network, with everything that connects them in the hands of the test.
type world struct {
	t        tester
	database store.Config
	clock    clock
	sim      *simulator.Simulator
	hooks    *callback
	edits    edits

	over     chan struct{} // closed when the test ends
	patience gateway.Patience
	known    gateway.Known
	receipts receipt.Config
	parallel int    // commands computing at once; 0 is the default
	node     int64  // the number of the gateway among those that share a database
	nodes    int64  // how many more there are
	house    *house // the running gateway with its store
	keyID    string
}

// house is one life of a gateway: it ends with a crash or with the test.
type house struct {
	store   *store.Store
	gateway *gateway.Gateway
	wire    *wire
	stopped bool // in order, by the test
	closed  sync.Once
}

// option changes a world before it begins.
type option func(*world, *simulator.Config)

// report sets how long a command waits for its report before the gateway looks for itself.
func report(d time.Duration) option {
	return func(w *world, _ *simulator.Config) { w.patience.Report = d }
}

// confirm sets how long callers are made to wait.
func confirm(d time.Duration) option {
	return func(w *world, _ *simulator.Config) { w.patience.Confirm = d }
}

func sweep(d time.Duration) option {
	return func(w *world, _ *simulator.Config) { w.patience.Sweep = d }
}

func simDelay(d time.Duration) option {
	return func(_ *world, c *simulator.Config) { c.Delay = d }
}

// newWorld starts a world with an account, a channel and a business number.
func newWorld(t *testing.T, options ...option) *world {
	t.Helper()
	return startWorld(t, t.TempDir(), options...)
}

func startWorld(t tester, dir string, options ...option) *world {
	t.Helper()
	w := &world{t: t, node: 1, patience: gateway.Patience{Confirm: patience, Report: patience, Verify: 20 * time.Millisecond, Sweep: -1}}
	w.hooks, w.over = &callback{world: w}, make(chan struct{})
	config := simulator.Config{Logger: quiet, Now: w.clock.now, Callback: simulator.Callback{URL: "http://gateway.test/meta/webhook",
		VerifyToken: verify, AppSecret: appSecret, Transport: simulator.InProcess(w.hooks)}}
	for _, o := range options {
		o(w, &config)
	}
	var err error
	w.sim, err = simulator.New(config)
	w.must(err)
	w.must(w.sim.RegisterNumber(simulator.Number{DisplayNumber: "+86 138-0000-0000", PhoneNumberID: phoneID, WABAID: wabaID,
		Token: token, Subscribed: true}))
	t.Cleanup(func() { _ = w.sim.Close(context.Background()) })
	w.database, err = settledDatabase(t, dir)
	w.must(err)
	w.open()
	keys, err := w.gateway().AccessKeys(ctx, account, "")
	w.must(err)
	w.keyID = keys[0].ID
	t.Cleanup(w.shut)
	t.Cleanup(func() { close(w.over) })
	return w
}

// open begins a life of the gateway on the files that the last one left.
func (w *world) open() {
	w.t.Helper()
	h := &house{wire: &wire{sim: simulator.InProcess(w.sim.Graph()), edits: &w.edits}}
	var err error
	h.store, err = store.Open(ctx, w.database)
	w.must(err)
	client, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: h.wire})
	w.must(err)
	h.gateway = gateway.New(gateway.Config{Store: h.store, Network: gateway.Network{Graph: client, Pictures: outbound.New(outbound.Config{Allow: outbound.Loopback}), Known: w.known},
		Receipts: receipt.NewPusher(w.receipts), Patience: w.patience, Work: gateway.Work{Parallel: w.parallel, Node: w.node}, Now: w.clock.now, Logger: quiet})
	w.must(h.gateway.Start(ctx))
	w.house = h
	w.hooks.open(h.gateway)
}

// crash ends a life without any goodbye: nothing that it writes from now on lasts, and nothing that it says is heard.
func (w *world) crash() {
	w.t.Helper()
	h := w.house
	w.hooks.open(nil)
	h.wire.cut.Store(true)
	w.must(h.close())
}

func (h *house) close() (err error) {
	h.closed.Do(func() {
		err = h.store.Close()
		if h.stopped {
			return
		}
		dead, cancel := context.WithCancel(context.Background())
		cancel()
		if e := h.gateway.Stop(dead); e != nil && !errors.Is(e, context.Canceled) {
			err = errors.Join(err, e)
		}
	})
	return err
}

// stop ends a life in order.
func (w *world) stop() {
	w.t.Helper()
	w.hooks.open(nil)
	w.house.stopped = true
	w.must(w.gateway().Stop(ctx))
	w.must(w.house.close())
}

func (w *world) shut() {
	w.hooks.open(nil)
	_ = w.house.close()
}

// settle makes the account, its channel, its number and its key.
func settle(g *gateway.Gateway) error {
	_, err := g.CreateAccount(ctx, account, "Tests")
	if err != nil {
		return err
	}
	if err := g.SetBeta(ctx, account, true); err != nil {
		return err
	}
	if _, err := g.CreateChannel(ctx, account, space, "Tests"); err != nil {
		return err
	}
	number := group.BusinessNumber{Number: business, SpaceID: space, PhoneNumberID: phoneID, WABAID: wabaID, Token: token}
	if err := g.BindNumber(ctx, account, number); err != nil {
		return err
	}
	_, err = g.CreateAccessKey(ctx, account, "")
	return err
}

func (w *world) gateway() *gateway.Gateway { return w.house.gateway }

// as gives a caller the way the front makes one: with what holds at this moment.
func (w *world) as(keyID, action string) gateway.Caller {
	w.t.Helper()
	p, err := w.gateway().Principal(ctx, keyID)
	w.must(err)
	return gateway.Caller{Principal: p, Action: action, RequestID: "request", Source: "192.0.2.1", Nonce: 42}
}

func (w *world) me() gateway.Caller { return w.as(w.keyID, "Test") }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
}

// refused fails unless the error is a refusal with the code.
func (w *world) refused(err error, code group.Code) {
	w.t.Helper()
	var e *group.Error
	if !errors.As(err, &e) || e.Code != code || e.Message == "" {
		w.t.Errorf("got error %v, want the refusal %q", err, code)
	}
}

// hang holds up what the simulator is doing until the test opens the way, or ends.
func (w *world) hang(open <-chan struct{}) {
	select {
	case <-open:
	case <-w.over:
	}
}

// until waits for something that happens in the background.
func (w *world) until(what string, happened func() bool) {
	w.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); !happened(); {
		select {
		case <-tick.C:
		case <-limit:
			w.t.Fatalf("it did not happen: %s", what)
		}
	}
}

// idle waits until no lane has anything left to do, so that nothing will change by itself any more.
func (w *world) idle() {
	w.t.Helper()
	w.until("every lane is empty", func() bool {
		var lanes []store.Lane
		w.must(w.house.store.Read(ctx, func(tx *store.Tx) (err error) {
			lanes, err = tx.Lanes(store.Lane{}, 1)
			return err
		}))
		return len(lanes) == 0
	})
}

// events gives what happened in a group, in order.
func (w *world) events(groupID int64) []group.Event {
	w.t.Helper()
	var own []group.Event
	w.must(w.house.store.Write(ctx, func(tx *store.Tx) error {
		own = nil
		gr, err := tx.Group(groupID)
		if err != nil {
			return err
		}
		if _, err := tx.PlaceEvents(gr.Number); err != nil {
			return err
		}
		all, err := tx.Receipts(store.Stream{AccountID: gr.AccountID, GroupID: groupID, To: math.MaxInt64, Most: 100_000})
		for i := range all {
			if all[i].Seq > 0 {
				own = append(own, all[i].Event)
			}
		}
		return err
	}))
	return own
}
