package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Queued tells how many transactions wait for the writer.
func (s *Store) Queued() int {
	if s.postgres != nil {
		return s.postgres.writes.length()
	}
	return len(s.writer.jobs)
}

// Gathered tells how many transactions are committed together at most.
func (s *Store) Gathered() int {
	if s.postgres != nil {
		return pgGathered
	}
	return maxGathered
}

// Flushing has a test decide how the log is brought to the disk; before is how it is done. Nothing may be written meanwhile.
func (s *Store) Flushing(fn func(before func() error) error) {
	before := s.writer.flusher.flush
	s.writer.flusher.flush = func() error { return fn(before) }
}

// CheckpointEvery makes a checkpoint due after so many statements. Nothing may be written meanwhile.
func (s *Store) CheckpointEvery(statements int64) { s.writer.copier.every = statements }

// WriterPragma reads a setting of the connection that writes. Nothing may be written meanwhile.
func (s *Store) WriterPragma(name string) (string, error) { return pragma(s.writer.conn, name) }

// ReaderPragma reads a setting of a connection that reads.
func (s *Store) ReaderPragma(name string) (value string, err error) {
	err = s.Read(context.Background(), func(tx *Tx) error {
		value, err = pragma(tx.db.(*conn), name)
		return err
	})
	return value, err
}

func pragma(c *conn, name string) (value string, err error) {
	err = (&Tx{db: c}).one("PRAGMA "+name, nil, &value)
	return value, err
}

// Run runs a statement of a test's own.
func (tx *Tx) Run(query string, args ...any) error { return tx.run(query, args...) }

// Plans gives, for each statement the transaction's connection has prepared, how the database goes about it.
func (tx *Tx) Plans() (map[string][]string, error) {
	plans := map[string][]string{}
	for _, query := range slices.Sorted(maps.Keys(tx.db.(*conn).stmts)) {
		if strings.HasPrefix(query, "PRAGMA") {
			continue
		}
		plan, err := all(tx, func(row scanner) (string, error) {
			var detail string
			var id, parent, unused int
			err := row.Scan(&id, &parent, &unused, &detail)
			return detail, err
		}, "EXPLAIN QUERY PLAN "+query, make([]any, countParams(query))...)
		if err != nil {
			return nil, fmt.Errorf("explain %s: %w", query, err)
		}
		plans[query] = plan
	}
	return plans, nil
}

func countParams(query string) int {
	n := 0
	for i := 1; ; i++ {
		if !containsParam(query, i) {
			return n
		}
		n = i
	}
}

func containsParam(query string, i int) bool {
	want := fmt.Sprintf("$%d", i)
	for at := 0; at+len(want) <= len(query); at++ {
		end := at + len(want)
		if query[at:end] == want && (end == len(query) || query[end] < '0' || query[end] > '9') {
			return true
		}
	}
	return false
}

// LikePattern is the pattern that a search text becomes.
func LikePattern(s string) string { return likePattern(s) }

// Migrate takes the tables of a file to a version, 0 for none.
func Migrate(ctx context.Context, db *sql.DB, version int64) error {
	p, err := provider(db)
	if err != nil {
		return err
	}
	return migrateTo(ctx, p, version)
}

// MigrateTo takes the tables of any database to a version.
func MigrateTo(ctx context.Context, cfg Config, version int64) error {
	return withProvider(cfg, func(p *goose.Provider) error { return migrateTo(ctx, p, version) })
}

func migrateTo(ctx context.Context, p *goose.Provider, version int64) error {
	now, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	if version < now {
		_, err = p.DownTo(ctx, version)
	} else {
		_, err = p.UpTo(ctx, version)
	}
	return err
}

// Strain makes lists go all their ways with few groups.
func (s *Store) Strain() { s.searches.limits = limits{skip: 2, short: 2, candidates: 2, dirty: 2} }

// LeavePlaces leaves so many places of a list empty.
func (tx *Tx) LeavePlaces(channelID int64, number group.Number, places int64) error {
	return tx.run(`UPDATE group_list SET last_no = last_no + $1 WHERE channel_id = $2 AND number = $3`, places, channelID, int64(number))
}

// Page gives a page within a transaction.
func (tx *Tx) Page(f GroupFilter, skip, most int) (GroupPage, error) {
	if f.Subject != "" {
		return tx.search(f, skip, most)
	}
	return tx.page(f, skip, most)
}

// OccupySearches makes as many searches seem to run as may.
func (s *Store) OccupySearches() (release func()) {
	for range cap(s.searches.slots) {
		s.searches.slots <- struct{}{}
	}
	return func() {
		for range cap(s.searches.slots) {
			<-s.searches.slots
		}
	}
}

// The form in which an operation's people are kept.
var (
	EncodePeople = encodePeople
	DecodePeople = decodePeople
)

// EventsAfter gives the events of an account in order, after the given key.
func (tx *Tx) EventsAfter(accountID, id int64, most int) ([]group.Event, error) {
	return all(tx, func(row scanner) (group.Event, error) {
		var e group.Event
		var at int64
		err := row.Scan(&e.ID, &e.AccountID, &e.GroupID, &e.Kind, &e.OperationID, &at, &e.Body)
		e.At = fromMillis(at)
		return e, err
	}, `SELECT id, account_id, group_id, kind, operation_id, at, body FROM event WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
		accountID, id, most)
}
