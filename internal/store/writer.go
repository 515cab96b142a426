package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// maxGathered bounds how many transactions are committed together, so that none waits long for the others.
const maxGathered = 256

// ErrClosed is returned by a read or write that comes after Close.
var ErrClosed = errors.New("the store is closed")

// writer owns the one connection that writes. It takes what is waiting, runs one after the other, commits once, and leaves it to
// the flusher to answer them all once that is on the disk. It never waits for more to come: a batch is what came while the
// last one was brought to the disk, and has run by then.
type writer struct {
	conn    *conn
	store   *Store
	flusher *flusher
	copier  *checkpointer
	residue chan struct{} // of a checkpoint
	jobs    chan *job
	stopped atomic.Bool
	quit    chan struct{}
	done    chan struct{}

	commits int64  // the number of the last commit, and of the one that is being made
	batch   []*job // what it commits
	wrote   int    // statements of it that can have changed something
	free    bool   // the flusher is known to be free
}

type job struct {
	fn     func(*Tx) error
	result chan error
	err    error
	since  time.Time   // when its caller began to wait
	taken  atomic.Bool // somebody has begun with it, or its caller has given it up
}

func startWriter(c, copier *conn, s *Store, f *flusher) *writer {
	w := &writer{conn: c, store: s, flusher: f, residue: make(chan struct{}, 1), jobs: make(chan *job, 4*maxGathered),
		quit: make(chan struct{}), done: make(chan struct{})}
	w.copier = startCheckpointer(copier, w.residue, s.log)
	go w.loop()
	return w
}

// stop tells whether it was this call that stopped the writer.
func (w *writer) stop() bool {
	if w.stopped.Swap(true) {
		return false
	}
	close(w.quit)
	<-w.done
	return true
}

// Write runs fn in a transaction of its own and returns once that is on disk. An error of fn undoes fn alone. fn may run more
// than once, the runs before the last having left nothing; what it keeps outside of the database it sets anew. A caller that
// gives up before its turn is skipped; after that it is answered truly, however long the disk takes. ErrUnavailable is given
// when a PostgreSQL server is away for long.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	if s.postgres != nil {
		return s.postgres.do(ctx, s.postgres.writes, fn)
	}
	j := &job{result: make(chan error, 1)}
	j.fn = func(tx *Tx) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		return fn(tx)
	}
	select {
	case <-s.writer.quit: // or the queue might never run empty
		return ErrClosed
	default:
	}
	select {
	case s.writer.jobs <- j:
	case <-s.writer.done:
		return ErrClosed
	}
	select {
	case err := <-j.result:
		return err
	case <-s.writer.flusher.done:
	}
	select { // it may have been answered with the last breath
	case err := <-j.result:
		return err
	default:
		return ErrClosed
	}
}

func (w *writer) loop() {
	defer close(w.done)
	for {
		select {
		case j := <-w.jobs:
			w.commit(j)
		case <-w.residue:
			w.copyResidue()
		case <-w.quit:
			if len(w.jobs) == 0 {
				return
			}
			w.commit(<-w.jobs)
		}
	}
}

// copyResidue ends a checkpoint, so that the log can begin anew.
func (w *writer) copyResidue() {
	w.store.stats.checkpoints.Add(1)
	if _, err := checkpoint(w.conn); err != nil {
		w.store.log.Error("the end of a checkpoint failed; the log grows until one succeeds", "error", err)
	}
}

// commit runs a batch and hands it over. When the common commit fails, nobody's work is there.
func (w *writer) commit(first *job) {
	w.commits++
	w.batch, w.wrote = append(make([]*job, 0, 1+min(len(w.jobs), maxGathered)), first), 0
	err := w.flusher.failure()
	if err == nil {
		err = w.transact(&Tx{db: w.conn, store: w.store})
	}
	w.awaitFlusher()
	if err == nil {
		w.store.stats.committed(w.batch)
		w.copier.wrote(w.wrote)
	}
	for _, j := range w.batch {
		if err != nil {
			j.err = err
		}
	}
	w.free = false
	w.flusher.handed <- commit{number: w.commits, jobs: w.batch, wrote: w.wrote > 0}
}

// errSpoilt says that a transaction has failed after it had written, and that the batch had no savepoints to go back to.
var errSpoilt = errors.New("a transaction of the batch failed")

// transact runs the batch without savepoints, which cost a transaction a seventh of what it costs besides: nearly all
// succeed, and most of those that fail do so before they write. When one leaves something behind, the batch is undone and runs
// once more, with savepoints.
func (w *writer) transact(tx *Tx) error {
	err := w.attempt(tx, w.gather)
	if errors.Is(err, errSpoilt) {
		err = w.attempt(tx, w.runAgain)
	}
	return err
}

func (w *writer) attempt(tx *Tx, run func(*Tx) error) error {
	if err := tx.run("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	before := w.conn.writes
	if err := run(tx); err != nil {
		return errors.Join(err, tx.run("ROLLBACK"))
	}
	wrote := w.conn.writes - before
	w.awaitFlusher()
	w.flusher.applied.Store(w.commits) // from now on readers may see it
	if err := tx.run("COMMIT"); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), tx.run("ROLLBACK"))
	}
	w.wrote = wrote
	return nil
}

// gather runs the batch, and whatever comes until the flusher is free.
func (w *writer) gather(tx *Tx) error {
	for done := 0; ; done++ {
		if err := w.runBare(tx, w.batch[done]); err != nil {
			return err
		}
		next := w.next(done == 0)
		if next == nil {
			return nil
		}
		w.batch = append(w.batch, next)
	}
}

// next gives another transaction for the batch. Nobody is waited for, unless the batch has to wait in any case.
func (w *writer) next(first bool) *job {
	if len(w.batch) == maxGathered {
		return nil
	}
	if first && len(w.jobs) == 0 {
		runtime.Gosched() // for those who are ready to ask
	}
	select {
	case j := <-w.jobs:
		return j
	default:
	}
	if w.free {
		return nil
	}
	select {
	case j := <-w.jobs:
		return j
	case <-w.flusher.free:
		w.free = true
		return nil
	}
}

// awaitFlusher waits until the flusher can take a commit.
func (w *writer) awaitFlusher() {
	if !w.free {
		<-w.flusher.free
		w.free = true
	}
}

// runAgain runs the batch with savepoints.
func (w *writer) runAgain(tx *Tx) error {
	for _, j := range w.batch {
		if err := w.runOne(tx, j); err != nil {
			return err
		}
	}
	return nil
}

// runBare gives an error when the batch has to be undone.
func (w *writer) runBare(tx *Tx, j *job) error {
	before := w.conn.writes
	if j.err = w.guard(tx, j); j.err != nil && w.conn.writes > before {
		return errSpoilt
	}
	return nil
}

// runOne gives an error only when the whole batch is lost.
func (w *writer) runOne(tx *Tx, j *job) error {
	if err := tx.run("SAVEPOINT one"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	if j.err = w.guard(tx, j); j.err != nil {
		if err := tx.run("ROLLBACK TO one"); err != nil {
			return fmt.Errorf("roll back: %w", err)
		}
	}
	if err := tx.run("RELEASE one"); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

// guard keeps a mistake in one transaction from stopping everybody's.
func (w *writer) guard(tx *Tx, j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.store.log.Error("transaction panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("internal error in a transaction")
		}
	}()
	return j.fn(tx)
}
