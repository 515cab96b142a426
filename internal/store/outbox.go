package store

import (
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// LaneKind says what a lane serves.
type LaneKind int8

// The kinds of lanes. The keys of those that carry commands are of one kind of number, so that no two of them have the same.
const (
	GroupLane    LaneKind = 1 // the commands for one group
	CallbackLane LaneKind = 2 // what a customer is told of one group, or of the messages of one business number outside of groups: what became of them
	DirectLane   LaneKind = 3 // the messages of a business number to one person, outside of groups; its key is the conversation's
	InboundLane  LaneKind = 4 // what came in from one group, or to one business number outside of groups: it is told to another address than the rest
)

// Lane names a queue.
type Lane struct {
	Kind LaneKind
	ID   int64
}

// String gives the lane's name as logs show it.
func (l Lane) String() string {
	switch l.Kind {
	case GroupLane:
		return "group/" + strconv.FormatInt(l.ID, 10)
	case CallbackLane:
		return "callback/" + strconv.FormatInt(l.ID, 10)
	case DirectLane:
		return "direct/" + strconv.FormatInt(l.ID, 10)
	case InboundLane:
		return "inbound/" + strconv.FormatInt(l.ID, 10)
	}
	return "lane-" + strconv.Itoa(int(l.Kind)) + "/" + strconv.FormatInt(l.ID, 10)
}

// Tells says whether the items of a lane are receipts, each of which names its event by OperationID.
func (l Lane) Tells() bool { return l.Kind == CallbackLane || l.Kind == InboundLane }

// Item is one piece of work in a lane.
type Item struct {
	Lane        Lane
	ID          int64
	Kind        group.Kind
	OperationID int64
	Attempts    int
	NextAt      time.Time // not before this, zero for at once
	Dead        bool
	Owner       int64  // the node that runs the lane
	Ref         string // what the network's report will be known by
	Payload     []byte
	Failure     string // why the last attempt failed
}

// Enqueue adds work to the end of its lane and fills in its ID. A lane with work in it stays with the node that runs it; an
// empty one becomes this node's.
func (tx *Tx) Enqueue(it *Item) error {
	it.ID = tx.NewID()
	return tx.run(`INSERT INTO outbox (lane_kind, lane_id, id, kind, operation_id, attempts, next_at, dead, owner, ref, payload, failure)
		VALUES ($1, $2, $3, $4, $5, 0, 0, 0,
			coalesce((SELECT owner FROM outbox AS other WHERE other.lane_kind = $1 AND other.lane_id = $2 AND other.dead = 0 ORDER BY id LIMIT 1), $6),
			NULL, $7, '')`,
		int64(it.Lane.Kind), it.Lane.ID, it.ID, int64(it.Kind), it.OperationID, tx.store.node.Load(), it.Payload)
}

const selectItem = `SELECT lane_kind, lane_id, id, kind, operation_id, attempts, next_at, dead, owner, coalesce(ref, ''), payload, failure FROM outbox `

func scanItem(row scanner) (Item, error) {
	var it Item
	var next int64
	err := row.Scan(&it.Lane.Kind, &it.Lane.ID, &it.ID, &it.Kind, &it.OperationID, &it.Attempts, &next, &it.Dead, &it.Owner, &it.Ref,
		&it.Payload, &it.Failure)
	it.NextAt = fromMillis(next)
	return it, err
}

func (tx *Tx) oneItem(where string, args ...any) (Item, error) {
	found, err := all(tx, scanItem, selectItem+where, args...)
	if err != nil {
		return Item{}, err
	}
	if len(found) == 0 {
		return Item{}, ErrNoRow
	}
	return found[0], nil
}

// Head gives the oldest living item of a lane.
func (tx *Tx) Head(l Lane) (Item, error) {
	return tx.oneItem(`WHERE lane_kind = $1 AND lane_id = $2 AND dead = 0 ORDER BY id LIMIT 1`, int64(l.Kind), l.ID)
}

// HeadAlone is Head, and tells whether nothing living is behind it.
func (tx *Tx) HeadAlone(l Lane) (head Item, alone bool, err error) {
	found, err := all(tx, scanItem, selectItem+`WHERE lane_kind = $1 AND lane_id = $2 AND dead = 0 ORDER BY id LIMIT 2`, int64(l.Kind), l.ID)
	if err == nil && len(found) == 0 {
		err = ErrNoRow
	}
	if err != nil {
		return Item{}, false, err
	}
	return found[0], len(found) == 1, nil
}

// ItemByRef gives the item that a report of the network belongs to.
func (tx *Tx) ItemByRef(ref string) (Item, error) { return tx.oneItem(`WHERE ref = $1`, ref) }

// Finish takes an item out of its lane.
func (tx *Tx) Finish(it *Item) error {
	return tx.run(`DELETE FROM outbox WHERE lane_kind = $1 AND lane_id = $2 AND id = $3`, int64(it.Lane.Kind), it.Lane.ID, it.ID)
}

// PutAttempt writes what has become of a run of an item: attempts, time of the next, death, last failure. It does nothing to an item
// that another node has taken over.
func (tx *Tx) PutAttempt(it *Item) error {
	return tx.run(`UPDATE outbox SET attempts = $1, next_at = $2, dead = $3, failure = $4
		WHERE lane_kind = $5 AND lane_id = $6 AND id = $7 AND owner = $8`,
		it.Attempts, millis(it.NextAt), boolInt(it.Dead), it.Failure, int64(it.Lane.Kind), it.Lane.ID, it.ID, tx.store.Node())
}

// PutItem writes what has become of an item: attempts, time of the next, death, reference, last failure.
func (tx *Tx) PutItem(it *Item) error {
	return tx.run(`UPDATE outbox SET attempts = $1, next_at = $2, dead = $3, ref = $4, failure = $5
		WHERE lane_kind = $6 AND lane_id = $7 AND id = $8 AND owner = $9`,
		it.Attempts, millis(it.NextAt), boolInt(it.Dead), orNull(it.Ref), it.Failure, int64(it.Lane.Kind), it.Lane.ID, it.ID, tx.store.Node())
}

// Lanes gives this node's lanes with living work, in the order of their names, after the given one.
func (tx *Tx) Lanes(after Lane, most int) ([]Lane, error) {
	return all(tx, func(row scanner) (Lane, error) {
		var l Lane
		err := row.Scan(&l.Kind, &l.ID)
		return l, err
	}, `SELECT DISTINCT lane_kind, lane_id FROM outbox WHERE dead = 0 AND (lane_kind, lane_id) > ($1, $2) AND owner = $4
		ORDER BY lane_kind, lane_id LIMIT $3`, int64(after.Kind), after.ID, most, tx.store.Node())
}

// DeadItems gives the items that were given up, newest first.
func (tx *Tx) DeadItems(most int) ([]Item, error) {
	return all(tx, scanItem, selectItem+`WHERE dead = 1 ORDER BY id DESC LIMIT $1`, most)
}

// HasItem tells whether a lane holds living work of the kind.
func (tx *Tx) HasItem(l Lane, kind group.Kind) (bool, error) {
	var n int
	err := tx.one(`SELECT count(*) FROM outbox WHERE lane_kind = $1 AND lane_id = $2 AND kind = $3 AND dead = 0`,
		[]any{int64(l.Kind), l.ID, int64(kind)}, &n)
	return n > 0, err
}

// EnqueueReread has a group read again, unless that is on its way already. A reading at the head of the lane does not count: it
// may be running, and what it is wanted for may have come after the network answered it.
func (tx *Tx) EnqueueReread(l Lane) error {
	var waiting int
	err := tx.one(`SELECT count(*) FROM outbox WHERE lane_kind = $1 AND lane_id = $2 AND kind = $3 AND dead = 0
		AND id > (SELECT min(id) FROM outbox WHERE lane_kind = $1 AND lane_id = $2 AND dead = 0)`,
		[]any{int64(l.Kind), l.ID, int64(group.KindReread)}, &waiting)
	if err != nil || waiting > 0 {
		return err
	}
	return tx.Enqueue(&Item{Lane: l, Kind: group.KindReread})
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
