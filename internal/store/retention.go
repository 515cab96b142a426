package store

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Pruning takes away what is older than it has to be kept, a few rows at a time and by key, so that nobody who writes waits
// long for it. Keys tell times (IDAt), so what is to go is always at the front of its table.

// PruneOperations forgets at most so many operations from before a time, those with keys above after. Operations that have not
// ended, and those that an item of a lane is about, are never forgotten. It gives the key it has come to, and how many are gone;
// fewer than asked for means that there are no more.
func (tx *Tx) PruneOperations(after int64, before time.Time, most int) (last int64, gone int, err error) {
	const old = `FROM operation WHERE id > $1 AND id <= $2 AND state <> $3 AND NOT EXISTS (SELECT 1 FROM outbox i
		WHERE i.lane_kind = $4 AND i.lane_id = operation.group_id AND i.operation_id = operation.id)`
	return tx.prune(old, most, after, IDAt(before)-1, int64(group.Pending), int64(GroupLane))
}

// PruneEvents forgets at most so many events from before a time. How far the events of their groups have been numbered is kept.
func (tx *Tx) PruneEvents(after int64, before time.Time, most int) (last int64, gone int, err error) {
	const old = `FROM event WHERE id > $1 AND id <= $2`
	last, err = tx.front(old, most, after, IDAt(before)-1)
	if err != nil || last == 0 {
		return last, 0, err
	}
	told, err := all(tx, func(row scanner) ([]any, error) {
		var groupID, seq int64
		err := row.Scan(&groupID, &seq)
		return []any{groupID, seq}, err
	}, `SELECT group_id, max(seq) FROM event WHERE id > $1 AND id <= $2 AND seq > 0 GROUP BY group_id ORDER BY group_id`, after, last)
	if err == nil {
		err = tx.runMany(`UPDATE chat_group SET told = $2 WHERE id = $1`, told)
	}
	if err != nil {
		return last, 0, wrapPrune(err)
	}
	rows, err := tx.exec(`DELETE `+old, after, last)
	return last, int(rows), wrapPrune(err)
}

// PruneDeadItems forgets at most so many items that were put into their lanes before a time and given up.
func (tx *Tx) PruneDeadItems(after int64, before time.Time, most int) (last int64, gone int, err error) {
	return tx.prune(`FROM outbox WHERE dead = 1 AND id > $1 AND id <= $2`, most, after, IDAt(before)-1)
}

// PruneParked forgets at most so many reports from before a time that nobody has claimed.
func (tx *Tx) PruneParked(after int64, before time.Time, most int) (last int64, gone int, err error) {
	return tx.prune(`FROM parked_report WHERE id > $1 AND id <= $2`, most, after, IDAt(before)-1)
}

// PruneNonces forgets at most so many nonces from before a time; a few more when they came in the same moment, which here is the place
// to go on from. Only PostgreSQL keeps nonces in a table.
func (tx *Tx) PruneNonces(after int64, before time.Time, most int) (last int64, gone int, err error) {
	err = tx.one(`SELECT coalesce(max(at), 0) FROM (SELECT at FROM nonce WHERE at > $1 AND at < $2 ORDER BY at LIMIT $3) AS front`,
		[]any{after, millis(before), most}, &last)
	if err != nil || last == 0 {
		return last, 0, wrapPrune(err)
	}
	rows, err := tx.exec(`DELETE FROM nonce WHERE at > $1 AND at <= $2`, after, last)
	return last, int(rows), wrapPrune(err)
}

// prune deletes the first rows with keys between the first two arguments that fulfil the condition: it finds where they end, and
// then deletes to there.
func (tx *Tx) prune(old string, most int, args ...any) (last int64, gone int, err error) {
	last, err = tx.front(old, most, args...)
	if err != nil || last == 0 {
		return last, 0, err
	}
	args[1] = last
	rows, err := tx.exec(`DELETE `+old, args...)
	return last, int(rows), wrapPrune(err)
}

// front finds where the first so many rows end that fulfil the condition, 0 when there are none.
func (tx *Tx) front(old string, most int, args ...any) (last int64, err error) {
	limit := "$" + strconv.Itoa(len(args)+1)
	err = tx.one(`SELECT coalesce(max(id), 0) FROM (SELECT id `+old+` ORDER BY id LIMIT `+limit+`) AS front`, append(args, most), &last)
	return last, wrapPrune(err)
}

func wrapPrune(err error) error {
	if err != nil {
		return fmt.Errorf("prune old rows: %w", err)
	}
	return nil
}
