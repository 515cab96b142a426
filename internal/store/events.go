package store

import (
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// InsertEvent writes down what happened in a group; its key tells the order.
func (tx *Tx) InsertEvent(e *group.Event) error {
	e.ID = tx.NewID()
	return tx.run(`INSERT INTO event (id, account_id, group_id, kind, operation_id, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.ID, e.AccountID, e.GroupID, e.Kind, e.OperationID, millis(e.At), e.Body)
}

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
