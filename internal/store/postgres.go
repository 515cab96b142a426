package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrUnavailable says that the database cannot be reached, or broke off in the middle and did not come back. What was asked for
// may or may not be done.
var ErrUnavailable = errors.New("the database cannot be reached")

// How a process uses PostgreSQL. A few connections are enough, since each serves many transactions at once.
const (
	pgWriters   = 4  // connections that commit
	pgReaders   = 2  // connections that read for many at once
	pgSnapshots = 4  // connections that read for one
	pgDoors     = 2  // connections that take in nonces
	pgGathered  = 64 // transactions committed together at most

	pgPatience = 10 * time.Second // how long a transaction waits for a database that is away
)

// postgres is the database of a store that is kept in PostgreSQL.
type postgres struct {
	store     *Store
	config    *pgconn.Config
	writes    *pgQueue
	reads     *pgQueue
	snapshots chan *pgPlace
	knocks    chan *knock
	quick     *pgQueue // writes that do not wait for the disk
	signals   *signals
	leases    *pgQueue // of the nodes, which must not wait behind anything
	quit      chan struct{}
	gone      chan struct{} // closed when nobody is at work any more
	stopped   sync.Once
	running   sync.WaitGroup
}

func openPostgres(ctx context.Context, cfg Config, s *Store) (*postgres, error) {
	config, err := pgconn.ParseConfig(cfg.URL)
	if err != nil {
		return nil, errAddress
	}
	if err := greet(ctx, config); err != nil {
		return nil, err
	}
	if err := migrate(ctx, cfg); err != nil {
		return nil, fmt.Errorf("bring tables up to date: %w", err)
	}
	p := &postgres{store: s, config: config, writes: newPgQueue(), reads: newPgQueue(),
		snapshots: make(chan *pgPlace, cfg.Readers), signals: newSignals(),
		knocks: make(chan *knock, 4*maxKnocks), quick: newPgQueue(), leases: newPgQueue(),
		quit: make(chan struct{}), gone: make(chan struct{})}
	for range cfg.Writers {
		p.work(&pgWorker{db: p, queue: p.writes})
	}
	for range min(pgReaders, cfg.Readers) {
		p.work(&pgWorker{db: p, queue: p.reads, reading: true, more: readOnly})
	}
	for range pgDoors {
		p.running.Go((&pgDoor{db: p, knocks: p.knocks}).loop)
	}
	p.work(&pgWorker{db: p, queue: p.quick, more: unhurried})
	p.work(&pgWorker{db: p, queue: p.leases})
	for range cfg.Readers {
		p.snapshots <- &pgPlace{}
	}
	if err := p.raiseIDs(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("raise the keys: %w", err), p.close())
	}
	p.running.Go(p.raiseForever)
	p.running.Go(p.sendForever)
	return p, nil
}

func (p *postgres) work(w *pgWorker) { p.running.Go(w.loop) }

// close waits for what has been taken, then closes the connections.
func (p *postgres) close() error {
	err := ErrClosed
	p.stopped.Do(func() {
		for _, q := range []*pgQueue{p.writes, p.reads, p.quick, p.leases} {
			q.close()
		}
		close(p.quit)
		p.running.Wait()
		close(p.gone)
		for range cap(p.snapshots) {
			(<-p.snapshots).close()
		}
		err = nil
	})
	return err
}

// do has a function run by those who take from a queue, and waits for its end.
func (p *postgres) do(ctx context.Context, queue *pgQueue, fn func(*Tx) error) error {
	j := &job{result: make(chan error, 1), since: time.Now()}
	j.fn = func(tx *Tx) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("ask the database: %w", err)
		}
		return fn(tx)
	}
	if err := queue.put(j); err != nil {
		return err
	}
	select {
	case err := <-j.result: // comes, because a queue is emptied before its workers end
		return err
	case <-ctx.Done():
	}
	if j.taken.CompareAndSwap(false, true) { // nobody has begun with it, and nobody will
		return fmt.Errorf("ask the database: %w", ctx.Err())
	}
	return <-j.result
}

// Hold keeps every other transaction that holds the same name waiting until this one has ended, on every node. What is read after it
// stays true until then. SQLite runs one transaction at a time anyway.
func (tx *Tx) Hold(name string) {
	s, ok := tx.db.(*pgSession)
	if !ok || s.job.batch.reading {
		return
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	s.hold(int64(h.Sum64()))     //nolint:gosec // the same 64 bits
}

// raiseForever keeps the sequence of keys near the clock, so that a key tells when it was given.
func (p *postgres) raiseForever() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-tick.C:
		}
		if err := p.raiseIDs(context.Background()); err != nil && !errors.Is(err, ErrClosed) {
			p.store.log.Warn("the keys could not be raised to the time; trying again", "error", err)
		}
	}
}

// raiseIDs raises the sequence to the database's clock, unless it is as far as a second before it. It does so alone, and by more than
// anybody takes meanwhile, so that no key is given out twice.
func (p *postgres) raiseIDs(ctx context.Context) error {
	return p.do(ctx, p.writes, func(tx *Tx) error {
		tx.Hold("ids")
		var raised int64
		err := tx.one(`SELECT setval('ids', now.id) FROM ids, (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint << 20 AS id) AS now
			WHERE ids.last_value < now.id - (1000 << 20)`, nil, &raised)
		if errors.Is(err, ErrNoRow) {
			return nil
		}
		return err
	})
}

// pgPlace is where a connection is opened when one is wanted.
type pgPlace struct{ conn *pgConn }

func (p *pgPlace) close() {
	if p.conn != nil {
		p.conn.close()
		p.conn = nil
	}
}

// snapshot runs fn on one state of the database.
func (p *postgres) snapshot(ctx context.Context, fn func(*Tx) error) error {
	select {
	case place := <-p.snapshots:
		defer func() { p.snapshots <- place }()
		return p.snapshotAt(ctx, place, fn)
	case <-p.quit:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("read: %w", ctx.Err())
	}
}

func (p *postgres) snapshotAt(ctx context.Context, place *pgPlace, fn func(*Tx) error) (err error) {
	const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
	began := errLost
	for try := 0; errors.Is(began, errLost) && try < 2; try++ { // a connection may have died since it was used last
		if place.conn == nil {
			if place.conn, err = connectPostgres(ctx, p.config, readOnly); err != nil {
				return fmt.Errorf("%w: %w", ErrUnavailable, err)
			}
		}
		if began = place.conn.run(plain(begin)); began != nil {
			place.close()
		}
	}
	if began != nil {
		return fmt.Errorf("%w: begin snapshot: %w", ErrUnavailable, began)
	}
	ended := false
	defer func() {
		if !ended { // fn has panicked, or the connection is of no more use
			place.close()
		}
	}()
	err = fn(&Tx{db: pgSnapshot{place.conn}, store: p.store})
	if errors.Is(err, errLost) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ended = place.conn.run(plain("ROLLBACK")) == nil
	return err
}

// pgSnapshot asks one statement at a time.
type pgSnapshot struct{ conn *pgConn }

func (s pgSnapshot) ask(query string, args []any) (*errand, error) {
	c := newCall(query, args)
	e := &errand{sql: forms.single(c.form()), params: c.values}
	return e, s.conn.run(e)
}

func (s pgSnapshot) each(query string, args []any, see func(scanner) (bool, error)) error {
	e, err := s.ask(query, args)
	if err != nil {
		return err
	}
	return look(e.rows, see)
}

func (s pgSnapshot) exec(query string, args []any) (int64, error) {
	e, err := s.ask(query, args)
	return e.tag.RowsAffected(), err
}

func (s pgSnapshot) put(query string, args []any) error {
	_, err := s.exec(query, args)
	return err
}

func (s pgSnapshot) add(query string, args []any) error { return s.put(query, args) }

func (s pgSnapshot) putRows(q *rowsQuery, rows [][]any) error {
	for _, row := range rows {
		if err := s.put(q.values(1), row); err != nil {
			return err
		}
	}
	return nil
}
