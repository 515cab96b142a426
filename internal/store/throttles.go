package store

import (
	"context"
	"errors"
)

// Allowance names what is limited: the calls of one action that an account may make, or may have refused.
type Allowance struct {
	AccountID int64
	Action    string
	Refused   bool
}

// Spent gives the time, in microseconds since 1970, up to which an allowance has been spent; 0 at first.
func (tx *Tx) Spent(a Allowance) (until int64, err error) {
	err = tx.one(`SELECT spent FROM throttle WHERE account_id = $1 AND action = $2 AND refused = $3`,
		[]any{a.AccountID, a.Action, boolInt(a.Refused)}, &until)
	if errors.Is(err, ErrNoRow) {
		err = nil
	}
	return until, err
}

// PutSpent writes how far an allowance has been spent.
func (tx *Tx) PutSpent(a Allowance, until int64) error {
	return tx.run(`INSERT INTO throttle (account_id, action, refused, spent) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, action, refused) DO UPDATE SET spent = excluded.spent`, a.AccountID, a.Action, boolInt(a.Refused), until)
}

// WriteQuickly is Write for what may be lost when the database's machine dies in the next moment: it does not wait for the disk. Only
// PostgreSQL has it.
func (s *Store) WriteQuickly(ctx context.Context, fn func(*Tx) error) error {
	return s.postgres.do(ctx, s.postgres.quick, fn)
}
