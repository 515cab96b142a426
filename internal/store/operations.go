package store

import (
	"fmt"
	"math"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// InsertOperation adds an operation and fills in its ID.
func (tx *Tx) InsertOperation(o *group.Operation) error {
	o.ID = tx.NewID()
	people, err := encodePeople(o.People)
	if err != nil {
		return err
	}
	return tx.run(`INSERT INTO operation (id, account_id, group_id, kind, state, action, principal, access_key, source, request_id,
		nonce, client_token, params_digest, at, done_at, people, result, code, message)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		o.ID, o.AccountID, o.GroupID, int64(o.Kind), int64(o.State), o.Action, o.Principal, o.AccessKeyID, o.Source, o.RequestID,
		o.NonceHash, orNull(o.ClientToken), o.ParamsDigest, millis(o.At), millis(o.DoneAt), people, o.Result, o.Code, o.Message)
}

// UpdateOperation writes what has become of an operation.
func (tx *Tx) UpdateOperation(o *group.Operation) error {
	people, err := encodePeople(o.People)
	if err != nil {
		return err
	}
	return tx.run(`UPDATE operation SET state = $1, done_at = $2, people = $3, result = $4, code = $5, message = $6 WHERE id = $7`,
		int64(o.State), millis(o.DoneAt), people, o.Result, o.Code, o.Message, o.ID)
}

const selectOperation = `SELECT id, account_id, group_id, kind, state, action, principal, access_key, source, request_id, nonce,
	coalesce(client_token, ''), params_digest, at, done_at, people, result, code, message FROM operation `

func scanOperation(row scanner) (group.Operation, error) {
	var o group.Operation
	var at, done int64
	var people string
	err := row.Scan(&o.ID, &o.AccountID, &o.GroupID, &o.Kind, &o.State, &o.Action, &o.Principal, &o.AccessKeyID, &o.Source,
		&o.RequestID, &o.NonceHash, &o.ClientToken, &o.ParamsDigest, &at, &done, &people, &o.Result, &o.Code, &o.Message)
	if err != nil {
		return o, err
	}
	o.At, o.DoneAt = fromMillis(at), fromMillis(done)
	if o.People, err = decodePeople(people); err != nil {
		return o, fmt.Errorf("read people of operation %d: %w", o.ID, err)
	}
	return o, nil
}

func (tx *Tx) oneOperation(where string, args ...any) (group.Operation, error) {
	found, err := all(tx, scanOperation, selectOperation+where, args...)
	if err != nil {
		return group.Operation{}, err
	}
	if len(found) == 0 {
		return group.Operation{}, ErrNoRow
	}
	return found[0], nil
}

// Operation gives an operation by its key.
func (tx *Tx) Operation(id int64) (group.Operation, error) {
	return tx.oneOperation(`WHERE id = $1`, id)
}

// OperationByToken gives the operation that an account began with an idempotency token.
func (tx *Tx) OperationByToken(accountID int64, token string) (group.Operation, error) {
	return tx.oneOperation(`WHERE account_id = $1 AND client_token = $2`, accountID, token)
}

// Operations gives an account's operations, newest first, below the key before (0 for the newest). It is the audit log.
func (tx *Tx) Operations(accountID, before int64, most int) ([]group.Operation, error) {
	if before == 0 {
		before = math.MaxInt64 // a plain bound, so that a page deep down is found by key
	}
	return all(tx, scanOperation, selectOperation+`WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
		accountID, before, most)
}

// Nonce is a nonce that has been used, as a keyed hash.
type Nonce struct {
	Hash int64
	At   time.Time
}

// NoncesSince gives the nonces of all changes asked for since then, by their keys: of a file, whose keys tell the time of its own clock.
func (tx *Tx) NoncesSince(t time.Time) ([]Nonce, error) {
	return all(tx, func(row scanner) (Nonce, error) {
		var n Nonce
		var at int64
		err := row.Scan(&n.Hash, &at)
		n.At = fromMillis(at)
		return n, err
	}, `SELECT nonce, at FROM operation WHERE id >= $1 AND nonce <> 0`, IDAt(t))
}
