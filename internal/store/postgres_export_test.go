package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// KillConnections ends the connections to the database, except the one that does it, whose last statement is like the pattern. It
// tells how many there were.
func (s *Store) KillConnections(pattern string) (killed int, err error) {
	c, err := connectPostgres(context.Background(), s.postgres.config, "")
	if err != nil {
		return 0, err
	}
	defer c.close()
	e := &errand{sql: `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE $1::text`, params: [][]byte{[]byte(pattern)}}
	if err := c.run(e); err != nil {
		return 0, err
	}
	n, err := e.rows[0].int(0)
	return int(n), err
}

// step is one statement of a recorded transaction, and how it was asked for.
type step struct {
	call
	alone bool // it is never sent together with others
}

// recorder is a session that runs every statement by itself and remembers it.
type recorder struct {
	conn  *pgConn
	job   *pgJob
	steps []step
	err   error
}

// begin gives a transaction that is recorded, whose keys begin with the given one.
func (r *recorder) begin(s *Store, key int64) *Tx {
	r.job = &pgJob{job: &job{}, batch: &pgBatch{store: s, lastID: key, endID: key + 1<<40}}
	return &Tx{db: &pgSession{job: r.job, yield: r.answer}, store: s}
}

func (r *recorder) answer(a *ask) bool {
	r.job.wanted = nil // nobody else is there
	if r.flush(); r.err == nil && !a.ids {
		a.rows, a.tag = r.run(a.call, a.counted || !strings.HasPrefix(a.call.query, "SELECT"))
	}
	return r.err == nil
}

// flush runs what was put.
func (r *recorder) flush() {
	writes := r.job.writes
	r.job.writes = nil
	for _, w := range writes {
		if r.err == nil {
			r.run(w, w.alone)
		}
	}
}

func (r *recorder) run(c call, alone bool) ([]pgRow, pgconn.CommandTag) {
	r.steps = append(r.steps, step{c, alone})
	e := &errand{sql: forms.single(c.form()), params: c.values}
	r.err = r.conn.run(e)
	return e.rows, e.tag
}

// CompareForms has a transaction recorded for three tenants, and then runs each of its statements for the three one by one, and for all
// of them at once. It gives the statements that it has compared, and tells of those that do not do the same.
func (s *Store) CompareForms(transaction func(tx *Tx, tenant int64) error) (compared []string, err error) {
	c, err := connectPostgres(context.Background(), s.postgres.config, "; SET idle_in_transaction_session_timeout = 0")
	if err != nil {
		return nil, err
	}
	defer c.close()
	tenants := make([]*recorder, 3)
	if err := c.run(plain("BEGIN")); err != nil {
		return nil, err
	}
	for i := range tenants {
		tenants[i] = &recorder{conn: c}
		err := transaction(tenants[i].begin(s, int64(i+1)<<61), int64(i+1))
		tenants[i].flush()
		if err := errors.Join(err, tenants[i].err); err != nil {
			return nil, fmt.Errorf("tenant %d: %w", i+1, err)
		}
	}
	if err := c.run(plain("ROLLBACK"), plain("BEGIN")); err != nil {
		return nil, err
	}
	var wrong []error
	for i := range tenants[0].steps {
		calls := make([]call, len(tenants))
		for j, t := range tenants {
			if i >= len(t.steps) || t.steps[i].form() != tenants[0].steps[i].form() {
				return nil, fmt.Errorf("step %d is not the same for tenant %d: %s", i, j+1, tenants[0].steps[i].query)
			}
			calls[j] = t.steps[i].call
		}
		if tenants[0].steps[i].alone || calls[0].kinds == "" {
			err = oneByOne(c, calls, nil)
		} else {
			compared = append(compared, calls[0].query)
			err = compare(c, calls)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("step %d, %s: %w", i, calls[0].query, err))
		}
	}
	return compared, errors.Join(wrong...)
}

// oneByOne runs calls by themselves, and shows what each brought.
func oneByOne(c *pgConn, calls []call, see func(n int, rows []pgRow)) error {
	for i := range calls {
		e := &errand{sql: forms.single(calls[i].form()), params: calls[i].values}
		if err := c.run(e); err != nil {
			return err
		}
		if see != nil {
			see(i, e.rows)
		}
	}
	return nil
}

func compare(c *pgConn, calls []call) error {
	want, got := make([][]pgRow, len(calls)), make([][]pgRow, len(calls))
	reads := strings.HasPrefix(calls[0].query, "SELECT")
	if err := c.run(plain("SAVEPOINT before")); err != nil {
		return err
	}
	if err := oneByOne(c, calls, func(n int, rows []pgRow) { want[n] = rows }); err != nil {
		return err
	}
	left, err := contents(c, calls[0].query)
	if err != nil {
		return err
	}
	if err := c.run(plain("ROLLBACK TO before")); err != nil {
		return err
	}
	e, err := together(calls)
	if err == nil {
		err = c.run(e)
	}
	if err != nil {
		return errors.Join(err, c.run(plain("ROLLBACK TO before")), oneByOne(c, calls, nil))
	}
	for _, row := range e.rows {
		if !reads {
			break
		}
		n, err := row.int(0)
		if err != nil {
			return err
		}
		got[n-1] = append(got[n-1], row[1:])
	}
	now, err := contents(c, calls[0].query)
	if err != nil || !reflect.DeepEqual(now, left) {
		return fmt.Errorf("together it leaves\n%s\nand one by one\n%s, %w", now, left, err)
	}
	if reads && !reflect.DeepEqual(want, got) {
		return fmt.Errorf("together it reads\n%q\nand one by one\n%q", got, want)
	}
	return nil
}

var written = regexp.MustCompile(`^(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)`)

// contents gives what is in the table that a statement writes to.
func contents(c *pgConn, query string) (rows []string, err error) {
	table := written.FindStringSubmatch(query)
	if table == nil {
		return nil, nil
	}
	e := plain("SELECT t::text FROM " + table[1] + " AS t ORDER BY 1")
	if err := c.run(e); err != nil {
		return nil, err
	}
	for _, row := range e.rows {
		rows = append(rows, string(row[0]))
	}
	return rows, nil
}

// CloseQueue closes a queue while workers serve it and others put into it, and waits until all workers have left.
func CloseQueue(workers, jobs int) {
	q := newPgQueue()
	var working, asking sync.WaitGroup
	for range workers {
		working.Go(func() {
			for {
				_, done, more := q.take()
				if !more {
					return
				}
				runtime.Gosched()
				done()
			}
		})
	}
	for range jobs {
		asking.Go(func() { _ = q.put(&job{}) }) // it may be closed by then
	}
	runtime.Gosched()
	q.close()
	asking.Wait()
	working.Wait()
}
