package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConnectionsPerNode is the most connections of one process: those that commit, that read for many and for one, that take in nonces,
// that count limits, that renew the lease, that speak to other nodes and that hear them, and two while tables are brought up to date or the end of a
// transaction is asked for.
const ConnectionsPerNode = pgWriters + pgReaders + pgSnapshots + pgDoors + 2 + 2 + 2

const (
	pgOldest  = 130000 // pg_current_xact_id is as old
	askServer = `SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'), pg_backend_pid()::bigint`
)

// greet looks whether a server is one that can be worked with, before anything is done to it.
func greet(ctx context.Context, config *pgconn.Config) error {
	ctx, cancel := context.WithTimeout(ctx, pgRoundTime)
	defer cancel()
	pg, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return explain(config, err)
	}
	defer pg.Close(ctx) //nolint:errcheck // nothing is under way
	row, err := askRow(ctx, pg, askServer)
	if err != nil {
		return explain(config, err)
	}
	switch version, _ := strconv.Atoi(row[0]); {
	case version < pgOldest:
		return fmt.Errorf("the database at %s is PostgreSQL %s, and %d is the oldest that can be used; update it",
			addressOf(config), pg.ParameterStatus("server_version"), pgOldest/10000)
	case row[1] != "UTF8":
		return fmt.Errorf("database %q at %s keeps text as %s; make a database WITH ENCODING 'UTF8' TEMPLATE template0", config.Database, addressOf(config), row[1])
	}
	pooled, err := inTransactionPool(ctx, pg, config)
	if err != nil {
		return explain(config, err)
	}
	if pooled {
		return errPooled(config)
	}
	return nil
}

// askRow gives the first row of a statement as text, "" for NULL.
func askRow(ctx context.Context, pg *pgconn.PgConn, sql string) ([]string, error) {
	results, err := pg.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	last := results[len(results)-1]
	if len(last.Rows) == 0 {
		return nil, ErrNoRow
	}
	row := make([]string, len(last.Rows[0]))
	for i, column := range last.Rows[0] {
		row[i] = string(column)
	}
	return row, nil
}

func errPooled(config *pgconn.Config) error {
	return fmt.Errorf("at %s answers a connection pooler (PgBouncer or the like) that lends connections for a transaction at a time, and Rollcall "+
		"needs connections of its own for LISTEN, settings and prepared statements; give the address of PostgreSQL itself, or set pool_mode = session "+
		"in the pooler for database %q, with a pool of %d for each node", addressOf(config), config.Database, ConnectionsPerNode)
}

// poolRounds is how often two connections are interleaved. A pooler would have to deal them the same servers by chance each time.
const poolRounds = 8

// inTransactionPool tells whether a pooler stands in between that gives each transaction another connection to the server. A server
// announces its process to whoever connects; a pooler announces something of its own, so that with PostgreSQL itself nothing more
// has to be asked. In a pooler's session mode a server's process is one client's alone.
func inTransactionPool(ctx context.Context, one *pgconn.PgConn, config *pgconn.Config) (bool, error) {
	mine, err := backendOf(ctx, one)
	if err != nil || mine == strconv.FormatUint(uint64(one.PID()), 10) {
		return false, err
	}
	wait, cancel := context.WithTimeout(ctx, pgRoundTime/2)
	defer cancel()
	other, err := pgconn.ConnectConfig(wait, config)
	if err != nil {
		return false, &trouble{fmt.Sprintf("the connection pooler at %s gave one connection and no second one; its pool (default_pool_size of PgBouncer) needs %d for each node",
			addressOf(config), ConnectionsPerNode), err}
	}
	defer other.Close(ctx) //nolint:errcheck // nothing that matters is under way
	for range poolRounds {
		mixed, err := deals(ctx, one, other, mine)
		if mixed || err != nil {
			return mixed, err
		}
	}
	return false, nil
}

// deals looks whether a connection that is in a transaction was given the server of one that is in none, or takes that one's place in
// some other way.
func deals(ctx context.Context, one, other *pgconn.PgConn, mine string) (bool, error) {
	var refused *pgconn.PgError
	if _, err := other.Exec(ctx, "BEGIN").ReadAll(); errors.As(err, &refused) {
		return true, nil // it lends for a statement at a time
	} else if err != nil {
		return false, err
	}
	theirs, err := backendOf(ctx, other)
	if err != nil || theirs == mine {
		return theirs == mine, err
	}
	now, err := backendOf(ctx, one)
	if err != nil || now != mine {
		return now != mine && err == nil, err
	}
	_, err = other.Exec(ctx, "COMMIT").ReadAll()
	return false, err
}

func backendOf(ctx context.Context, pg *pgconn.PgConn) (string, error) {
	row, err := askRow(ctx, pg, "SELECT pg_backend_pid()")
	if err != nil {
		return "", err
	}
	return row[0], nil
}
