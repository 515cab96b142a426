package store

import "time"

// Explanation is why a call was refused, as text that the store does not read.
type Explanation struct {
	Slot      int64 // its place; who had it before goes
	RequestID string
	At        time.Time
	Body      string
}

// PutExplanation keeps an explanation in the place of another one.
func (tx *Tx) PutExplanation(e *Explanation) error {
	return tx.run(`INSERT INTO explanation (slot, request_id, at, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (slot) DO UPDATE SET request_id = excluded.request_id, at = excluded.at, body = excluded.body`,
		e.Slot, e.RequestID, millis(e.At), e.Body)
}

// Explanation gives the explanation of a call; ErrNoRow when there is none.
func (tx *Tx) Explanation(requestID string) (Explanation, error) {
	e := Explanation{RequestID: requestID}
	var at int64
	err := tx.one(`SELECT slot, at, body FROM explanation WHERE request_id = $1 ORDER BY at DESC LIMIT 1`, []any{requestID}, &e.Slot, &at, &e.Body)
	e.At = fromMillis(at)
	return e, err
}

// PruneExplanations forgets those from before a time. There are few, so all go at once.
func (tx *Tx) PruneExplanations(_ int64, before time.Time, _ int) (last int64, gone int, err error) {
	rows, err := tx.exec(`DELETE FROM explanation WHERE at < $1`, millis(before))
	return 0, int(rows), wrapPrune(err)
}

// OperationByRequest gives the operation that a call began or was refused. It reads the whole audit: nobody waits for it but the
// operator who asked.
func (tx *Tx) OperationByRequest(requestID string) (int64, error) {
	var id int64
	err := tx.one(`SELECT id FROM operation WHERE request_id = $1 ORDER BY id LIMIT 1`, []any{requestID}, &id)
	return id, err
}
