package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/outbound"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// callbackURL is where the simulator's webhooks go. They never leave the process, so no such host is asked for.
const callbackURL = "http://localhost/meta/webhook"

// Program is a running program.
type Program struct {
	cfg         Config
	data        Data
	log         *slog.Logger
	certificate *tls.Certificate

	store   *store.Store
	sealKey []byte
	gateway *gateway.Gateway
	webhook *webhook
	bodies  *rpc.Bodies // room for the bodies of all requests from outside
	front   *front
	metrics *prometheus.Registry
	sim     *simulator.Simulator
	ready   Ready

	addr, simAddr, metricsAddr string // where callers, the simulated network and the metrics are served, with the real ports

	tried    atomic.Bool // our own first call has been answered
	failed   chan error
	stopping sync.Mutex // guards closers, so that nothing is stopped twice
	closers  []closer
}

// closer is one thing to be stopped, in the reverse of the order of starting.
type closer struct {
	what string
	stop func(context.Context) error
}

// Start starts the program and returns once it really answers. ctx bounds the starting alone. The error says what to do about
// it; nothing is left running then.
func Start(ctx context.Context, cfg Config) (*Program, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	p := newProgram(cfg)
	for _, step := range []func(context.Context) error{
		p.openFiles, p.openNetwork, p.openGateway, p.openSimulator, p.startGateway, p.startPruner, p.serveSimulator, p.serveCallers, p.serveMetrics,
		p.tryOut,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
	}
	return p, nil
}

func newProgram(cfg Config) *Program {
	return &Program{cfg: cfg, data: Data{Dir: cfg.DataDir, Database: cfg.Database}, log: cfg.Logger,
		failed: make(chan error, 3), metrics: newMetrics()}
}

// Stop stops in order: no new connections; the requests that are running come to their end, also those that wait for the
// network's confirmation; then the gateway, the simulator and the store. When ctx ends, what is left is cut off: nothing that
// was answered is lost by that. Whoever calls it a second time waits for the first and is told nothing.
func (p *Program) Stop(ctx context.Context) error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	if p.front != nil {
		p.front.stopping.Store(true)
	}
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		if err := p.closers[i].stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", p.closers[i].what, err))
		}
	}
	p.closers = nil
	return errors.Join(errs...)
}

// Addr is the address on which callers are served, with its real port.
func (p *Program) Addr() string { return p.addr }

// Ready tells what a client needs to know. Only a program with a simulator has a demo account to tell of.
func (p *Program) Ready() Ready { return p.ready }

// Failed gives the error of a listener that ended by itself.
func (p *Program) Failed() <-chan error { return p.failed }

func (p *Program) onStop(what string, stop func(context.Context) error) {
	p.closers = append(p.closers, closer{what, stop})
}

// openFiles takes the data directory and opens what is in it.
func (p *Program) openFiles(ctx context.Context) (err error) {
	if p.certificate, err = p.cfg.Listen.certificate(); err != nil {
		return err
	}
	if err := p.data.create(); err != nil {
		return err
	}
	l, err := p.data.takeSoon(ctx)
	if err != nil {
		return err
	}
	p.onStop("data directory", func(context.Context) error { return l.release() })
	if err := p.data.settleKind(p.cfg.Simulator != nil); err != nil {
		return err
	}
	if p.store, p.sealKey, err = p.data.open(ctx, p.cfg.kind(), p.log); err != nil {
		return err
	}
	p.onStop("store", func(context.Context) error { return p.store.Close() })
	return nil
}

// openNetwork reads, or for a simulator makes up, what the network and we prove ourselves to each other with.
func (p *Program) openNetwork(context.Context) (err error) {
	p.bodies = rpc.NewBodies(rpc.DefaultBodyRoom)
	p.webhook = &webhook{bodies: p.bodies, log: p.log}
	if p.cfg.Simulator != nil {
		p.webhook.appSecret, p.webhook.verifyToken = rand.Text(), rand.Text()
		return nil
	}
	if p.webhook.appSecret, err = ReadSecretText(p.cfg.Meta.AppSecretFile); err != nil {
		return err
	}
	if p.webhook.verifyToken, err = ReadSecretText(p.cfg.Meta.VerifyTokenFile); err != nil {
		return err
	}
	return p.cfg.Meta.checkTokens()
}

// openGateway makes the gateway. It does not work yet, so it may speak to a simulator that is still to come.
func (p *Program) openGateway(context.Context) error {
	south, fetch := graph.Config{BaseURL: p.cfg.Meta.GraphURL}, outbound.Config{}
	parallel := 0
	if p.cfg.Simulator != nil {
		south.Transport = simulator.InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.sim.Graph().ServeHTTP(w, r)
		}))
		fetch.Allow = outbound.Loopback
		parallel = 2 * runtime.GOMAXPROCS(0) // a network in this process is not waited for, only computed
	}
	client, err := graph.New(south)
	if err != nil {
		return fmt.Errorf("reach the network: %w", err)
	}
	pictures := outbound.New(fetch)
	p.onStop("fetching of pictures", func(context.Context) error { pictures.CloseIdleConnections(); return nil })
	node, err := p.data.node()
	if err != nil {
		return err
	}
	p.gateway = gateway.New(gateway.Config{Store: p.store, Receipts: p.pusher(), Logger: p.log,
		Network:  gateway.Network{Graph: client, Pictures: pictures, Known: p.known(), Onboarding: p.onboarding()},
		Work:     gateway.Work{Parallel: parallel, Hold: p.cfg.Hold, Node: node},
		Patience: gateway.Patience{Confirm: p.cfg.ConfirmWait}})
	p.webhook.handle = p.gateway.HandleReports
	p.countPaces()
	p.countReceipts()
	return nil
}

// openSimulator opens the simulated network and the demo account.
func (p *Program) openSimulator(ctx context.Context) (err error) {
	if p.cfg.Simulator == nil {
		return nil
	}
	p.sim, err = simulator.New(simulator.Config{Path: p.data.path(simulatorFile), Delay: p.cfg.Simulator.Delay, Logger: p.log,
		Templates: networkTemplates(),
		Callback: simulator.Callback{URL: callbackURL, VerifyToken: p.webhook.verifyToken, AppSecret: p.webhook.appSecret,
			Transport: simulator.InProcess(p.webhook)}})
	if err != nil {
		return fmt.Errorf("start the simulator: %w", err)
	}
	p.onStop("simulator", p.sim.Close)
	if err := p.ensureDemo(ctx); err != nil {
		return fmt.Errorf("make the demo account: %w", err)
	}
	return p.keepRegistered(ctx)
}

// startGateway has it stopped too when it starts by half: lanes may be running then.
func (p *Program) startGateway(ctx context.Context) error {
	p.onStop("gateway", p.gateway.Stop)
	return p.gateway.Start(ctx)
}

func (p *Program) serveSimulator(ctx context.Context) error {
	if p.sim == nil || p.cfg.Simulator.Address == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("/sim/", guardControl(p.cfg.Simulator.Address, p.sim.Control()))
	mux.Handle("/", p.sim.Graph())
	s, err := listen(ctx, serving{flag: "--simulator-listen", address: p.cfg.Simulator.Address, handler: mux, answerTime: time.Minute}, p.log, p.failed)
	if err != nil {
		return fmt.Errorf("serve the simulator: %w", err)
	}
	p.onStop("the simulator's listener", s.stop)
	p.simAddr = s.addr()
	p.ready.SimulatorURL = "http://" + reachable(p.simAddr)
	return nil
}

func (p *Program) serveCallers(ctx context.Context) error {
	handler, err := p.rpc(ctx)
	if err != nil {
		return err
	}
	p.front = &front{rpc: handler, webhook: p.webhook, metrics: p.metricsHere(), alive: p.alive}
	s, err := listen(ctx, serving{flag: "--listen", address: p.cfg.Listen.Address, certificate: p.certificate, handler: p.front,
		answerTime: readTime + time.Minute + p.cfg.ConfirmWait}, p.log, p.failed)
	if err != nil {
		return err
	}
	p.onStop("the callers' listener", s.stop)
	p.addr = s.addr()
	p.ready.Endpoint, p.ready.Protocol = reachable(p.addr), p.cfg.Listen.protocol()
	if p.certificate != nil {
		p.ready.CertificateFile, err = filepath.Abs(p.cfg.Listen.CertFile)
	}
	return err
}

// serveMetrics serves the metrics on an address of their own, if they have one.
func (p *Program) serveMetrics(ctx context.Context) error {
	if p.cfg.Listen.MetricsAddress == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.metricsPage())
	s, err := listen(ctx, serving{flag: "--metrics-listen", address: p.cfg.Listen.MetricsAddress, handler: mux, answerTime: time.Minute}, p.log, p.failed)
	if err != nil {
		return fmt.Errorf("serve the metrics: %w", err)
	}
	p.onStop("the metrics' listener", s.stop)
	p.metricsAddr = s.addr()
	p.log.Info("serving metrics", "address", p.metricsAddr)
	return nil
}

// alive tells whether the store answers.
func (p *Program) alive(ctx context.Context) error {
	return p.store.Read(ctx, func(tx *store.Tx) error {
		_, err := tx.Generation()
		return err
	})
}

// tryOut makes sure that ready means ready. Only a demo account has a key to try; without one it is asked whether the server is ready.
func (p *Program) tryOut(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	defer p.tried.Store(true)
	client := selfClient(p.certificate)
	defer client.CloseIdleConnections()
	if p.cfg.Simulator == nil {
		return p.askReady(ctx, client)
	}
	return p.prove(ctx, client)
}
