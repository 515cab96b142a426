package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// pgWorker has a connection of its own. It takes what is waiting, runs it as one batch, and answers everybody. It never waits for
// more to come.
type pgWorker struct {
	db      *postgres
	queue   *pgQueue
	reading bool
	more    string // settings of its connection
	conn    *pgConn
}

const readOnly = "; SET default_transaction_read_only = on"

func (w *pgWorker) loop() {
	defer w.hangUp()
	for {
		batch, done, more := w.queue.take()
		if !more {
			return
		}
		w.serve(batch)
		done()
	}
}

// serve runs a batch and answers. One that cannot be run in common is run one by one, so that nobody is refused for another's
// mistake.
func (w *pgWorker) serve(batch []*job) {
	if len(batch) == 0 {
		return
	}
	err := w.attempt(batch)
	if err != nil && len(batch) > 1 && !errors.Is(err, ErrUnavailable) {
		for _, j := range batch {
			w.serve([]*job{j})
		}
		return
	}
	if err == nil && !w.reading {
		w.db.store.stats.committed(batch)
	}
	for _, j := range batch {
		if err != nil {
			j.err = err
		}
		j.result <- j.err
	}
}

// attempt runs a batch until it has an outcome. A database that is away is waited for.
func (w *pgWorker) attempt(batch []*job) error {
	const most = 10                            // times that a transaction may be in others' way
	patience := batch[0].since.Add(pgPatience) // the first of a batch has waited for the longest
	for try := 0; ; try++ {
		err := w.once(batch)
		lost := errors.Is(err, errLost)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrUnavailable): // it may be done, and must not be done twice
			return err
		case lost && time.Now().After(patience):
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		case !lost && (len(batch) > 1 || try >= most || !passes(err)):
			return err
		}
		if !pause(try, w.db.quit) && lost {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// pause waits a little longer each time, and not at all when the store is being closed.
func pause(try int, quit <-chan struct{}) bool {
	d := min(time.Second, 10*time.Millisecond<<min(try, 10))
	select {
	case <-time.After(d/2 + rand.N(d)): //nolint:gosec // jitter needs no secrecy
		return true
	case <-quit:
		return false
	}
}

// passes tells whether a refusal of the database is due to other transactions at the same time: serialization failure, deadlock, lock
// not available, statement cancelled (PostgreSQL, appendix A).
func passes(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && slices.Contains([]string{"40001", "40P01", "55P03", "57014"}, e.Code)
}

func (w *pgWorker) once(jobs []*job) (err error) {
	if w.conn == nil {
		if w.conn, err = connectPostgres(context.Background(), w.db.config, w.more); err != nil {
			return err
		}
	}
	b := newBatch(w.db.store, w.conn, jobs, w.reading)
	err = b.run()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errUnknownEnd):
		life := w.conn.life
		w.hangUp()
		return w.learn(b.xid, life, err)
	case errors.Is(err, errLost) || w.conn.run(plain("ROLLBACK")) != nil:
		w.hangUp()
	case errors.Is(err, errEntangled) && len(jobs) == 1 && jobs[0].err != nil:
		return nil //nolint:nilerr // it is undone, as it wished, and says itself why
	}
	return err
}

// learn asks what has become of a transaction whose commit was not answered. nil says that it is there; errLost, that it is not and
// can be run again. A server that has crashed meanwhile may have forgotten the transaction and have given its number to another, so
// that nobody can tell whose end it knows.
func (w *pgWorker) learn(xid, life string, unknown error) (err error) {
	for patience := time.Now().Add(3 * pgPatience); time.Now().Before(patience); {
		var status string
		if w.conn == nil {
			w.conn, err = connectPostgres(context.Background(), w.db.config, w.more)
		}
		if err == nil {
			status, err = endOf(w.conn, xid)
		}
		if err == nil && status == "committed" {
			err = w.conn.run(plain(followQuery))
		}
		switch {
		case err != nil:
			w.hangUp()
		case status == "committed" && w.conn.life != life:
			return fmt.Errorf("%w: the server crashed: %w", ErrUnavailable, unknown)
		case status == "committed":
			return nil
		case status == "aborted":
			return fmt.Errorf("%w: the transaction was not committed", errLost)
		}
		if !pause(4, w.db.quit) {
			break
		}
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, unknown)
}

// followQuery is a commit behind the one in question. Where commits wait for a second server, the one whose wait was broken off may not
// have come there; when this one has, so has the other.
const followQuery = "UPDATE generation SET value = value WHERE id = 1"

func (w *pgWorker) hangUp() {
	if w.conn != nil {
		w.conn.close()
		w.conn = nil
	}
}
