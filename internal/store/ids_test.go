package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Keys grow whatever the clock does, and nobody gets the same one.
func testKeysGrow(t *testing.T, open opener) {
	var mu sync.Mutex
	ticks := 0
	s := open(t, func(c *store.Config) {
		c.Now = func() time.Time { // it jumps to and fro
			mu.Lock()
			defer mu.Unlock()
			ticks++
			return day.Add(time.Duration(ticks%7-3) * time.Hour)
		}
	})
	const each = 500
	got := make([][]int64, 4)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			for range each {
				got[i] = append(got[i], newID(t, s))
			}
		})
	}
	wg.Wait()
	for _, ids := range got {
		if !slices.IsSorted(ids) {
			t.Error("keys did not grow")
		}
	}
	all := slices.Concat(got...)
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != len(got)*each {
		t.Errorf("%d of %d keys are distinct", n, len(got)*each)
	}
}

// Whichever table holds the last key, a new run begins above it, also with a clock that has gone back.
func testKeysGrowOverRestarts(t *testing.T, open opener) {
	now := day
	made := map[string]func(tx *store.Tx) (int64, error){
		"operation": func(tx *store.Tx) (int64, error) {
			o := group.Operation{AccountID: 7, At: now}
			err := tx.InsertOperation(&o)
			return o.ID, err
		},
		"item": func(tx *store.Tx) (int64, error) {
			it := store.Item{Lane: groupLane(1)}
			err := tx.Enqueue(&it)
			return it.ID, err
		},
		"group": func(tx *store.Tx) (int64, error) {
			g := group.Group{AccountID: 7}
			err := tx.InsertGroup(&g)
			return g.ID, err
		},
		"event": func(tx *store.Tx) (int64, error) {
			e := group.Event{AccountID: 7}
			err := tx.InsertEvent(&e)
			return e.ID, err
		},
		"channel": func(tx *store.Tx) (int64, error) {
			c := group.Channel{SpaceID: "cams-1"}
			err := tx.InsertChannel(&c)
			return c.ID, err
		},
		"parked report": func(tx *store.Tx) (int64, error) {
			if err := tx.Park(store.Report{NetworkID: "net/1", Dedupe: "1", Body: []byte("{}")}); err != nil {
				return 0, err
			}
			return tx.NewID() - 1, nil // the key before this one
		},
	}
	for what, add := range made {
		s := open(t, func(c *store.Config) { c.Now = func() time.Time { return now } })
		var last int64
		write(t, s, func(tx *store.Tx) (err error) {
			last, err = add(tx)
			return err
		})
		if last < store.IDAt(now) {
			t.Errorf("the key of %s is below the clock", what)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, clock(now.Add(-time.Hour)))
		if id := newID(t, s); id <= last {
			t.Errorf("after %s the next run gave %d, not above %d", what, id, last)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		now = now.Add(24 * time.Hour) // the next table is alone at the end
	}
}
