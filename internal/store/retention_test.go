package store_test

import (
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// pruner is one kind of pruning.
type pruner func(tx *store.Tx, after int64, before time.Time, most int) (int64, int, error)

// prune prunes in steps until nothing is left to go, and gives how many rows each step took.
func prune(t *testing.T, s *store.Store, by pruner, before time.Time, most int) (steps []int) {
	t.Helper()
	for after := int64(0); ; {
		var last int64
		var gone int
		write(t, s, func(tx *store.Tx) (err error) {
			last, gone, err = by(tx, after, before, most)
			return err
		})
		steps = append(steps, gone)
		if gone < most {
			return steps
		}
		after = last
	}
}

// old gives the time before which everything has come that a database holds now: keys of PostgreSQL follow its own clock.
func old(t *testing.T, s *store.Store) time.Time {
	t.Helper()
	return time.UnixMilli(newID(t, s)>>20 + 1)
}

func testPruneOperations(t *testing.T, open opener) {
	s := open(t)
	var gone, kept []group.Operation
	for i := range 5 {
		gone = append(gone, addOperation(t, s, func(o *group.Operation) {
			o.State = []group.OperationState{group.Done, group.Failed, group.Refusal}[i%3]
		}))
	}
	token := addOperation(t, s, func(o *group.Operation) { o.State, o.ClientToken = group.Done, "A/t" })
	gone = append(gone, token)
	kept = append(kept, addOperation(t, s)) // pending
	waiting := addOperation(t, s, func(o *group.Operation) { o.State = group.Done })
	enqueue(t, s, groupLane(waiting.GroupID), func(it *store.Item) { it.OperationID = waiting.ID })
	kept = append(kept, waiting)
	gone = append(gone, addOperation(t, s, func(o *group.Operation) { o.State, o.AccountID = group.Done, 8 }))
	before := old(t, s)
	reach(t, s, before)
	young := addOperation(t, s, func(o *group.Operation) { o.State = group.Done })
	same(t, []int{3, 3, 1}, prune(t, s, (*store.Tx).PruneOperations, before, 3))
	for _, o := range gone {
		noRow(t, s, func(tx *store.Tx) (group.Operation, error) { return tx.Operation(o.ID) })
	}
	for _, o := range append(kept, young) {
		same(t, o, read(t, s, func(tx *store.Tx) (group.Operation, error) { return tx.Operation(o.ID) }))
	}
	noRow(t, s, func(tx *store.Tx) (group.Operation, error) { return tx.OperationByToken(7, "A/t") })
	again := token
	write(t, s, func(tx *store.Tx) error { return tx.InsertOperation(&again) }) // the token is free
}

// reach waits until keys are from after a time. They grow with the clock, or by themselves.
func reach(t *testing.T, s *store.Store, after time.Time) {
	t.Helper()
	for newID(t, s) < store.IDAt(after) {
	}
}

func testPruneEvents(t *testing.T, open opener) {
	s := open(t)
	for range 4 {
		write(t, s, func(tx *store.Tx) error { return tx.InsertEvent(&group.Event{AccountID: 7, Kind: "joined", At: day}) })
	}
	before := old(t, s)
	reach(t, s, before)
	e := group.Event{AccountID: 7, Kind: "left", At: day}
	write(t, s, func(tx *store.Tx) error { return tx.InsertEvent(&e) })
	same(t, []int{2, 2, 0}, prune(t, s, (*store.Tx).PruneEvents, before, 2))
	same(t, []group.Event{e}, read(t, s, func(tx *store.Tx) ([]group.Event, error) { return tx.EventsAfter(7, 0, 10) }))
}

func testPruneDeadItems(t *testing.T, open opener) {
	s := open(t)
	living := enqueue(t, s, groupLane(1))
	for lane := range int64(3) {
		it := enqueue(t, s, groupLane(lane))
		it.Dead = true
		write(t, s, func(tx *store.Tx) error { return tx.PutItem(&it) })
	}
	same(t, []int{2, 1}, prune(t, s, (*store.Tx).PruneDeadItems, old(t, s), 2))
	same(t, living, read(t, s, head(groupLane(1))))
	same(t, []store.Item(nil), read(t, s, func(tx *store.Tx) ([]store.Item, error) { return tx.DeadItems(10) }))
}
