package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// ids gives keys that grow in the order in which they are asked for: milliseconds since 1970 above, a running number below.
// The order survives restarts and a clock that goes back, because a new run begins above the last key on disk.
type ids struct {
	mu     sync.Mutex
	now    func() time.Time
	last   int64
	offset int64 // where the running number of a millisecond begins
}

const idShift = 20 // half a million keys a millisecond before they run ahead of the clock

// newIDs begins above last. Each run counts from a place of its own within the millisecond, because two processes may work
// on one file at the same moment (a server, and a verb of the command line) and must not give out the same key.
func newIDs(now func() time.Time, last int64) *ids {
	return &ids{now: now, last: last, offset: rand.Int64N(1 << (idShift - 1))} //nolint:gosec // it is no secret
}

func (i *ids) next() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = max(i.last+1, IDAt(i.now())+i.offset)
	return i.last
}

// IDAt gives the smallest key that can have been handed out at that time.
func IDAt(t time.Time) int64 { return t.UnixMilli() << idShift }

// NewID gives a key: in a file greater than every one before it, in PostgreSQL greater than every one that was given to those who
// held the same names before.
func (tx *Tx) NewID() int64 {
	if s, ok := tx.db.(*pgSession); ok {
		return s.id()
	}
	return tx.store.ids.next()
}

// NewID gives a key outside of a transaction.
func (s *Store) NewID(ctx context.Context) (id int64, err error) {
	if s.postgres == nil {
		return s.ids.next(), nil
	}
	err = s.Write(ctx, func(tx *Tx) error {
		id = tx.NewID()
		return nil
	})
	return id, err
}

func lastID(c *conn) (int64, error) {
	var last int64
	tx := &Tx{db: c}
	err := tx.one(`SELECT max(
		coalesce((SELECT max(id) FROM operation), 0), coalesce((SELECT max(id) FROM outbox), 0),
		coalesce((SELECT max(id) FROM chat_group), 0), coalesce((SELECT max(id) FROM event), 0),
		coalesce((SELECT max(id) FROM channel), 0), coalesce((SELECT max(id) FROM parked_report), 0),
		coalesce((SELECT max(id) FROM message), 0), coalesce((SELECT max(id) FROM conversation), 0))`, nil, &last)
	if err != nil {
		return 0, fmt.Errorf("read the last key: %w", err)
	}
	return last, nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromSeconds(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
