package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Retention says for how long what is over is kept, counted from when it was written down. What is still needed is kept
// beyond that: operations that have not ended, and work that has not been given up. 0 keeps a thing for ever.
type Retention struct {
	Operations time.Duration // the audit, and with it what a ClientToken gives again
	Events     time.Duration
	DeadItems  time.Duration // work that was given up
	Reports    time.Duration // of the network, about groups that nobody here knows
	Refusals   time.Duration // why calls were refused
	Messages   time.Duration // what was written, and how far it came
	Nonces     time.Duration // in PostgreSQL, where all nodes share them
}

// Pruner forgets in the background what need not be kept. It takes few rows at a time, and rests between them longer than they
// took, so that it never has more than a fifth of the writer's time.
type Pruner struct {
	cfg     PrunerConfig
	halt    chan struct{}
	running sync.WaitGroup
}

// PrunerConfig says what a pruner works with.
type PrunerConfig struct {
	Store  *store.Store
	Keep   Retention
	Every  time.Duration    // between two rounds, default 10 min
	Batch  int              // rows in one transaction, default 200
	Now    func() time.Time // defaults to time.Now
	Logger *slog.Logger
}

// NewPruner makes a pruner that does nothing yet.
func NewPruner(cfg PrunerConfig) *Pruner {
	if cfg.Every == 0 {
		cfg.Every = 10 * time.Minute
	}
	if cfg.Batch == 0 {
		cfg.Batch = 200
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Pruner{cfg: cfg, halt: make(chan struct{})}
}

// Start begins to forget.
func (p *Pruner) Start() { p.running.Go(p.pruneForever) }

// Stop ends it, after the rows that are being forgotten.
func (p *Pruner) Stop(context.Context) error {
	close(p.halt)
	p.running.Wait()
	return nil
}

func (p *Pruner) pruneForever() {
	for ok := true; ok; ok = p.rest(p.cfg.Every) {
		p.Round(context.Background())
	}
}

// rest waits, and tells whether to go on.
func (p *Pruner) rest(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-p.halt:
		return false
	case <-timer.C:
		return true
	}
}

// pruned is one kind of thing that is forgotten.
type pruned struct {
	what  string
	keep  time.Duration
	batch int
	prune func(tx *store.Tx, after int64, before time.Time, most int) (last int64, gone int, err error)
}

// kinds are all that is forgotten. Nonces are small, and there are many.
func (p *Pruner) kinds() []pruned {
	keep, batch := p.cfg.Keep, p.cfg.Batch
	kinds := []pruned{
		{"operations", keep.Operations, batch, (*store.Tx).PruneOperations},
		{"events", keep.Events, batch, (*store.Tx).PruneEvents},
		{"dead items", keep.DeadItems, batch, (*store.Tx).PruneDeadItems},
		{"parked reports", keep.Reports, batch, (*store.Tx).PruneParked},
		{"explanations", keep.Refusals, batch, (*store.Tx).PruneExplanations},
		{"messages", keep.Messages, batch, (*store.Tx).PruneMessages},
	}
	if p.cfg.Store.Shared() {
		kinds = append(kinds, pruned{"nonces", keep.Nonces, 20 * batch, (*store.Tx).PruneNonces})
	}
	return kinds
}

// Round forgets all that is to be forgotten now. What it cannot forget is left to the next round.
func (p *Pruner) Round(ctx context.Context) {
	for _, kind := range p.kinds() {
		if kind.keep <= 0 {
			continue
		}
		gone, err := p.prune(ctx, kind)
		switch {
		case err != nil:
			p.cfg.Logger.Error("what is old could not be forgotten; trying again later", "what", kind.what, "error", err)
		case gone > 0:
			p.cfg.Logger.Info("forgot what is older than it is kept", "what", kind.what, "rows", gone)
		}
	}
}

func (p *Pruner) prune(ctx context.Context, kind pruned) (all int, err error) {
	before, after := p.cfg.Now().Add(-kind.keep), int64(0)
	for {
		var last int64
		var gone int
		began := time.Now()
		err := p.cfg.Store.Write(ctx, func(tx *store.Tx) (err error) {
			last, gone, err = kind.prune(tx, after, before, kind.batch)
			return err
		})
		if err != nil {
			return all, err
		}
		all += gone
		if gone < kind.batch || !p.rest(4*time.Since(began)) {
			return all, nil
		}
		after = last
	}
}
