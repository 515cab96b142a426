package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// rereads holds the groups that will be read again after a while.
type rereads struct {
	mu      sync.Mutex
	timers  map[int64]*time.Timer
	stopped bool
}

func (r *rereads) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	for _, t := range r.timers {
		t.Stop()
	}
}

// later has a group read after a while; asked for twice it is read once.
func (r *rereads) later(groupID int64, wait time.Duration, read func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || r.timers[groupID] != nil {
		return
	}
	r.timers[groupID] = time.AfterFunc(wait, func() {
		r.mu.Lock()
		delete(r.timers, groupID)
		stopped := r.stopped
		r.mu.Unlock()
		if !stopped {
			read()
		}
	})
}

// Reread has a group read again now.
func (g *Gateway) Reread(ctx context.Context, groupID int64) error {
	err := g.store.Write(ctx, func(tx *store.Tx) error {
		if err := holdGroupOf(tx, groupID); err != nil {
			return err
		}
		return tx.EnqueueReread(lane(groupID))
	})
	if err == nil {
		g.outbox.Wake(lane(groupID))
	}
	return err
}

func (g *Gateway) rereadLogged(groupID int64) {
	if err := g.Reread(context.Background(), groupID); err != nil {
		g.log.Error("a group could not be put down for reading", "group", groupID, "error", err)
	}
}
