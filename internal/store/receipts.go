package store

import (
	"errors"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Receipt is an event with what customers are told of its group and of who caused it.
type Receipt struct {
	group.Event
	Seq       int64  // among what happened in the group, from 1 without a gap; 0 for messages and statuses
	Place     int64  // in the stream of its number
	NetworkID string // of the group, "" for none
	Principal string // ARN of who asked for the operation that caused it
}

const receiptColumns = `e.id, e.account_id, e.number, e.group_id, e.kind, e.operation_id, e.at, e.body, e.seq, e.place,
	coalesce(g.network_id, ''), coalesce(o.principal, '')`

const receiptJoins = ` LEFT JOIN chat_group AS g ON g.id = e.group_id LEFT JOIN operation AS o ON o.id = e.operation_id `

func (r *Receipt) columns(at *int64) []any {
	return []any{&r.ID, &r.AccountID, &r.Number, &r.GroupID, &r.Kind, &r.OperationID, at, &r.Body, &r.Seq, &r.Place, &r.NetworkID, &r.Principal}
}

func scanReceipt(row scanner) (r Receipt, err error) {
	var at int64
	err = row.Scan(r.columns(&at)...)
	r.At = fromMillis(at)
	return r, err
}

// Stream says which part of what there is to tell of a number is wanted.
type Stream struct {
	AccountID int64 // a number may have been another's before
	Number    group.Number
	GroupID   int64 // of this group alone; 0 for all
	After     int64 // the place that was seen last
	To        int64 // the last place that is wanted
	Most      int
}

// Receipts gives a part of what there is to tell of a number, in the order of the stream.
func (tx *Tx) Receipts(s Stream) ([]Receipt, error) {
	of, key := `e.number`, int64(s.Number)
	if s.GroupID != 0 { // which has one number alone, and an index of its own
		of, key = `e.group_id`, s.GroupID
	}
	return all(tx, scanReceipt, `SELECT `+receiptColumns+` FROM event AS e`+receiptJoins+`WHERE `+of+` = $1 AND e.place > $2 AND e.place > 0 AND e.place <= $3
		AND e.account_id = $5 ORDER BY e.place LIMIT $4`, key, s.After, s.To, s.Most, s.AccountID)
}

// LastPlace gives the end of the stream of a number, 0 when it is empty.
func (tx *Tx) LastPlace(n group.Number) (last int64, err error) {
	err = tx.one(`SELECT coalesce(max(place), 0) FROM event WHERE number = $1 AND place > 0`, []any{int64(n)}, &last)
	return last, err
}

// placed gives the place of a new event in the stream of its number. In a file that is its key, because keys are in the order of the
// commits. In PostgreSQL it has none yet.
func (tx *Tx) placed(id int64) int64 {
	if tx.store.postgres != nil {
		return 0
	}
	return id
}

// Unplaced tells whether a number has events that have no place in its stream yet. A file has none.
func (tx *Tx) Unplaced(n group.Number) (bool, error) {
	if tx.store.postgres == nil {
		return false, nil
	}
	var found int
	err := tx.one(`SELECT count(*) FROM (SELECT id FROM event WHERE number = $1 AND place = 0 LIMIT 1) AS front`, []any{int64(n)}, &found)
	return found > 0, err
}

// maxPlaced is how many events are given a place in one transaction.
const maxPlaced = 2000

// PlaceEvents gives events of a number their places in its stream, behind all that have one, and tells whether there may be more. One
// at a time does so, and it sees everything that was committed before: so an event that is committed late comes to stand behind those that
// somebody may have read, and those of one group stand in their order.
func (tx *Tx) PlaceEvents(n group.Number) (more bool, err error) {
	tx.Hold("stream/" + n.String())
	ids, err := all(tx, func(row scanner) (id int64, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT id FROM event WHERE number = $1 AND place = 0 ORDER BY id LIMIT $2`, int64(n), maxPlaced)
	if err != nil {
		return false, err
	}
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{id, tx.NewID()}
	}
	return len(ids) == maxPlaced, tx.runMany(`UPDATE event SET place = $2 WHERE id = $1`, rows)
}

// Waiting is a receipt on its way to a customer.
type Waiting struct {
	Item    Item
	Receipt Receipt // zero when the event has been forgotten
}

const selectWaiting = `SELECT i.lane_kind, i.lane_id, i.id, i.kind, i.operation_id, i.attempts, i.next_at, i.dead, i.owner, i.failure,
	coalesce(e.id, 0), coalesce(e.account_id, 0), coalesce(e.number, 0), coalesce(e.group_id, 0), coalesce(e.kind, ''), coalesce(e.operation_id, 0),
	coalesce(e.at, 0), coalesce(e.body, ''), coalesce(e.seq, 0), coalesce(e.place, 0), coalesce(g.network_id, ''), coalesce(o.principal, '')
	FROM outbox AS i LEFT JOIN event AS e ON e.id = i.operation_id` + receiptJoins

func scanWaiting(row scanner) (w Waiting, err error) {
	var next, at int64
	it := &w.Item
	err = row.Scan(append([]any{&it.Lane.Kind, &it.Lane.ID, &it.ID, &it.Kind, &it.OperationID, &it.Attempts, &next, &it.Dead, &it.Owner, &it.Failure},
		w.Receipt.columns(&at)...)...)
	it.NextAt, w.Receipt.At = fromMillis(next), fromMillis(at)
	return w, err
}

// WaitingIn gives the living receipts of a lane, in order. The item of one names its event by OperationID.
func (tx *Tx) WaitingIn(l Lane, most int) ([]Waiting, error) {
	return all(tx, scanWaiting, selectWaiting+`WHERE i.lane_kind = $1 AND i.lane_id = $2 AND i.dead = 0 ORDER BY i.id LIMIT $3`,
		int64(l.Kind), l.ID, most)
}

// Range says which dead receipts are meant: those put into their lanes between two times, the second not included, or one of them.
type Range struct {
	ID       int64 // of the item; 0 for all
	From, To time.Time
	After    int64 // only items with greater keys
	Most     int
}

func (r Range) keys() (from, to int64) {
	if r.ID != 0 {
		return r.ID, r.ID
	}
	from, to = max(IDAt(r.From), r.After+1), int64(1)<<62
	if r.From.IsZero() {
		from = r.After + 1
	}
	if !r.To.IsZero() {
		to = IDAt(r.To) - 1
	}
	return from, to
}

// DeadReceipts gives receipts that were given up, oldest first.
func (tx *Tx) DeadReceipts(r Range) ([]Waiting, error) {
	from, to := r.keys()
	return all(tx, scanWaiting, selectWaiting+`WHERE i.dead = 1 AND i.lane_kind IN ($1, $2) AND i.id >= $3 AND i.id <= $4 ORDER BY i.id LIMIT $5`,
		int64(CallbackLane), int64(InboundLane), from, to, r.Most)
}

// CountDeadReceipts gives how many receipts were given up and not replayed.
func (tx *Tx) CountDeadReceipts() (n int, err error) {
	err = tx.one(`SELECT count(*) FROM outbox WHERE dead = 1 AND lane_kind IN ($1, $2)`, []any{int64(CallbackLane), int64(InboundLane)}, &n)
	return n, err
}

// Revive has a dead item of a lane run again, as if it had never been tried. It belongs to the node that runs the lane, or else to the
// given one.
func (tx *Tx) Revive(it *Item, node int64) error {
	head, err := tx.Head(it.Lane)
	switch {
	case err == nil:
		node = head.Owner
	case !errors.Is(err, ErrNoRow):
		return err
	}
	return tx.run(`UPDATE outbox SET dead = 0, attempts = 0, next_at = 0, owner = $4
		WHERE lane_kind = $1 AND lane_id = $2 AND id = $3 AND dead = 1`, int64(it.Lane.Kind), it.Lane.ID, it.ID, node)
}

// LivingNode gives a node that runs lanes: this process's own, or for a process that runs none, any that does.
func (tx *Tx) LivingNode() (int64, error) {
	if tx.store.postgres == nil || tx.store.Node() != 0 {
		return tx.store.Node(), nil
	}
	nodes, err := tx.Nodes()
	for _, n := range nodes {
		if n.Alive {
			return n.ID, err
		}
	}
	return 0, err
}
