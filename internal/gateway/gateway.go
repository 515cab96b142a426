// Package gateway holds the operations: one method for each thing that a caller or the network can do. It opens the
// transactions and is the only writer; the rules it asks for stand in package group, the SQL in package store, and what the
// network's answers mean in package graph. How callers spell their requests it does not know, but that its refusals name
// parameters as callers know them.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbound"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Config says what the gateway works with and how patient it is.
type Config struct {
	Store    *store.Store
	Network  Network
	Receipts *receipt.Pusher // brings receipts to customers; nil pushes as the official service does, to public addresses
	Patience Patience
	Work     Work
	Now      func() time.Time // defaults to time.Now
	Logger   *slog.Logger
}

// Network is what lies below, and what is known of it.
type Network struct {
	Graph      *graph.Client
	Pictures   *outbound.Client // fetches profile pictures by address
	Known      Known            // what is known of it beforehand
	Onboarding Onboarding
}

// Work says how the work in the background is done.
type Work struct {
	Parallel int   // commands running at once, 0 for the outbox's default
	Hold     bool  // accept changes, but send nothing to the network
	Node     int64 // the number of this process among those that share the database
}

// Known holds what a network is known to have without being asked. The zero value knows nothing, and leaves it to the network.
type Known struct {
	Templates group.Templates // all the approved ones
}

// Patience holds the times the gateway waits.
type Patience struct {
	Confirm time.Duration // how long a caller waits for the network's confirmation; 0 answers when accepted
	Report  time.Duration // how long a command waits for its report before the group is read again, default 3 s
	Verify  time.Duration // how long after a surprise a group is read once more, default 30 s
	Sweep   time.Duration // in what time every group is read once, default 30 min; negative never
	Lease   time.Duration // how long after its last sign another node is taken for dead, default 5 s
}

// Gateway runs the operations.
type Gateway struct {
	cfg    Config
	store  *store.Store
	graph  *graph.Client
	outbox *outbox.Outbox
	log    *slog.Logger
	now    func() time.Time

	directory    directory
	waiters      waiters
	flights      flights
	existence    existence
	handovers    handovers
	paces        paces
	rereads      rereads
	receipts     *receipt.Delivery
	explanations explanations
	inbox        sync.Mutex // held by who takes in what other nodes have left

	halt    chan struct{}
	deafen  func() // ends the hearing of other nodes
	running sync.WaitGroup
}

// New makes a gateway that answers; Start begins the work in the background.
func New(cfg Config) *Gateway {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Receipts == nil {
		cfg.Receipts = receipt.NewPusher(receipt.Config{})
	}
	cfg.Patience = cfg.Patience.withDefaults()
	g := &Gateway{cfg: cfg, store: cfg.Store, graph: cfg.Network.Graph, log: cfg.Logger, now: cfg.Now, halt: make(chan struct{}),
		deafen: func() {}}
	g.waiters.byOperation = map[int64][]chan group.Operation{}
	g.flights.byGroup = map[int64]flight{}
	g.existence = existence{began: cfg.Now(), born: map[int64]time.Time{}, denied: map[int64]time.Time{}}
	g.handovers.byOperation = map[int64]*command{}
	g.explanations.wake = make(chan struct{}, 1)
	g.rereads.timers = map[int64]*time.Timer{}
	push := func(ctx context.Context, job outbox.Job) outbox.Verdict { return g.receipts.Run(ctx, job) }
	g.outbox = outbox.New(outbox.Config{Store: cfg.Store, Logger: cfg.Logger, Parallel: cfg.Work.Parallel, Node: cfg.Work.Node, Lease: cfg.Patience.Lease,
		Apart: map[store.LaneKind]int{store.CallbackLane: pushesAtOnce, store.InboundLane: pushesAtOnce},
		Handlers: map[store.LaneKind]outbox.Handler{store.GroupLane: g.runCommand, store.DirectLane: g.runCommand,
			store.CallbackLane: push, store.InboundLane: push}})
	g.receipts = receipt.NewDelivery(receipt.DeliveryConfig{Store: cfg.Store, Pusher: cfg.Receipts, Where: g.addressOf, Resume: g.outbox.Resume, Logger: g.log,
		Retries: cfg.Receipts.Retries(), AtOnce: cfg.Receipts.AtOnce()})
	g.paces.log, g.paces.resume = g.log, g.outbox.Resume
	return g
}

func (p Patience) withDefaults() Patience {
	if p.Report == 0 {
		p.Report = 3 * time.Second
	}
	if p.Verify == 0 {
		p.Verify = 30 * time.Second
	}
	if p.Sweep == 0 {
		p.Sweep = 30 * time.Minute
	}
	return p
}

// Start takes up what an earlier run left and begins to read groups in turn.
func (g *Gateway) Start(ctx context.Context) error {
	g.running.Go(g.explainForever)
	if g.cfg.Work.Hold {
		g.log.Warn("changes are accepted and held; nothing is sent to the network")
		return nil
	}
	if err := g.outbox.Start(ctx); err != nil {
		return fmt.Errorf("start the gateway: %w", err)
	}
	g.listen()
	g.running.Go(g.sweepForever)
	return nil
}

// Stop ends the work in the background in order: commands that run come to their end, the rest waits in the store.
func (g *Gateway) Stop(ctx context.Context) error {
	close(g.halt)
	g.deafen()
	g.rereads.stop()
	err := g.outbox.Stop(ctx)
	g.running.Wait()
	return err
}

// coded makes what the store says about a missing row into a refusal.
func coded(err error, missing *group.Error) error {
	if errors.Is(err, store.ErrNoRow) {
		return missing
	}
	return err
}
