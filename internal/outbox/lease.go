package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// lease is this process's right to run lanes of a database that it shares with others. It lasts for a while and is renewed all the
// time; who cannot renew it stops sending before the others may take its lanes for left alone.
type lease struct {
	node store.Node
	last time.Duration // how long it lasts

	mu     sync.Mutex
	until  time.Time // zero before the first one
	since  time.Time // unbroken
	peers  int       // other nodes that live; until it has looked, there may be one
	first  bool      // this node has the smallest number of those that live
	lapse  *time.Timer
	ctx    context.Context // of the handlers that run under it
	cancel context.CancelFunc

	inheriting sync.Mutex  // held by who takes over what the dead have left
	unswept    atomic.Bool // lanes that were taken over may not have been woken yet

	renewing sync.WaitGroup
	over     chan struct{} // closed when it is to be renewed no more
	gone     sync.Once     // given back
}

// join takes up the lease, if the database is one that is shared.
func (o *Outbox) join(ctx context.Context) error {
	if !o.cfg.Store.Shared() {
		return nil
	}
	o.lease = &lease{node: store.Node{ID: o.cfg.Node, Run: rand.Int64()}, last: o.cfg.Lease, peers: 1, over: make(chan struct{})} //nolint:gosec // it only has to be another one
	o.cfg.Store.SetNode(o.cfg.Node)
	return o.take(ctx, (*store.Tx).JoinNode)
}

// take makes the lease last from now on, by joining or by renewing.
func (o *Outbox) take(ctx context.Context, by func(*store.Tx, store.Node, time.Duration) error) error {
	l, asked := o.lease, time.Now()
	err := o.cfg.Store.WriteLease(ctx, func(tx *store.Tx) error { return by(tx, l.node, l.last) })
	if err != nil {
		return err
	}
	if err := o.afresh(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lapsed := l.lapse != nil && !l.lapse.Stop() // or is about to
	if l.ctx == nil || l.ctx.Err() != nil || lapsed {
		l.ctx, l.cancel = context.WithCancel(o.ctx) //nolint:gosec // called when the lease lapses or is given back
		l.since = asked
	}
	// The database counts from when it heard, which is later: the others wait longer than we go on.
	l.until = asked.Add(l.last * 4 / 5)
	l.lapse = time.AfterFunc(time.Until(l.until), l.cancel)
	return nil
}

// afresh forgets, when the lease had lapsed, what is remembered of lanes: another node may have run them meanwhile, and given them
// back by its death.
func (o *Outbox) afresh(ctx context.Context) error {
	if o.held() || o.context() == nil {
		return nil
	}
	mark, err := o.cfg.Store.NewID(ctx)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.birth = mark
	for name, l := range o.lanes {
		l.first = 0
		if l.timer != nil && l.timer.Stop() {
			delete(o.lanes, name)
		}
	}
	o.running.Go(o.Sweep)
	return nil
}

// context is what handlers run under. It ends with the lease.
func (o *Outbox) context() context.Context {
	if o.lease == nil {
		return o.ctx
	}
	o.lease.mu.Lock()
	defer o.lease.mu.Unlock()
	return o.lease.ctx
}

// held tells whether this process may run lanes now.
func (o *Outbox) held() bool {
	if o.lease == nil {
		return true
	}
	o.lease.mu.Lock()
	defer o.lease.mu.Unlock()
	return time.Now().Before(o.lease.until)
}

// First tells whether this node is the one that does what only one of them has to do.
func (o *Outbox) First() bool {
	if o.lease == nil {
		return true
	}
	o.lease.mu.Lock()
	defer o.lease.mu.Unlock()
	return o.lease.first && time.Now().Before(o.lease.until)
}

// Peers tells how many other nodes live.
func (o *Outbox) Peers() int {
	if o.lease == nil {
		return 0
	}
	o.lease.mu.Lock()
	defer o.lease.mu.Unlock()
	return o.lease.peers
}

// renewForever renews the lease five times as often as it needs, and takes over what dead nodes have left.
func (o *Outbox) renewForever() {
	tick := time.NewTicker(o.lease.last / 5)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-o.lease.over:
			return
		}
		if err := o.renew(); err != nil {
			o.cfg.Logger.Warn("the lease on this node's lanes was not renewed; trying again", "error", err)
		}
	}
}

func (o *Outbox) renew() error {
	ctx, cancel := context.WithTimeout(o.ctx, o.lease.last)
	defer cancel()
	err := o.take(ctx, (*store.Tx).RenewNode)
	if err != nil && !errors.Is(err, store.ErrNoRow) {
		return err
	}
	lost := err != nil
	var nodes []store.Node
	err = o.cfg.Store.Read(ctx, func(tx *store.Tx) (err error) {
		nodes, err = tx.Nodes()
		return err
	})
	if err != nil {
		return fmt.Errorf("look for other nodes: %w", err)
	}
	if lost {
		return o.rejoin(ctx, nodes)
	}
	o.survey(nodes)
	return nil
}

// rejoin comes back after the others have taken this node for dead. It does not when another process has its number: that means that
// two servers were given the same data directory.
func (o *Outbox) rejoin(ctx context.Context, nodes []store.Node) error {
	for _, n := range nodes {
		if n.ID == o.lease.node.ID && n.Alive {
			return errors.New("another process runs as the same node; give each server a data directory of its own")
		}
	}
	return o.take(ctx, (*store.Tx).JoinNode)
}

// survey notes who lives, and has taken over what the dead have left. It does so only when its own lease has held for as long as a
// lease lasts: after the database was away, the others are given the time to come back.
func (o *Outbox) survey(nodes []store.Node) {
	var dead []int64
	peers, first := 0, true
	for _, n := range nodes {
		switch {
		case n.ID == o.lease.node.ID:
		case n.Alive:
			peers++
			first = first && n.ID > o.lease.node.ID
		default:
			dead = append(dead, n.ID)
		}
	}
	o.lease.mu.Lock()
	o.lease.peers, o.lease.first = peers, first
	steady := time.Since(o.lease.since) >= o.lease.last
	o.lease.mu.Unlock()
	if !steady || len(dead) == 0 && !o.lease.unswept.Load() || !o.lease.inheriting.TryLock() {
		return
	}
	o.lease.renewing.Go(func() { // by itself, because the lease has to be renewed meanwhile
		defer o.lease.inheriting.Unlock()
		if err := o.inherit(dead); err != nil {
			o.cfg.Logger.Warn("the lanes of dead nodes were not all taken over; trying again", "error", err)
		}
	})
}

// inherit takes over what the dead have left and wakes it. When waking fails, it has to be made up for: the dead are not to be seen
// any more.
func (o *Outbox) inherit(dead []int64) error {
	ctx, cancel := context.WithTimeout(o.ctx, o.lease.last)
	defer cancel()
	o.lease.unswept.Store(true)
	for _, id := range dead {
		if err := o.takeOver(ctx, id); err != nil {
			return fmt.Errorf("take over the lanes of a dead node: %w", err)
		}
	}
	if err := o.sweep(ctx); err != nil {
		return err
	}
	o.lease.unswept.Store(false)
	return nil
}

func (o *Outbox) takeOver(ctx context.Context, dead int64) error {
	mark, err := o.cfg.Store.NewID(ctx)
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.birth = mark // what was in the dead node's lanes may have run there
	for _, l := range o.lanes {
		l.first = 0
	}
	o.mu.Unlock()
	o.cfg.Logger.Warn("taking over the lanes of a node that is dead", "node", dead)
	return o.cfg.Store.Write(ctx, func(tx *store.Tx) error { return tx.TakeOver(dead, o.lease.node.ID) })
}

// giveBack ends the lease, so that the others need not wait for its end.
func (o *Outbox) giveBack() {
	if o.lease != nil {
		o.lease.gone.Do(o.leaveNodes) // once, however often it is stopped
	}
}

func (o *Outbox) leaveNodes() {
	close(o.lease.over)
	o.lease.renewing.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := o.cfg.Store.Write(ctx, func(tx *store.Tx) error { return tx.LeaveNode(o.lease.node) }); err != nil {
		o.cfg.Logger.Warn("the lease on this node's lanes was not given back", "error", err)
	}
}
