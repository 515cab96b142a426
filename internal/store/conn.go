package store

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
)

// conn is one connection with its prepared statements, used by one goroutine at a time. It goes past database/sql, which
// costs three times what the statements of a removal cost by themselves. Statements run without the caller's context: a
// cancelled caller must not leave half a transaction, and none of them takes long.
type conn struct {
	sqlite *sqlite.Conn
	stmts  map[string]*statement
	writes int // statements that could change something
}

// statement is a prepared statement, with the place in the arguments that each of its parameters takes: $2 may come first,
// or twice.
type statement struct {
	*sqlite.Stmt
	order []int
}

// settings hold for every connection. The checkpoint threshold is out of the way of the checkpointer, because a checkpoint in the
// writer makes everybody wait.
var settings = []string{
	"busy_timeout = 10000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON",
	"cache_size = -32768", "wal_autocheckpoint = 131072", "temp_store = MEMORY",
}

// The writer goes on while the flusher waits for the disk in its place. Its cache holds the upper pages of the trees and little
// more: a commit that moved pages walks all of the cache, and the lower pages of a big file are seldom met again anyway.
var writerSettings = []string{"synchronous = NORMAL", "cache_size = -7800"}

func newConn(path string, more ...string) (*conn, error) {
	sq, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	c := &conn{sqlite: sq, stmts: map[string]*statement{}}
	for _, set := range append(settings[:len(settings):len(settings)], more...) {
		if err := c.put("PRAGMA "+set, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("set %s: %w", set, err), sq.Close())
		}
	}
	return c, nil
}

func (c *conn) close() error { return c.sqlite.Close() }

func (c *conn) prepare(query string) (*statement, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	prepared, err := c.sqlite.Prepare(query)
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", query, err)
	}
	s := &statement{Stmt: prepared}
	for i := range prepared.BindParamCount() {
		place, err := strconv.Atoi(strings.TrimPrefix(prepared.BindParamName(i+1), "$"))
		if err != nil {
			return nil, fmt.Errorf("prepare %.60q: parameters are written $1, $2 …: %w", query, err)
		}
		s.order = append(s.order, place-1)
	}
	c.stmts[query] = s
	return s, nil
}

func (s *statement) bind(args []any) error {
	for i, place := range s.order {
		if place >= len(args) {
			return fmt.Errorf("argument $%d is missing", place+1)
		}
		s.bindOne(i+1, args[place])
	}
	return nil
}

func (s *statement) bindOne(param int, arg any) {
	switch v := arg.(type) {
	case nil:
		s.BindNull(param)
	case int64:
		s.BindInt64(param, v)
	case int:
		s.BindInt64(param, int64(v))
	case string:
		s.BindText(param, v)
	case nullText:
		if v == "" {
			s.BindNull(param)
			return
		}
		s.BindText(param, string(v))
	case []byte:
		if v == nil {
			s.BindNull(param)
			return
		}
		s.BindBytes(param, v)
	default:
		s.bindKind(param, reflect.ValueOf(arg))
	}
}

// bindKind is for types of our own that are numbers or text below.
func (s *statement) bindKind(param int, v reflect.Value) {
	switch {
	case v.CanInt():
		s.BindInt64(param, v.Int())
	case v.Kind() == reflect.Bool:
		s.BindBool(param, v.Bool())
	default:
		s.BindText(param, v.String())
	}
}

func (c *conn) put(query string, args []any) error {
	c.writes++
	return c.each(query, args, func(scanner) (bool, error) { return true, nil })
}

func (c *conn) add(query string, args []any) error { return c.put(query, args) }

func (c *conn) putRows(q *rowsQuery, rows [][]any) error {
	args := make([]any, 0, len(rows)*q.width)
	for _, row := range rows {
		args = append(args, row...)
	}
	return c.put(q.values(len(rows)), args)
}

func (c *conn) exec(query string, args []any) (int64, error) {
	err := c.put(query, args)
	return int64(c.sqlite.Changes()), err
}

func (c *conn) each(query string, args []any, see func(scanner) (more bool, err error)) (err error) {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	defer func() {
		if reset := s.Reset(); err == nil {
			err = reset
		}
	}()
	if err := s.bind(args); err != nil {
		return err
	}
	for {
		row, err := s.Step()
		if err != nil || !row {
			return err
		}
		if more, err := see(scanner{file: s}); err != nil || !more {
			return err
		}
	}
}

// Scan reads the columns of the current row into pointers, in their order. NULL reads as the zero value.
func (s *statement) Scan(dest ...any) error {
	if len(dest) != s.ColumnCount() {
		return fmt.Errorf("the row has %d columns and %d are wanted", s.ColumnCount(), len(dest))
	}
	for i, d := range dest {
		switch p := d.(type) {
		case *int64:
			*p = s.ColumnInt64(i)
		case *int:
			*p = s.ColumnInt(i)
		case *string:
			*p = s.ColumnText(i)
		case *bool:
			*p = s.ColumnBool(i)
		case *[]byte:
			*p = s.columnBytes(i)
		default:
			if err := s.scanKind(i, reflect.ValueOf(d)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *statement) columnBytes(i int) []byte {
	if s.ColumnIsNull(i) {
		return nil
	}
	b := make([]byte, s.ColumnLen(i))
	return b[:s.ColumnBytes(i, b)]
}

// scanKind is bindKind the other way round.
func (s *statement) scanKind(i int, pointer reflect.Value) error {
	if pointer.Kind() != reflect.Pointer {
		return fmt.Errorf("column %d: %s is no pointer", i, pointer.Type())
	}
	switch v := pointer.Elem(); {
	case v.CanInt():
		v.SetInt(s.ColumnInt64(i))
	case v.Kind() == reflect.String:
		v.SetString(s.ColumnText(i))
	default:
		return fmt.Errorf("column %d: cannot read into %s", i, v.Type())
	}
	return nil
}
