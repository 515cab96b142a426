package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Change is what has become of a change that a caller asked for.
type Change struct {
	Operation group.Operation
	People    []group.Person        // of a removal: those the caller listed
	Reached   []store.MessageMember // of a message to a group, when it is read: those whom the network has told of
	Rows      int64                 // how many things the call has changed
}

// Pending tells whether the network has not confirmed the change yet.
func (c *Change) Pending() bool { return c.Operation.State == group.Pending }

// Operation reads an operation of the caller's account. Changes of accounts, users and keys, which the audit holds as well, are
// not for whoever may read groups.
func (g *Gateway) Operation(ctx context.Context, c Caller, id int64) (Change, error) {
	var op group.Operation
	var reached []store.MessageMember
	err := g.store.Read(ctx, func(tx *store.Tx) (err error) {
		if op, err = tx.Operation(id); err == nil && op.Kind == group.KindSend && op.GroupID != 0 {
			reached, err = tx.MessageMembers(id)
		}
		return err
	})
	if err == nil && (op.AccountID != c.Principal.account || op.Kind.Internal()) {
		err = store.ErrNoRow
	}
	if err != nil {
		return Change{}, coded(err, group.Errorf(group.CodeOperationUnknown, "There is no such operation in this account."))
	}
	return Change{Operation: op, People: op.People, Reached: reached}, nil
}

// GroupOf gives the network's id of the group an operation was about, "" while it has none.
func (g *Gateway) GroupOf(ctx context.Context, op *group.Operation) (networkID string, err error) {
	if op.GroupID == 0 {
		return "", nil
	}
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		gr, err := tx.Group(op.GroupID)
		networkID = gr.NetworkID
		return err
	})
	return networkID, err
}

// RecordRefusal writes down that a change was refused before it began. The audit wants it, and the request's nonce must stay
// used after a restart.
func (g *Gateway) RecordRefusal(ctx context.Context, c Caller, code, message string) error {
	op := g.begin(c, 0)
	op.State, op.DoneAt, op.Code, op.Message, op.ClientToken = group.Refusal, op.At, code, message, ""
	return g.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.InsertOperation(&op) })
}

// begin fills in the part of an operation that tells who asked.
func (g *Gateway) begin(c Caller, kind group.Kind) group.Operation {
	op := group.Operation{AccountID: c.Principal.account, Kind: kind, State: group.Pending, Action: c.Action,
		Principal: c.Principal.ARN, AccessKeyID: c.Principal.key(), Source: c.Source, RequestID: c.RequestID,
		NonceHash: c.Nonce, At: g.now()}
	if c.ClientToken != "" {
		op.ClientToken, op.ParamsDigest = c.Action+"/"+c.ClientToken, c.ParamsDigest
	}
	return op
}

// started is an operation that is on its way, and the place where its end will be heard of.
type started struct {
	op    group.Operation
	ended chan group.Operation
}

// change runs one change in its transaction and wakes the lane. fn fills the operation in and inserts it, or puts another one
// in its place that the caller shall wait for; with a token that was used before, that is the first one.
func (g *Gateway) change(ctx context.Context, c Caller, kind group.Kind, fn func(*store.Tx, *group.Operation) error) (started, error) {
	s := started{ended: make(chan group.Operation, 1)}
	err := g.store.Write(ctx, func(tx *store.Tx) error {
		g.forget(s) // what an earlier run has left
		s.ended = make(chan group.Operation, 1)
		s.op = g.begin(c, kind)
		first, err := repeated(tx, &s.op)
		switch {
		case err != nil:
			return err
		case first != nil && !overtaken(tx, first):
			s.op = *first
		default:
			if first != nil {
				s.op.ClientToken = "" // it stays with the first
			}
			err = fn(tx, &s.op)
		}
		if err == nil && s.op.State == group.Pending {
			g.waiters.add(s.op.ID, s.ended) // before the commit, so that the end cannot be missed
		}
		return err
	})
	if err != nil {
		g.forget(s)
		return s, err
	}
	if s.op.State == group.Pending && s.op.GroupID != 0 {
		g.outbox.Wake(lane(s.op.GroupID))
	}
	return s, nil
}

// forget takes back what was kept in memory of an operation that is not to be.
func (g *Gateway) forget(s started) {
	if s.op.ID != 0 {
		g.waiters.remove(s.op.ID, s.ended)
		g.handovers.take(s.op.ID)
	}
}

// repeated finds the operation that the same token began before.
func repeated(tx *store.Tx, op *group.Operation) (*group.Operation, error) {
	if op.ClientToken == "" {
		return nil, nil
	}
	holdToken(tx, op)
	first, err := tx.OperationByToken(op.AccountID, op.ClientToken)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return nil, nil
	case err != nil:
		return nil, err
	case first.ParamsDigest != op.ParamsDigest:
		return nil, group.Errorf(group.CodeTokenReused, "This ClientToken was used before with other parameters; use a new one.")
	}
	return &first, nil
}

// overtaken tells whether a removal that has ended is no longer true, because somebody whom it found out is in the group now.
// OK must not be said again then, whatever the token: the removal is made anew.
func overtaken(tx *store.Tx, first *group.Operation) bool {
	if first.Kind != group.KindRemove || first.State == group.Pending {
		return false
	}
	if err := holdGroupOf(tx, first.GroupID); err != nil {
		return false
	}
	known, err := tx.Participants(first.GroupID)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(first.People, func(p group.Person) bool {
		now := group.Find(known, group.Spelt(known, []group.Number{p.Number})[0])
		return now != nil && now.State.Present()
	})
}

// endOf reads what has become of an operation, for a caller who was not woken by its end. Since that, somebody may have come in again
// whom it found out: then it is not true any more, and the caller has to ask again.
func endOf(tx *store.Tx, id int64) (group.Operation, error) {
	op, err := tx.Operation(id)
	if err == nil && overtaken(tx, &op) {
		op.State = group.Pending
	}
	return op, err
}

// begun tells whether the caller's token has begun an operation before, so that nothing need be prepared for it again.
func (g *Gateway) begun(ctx context.Context, c Caller) (known bool, err error) {
	op := g.begin(c, 0)
	if op.ClientToken == "" {
		return false, nil
	}
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		first, err := repeated(tx, &op)
		known = first != nil
		return err
	})
	return known, err
}

// settle waits until an operation has ended, at most for the time a caller is made to wait, and gives it as it is then.
func (g *Gateway) settle(ctx context.Context, s started) (group.Operation, error) {
	defer g.waiters.remove(s.op.ID, s.ended)
	if s.op.State != group.Pending || g.cfg.Patience.Confirm <= 0 {
		return s.op, nil
	}
	timer := time.NewTimer(g.cfg.Patience.Confirm)
	defer timer.Stop()
	select {
	case op := <-s.ended:
		return op, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	var op group.Operation // part of it may be done
	err := g.store.Read(context.WithoutCancel(ctx), func(tx *store.Tx) (err error) {
		op, err = endOf(tx, s.op.ID)
		return err
	})
	return op, err
}

// run is change and settle in one, for changes that callers wait for.
func (g *Gateway) run(ctx context.Context, c Caller, kind group.Kind, fn func(*store.Tx, *group.Operation) error) (group.Operation, error) {
	s, err := g.change(ctx, c, kind, fn)
	if err != nil {
		return s.op, err
	}
	return g.settle(ctx, s)
}

// waiters are the calls that wait for operations to end.
type waiters struct {
	mu          sync.Mutex
	byOperation map[int64][]chan group.Operation
}

func (w *waiters) add(id int64, ended chan group.Operation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byOperation[id] = append(w.byOperation[id], ended)
}

func (w *waiters) remove(id int64, ended chan group.Operation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := slices.DeleteFunc(w.byOperation[id], func(other chan group.Operation) bool { return other == ended })
	if len(left) == 0 {
		delete(w.byOperation, id)
		return
	}
	w.byOperation[id] = left
}

// wake tells everybody who waits for the operation how it has ended.
func (w *waiters) wake(op group.Operation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ended := range w.byOperation[op.ID] {
		select {
		case ended <- op: // each has room for the one end there is
		default:
		}
	}
	delete(w.byOperation, op.ID)
}
