package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// conn is one connection with its prepared statements, used by one goroutine at a time. Statements run without the caller's
// context: a cancelled caller must not leave half a transaction, and none of them takes long.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
}

func newConn(ctx context.Context, db *sql.DB, setup string) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	if setup != "" {
		if _, err := c.ExecContext(ctx, setup); err != nil {
			return nil, errors.Join(fmt.Errorf("set up connection: %w", err), c.Close())
		}
	}
	return &conn{sql: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.sql.Close())...)
}

func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.sql.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", query, err)
	}
	c.stmts[query] = s
	return s, nil
}

// Tx is what a transaction, or a reader, can ask of the database. Its methods stand in the file of their noun.
type Tx struct {
	conn  *conn
	store *Store
}

func (tx *Tx) run(query string, args ...any) error {
	_, err := tx.exec(query, args...)
	return err
}

// exec runs a statement and tells how many rows it touched.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	s, err := tx.conn.prepare(query) //nolint:sqlclosecheck // it lives as long as its connection
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// one reads the single row that a look-up gives; ErrNoRow when there is none.
func (tx *Tx) one(query string, args []any, dest ...any) error {
	s, err := tx.conn.prepare(query) //nolint:sqlclosecheck // it lives as long as its connection
	if err != nil {
		return err
	}
	err = s.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoRow
	}
	return err
}

// scanner is a row, or the current one of many.
type scanner interface{ Scan(dest ...any) error }

// all reads every row.
func all[T any](tx *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	s, err := tx.conn.prepare(query) //nolint:sqlclosecheck // it lives as long as its connection
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
