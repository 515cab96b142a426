// Package store keeps what must not be forgotten: accounts, groups, participants, operations and the outbox. It is the only
// package that knows SQL. Writers' transactions that come at the same time are committed together, and each by itself succeeds or
// fails; a write returns only once it is on disk. Rules live above: nothing here decides what is allowed.
package store

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// ErrNoRow is returned by look-ups that find nothing.
var ErrNoRow = errors.New("no such row")

// Config says where the data are and how secrets in them are sealed.
type Config struct {
	Path    string           // SQLite file; created when missing
	URL     string           // of a PostgreSQL database, from Address.Complete; "" for the file
	Kind    Kind             // what a PostgreSQL database has to be for, and is from its first start on; "" is content with either
	SealKey []byte           // 32 bytes; secrets are unreadable without it
	Now     func() time.Time // defaults to time.Now
	Logger  *slog.Logger
	Readers int // connections for reading, default 4
	Writers int // connections that commit to PostgreSQL, default 4; a file has one
}

// Store is an open database.
type Store struct {
	postgres *postgres // nil: it is a file, and what follows is its
	writer   *writer
	readers  chan *conn
	looks    looks

	node  atomic.Int64 // the number of this process among those that share the database; 0 in a file
	seal  cipher.AEAD
	ids   *ids
	log   *slog.Logger
	stats stats

	searches searches
}

// Open opens the file, brings its tables up to date and starts the writer. The seal key must be the one the file was made
// with: a foreign one is refused here and not at the first secret.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg = cfg.withDefaults()
	seal, err := newSeal(cfg.SealKey)
	if err != nil {
		return nil, err
	}
	s := &Store{seal: seal, log: cfg.Logger, readers: make(chan *conn, cfg.Readers), searches: newSearches((cfg.Readers + 1) / 2)}
	if cfg.URL != "" {
		s.postgres, err = openPostgres(ctx, cfg, s)
	} else {
		err = s.start(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	err = s.checkSeal(ctx)
	if err == nil && cfg.URL != "" {
		err = s.settle(ctx, cfg.Kind)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Readers == 0 {
		c.Readers = pgSnapshots
	}
	if c.Writers == 0 {
		c.Writers = pgWriters
	}
	return c
}

func (s *Store) start(ctx context.Context, cfg Config) (err error) {
	if err := migrate(ctx, cfg); err != nil {
		return fmt.Errorf("bring tables of %s up to date: %w", cfg.Path, err)
	}
	var conns []*conn
	defer func() {
		if err != nil {
			for _, c := range conns {
				err = errors.Join(err, c.close())
			}
		}
	}()
	for len(conns) < cfg.Readers {
		c, err := newConn(cfg.Path, "query_only = ON")
		if err != nil {
			return err
		}
		conns = append(conns, c)
	}
	c, err := newConn(cfg.Path, writerSettings...)
	if err != nil {
		return err
	}
	conns = append(conns, c)
	copier, err := newConn(cfg.Path)
	if err != nil {
		return err
	}
	conns = append(conns, copier)
	last, err := lastID(c)
	if err != nil {
		return err
	}
	flusher, err := openFlusher(cfg.Path, cfg.Logger)
	if err != nil {
		return err
	}
	for _, reader := range conns[:cfg.Readers] {
		s.readers <- reader
	}
	s.ids = newIDs(cfg.Now, last)
	s.writer = startWriter(c, copier, s, flusher)
	return nil
}

// Close waits for what the writer has taken and for readers that are under way, then closes the file. Reads and writes that
// come later give ErrClosed, and so does a second Close.
func (s *Store) Close() error {
	if s.postgres != nil {
		return s.postgres.close()
	}
	if !s.writer.stop() {
		return ErrClosed
	}
	errs := []error{s.writer.flusher.stop(), s.writer.copier.stop()}
	for range cap(s.readers) {
		errs = append(errs, (<-s.readers).close())
	}
	return errors.Join(append(errs, s.writer.conn.close())...)
}

// Read runs fn on a connection that cannot write. Each statement sees the newest committed state, and what it has seen is on the
// disk when Read returns. fn may be run again from its beginning. After Close it gives ErrClosed.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	err := s.ReadAhead(ctx, fn)
	if s.postgres != nil || errors.Is(err, ErrClosed) {
		return err
	}
	if failed := s.writer.flusher.wait(); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

// ReadAhead is Read for what nobody is told of: what it sees may have to wait for the disk a moment longer.
func (s *Store) ReadAhead(ctx context.Context, fn func(*Tx) error) error {
	if s.postgres != nil {
		return s.postgres.do(ctx, s.postgres.reads, fn)
	}
	select {
	case c := <-s.readers:
		defer func() { s.readers <- c }()
		return fn(&Tx{db: c, store: s})
	case <-s.writer.quit: // nobody gives a connection back any more
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("read: %w", ctx.Err())
	}
}

// Snapshot is Read with one state for all statements of fn.
func (s *Store) Snapshot(ctx context.Context, fn func(*Tx) error) error {
	if s.postgres != nil {
		return s.postgres.snapshot(ctx, fn)
	}
	return s.Read(ctx, func(tx *Tx) (err error) {
		if err := tx.run("BEGIN"); err != nil {
			return fmt.Errorf("begin snapshot: %w", err)
		}
		defer func() { err = errors.Join(err, tx.run("COMMIT")) }() // also when fn panics, or the connection shows this state for ever
		return fn(tx)
	})
}
