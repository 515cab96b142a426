package store

import "errors"

// Tx is what a transaction, or a reader, can ask of the database. Its methods stand in the file of their noun.
type Tx struct {
	db    session
	store *Store
}

// session runs statements on one kind of database. Every statement is written once, with $1, $2 … and without words that only
// one of them knows, but for those in the files named after one.
type session interface {
	// each runs a statement and shows its rows as long as more are wanted.
	each(query string, args []any, see func(scanner) (more bool, err error)) error
	// exec runs a statement and tells how many rows it touched.
	exec(query string, args []any) (int64, error)
	// put runs a statement of which nothing is wanted but that it succeeds. It may run later, yet before anything else that the
	// same transaction asks.
	put(query string, args []any) error
	// add is put for a row that other transactions may write at the same time, such as a count.
	add(query string, args []any) error
	// putRows is put for many rows at once. No two of them may have the same key.
	putRows(q *rowsQuery, rows [][]any) error
	// candidates gives the places of all groups that a search finds, newest first, as long as the index of subjects names no more
	// than so many that might have the text. Otherwise, and where the text is too short for the index, all is false.
	candidates(q *query, most int) (places []int64, all bool, err error)
}

// scanner is a row that is looked at, of one kind of database. It is no interface, and sessions are not called through theirs
// where much passes: whatever goes through an interface has to be allocated, which doubled the allocations of a transaction.
type scanner struct {
	file     *statement
	postgres pgRow
}

// Scan reads the columns into pointers, in their order. NULL reads as the zero value.
func (s scanner) Scan(dest ...any) error {
	if s.file != nil {
		return s.file.Scan(dest...)
	}
	return s.postgres.Scan(dest...)
}

// each runs a statement and shows its rows as long as more are wanted.
func (tx *Tx) each(query string, args []any, see func(scanner) (more bool, err error)) error {
	switch db := tx.db.(type) {
	case *conn:
		return db.each(query, args, see)
	case *pgSession:
		return db.each(query, args, see)
	case pgSnapshot:
		return db.each(query, args, see)
	}
	return errSession
}

// run runs a statement of which nothing is wanted but that it succeeds.
func (tx *Tx) run(query string, args ...any) error {
	switch db := tx.db.(type) {
	case *conn:
		return db.put(query, args)
	case *pgSession:
		return db.put(query, args)
	case pgSnapshot:
		return db.put(query, args)
	}
	return errSession
}

var errSession = errors.New("a session of an unknown kind")

// runMany runs a statement once for each list of arguments. No two of them may be about the same row.
func (tx *Tx) runMany(query string, all [][]any) error {
	for i, args := range all {
		if err := tx.run(query, args...); err != nil {
			return err
		}
		if s, ok := tx.db.(*pgSession); ok {
			s.follow(i > 0)
		}
	}
	return nil
}

// add is run for a row that transactions of others may write at the same time, such as a count.
func (tx *Tx) add(query string, args ...any) error { return tx.db.add(query, args) }

// exec runs a statement and tells how many rows it touched.
func (tx *Tx) exec(query string, args ...any) (int64, error) { return tx.db.exec(query, args) }

// must is exec for statements that have to find their row.
func (tx *Tx) must(query string, args ...any) error {
	rows, err := tx.exec(query, args...)
	if err == nil && rows == 0 {
		return ErrNoRow
	}
	return err
}

// one reads the single row that a look-up gives; ErrNoRow when there is none.
func (tx *Tx) one(query string, args []any, dest ...any) error {
	found := false
	err := tx.each(query, args, func(row scanner) (bool, error) {
		found = true
		return false, row.Scan(dest...)
	})
	if err == nil && !found {
		return ErrNoRow
	}
	return err
}

// all reads every row.
func all[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := tx.each(query, args, func(row scanner) (bool, error) {
		v, err := scan(row)
		out = append(out, v)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// firstOf gives the only row of a look-up; ErrNoRow when there is none.
func firstOf[T any](found []T, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if len(found) == 0 {
		return none, ErrNoRow
	}
	return found[0], nil
}
