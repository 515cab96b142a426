package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-im/rollcall/internal/store"
)

// oneWriter has a store commit on one connection, so that what waits for it can be counted.
func oneWriter(c *store.Config) { c.Writers = 1 }

// hold keeps the writer busy until the given function is called; that returns once the writer is free again.
func hold(t *testing.T, s *store.Store) (release func()) {
	t.Helper()
	began, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	begin := sync.OnceFunc(func() { close(began) })
	go func() {
		done <- s.Write(context.Background(), func(*store.Tx) error {
			begin()
			<-free
			return nil
		})
	}()
	<-began
	return sync.OnceFunc(func() {
		close(free)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// queue starts a transaction for each function while the writer is held, and waits until all are in the queue. The result
// gives what each was answered, once the writer goes on.
func queue(s *store.Store, fns ...func(*store.Tx) error) func() []error {
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		before := s.Queued()
		wg.Go(func() { errs[i] = s.Write(context.Background(), fn) })
		for s.Queued() == before {
			runtime.Gosched()
		}
	}
	return func() []error { wg.Wait(); return errs }
}

func account(id int64) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		return tx.InsertAccount(&store.Account{ID: id, Name: fmt.Sprint(id), CreatedAt: day})
	}
}

func accountIDs(t *testing.T, s *store.Store) []int64 {
	t.Helper()
	var ids []int64
	for _, a := range read(t, s, (*store.Tx).Accounts) {
		ids = append(ids, a.ID)
	}
	return ids
}

func testCommitsAreShared(t *testing.T, open opener) {
	s := open(t, oneWriter)
	release := hold(t, s)
	before := s.Stats()
	many := s.Gathered() + 44
	fns := make([]func(*store.Tx) error, many)
	want := make([]int64, many)
	for i := range fns {
		fns[i], want[i] = account(int64(i)), int64(i)
	}
	answers := queue(s, fns...)
	release()
	if err := errors.Join(answers()...); err != nil {
		t.Fatal(err)
	}
	after := s.Stats()
	if commits, writes := after.Commits-before.Commits, after.Writes-before.Writes; commits < 2 || commits > 3 || writes != int64(many)+1 {
		t.Errorf("%d transactions were committed %d times; want %d in 2 or 3 (the one that held, perhaps by itself, as many as are gathered, and the rest)", writes, commits, many+1)
	}
	same(t, want, accountIDs(t, s))
}

func testBadTransactionStandsAlone(t *testing.T, open opener) {
	s := open(t, oneWriter)
	refused := errors.New("refused")
	before := s.Stats()
	release := hold(t, s)
	answers := queue(s,
		account(1),
		func(tx *store.Tx) error { return errors.Join(account(2)(tx), refused) },
		account(3),
		func(tx *store.Tx) error {
			if err := account(4)(tx); err != nil {
				return err
			}
			panic("a mistake")
		},
		account(3), // there is one already
		account(6),
	)
	release()
	errs := answers()
	for i, wantErr := range []bool{false, true, false, true, true, false} {
		if (errs[i] != nil) != wantErr {
			t.Errorf("transaction %d was answered %v", i, errs[i])
		}
	}
	if !errors.Is(errs[1], refused) {
		t.Errorf("a transaction's own error became %v", errs[1])
	}
	same(t, []int64{1, 3, 6}, accountIDs(t, s))
	if writes := s.Stats().Writes - before.Writes; writes != 4 {
		t.Errorf("%d transactions count as kept, want the one that held and three", writes)
	}
}

// What a transaction has done to rows that it was told of is undone with it, as what it has only put is.
func testFailedTransactionLeavesNothing(t *testing.T, open opener) {
	s := open(t, oneWriter)
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(account(1)(tx), tx.InsertAccessKey(&store.AccessKey{ID: "LTAI5tMine", AccountID: 1, Secret: "mySecret", CreatedAt: day}))
	})
	refused := errors.New("refused")
	fail := func(tx *store.Tx) error { return errors.Join(tx.DeleteAccessKey(1, "LTAI5tMine"), refused) }
	stumble := func(tx *store.Tx) error {
		if err := tx.DeleteAccessKey(1, "LTAI5tMine"); err != nil {
			return err
		}
		panic("a mistake")
	}
	for _, fn := range []func(*store.Tx) error{fail, stumble} {
		if err := s.Write(context.Background(), fn); err == nil {
			t.Error("a transaction that failed was answered without an error")
		}
	}
	release := hold(t, s)
	answers := queue(s, fail, account(2), stumble, account(3))
	release()
	for i, err := range answers() {
		if (err != nil) != (i%2 == 0) {
			t.Errorf("transaction %d was answered %v", i, err)
		}
	}
	same(t, []int64{1, 2, 3}, accountIDs(t, s))
	if _, err := lookUp(s, func(tx *store.Tx) (store.AccessKey, error) { return tx.AccessKey("LTAI5tMine") }); err != nil {
		t.Errorf("the key that nobody has deleted: %v", err)
	}
}

func testCancelledBeforeItsTurn(t *testing.T, open opener) {
	s := open(t, oneWriter)
	release := hold(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	go func() { answer <- s.Write(ctx, account(1)) }()
	for s.Queued() == 0 {
		runtime.Gosched()
	}
	cancel()
	release()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Errorf("it was answered %v", err)
	}
	same(t, []int64(nil), accountIDs(t, s))
}

func testCancelledInItsTurn(t *testing.T, open opener) {
	s := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Write(ctx, func(tx *store.Tx) error {
		cancel()
		return account(1)(tx)
	})
	if err != nil {
		t.Errorf("what is on disk was answered %v", err)
	}
	same(t, []int64{1}, accountIDs(t, s))
}

func testClose(t *testing.T, open opener) {
	s := open(t, oneWriter)
	release := hold(t, s)
	answers := queue(s, account(1), account(2))
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	for {
		if err := s.Read(context.Background(), func(*store.Tx) error { return nil }); errors.Is(err, store.ErrClosed) {
			break // Close has begun
		}
	}
	release()
	if err := errors.Join(append(answers(), <-closed)...); err != nil {
		t.Errorf("what was taken before Close was answered %v", err)
	}
	if err := s.Close(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a second Close gives %v", err)
	}
	if err := s.Write(context.Background(), account(3)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a write after Close was answered %v", err)
	}
	if err := s.Snapshot(context.Background(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a snapshot after Close was answered %v", err)
	}
	same(t, []int64{1, 2}, accountIDs(t, open(t)))
}

func testSnapshot(t *testing.T, open opener) {
	s := open(t)
	write(t, s, account(1))
	var before, after, plain []store.Account
	err := s.Snapshot(context.Background(), func(tx *store.Tx) (err error) {
		if before, err = tx.Accounts(); err != nil {
			return err
		}
		if err := s.Write(context.Background(), account(2)); err != nil {
			return err
		}
		after, err = tx.Accounts()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, before, after)
	err = s.Read(context.Background(), func(tx *store.Tx) (err error) {
		if plain, err = tx.Accounts(); err != nil || len(plain) != 2 {
			return fmt.Errorf("%d accounts, %w", len(plain), err)
		}
		if err := s.Write(context.Background(), account(3)); err != nil {
			return err
		}
		plain, err = tx.Accounts()
		return err
	})
	if err != nil || len(plain) != 3 {
		t.Errorf("a reader without a snapshot sees %d accounts, %v", len(plain), err)
	}
	own := errors.New("own")
	if err := s.Snapshot(context.Background(), func(*store.Tx) error { return own }); !errors.Is(err, own) {
		t.Errorf("its own error became %v", err)
	}
}

// A snapshot that panics must not leave its connection in the past.
func testSnapshotPanics(t *testing.T, open opener) {
	s := open(t, func(c *store.Config) { c.Readers = 1 })
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Snapshot(context.Background(), func(tx *store.Tx) error {
			if _, err := tx.Accounts(); err != nil {
				return err
			}
			panic("a mistake")
		})
	}()
	write(t, s, account(1))
	same(t, []int64{1}, accountIDs(t, s))
	if err := s.Snapshot(context.Background(), func(*store.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
}

func testReaderCannotWrite(t *testing.T, open opener) {
	s := open(t)
	if err := s.Read(context.Background(), account(1)); err == nil {
		t.Error("a reader wrote")
	}
	if err := s.Snapshot(context.Background(), account(2)); err == nil {
		t.Error("a snapshot wrote")
	}
	same(t, []int64(nil), accountIDs(t, s))
}

func testReadWaits(t *testing.T, open opener) {
	s := open(t, func(c *store.Config) { c.Readers = 1 })
	err := s.Read(context.Background(), func(*store.Tx) error {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return s.Read(ctx, func(*store.Tx) error { return errors.New("there was a second connection") })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	same(t, []int64(nil), accountIDs(t, s)) // the one connection is back
}

// A server and a verb of the command line may work on one database at the same moment.
func testTwoProcesses(t *testing.T, open opener) {
	a, b := open(t, clock(day), oneWriter), open(t, clock(day), oneWriter)
	release := hold(t, a) // a is in the middle of a transaction
	seen := make(chan []int64, 1)
	answer := make(chan error, 1)
	go func() {
		answer <- b.Write(context.Background(), func(tx *store.Tx) error {
			accounts, err := tx.Accounts()
			seen <- []int64{int64(len(accounts))}
			return errors.Join(err, account(2)(tx))
		})
	}()
	before := read(t, b, (*store.Tx).Generation) // readers are not kept out
	answers := queue(a, account(1), (*store.Tx).Raise)
	release()
	if err := errors.Join(append(answers(), <-answer)...); err != nil {
		t.Fatal(err)
	}
	<-seen
	if after := read(t, b, (*store.Tx).Generation); after != before+1 {
		t.Errorf("the other process sees generation %d after %d", after, before)
	}
	ids := accountIDs(t, a)
	slices.Sort(ids)
	same(t, []int64{1, 2}, ids)
	if x, y := newID(t, a), newID(t, b); x == y {
		t.Errorf("both gave out the key %d in one millisecond", x)
	}
}
