package outbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// never is a wait that ends by an event or not at all.
const never = time.Hour

// world is a store with an outbox whose handler the test itself plays: it takes each run and gives the verdict.
type world struct {
	t     *testing.T
	store *store.Store
	box   *outbox.Outbox
	runs  chan run
}

// run is one call of the handler that waits for its verdict.
type run struct {
	outbox.Job
	ctx     context.Context
	verdict chan func() outbox.Verdict // called in the handler
}

// onPostgres says on which database the tests run now: first all of them on a file, then on PostgreSQL.
var onPostgres bool

func TestMain(m *testing.M) { os.Exit(pgserver.MainTwice(m, &onPostgres)) }

// withFile tells whether a test is to run that can only be made with a file; why says what stands in the way.
func withFile(why string) bool { return why != "" && !onPostgres }

var (
	sealKey   = []byte(strings.Repeat("k", 32))
	databases = pgserver.Kind{Prepare: func(url string) error {
		s, err := store.Open(context.Background(), store.Config{URL: url, SealKey: sealKey})
		if err != nil {
			return err
		}
		return s.Close()
	}}
)

func openStore(t *testing.T) *store.Store {
	t.Helper()
	cfg := store.Config{Path: filepath.Join(t.TempDir(), "lanes.db"), SealKey: sealKey}
	if onPostgres {
		cfg.URL = pgserver.Lent(t, &databases)
	}
	return openAt(t, cfg)
}

func openAt(t *testing.T, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a test may have closed it
	return s
}

// newWorld makes a world whose outbox does not run yet.
func newWorld(t *testing.T, change ...func(*outbox.Config)) *world {
	t.Helper()
	w := &world{t: t, store: openStore(t), runs: make(chan run)}
	w.renew(change...)
	return w
}

// renew puts another outbox in the place of the last one, as a new process would.
func (w *world) renew(change ...func(*outbox.Config)) {
	cfg := outbox.Config{Store: w.store, Node: 1, Handlers: map[store.LaneKind]outbox.Handler{store.GroupLane: w.handle}}
	for _, c := range change {
		c(&cfg)
	}
	box := outbox.New(cfg)
	w.box = box
	w.t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // handlers that a failed test left waiting are sent home
		_ = box.Stop(ctx)
	})
}

func started(t *testing.T, change ...func(*outbox.Config)) *world {
	t.Helper()
	w := newWorld(t, change...)
	w.start()
	return w
}

func (w *world) start() {
	w.t.Helper()
	if err := w.box.Start(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stop() {
	w.t.Helper()
	if err := w.box.Stop(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) handle(ctx context.Context, job outbox.Job) outbox.Verdict {
	r := run{job, ctx, make(chan func() outbox.Verdict, 1)}
	select {
	case w.runs <- r:
	case <-ctx.Done():
		return outbox.Retry(0, "stopped")
	}
	select {
	case v := <-r.verdict:
		return v()
	case <-ctx.Done():
		return outbox.Retry(0, "stopped")
	}
}

// next waits for the next run.
func (w *world) next() run {
	w.t.Helper()
	select {
	case r := <-w.runs:
		return r
	case <-time.After(20 * time.Second):
		w.t.Fatal("nothing runs")
		return run{}
	}
}

// expect waits for the next run and checks that it is that item's.
func (w *world) expect(it store.Item) run {
	w.t.Helper()
	r := w.next()
	if r.Item.ID != it.ID {
		w.t.Fatalf("item %d of %s runs, want %d of %s", r.Item.ID, r.Item.Lane, it.ID, it.Lane)
	}
	return r
}

func (r run) say(v outbox.Verdict) { r.verdict <- func() outbox.Verdict { return v } }

// finish has the handler take its item out and say so.
func (w *world) finish(r run) {
	r.verdict <- func() outbox.Verdict {
		w.remove(r.Item)
		return outbox.Finished()
	}
}

// remove takes an item out of its lane, as a handler or an event does.
func (w *world) remove(it store.Item) {
	if err := w.store.Write(context.Background(), func(tx *store.Tx) error { return tx.Finish(&it) }); err != nil {
		w.t.Error(err)
	}
}

// takeOut takes an item out of its lane and tells whether nothing else was there.
func takeOut(tx *store.Tx, it *store.Item) (emptied bool, err error) {
	tx.Hold(it.Lane.String()) // or something could be put behind it unseen
	head, alone, err := tx.HeadAlone(it.Lane)
	if err != nil && !errors.Is(err, store.ErrNoRow) {
		return false, err
	}
	return alone && head.ID == it.ID, tx.Finish(it)
}

// settle is an event that ends an item.
func (w *world) settle(it store.Item) {
	var emptied bool
	err := w.store.Write(context.Background(), func(tx *store.Tx) (err error) {
		emptied, err = takeOut(tx, &it)
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
	tell(w.box, it, emptied)
}

func tell(box *outbox.Outbox, it store.Item, emptied bool) {
	if emptied {
		box.Emptied(it.Lane, it.ID)
	} else {
		box.Settled(it.Lane, it.ID)
	}
}

func lane(id int64) store.Lane { return store.Lane{Kind: store.GroupLane, ID: id} }

// add puts one item into each lane, in one transaction, without waking anybody.
func (w *world) add(lanes ...store.Lane) []store.Item {
	w.t.Helper()
	items := make([]store.Item, len(lanes))
	err := w.store.Write(context.Background(), func(tx *store.Tx) error {
		for i, l := range lanes {
			items[i] = store.Item{Lane: l, Kind: group.KindSend}
			tx.Hold(items[i].Lane.String())
			if err := tx.Enqueue(&items[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return items
}

// send is add and Wake.
func (w *world) send(lanes ...store.Lane) []store.Item {
	w.t.Helper()
	items := w.add(lanes...)
	w.box.Wake(lanes...)
	return items
}

func (w *world) awaitParked(l store.Lane) {
	w.t.Helper()
	w.until("the lane is parked", func() bool { return w.box.Parked(l) })
}

func (w *world) awaitIdle() {
	w.t.Helper()
	w.until("all lanes are empty", func() bool { return w.box.Remembered() == 0 })
}

func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for limit := time.Now().Add(20 * time.Second); !holds(); runtime.Gosched() {
		if time.Now().After(limit) {
			w.t.Fatalf("it does not come to be that %s", what)
		}
	}
}

// left gives the living items of a lane's head, and the dead items.
func (w *world) left(l store.Lane) (head store.Item, living bool, dead []store.Item) {
	w.t.Helper()
	err := w.store.Read(context.Background(), func(tx *store.Tx) (err error) {
		if head, err = tx.Head(l); err != nil && !errors.Is(err, store.ErrNoRow) {
			return err
		}
		living = err == nil
		dead, err = tx.DeadItems(100)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return head, living, dead
}

func (r run) check(t *testing.T, again bool, expired, attempts int) {
	t.Helper()
	if r.Again != again || r.Expired != expired || r.Item.Attempts != attempts {
		t.Errorf("again %v, expired %d, attempts %d; want %v, %d, %d", r.Again, r.Expired, r.Item.Attempts, again, expired, attempts)
	}
}
