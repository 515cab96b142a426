package store

import (
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// errAbandoned ends a transaction's function whose batch has failed; it will be run again, or told why not.
var errAbandoned = errors.New("the batch of this transaction was given up")

// ask is what the function of a transaction wants from the database and has to wait for.
type ask struct {
	call    call
	counted bool // the number of rows it touches is wanted, so it cannot be sent together with others
	ids     bool // keys are wanted, and no statement is run

	rows []pgRow
	tag  pgconn.CommandTag
}

// writes tells whether the statement changes something, once it has run.
func (a *ask) writes() bool {
	return a.counted || !a.ids && !strings.HasPrefix(a.call.query, "SELECT") && !strings.HasPrefix(a.call.query, "WITH")
}

// pgJob is one transaction in a batch. Its function runs as a coroutine: whenever it asks, it stands still until the asks of all
// functions of the batch have been sent together and answered.
type pgJob struct {
	*job
	batch *pgBatch

	next  func() (*ask, bool)
	stop  func()
	asked *ask // what it waits for
	ended bool

	wanted []int64 // names it has to hold before anything else is run for it
	held   []int64
	writes []call // put, and not sent yet
	wrote  bool   // something was sent that cannot be undone for it alone
}

// start makes the coroutine and runs it to its first ask.
func (j *pgJob) start() {
	j.err = nil
	j.next, j.stop = iter.Pull(func(yield func(*ask) bool) {
		j.err = j.guard(&Tx{db: &pgSession{job: j, yield: yield}, store: j.batch.store})
		if j.err == nil && len(j.wanted) > 0 { // it has to hold what it writes to without having looked
			yield(&ask{ids: true})
		}
	})
	j.advance()
}

// advance runs the function to its next ask, or to its end.
func (j *pgJob) advance() {
	a, more := j.next()
	if j.asked = a; more {
		return
	}
	j.ended, j.asked = true, nil
	if j.err != nil {
		j.writes = nil // all of it that the database has not seen
	}
}

// guard keeps a mistake in one transaction from stopping everybody's.
func (j *pgJob) guard(tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			j.batch.store.log.Error("transaction panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("internal error in a transaction")
		}
	}()
	return j.fn(tx)
}

// pgSession is what the function of a transaction, or of a reader, speaks to.
type pgSession struct {
	job       *pgJob
	yield     func(*ask) bool
	abandoned bool
}

// wait stands still until an ask has been answered. It gives false when it will not be, and then nothing else is done for the job.
func (s *pgSession) wait(a *ask) bool {
	s.abandoned = s.abandoned || !s.yield(a)
	return !s.abandoned
}

func (s *pgSession) each(query string, args []any, see func(scanner) (bool, error)) error {
	a := &ask{call: newCall(query, args)}
	if !s.wait(a) {
		return errAbandoned
	}
	return look(a.rows, see)
}

func look(rows []pgRow, see func(scanner) (bool, error)) error {
	for _, row := range rows {
		if more, err := see(scanner{postgres: row}); err != nil || !more {
			return err
		}
	}
	return nil
}

func (s *pgSession) exec(query string, args []any) (int64, error) {
	a := &ask{call: newCall(query, args), counted: true}
	if !s.wait(a) {
		return 0, errAbandoned
	}
	return a.tag.RowsAffected(), nil
}

func (s *pgSession) put(query string, args []any) error {
	if s.abandoned {
		return errAbandoned
	}
	if s.job.batch.reading {
		_, err := s.exec(query, args)
		return err
	}
	s.job.writes = append(s.job.writes, newCall(query, args))
	return nil
}

func (s *pgSession) add(query string, args []any) error {
	err := s.put(query, args)
	if n := len(s.job.writes); n > 0 {
		s.job.writes[n-1].alone = true
	}
	return err
}

func (s *pgSession) putRows(q *rowsQuery, rows [][]any) error {
	for i, row := range rows {
		if err := s.put(q.values(1), row); err != nil {
			return err
		}
		s.follow(i > 0)
	}
	return nil
}

// follow says of the last write whether it is sent together with the one before it.
func (s *pgSession) follow(together bool) {
	if n := len(s.job.writes); n > 0 {
		s.job.writes[n-1].follows = together
	}
}

// hold keeps every other transaction, on any node, that holds the same name waiting until this one has ended. It takes effect
// before the next statement that is run for this transaction.
func (s *pgSession) hold(name int64) {
	if !slices.Contains(s.job.held, name) && !slices.Contains(s.job.wanted, name) {
		s.job.wanted = append(s.job.wanted, name)
	}
}

// id gives a key that is greater than all that were written under the names which the transaction holds.
func (s *pgSession) id() int64 {
	b := s.job.batch
	if (b.lastID == b.endID || len(s.job.wanted) > 0) && !s.wait(&ask{ids: true}) {
		return 0 // and whatever is asked next says why
	}
	b.lastID++
	return b.lastID
}
