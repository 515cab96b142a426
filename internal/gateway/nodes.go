package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Several nodes may share a database. A lane is run by one of them, and what it remembers of the network's answers is in its memory
// alone: so a report that is about work in the lane of another node is left for that one to take in. The end of an operation is told to
// all, because its caller may wait anywhere.

// listen begins to hear other nodes, where there can be any.
func (g *Gateway) listen() {
	if g.store.Shared() {
		g.deafen = g.store.Listen(g.hear)
		g.running.Go(g.collectForever)
	}
}

// collect is how often a node looks by itself into its inbox, and for the ends of what its callers wait for: a signal may have been
// lost, sent by somebody who did not know of this node yet, or a dead node's inbox taken over.
const collect = 5 * time.Second

func (g *Gateway) collectForever() {
	g.takeInbox() // what was left while this node was away may tell that what it would send again has been sent
	tick := time.NewTicker(collect)
	defer tick.Stop()
	for {
		select {
		case <-g.halt:
			return
		case <-tick.C:
			g.takeInbox()
			g.wakeEnded(g.waiters.among(store.Signal{Missed: true}))
		}
	}
}

// hear does what other nodes have called for, without keeping the one who listens.
func (g *Gateway) hear(sig store.Signal) {
	g.outbox.Wake(sig.Lanes...)
	if ended := g.waiters.among(sig); len(ended) > 0 {
		g.running.Go(func() { g.wakeEnded(ended) })
	}
	if sig.Missed {
		g.running.Go(g.outbox.Sweep)
	}
	if sig.Inbox || sig.Missed {
		g.running.Go(g.takeInbox)
	}
}

// among gives those operations that a signal says have ended and that somebody waits for here.
func (w *waiters) among(sig store.Signal) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []int64
	for id := range w.byOperation {
		if sig.Missed || slices.Contains(sig.Ended, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// wakeEnded wakes those who wait for operations that have ended on another node.
func (g *Gateway) wakeEnded(ids []int64) {
	for _, id := range ids {
		var op group.Operation
		err := g.store.Read(context.Background(), func(tx *store.Tx) (err error) {
			op, err = endOf(tx, id)
			return err
		})
		switch {
		case err != nil:
			g.log.Warn("an operation that has ended could not be read; its caller waits on", "operation", id, "error", err)
		case !op.DoneAt.IsZero():
			g.waiters.wake(op)
		}
	}
}

// tellEnded tells the other nodes of operations that have ended.
func (g *Gateway) tellEnded(operations []group.Operation) {
	if len(operations) == 0 || g.outbox.Peers() == 0 {
		return
	}
	ids := make([]int64, len(operations))
	for i := range operations {
		ids[i] = operations[i].ID
	}
	g.store.Signal(store.Signal{Ended: ids})
}

// elsewhere leaves a report for the node that runs the lane it is about, and tells whether it has.
func (g *Gateway) elsewhere(tx *store.Tx, fx *effects, e *graph.Event, it *store.Item) (bool, error) {
	if it == nil || it.Owner == g.store.Node() {
		return false, nil
	}
	body, err := json.Marshal(e)
	if err != nil {
		return false, err
	}
	fx.left = append(fx.left, it.Owner)
	return true, tx.Leave(it.Owner, body)
}

// inboxPage is how many messages are read at once, and how many are taken in side by side.
const inboxPage = 64

// inboxPatience is for how long a report that cannot be taken in is tried again. After that the sweep finds what it would have told.
const inboxPatience = 10 * time.Minute

// takeInbox takes in what other nodes have left for this one. One that fails stays, and is tried again with the next signal or sweep.
func (g *Gateway) takeInbox() {
	g.inbox.Lock() // one after the other, or all would read the same
	defer g.inbox.Unlock()
	for after := int64(0); ; {
		var page []store.Letter
		err := g.store.Read(context.Background(), func(tx *store.Tx) (err error) {
			page, err = tx.Inbox(g.store.Node(), after, inboxPage)
			return err
		})
		if err != nil {
			g.log.Warn("the reports that other nodes left here could not be read; trying again later", "error", err)
			return
		}
		var taking sync.WaitGroup
		for _, m := range page {
			after = m.ID
			taking.Go(func() {
				if err := g.takeMessage(m); err != nil {
					g.giveUp(m, err)
				}
			})
		}
		taking.Wait()
		if len(page) < inboxPage {
			return
		}
	}
}

// giveUp drops a report that could not be taken in for long.
func (g *Gateway) giveUp(m store.Letter, cause error) {
	if m.ID > store.IDAt(g.now().Add(-inboxPatience)) {
		g.log.Error("a report that another node left here was not taken in; trying again later", "error", cause)
		return
	}
	g.log.Error("a report that another node left here could not be taken in for long and was dropped; the group is read again in its turn", "error", cause)
	err := g.store.Write(context.Background(), func(tx *store.Tx) error { return tx.Took(m.ID) })
	if err != nil && !errors.Is(err, store.ErrNoRow) {
		g.log.Warn("a report that was dropped could not be forgotten", "error", err)
	}
}

// takeMessage takes in one report and forgets it, both or neither.
func (g *Gateway) takeMessage(m store.Letter) error {
	var e graph.Event
	if err := json.Unmarshal(m.Body, &e); err != nil {
		return fmt.Errorf("read a report: %w", err)
	}
	d, err := g.directory.current(context.Background(), g.store)
	if err != nil {
		return err
	}
	var fx *effects
	err = g.store.Write(context.Background(), func(tx *store.Tx) error {
		fx = &effects{}
		if err := tx.Took(m.ID); err != nil {
			return err
		}
		if n := d.byPhoneID[e.PhoneNumberID]; n != nil {
			return g.handle(tx, fx, n, &e)
		}
		return nil
	})
	if errors.Is(err, store.ErrNoRow) {
		return nil
	}
	if err == nil {
		g.apply(fx)
	}
	return err
}
