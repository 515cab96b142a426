package store_test

import (
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

func enqueue(t *testing.T, s *store.Store, l store.Lane, change ...func(*store.Item)) store.Item {
	t.Helper()
	it := store.Item{Lane: l, Kind: group.KindSend, OperationID: 4, Payload: []byte("p")}
	for _, c := range change {
		c(&it)
	}
	write(t, s, func(tx *store.Tx) error { return tx.Enqueue(&it) })
	return it
}

func head(l store.Lane) func(*store.Tx) (store.Item, error) {
	return func(tx *store.Tx) (store.Item, error) { return tx.Head(l) }
}

func groupLane(id int64) store.Lane { return store.Lane{Kind: store.GroupLane, ID: id} }

func testLanes(t *testing.T, open opener) {
	s := open(t)
	kind2 := store.Lane{Kind: 2, ID: 1}
	for _, l := range []store.Lane{groupLane(9), kind2, groupLane(-3), groupLane(9)} {
		enqueue(t, s, l)
	}
	dead := enqueue(t, s, groupLane(5))
	dead.Dead = true
	write(t, s, func(tx *store.Tx) error { return tx.PutItem(&dead) })
	lanes := func(after store.Lane, most int) []store.Lane {
		return read(t, s, func(tx *store.Tx) ([]store.Lane, error) { return tx.Lanes(after, most) })
	}
	same(t, []store.Lane{groupLane(-3), groupLane(9), kind2}, lanes(store.Lane{}, 10))
	same(t, []store.Lane{groupLane(-3), groupLane(9)}, lanes(store.Lane{}, 2))
	same(t, []store.Lane{kind2}, lanes(groupLane(9), 2))
	same(t, []store.Lane(nil), lanes(kind2, 2))
	if a, b := groupLane(9).String(), kind2.String(); a != "group/9" || b != "callback/1" {
		t.Errorf("the lanes are called %q and %q", a, b)
	}
}

func testItems(t *testing.T, open opener) {
	s := open(t, clock(day)) // all in one millisecond: order must not hang on the clock
	first, second := enqueue(t, s, groupLane(1)), enqueue(t, s, groupLane(1))
	other := enqueue(t, s, groupLane(2), func(it *store.Item) { it.Payload = nil })
	same(t, first, read(t, s, head(groupLane(1))))
	same(t, other, read(t, s, head(groupLane(2))))
	noRow(t, s, head(groupLane(3)))

	first.Attempts, first.NextAt, first.Ref, first.Failure = 3, day.Add(time.Minute), "101/r", "timed out"
	write(t, s, func(tx *store.Tx) error { return tx.PutItem(&first) })
	same(t, first, read(t, s, head(groupLane(1))))
	same(t, first, read(t, s, func(tx *store.Tx) (store.Item, error) { return tx.ItemByRef("101/r") }))
	noRow(t, s, func(tx *store.Tx) (store.Item, error) { return tx.ItemByRef("") })

	first.Dead = true
	write(t, s, func(tx *store.Tx) error { return tx.PutItem(&first) })
	same(t, second, read(t, s, head(groupLane(1))))
	write(t, s, func(tx *store.Tx) error { return tx.Finish(&second) })
	noRow(t, s, head(groupLane(1)))
	same(t, other, read(t, s, head(groupLane(2))))
	other.Dead = true
	write(t, s, func(tx *store.Tx) error { return tx.PutItem(&other) })
	deadItems := func(most int) []store.Item {
		return read(t, s, func(tx *store.Tx) ([]store.Item, error) { return tx.DeadItems(most) })
	}
	same(t, []store.Item{other, first}, deadItems(10))
	same(t, []store.Item{other}, deadItems(1))
}

func testEnqueueReread(t *testing.T, open opener) {
	s := open(t)
	has := func() bool {
		return read(t, s, func(tx *store.Tx) (bool, error) { return tx.HasItem(groupLane(1), group.KindReread) })
	}
	reread := func() { write(t, s, func(tx *store.Tx) error { return tx.EnqueueReread(groupLane(1)) }) }
	enqueue(t, s, groupLane(2), func(it *store.Item) { it.Kind = group.KindReread })
	before := enqueue(t, s, groupLane(1))
	if has() {
		t.Error("another lane's or another kind of work was taken for it")
	}
	reread()
	reread()
	if !has() {
		t.Error("it is not in the lane")
	}
	write(t, s, func(tx *store.Tx) error { return tx.Finish(&before) })
	it := read(t, s, head(groupLane(1)))
	it.Dead = true
	write(t, s, func(tx *store.Tx) error { return tx.PutItem(&it) })
	noRow(t, s, head(groupLane(1))) // twice was once
	reread()
	if again := read(t, s, head(groupLane(1))); again.ID <= it.ID || again.Kind != group.KindReread {
		t.Errorf("a dead one kept a new one out: %+v", again)
	}
}
