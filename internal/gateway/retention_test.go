package gateway_test

import (
	"log/slog"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

const oneDay = 24 * time.Hour

// archive is a store with a past, made by a clock that the test sets.
type archive struct {
	t     *testing.T
	now   time.Time
	store *store.Store
}

func newArchive(t *testing.T) *archive {
	a := &archive{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s, err := store.Open(ctx, store.Config{Path: filepath.Join(t.TempDir(), "archive.db"), SealKey: []byte(strings.Repeat("k", 32)),
		Now: func() time.Time { return a.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	a.store = s
	return a
}

func (a *archive) write(fn func(tx *store.Tx) error) {
	a.t.Helper()
	if err := a.store.Write(ctx, fn); err != nil {
		a.t.Fatal(err)
	}
}

// happen writes down one thing of each kind that is forgotten.
func (a *archive) happen(label string) {
	a.t.Helper()
	a.write(func(tx *store.Tx) error {
		op := group.Operation{AccountID: 7, GroupID: 5, Kind: group.KindRemove, State: group.Done, ClientToken: label, At: a.now}
		if err := tx.InsertOperation(&op); err != nil {
			return err
		}
		if err := tx.InsertEvent(&group.Event{AccountID: 7, GroupID: 5, Kind: label, At: a.now}); err != nil {
			return err
		}
		it := store.Item{Lane: store.Lane{Kind: store.GroupLane, ID: 5}, Kind: group.KindReread}
		if err := tx.Enqueue(&it); err != nil {
			return err
		}
		it.Dead, it.Failure = true, label
		if err := tx.PutItem(&it); err != nil {
			return err
		}
		return tx.Park(store.Report{NetworkID: label, Dedupe: label, ReceivedAt: a.now, Body: []byte("{}")})
	})
}

// left gives the labels of what is left of each kind, in the order in which it happened.
func (a *archive) left() (operations, events, dead, parked []string) {
	a.t.Helper()
	a.write(func(tx *store.Tx) error {
		ops, err := tx.Operations(7, 0, 100)
		for _, o := range ops {
			operations = append([]string{o.ClientToken}, operations...)
		}
		if err != nil {
			return err
		}
		if _, err := tx.PlaceEvents(0); err != nil {
			return err
		}
		told, err := tx.Receipts(store.Stream{AccountID: 7, To: math.MaxInt64, Most: 100})
		for _, e := range told {
			events = append(events, e.Kind)
		}
		if err != nil {
			return err
		}
		items, err := tx.DeadItems(100)
		for _, it := range items {
			dead = append([]string{it.Failure}, dead...)
		}
		return err
	})
	for _, label := range []string{"a", "b", "c", "d", "e"} {
		found := 0
		a.write(func(tx *store.Tx) error {
			reports, err := tx.TakeParked(label, "")
			for _, r := range reports {
				found++
				r.Dedupe, r.ReceivedAt = label, a.now // only looked at
				if err := tx.Park(r); err != nil {
					return err
				}
			}
			return err
		})
		if found > 0 {
			parked = append(parked, label)
		}
	}
	return operations, events, dead, parked
}

// Everything is kept for its own time and no longer, however many rows go at once.
func TestPrunerForgetsWhatIsOld(t *testing.T) {
	a := newArchive(t)
	for _, label := range []string{"a", "b", "c", "d", "e"} {
		a.happen(label)
		a.now = a.now.Add(oneDay)
	} // "a" is five days old now, "e" one
	pending := group.Operation{AccountID: 8, GroupID: 5, Kind: group.KindRemove, State: group.Pending}
	a.write(func(tx *store.Tx) error { return tx.InsertOperation(&pending) })
	p := gateway.NewPruner(gateway.PrunerConfig{Store: a.store, Batch: 2, Now: func() time.Time { return a.now },
		Keep: gateway.Retention{Operations: 4*oneDay + time.Hour, Events: oneDay + time.Hour, DeadItems: 2*oneDay + time.Hour, Reports: time.Hour}})
	p.Round(ctx)
	operations, events, dead, parked := a.left()
	for what, got := range map[string][2]string{
		"operations": {strings.Join(operations, ""), "bcde"}, "events": {strings.Join(events, ""), "e"},
		"dead items": {strings.Join(dead, ""), "de"}, "parked reports": {strings.Join(parked, ""), ""},
	} {
		if got[0] != got[1] {
			t.Errorf("left of the %s: %q, want %q", what, got[0], got[1])
		}
	}
	a.now = a.now.Add(1000 * oneDay)
	p.Round(ctx)
	if operations, events, _, _ := a.left(); len(operations)+len(events) > 0 {
		t.Errorf("left after years: %q, %q", operations, events)
	}
	a.write(func(tx *store.Tx) error {
		_, err := tx.Operation(pending.ID) // it has not ended
		return err
	})
}

// Zero keeps for ever.
func TestPrunerKeepsForEver(t *testing.T) {
	a := newArchive(t)
	a.happen("a")
	a.now = a.now.Add(10000 * oneDay)
	gateway.NewPruner(gateway.PrunerConfig{Store: a.store, Now: func() time.Time { return a.now }}).Round(ctx)
	operations, events, dead, parked := a.left()
	if len(operations) != 1 || len(events) != 1 || len(dead) != 1 || len(parked) != 1 {
		t.Errorf("left: %q, %q, %q, %q", operations, events, dead, parked)
	}
}

// The pruner works by itself from its start on, and ends when it is told to.
func TestPrunerRunsInTheBackground(t *testing.T) {
	a := newArchive(t)
	for i := range 10 {
		a.happen(strconv.Itoa(i))
	}
	a.now = a.now.Add(2 * oneDay)
	told := make(chan string, 8)
	p := gateway.NewPruner(gateway.PrunerConfig{Store: a.store, Batch: 3, Keep: gateway.Retention{Events: oneDay}, Now: func() time.Time { return a.now },
		Logger: slog.New(slog.NewTextHandler(teller(told), nil))})
	p.Start()
	select {
	case line := <-told:
		if !strings.Contains(line, "what=events rows=10") {
			t.Errorf("it says: %s", line)
		}
	case <-time.After(patience):
		t.Error("nothing was forgotten")
	}
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// teller passes on what is logged.
type teller chan string

func (t teller) Write(line []byte) (int, error) {
	t <- string(line)
	return len(line), nil
}
