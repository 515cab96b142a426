package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// pushesAtOnce is how many pushes to all callbacks have a place at the same time, for what came in and for the rest each. One that is slow
// gives its place on.
const pushesAtOnce = 256

// happening is what happened in a group.
type happening struct {
	kind      string
	operation int64 // that it was asked for by, 0 for none
	body      any   // nil for nothing to be said of it
}

// tell writes down what happened in a group, and has the customer told of it if there is a callback.
func (g *Gateway) tell(tx *store.Tx, fx *effects, gr *group.Group, h happening) error {
	e := group.Event{AccountID: gr.AccountID, Number: gr.Number, GroupID: gr.ID, Kind: h.kind, OperationID: h.operation, At: g.now()}
	if h.body != nil {
		text, err := json.Marshal(h.body)
		if err != nil {
			return err
		}
		e.Body = string(text)
	}
	if err := tx.InsertEvent(&e); err != nil {
		return err
	}
	return g.enqueueReceipt(tx, fx, &e)
}

// tellSuspended tells that the platform has suspended a group, if a failure has shown that: then there may be no report of it.
func (g *Gateway) tellSuspended(tx *store.Tx, fx *effects, gr *group.Group, before group.Status) error {
	if gr.Status != group.Suspended || before == group.Suspended {
		return nil
	}
	return g.tell(tx, fx, gr, happening{group.EventSuspended, 0, nil})
}

// enqueueReceipt puts an event into a lane of its group, or else of its number, if there is a callback for it. Each lane leads to one
// address, so that a receiver that is dead holds up nothing that goes to another.
func (g *Gateway) enqueueReceipt(tx *store.Tx, fx *effects, e *group.Event) error {
	d := g.directory.latest()
	if d.address(e.AccountID, e.Number, receipt.KindOf(e.Kind)).URL == "" {
		return nil
	}
	it := store.Item{Lane: store.Lane{Kind: store.CallbackLane, ID: e.GroupID}, OperationID: e.ID}
	if e.Kind == group.EventInbound {
		it.Lane.Kind = store.InboundLane
	}
	if e.GroupID == 0 {
		it.Lane.ID = int64(e.Number)
	}
	fx.told = append(fx.told, it.Lane)
	return tx.Enqueue(&it)
}

// addressOf gives where a receipt goes, by the settings that hold now.
func (g *Gateway) addressOf(ctx context.Context, r *store.Receipt) (receipt.Address, error) {
	d, err := g.directory.current(ctx, g.store)
	if err != nil {
		return receipt.Address{}, err
	}
	return d.address(r.AccountID, r.Number, receipt.KindOf(r.Kind)), nil
}

// CountReceipts tells how many receipts have come to an outcome since the start.
func (g *Gateway) CountReceipts(o receipt.Outcome) int64 { return g.receipts.Count(o) }

// DeadReceipt is a receipt that was given up.
type DeadReceipt struct {
	store.Waiting
	Host string // where it would go now, with the port if the address has one; "" for nowhere
}

// DeadReceipts gives receipts that were given up, oldest first: those that a range means.
func (g *Gateway) DeadReceipts(ctx context.Context, r store.Range) (dead []DeadReceipt, err error) {
	var found []store.Waiting
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		found, err = tx.DeadReceipts(r)
		return err
	})
	for i := range found {
		to, failed := g.addressOf(ctx, &found[i].Receipt)
		if failed != nil {
			return nil, failed
		}
		dead = append(dead, DeadReceipt{Waiting: found[i], Host: host(to.URL)})
	}
	return dead, err
}

// host gives the host of an address: the rest of it may hold a secret.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// CountDeadReceipts gives how many receipts were given up and not replayed.
func (g *Gateway) CountDeadReceipts(ctx context.Context) (n int, err error) {
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		n, err = tx.CountDeadReceipts()
		return err
	})
	return n, err
}

// replayPage is how many receipts are revived in one transaction.
const replayPage = 200

// ReplayReceipts has receipts pushed again that were given up, as if they had never been pushed, and gives how many. In each group they
// come before what is still waiting. A server that runs in another process takes them up with its next sweep.
func (g *Gateway) ReplayReceipts(ctx context.Context, r store.Range) (replayed int, err error) {
	for r.Most = replayPage; ; {
		var lanes []store.Lane
		err := g.store.Write(ctx, func(tx *store.Tx) (err error) {
			lanes, r.After, err = revive(tx, r)
			return err
		})
		if err != nil {
			return replayed, err
		}
		g.outbox.Wake(lanes...)
		replayed += len(lanes)
		if len(lanes) < replayPage || r.ID != 0 {
			return replayed, nil
		}
	}
}

func revive(tx *store.Tx, r store.Range) (lanes []store.Lane, last int64, err error) {
	node, err := tx.LivingNode()
	if err != nil {
		return nil, r.After, err
	}
	dead, err := tx.DeadReceipts(r)
	last = r.After
	var errs []error
	for i := range dead {
		it := &dead[i].Item
		errs = append(errs, tx.Revive(it, node))
		lanes, last = append(lanes, it.Lane), it.ID
	}
	return lanes, last, errors.Join(err, errors.Join(errs...))
}
