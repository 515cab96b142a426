package store

import (
	"fmt"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Pruning takes away what is older than it has to be kept, a few rows at a time and by key, so that nobody who writes waits
// long for it. Keys tell times (IDAt), so what is to go is always at the front of its table.

// PruneOperations forgets at most so many operations from before a time, those with keys above after. Operations that have not
// ended, and those that an item of a lane is about, are never forgotten. It gives the key it has come to, and how many are gone;
// fewer than asked for means that there are no more.
func (tx *Tx) PruneOperations(after int64, before time.Time, most int) (last int64, gone int, err error) {
	return tx.prune("operations", `DELETE FROM operation WHERE id IN (SELECT o.id FROM operation o
		WHERE o.id > $1 AND o.id < $2 AND o.state <> $4 AND NOT EXISTS (SELECT 1 FROM outbox i
			WHERE i.lane_kind = $5 AND i.lane_id = o.group_id AND i.operation_id = o.id)
		ORDER BY o.id LIMIT $3) RETURNING id`, after, IDAt(before), most, int64(group.Pending), int64(GroupLane))
}

// PruneEvents forgets at most so many events from before a time.
func (tx *Tx) PruneEvents(after int64, before time.Time, most int) (last int64, gone int, err error) {
	return tx.prune("events", `DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3)
		RETURNING id`, after, IDAt(before), most)
}

// PruneDeadItems forgets at most so many items that were put into their lanes before a time and given up.
func (tx *Tx) PruneDeadItems(after int64, before time.Time, most int) (last int64, gone int, err error) {
	return tx.prune("dead items", `DELETE FROM outbox WHERE dead = 1 AND id IN (SELECT id FROM outbox
		WHERE dead = 1 AND id > $1 AND id < $2 ORDER BY id LIMIT $3) RETURNING id`, after, IDAt(before), most)
}

// PruneParked forgets at most so many reports from before a time that nobody has claimed.
func (tx *Tx) PruneParked(after int64, before time.Time, most int) (last int64, gone int, err error) {
	return tx.prune("parked reports", `DELETE FROM parked_report WHERE id IN (SELECT id FROM parked_report
		WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3) RETURNING id`, after, IDAt(before), most)
}

func (tx *Tx) prune(what, query string, args ...any) (last int64, gone int, err error) {
	err = tx.db.each(query, args, func(row scanner) (bool, error) {
		var id int64
		err := row.Scan(&id)
		last = max(last, id)
		gone++
		return true, err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("prune %s: %w", what, err)
	}
	return last, gone, nil
}
