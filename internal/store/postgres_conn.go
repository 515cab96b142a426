package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Times that a connection to PostgreSQL is bound to. The server ends what the client has let lie, so that a process that hangs
// or was cut off does not keep others from the groups it holds.
const (
	pgRoundTime = 20 * time.Second // of one trip to the server and back
	pgSettings  = `SET statement_timeout = '15s'; SET lock_timeout = '300ms'; SET idle_in_transaction_session_timeout = '3s';
		SET plan_cache_mode = 'force_generic_plan'; SET enable_seqscan = off; SET jit = off; SET timezone = 'UTC';
		SET search_path = public; SET client_min_messages = 'error';
		SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`
)

// errLost says that the connection broke, or the server with it.
var errLost = errors.New("the connection to the database was lost")

// pgConn is one connection with its prepared statements, used by one goroutine at a time. It speaks PostgreSQL's protocol through
// pgconn, below pgx's conversion of types, because statements are sent together with arrays that are made here anyway.
type pgConn struct {
	pg         *pgconn.PgConn
	statements map[string]*pgconn.StatementDescription // by their text
	life       string                                  // of the server: it has another one after a crash
}

// lifeQuery gives when the server's counters began. They outlive an orderly stop; after a crash, and on a standby that has become
// the primary, they begin anew.
const lifeQuery = "SELECT coalesce(stats_reset::text, '') FROM pg_stat_bgwriter"

// connectPostgres opens a connection and sets what holds for all of them, and more.
func connectPostgres(ctx context.Context, cfg *pgconn.Config, more string) (*pgConn, error) {
	ctx, cancel := context.WithTimeout(ctx, pgRoundTime)
	defer cancel()
	pg, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	c := &pgConn{pg: pg, statements: map[string]*pgconn.StatementDescription{}}
	results, err := pg.Exec(ctx, pgSettings+more+"; "+lifeQuery).ReadAll()
	if err != nil {
		err = c.told(err)
		c.close()
		return nil, fmt.Errorf("set up connection: %w", err)
	}
	if last := results[len(results)-1]; len(last.Rows) > 0 {
		c.life = string(last.Rows[0][0])
	}
	return c, nil
}

func (c *pgConn) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.pg.Close(ctx) // whatever it says, the connection is gone
}

// errand is one statement on its way to the server, and what it brings back.
type errand struct {
	sql    string
	params [][]byte
	rows   []pgRow
	tag    pgconn.CommandTag
}

// pgRow is one row, as it came.
type pgRow [][]byte

// plain is a statement without parameters.
func plain(sql string) *errand { return &errand{sql: sql} }

// run sends statements in one go and collects what they give. The first that fails ends it: those behind it have not run. An
// error that is errLost says nothing of what has run.
func (c *pgConn) run(errands ...*errand) error {
	ctx, cancel := context.WithTimeout(context.Background(), pgRoundTime)
	defer cancel()
	for _, e := range errands {
		if err := c.prepare(ctx, e.sql); err != nil {
			return err
		}
	}
	p := c.pg.StartPipeline(ctx)
	for _, e := range errands {
		p.SendQueryStatement(c.statements[e.sql], e.params, allBinary[:min(1, len(e.params))], allBinary)
	}
	err := p.Sync()
	for i := 0; i < len(errands) && err == nil; i++ {
		err = errands[i].collect(p)
	}
	if closed := p.Close(); err == nil {
		err = closed
	}
	return c.told(err)
}

var allBinary = []int16{1}

func (c *pgConn) prepare(ctx context.Context, sql string) error {
	if c.statements[sql] != nil {
		return nil
	}
	s, err := c.pg.Prepare(ctx, "s"+strconv.Itoa(len(c.statements)), sql, nil)
	if err != nil {
		return c.told(fmt.Errorf("prepare %.200q: %w", sql, err))
	}
	c.statements[sql] = s
	return nil
}

// told tells an error of the server about a statement from the end of the connection.
func (c *pgConn) told(err error) error {
	var e *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e) && !c.pg.IsClosed() && !goingDown(e.Code):
		return err
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

// goingDown tells the codes with which a server ends a connection: class 57P (operator intervention), 25P03 (idle in a
// transaction for too long), 08 (connection exception); PostgreSQL, appendix A.
func goingDown(code string) bool {
	return code == "57P01" || code == "57P02" || code == "57P03" || code == "57P05" || code == "25P03" || strings.HasPrefix(code, "08")
}

func (e *errand) collect(p *pgconn.Pipeline) error {
	results, err := p.GetResults()
	if err != nil {
		return err
	}
	reader, ok := results.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("the database answered a statement with %T", results)
	}
	for reader.NextRow() {
		e.rows = append(e.rows, copyRow(reader.Values()))
	}
	e.tag, err = reader.Close()
	return err
}

// copyRow keeps a row beyond the next one. NULL stays nil.
func copyRow(values [][]byte) pgRow {
	size := 0
	for _, v := range values {
		size += len(v)
	}
	row, room := make(pgRow, len(values)), make([]byte, 0, size)
	for i, v := range values {
		if v != nil {
			room = append(room, v...)
			row[i] = room[len(room)-len(v) : len(room) : len(room)]
		}
	}
	return row
}

// Scan reads the columns into pointers.
func (r pgRow) Scan(dest ...any) error {
	if len(dest) != len(r) {
		return fmt.Errorf("the row has %d columns and %d are wanted", len(r), len(dest))
	}
	for i, d := range dest {
		if err := r.scanOne(i, d); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

func (r pgRow) scanOne(i int, dest any) (err error) {
	switch p := dest.(type) {
	case *int64:
		*p, err = r.int(i)
	case *int:
		var n int64
		n, err = r.int(i)
		*p = int(n)
	case *string:
		*p = string(r[i])
	case *bool:
		var n int64
		n, err = r.int(i)
		*p = n != 0
	case *[]byte:
		*p = bytes.Clone(r[i])
	default:
		err = r.scanKind(i, reflect.ValueOf(dest))
	}
	return err
}

func (r pgRow) int(i int) (int64, error) {
	switch v := r[i]; len(v) {
	case 0:
		return 0, nil
	case 1:
		return int64(v[0]), nil // a truth value
	case 2:
		return int64(int16(binary.BigEndian.Uint16(v))), nil //nolint:gosec // the same 16 bits
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v))), nil //nolint:gosec // the same 32 bits
	case 8:
		return int64(binary.BigEndian.Uint64(v)), nil //nolint:gosec // the same 64 bits
	}
	return 0, fmt.Errorf("%d bytes are no number", len(r[i]))
}

func (r pgRow) scanKind(i int, pointer reflect.Value) error {
	if pointer.Kind() != reflect.Pointer {
		return fmt.Errorf("%s is no pointer", pointer.Type())
	}
	switch v := pointer.Elem(); {
	case v.CanInt():
		n, err := r.int(i)
		v.SetInt(n)
		return err
	case v.Kind() == reflect.String:
		v.SetString(string(r[i]))
		return nil
	default:
		return fmt.Errorf("cannot read into %s", v.Type())
	}
}
