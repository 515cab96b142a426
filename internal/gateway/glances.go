package gateway

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/rollcall-im/rollcall/internal/store"
)

// glances read the generation for all who ask at the same time. Who asks gets what was read after asking, so that a change is
// seen by every request that comes after it, whoever made it; those who come while one reads share the next reading.
type glances struct {
	mu   sync.Mutex
	next *glance // one that has not begun to read
}

// glance is one reading.
type glance struct {
	done       chan struct{}
	generation int64
	err        error
}

// read gives the generation as it is now or was a moment ago, but not before the call. A caller who gives up does not spoil it
// for the others.
func (g *glances) read(ctx context.Context, s *store.Store) (int64, error) {
	g.mu.Lock()
	mine := g.next
	first := mine == nil
	if first {
		mine = &glance{done: make(chan struct{}), err: errors.New("reading the generation panicked")}
		g.next = mine
	}
	g.mu.Unlock()
	if first {
		g.look(context.WithoutCancel(ctx), s, mine)
	}
	<-mine.done
	return mine.generation, mine.err
}

// look reads. Those who are ready to ask are let go first; nobody is waited for.
func (g *glances) look(ctx context.Context, s *store.Store, mine *glance) {
	defer close(mine.done)
	runtime.Gosched()
	g.mu.Lock()
	g.next = nil // who comes from now on may have seen what this reading does not
	g.mu.Unlock()
	mine.err = s.ReadAhead(ctx, func(tx *store.Tx) (err error) {
		mine.generation, err = tx.Generation()
		return err
	})
}
