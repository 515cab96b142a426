package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Transfer is a copy of a file into a PostgreSQL database.
type Transfer struct {
	From, To Config
	Nonces   []Nonce          // used ones that do not stand in the file
	Told     func(Copied)     // of each table, when it is done; may be nil
	Keep     time.Duration    // for how long a used nonce is remembered
	pg       *pgconn.PgConn   // to the new database
	source   *Tx              // on the file
	tables   []copyTable      // in the order in which they are copied
	indexes  []string         // statements that make again what was taken away for the time of the copy
	now      func() time.Time // the file's clock
}

// Copied tells how many rows of a table were copied.
type Copied struct {
	Table string
	Rows  int64
}

// copyPatience bounds a copy. It is for the copying connection alone.
const copyPatience = 6 * time.Hour

// Copy copies everything in one transaction. The file is held against writers meanwhile, and not changed but for being brought up to
// date. The database must be empty, or hold what a copy that broke off has left. Until the end nobody else can start on it.
func (t *Transfer) Copy(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, copyPatience)
	defer cancel()
	release, err := t.openSource(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	config, err := pgconn.ParseConfig(t.To.URL)
	if err != nil {
		return errAddress
	}
	if err := greet(ctx, config); err != nil {
		return err
	}
	if t.pg, err = pgconn.ConnectConfig(ctx, config); err != nil {
		return explain(config, err)
	}
	defer func() { _ = t.pg.Close(context.WithoutCancel(ctx)) }() // it has committed, or never will
	if err := t.begin(ctx); err != nil {
		return explain(config, err)
	}
	if err := t.copyAll(ctx); err != nil {
		return fmt.Errorf("%w; nothing was copied, the file is as it was, and the same command begins anew", explain(config, err))
	}
	if err := t.commit(ctx, config); err != nil {
		return explain(config, err)
	}
	if err := t.run(ctx, "ANALYZE"); err != nil { // the first statements go by guesses then
		t.From.Logger.Warn("the database's statistics could not be made; it makes them itself in a while", "error", explain(config, err))
	}
	return nil
}

// openSource opens the file and keeps others from writing to it.
func (t *Transfer) openSource(ctx context.Context) (release func() error, err error) {
	t.From = t.From.withDefaults()
	t.now = t.From.Now
	seal, err := newSeal(t.From.SealKey)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, t.From); err != nil {
		return nil, fmt.Errorf("bring tables of %s up to date: %w", t.From.Path, err)
	}
	c, err := newConn(t.From.Path)
	if err != nil {
		return nil, err
	}
	t.source = &Tx{db: c, store: &Store{seal: seal, log: t.From.Logger}}
	err = c.put("BEGIN IMMEDIATE", nil)
	if err == nil {
		err = t.source.checkSeal()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", t.From.Path, err), c.close())
	}
	return func() error { return errors.Join(c.put("ROLLBACK", nil), c.close()) }, nil
}

// copyLock is held by who copies. It is let go with the connection.
const copyLock = `SELECT CASE WHEN pg_try_advisory_lock(hashtext('rollcall copy')) THEN 1 ELSE 0 END`

// begin makes the tables and marks the database as unfinished, which is seen by everybody who starts on it.
func (t *Transfer) begin(ctx context.Context) error {
	if err := t.run(ctx, `SET search_path = public; SET client_min_messages = 'error'; SET statement_timeout = 0; SET lock_timeout = 0;
		SET idle_in_transaction_session_timeout = 0; SET maintenance_work_mem = '256MB'; SET timezone = 'UTC'; SET synchronous_commit = on`); err != nil {
		return err
	}
	locked, err := t.count(ctx, copyLock)
	if err != nil {
		return err
	}
	if locked == 0 {
		return errors.New("somebody else is copying into this database; wait for the end of it")
	}
	if err := t.checkEmpty(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, t.To); err != nil {
		return fmt.Errorf("make tables: %w", err)
	}
	kind := t.To.Kind
	if kind == "" {
		kind = Production
	}
	sealed := t.source.sealText("probe", probe)
	r := t.pg.ExecParams(ctx, `INSERT INTO installation (id, kind, state, probe) VALUES (1, $1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, probe = excluded.probe WHERE installation.state = excluded.state`,
		[][]byte{[]byte(kind), []byte(stateCopying), sealed}, nil, []int16{0, 0, 1}, nil).Read()
	if r.Err == nil && r.CommandTag.RowsAffected() == 0 {
		return errors.New("somebody has begun to use this database; give an empty one")
	}
	return r.Err
}

// checkEmpty refuses a database with anything in it, but for what a copy that broke off has left.
func (t *Transfer) checkEmpty(ctx context.Context) error {
	found, err := lookAt(ctx, t.pg)
	if err != nil || found.Unfinished {
		return err
	}
	if found.Kind != "" {
		return fmt.Errorf("this database is in use already, for %s; give an empty one", found.Kind)
	}
	tables, err := t.count(ctx, `SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		AND c.relname <> 'goose_db_version' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')`)
	if err == nil && tables > 0 {
		err = fmt.Errorf("schema public of this database holds %d tables; give an empty database", tables)
	}
	return err
}

// copyAll is one transaction, so that a copy that breaks off leaves nothing.
func (t *Transfer) copyAll(ctx context.Context) error {
	if err := t.run(ctx, "BEGIN"); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{t.readSchemas, t.clear, t.copyTables, t.copyNonces, t.raiseIDs, t.makeIndexes, t.compare} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return t.run(ctx, `UPDATE installation SET state = '`+stateReady+`' WHERE id = 1`)
}

// commit makes the copy hold. When the connection breaks meanwhile, the database is asked whether it does.
func (t *Transfer) commit(ctx context.Context, config *pgconn.Config) error {
	err := t.run(ctx, "COMMIT")
	if err == nil {
		return nil
	}
	found, lookErr := LookAt(ctx, t.To.URL)
	switch {
	case lookErr != nil:
		return fmt.Errorf("it is not known whether the copy holds (%w); run the same command again: it says that the database is in use if it does", explain(config, err))
	case found.Unfinished:
		return fmt.Errorf("%w; nothing was copied, the file is as it was, and the same command begins anew", explain(config, err))
	}
	return nil
}

// clear empties the tables, also of what the migrations have put there, and takes away those indexes that are quicker made at the end.
func (t *Transfer) clear(ctx context.Context) error {
	var names []string
	for _, table := range t.tables {
		names = append(names, quoted(table.name))
	}
	if err := t.run(ctx, "TRUNCATE nonce, "+strings.Join(names, ", ")); err != nil {
		return fmt.Errorf("empty the tables: %w", err)
	}
	return t.dropIndexes(ctx)
}

func (t *Transfer) copyTables(ctx context.Context) error {
	for i := range t.tables {
		table := &t.tables[i]
		rows := &copyRows{table: table, source: t.source}
		if err := rows.open(); err != nil {
			return fmt.Errorf("read table %s: %w", table.name, err)
		}
		tag, err := t.pg.CopyFrom(ctx, rows, table.into())
		if closed := rows.close(); err == nil {
			err = closed
		}
		if rows.err != nil {
			err = rows.err
		}
		if err != nil {
			return fmt.Errorf("copy table %s: %w", table.name, err)
		}
		table.copied = tag.RowsAffected()
	}
	return nil
}

// copyNonces takes the used nonces along, so that moving makes no old request good again.
func (t *Transfer) copyNonces(ctx context.Context) error {
	changes, err := t.source.NoncesSince(t.now().Add(-t.Keep))
	if err != nil {
		return fmt.Errorf("read used nonces: %w", err)
	}
	rows := newCopyBuffer()
	seen := map[int64]bool{}
	for _, n := range append(changes, t.Nonces...) {
		if seen[n.Hash] {
			continue
		}
		seen[n.Hash] = true
		rows.begin(3)
		rows.int(8, n.Hash)
		rows.int(8, millis(n.At))
		rows.int(8, 0)
	}
	rows.end()
	if _, err := t.pg.CopyFrom(ctx, rows, "COPY nonce (hash, at, tag) FROM STDIN (FORMAT binary, FREEZE)"); err != nil {
		return fmt.Errorf("copy used nonces: %w", err)
	}
	return nil
}

// raiseIDs raises the sequence of keys above every key there is.
func (t *Transfer) raiseIDs(ctx context.Context) error {
	var keys []string
	for _, table := range t.tables {
		if table.column("id") != nil && table.column("id").kind.oid == oidInt8 {
			keys = append(keys, "SELECT max(id) AS id FROM "+quoted(table.name))
		}
	}
	err := t.run(ctx, "SELECT setval('ids', greatest((SELECT last_value FROM ids), (SELECT max(id) FROM ("+strings.Join(keys, " UNION ALL ")+") AS used)))")
	if err != nil {
		return fmt.Errorf("raise the keys: %w", err)
	}
	return nil
}

// compare counts the rows on both sides, and tells.
func (t *Transfer) compare(ctx context.Context) error {
	for _, table := range t.tables {
		var there int64
		if err := t.source.one("SELECT count(*) FROM "+quoted(table.name), nil, &there); err != nil {
			return fmt.Errorf("count table %s: %w", table.name, err)
		}
		here, err := t.count(ctx, "SELECT count(*) FROM "+quoted(table.name))
		if err != nil {
			return fmt.Errorf("count table %s: %w", table.name, err)
		}
		if here != there || here != table.copied {
			return fmt.Errorf("table %s has %d rows in the file and %d in the database", table.name, there, here)
		}
		if t.Told != nil {
			t.Told(Copied{table.name, here})
		}
	}
	return nil
}

func (t *Transfer) run(ctx context.Context, sql string) error {
	_, err := t.pg.Exec(ctx, sql).ReadAll()
	return err
}

func (t *Transfer) count(ctx context.Context, sql string) (n int64, err error) {
	row, err := askRow(ctx, t.pg, sql)
	if err == nil {
		_, err = fmt.Sscan(row[0], &n)
	}
	return n, err
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
