package store

import (
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// InsertEvent writes down what happened in a group; its key tells the order, and it is given the next number among what happened in
// this group. Whoever writes holds the group, so that no two take the same number.
func (tx *Tx) InsertEvent(e *group.Event) error {
	e.ID = tx.NewID()
	return tx.run(`INSERT INTO event (id, account_id, group_id, kind, operation_id, at, body, number, seq, place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce((SELECT max(other.seq) FROM event AS other WHERE other.group_id = $3 AND other.seq > 0),
			(SELECT g.told FROM chat_group AS g WHERE g.id = $3), 0) + 1, $9)`,
		e.ID, e.AccountID, e.GroupID, e.Kind, e.OperationID, millis(e.At), e.Body, int64(e.Number), tx.placed(e.ID))
}

// InsertReceipt writes down a message that came in, or what has become of one that went out, and tells whether it is new: the network
// reports the same more than once, and dedupe is what tells it.
func (tx *Tx) InsertReceipt(e *group.Event, dedupe string) (fresh bool, err error) {
	e.ID = tx.NewID()
	rows, err := tx.exec(`INSERT INTO event (id, account_id, group_id, kind, operation_id, at, body, number, seq, place, dedupe)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10) ON CONFLICT (dedupe) WHERE dedupe IS NOT NULL DO NOTHING`,
		e.ID, e.AccountID, e.GroupID, e.Kind, e.OperationID, millis(e.At), e.Body, int64(e.Number), tx.placed(e.ID), dedupe)
	return rows > 0, err
}

// Park keeps a report about a group or request that is not known yet. The same report twice is kept once.
func (tx *Tx) Park(r Report) error {
	return tx.run(`INSERT INTO parked_report (id, network_id, ref, dedupe, received_at, body) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (dedupe) DO NOTHING`, tx.NewID(), r.NetworkID, r.Ref, r.Dedupe, millis(r.ReceivedAt), r.Body)
}

// Report is a report of the network that could not be placed when it came.
type Report struct {
	ID         int64
	NetworkID  string
	Ref        string
	Dedupe     string
	ReceivedAt time.Time
	Body       []byte
}

// TakeParked gives and forgets the reports about a group id or a request, oldest first.
func (tx *Tx) TakeParked(networkID, ref string) ([]Report, error) {
	const where = ` WHERE (network_id = $1 AND $1 <> '') OR (ref = $2 AND $2 <> '')`
	found, err := all(tx, func(row scanner) (Report, error) {
		var r Report
		err := row.Scan(&r.ID, &r.NetworkID, &r.Ref, &r.Body)
		return r, err
	}, `SELECT id, network_id, ref, body FROM parked_report`+where+` ORDER BY id`, networkID, ref)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found, tx.run(`DELETE FROM parked_report`+where, networkID, ref)
}
