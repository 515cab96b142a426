package store

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib" // for the migrations, which want database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // likewise; it is the same SQLite
)

//go:embed migrations
var migrations embed.FS

// dsn names a file for database/sql. A new file is made here, so the journal is set here as well.
func dsn(path string) string {
	q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func provider(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, dir)
}

// postgresProvider has one process at a time bring the tables up to date; the others wait for it.
func postgresProvider(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/postgres")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60), lock.WithUnlockTimeout(1, 10)) // a try a second
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithSessionLocker(locker))
}

// withProvider runs fn on the migrations of a database.
func withProvider(cfg Config, fn func(*goose.Provider) error) (err error) {
	if cfg.URL != "" {
		return withPostgresProvider(cfg, fn)
	}
	db, err := sql.Open("sqlite", dsn(cfg.Path))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := provider(db)
	if err != nil {
		return err
	}
	return fn(p)
}

// withPostgresProvider keeps to the schema that the statements are run in, whatever the user's own settings say.
func withPostgresProvider(cfg Config, fn func(*goose.Provider) error) (err error) {
	config, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return errAddress
	}
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET search_path = public; SET client_min_messages = 'error'", pgx.QueryExecModeSimpleProtocol)
		return err
	}))
	defer func() { err = explain(&config.Config, errors.Join(err, db.Close())) }()
	p, err := postgresProvider(db)
	if err != nil {
		return err
	}
	return fn(p)
}

func migrate(ctx context.Context, cfg Config) error {
	return withProvider(cfg, func(p *goose.Provider) error {
		_, failed := p.Up(ctx) // first, for it alone waits for others that do the same
		have, want, err := p.GetVersions(ctx)
		if err == nil && have > want {
			return fmt.Errorf("the database is at version %d, but this program knows only %d; use the newer program", have, want)
		}
		return cmp.Or(failed, err)
	})
}

// withdraw takes the tables away, with all that is in them.
func withdraw(ctx context.Context, cfg Config) error {
	return withProvider(cfg, func(p *goose.Provider) error {
		_, err := p.DownTo(ctx, 0)
		return err
	})
}

// Versions tells at which migration the tables of a database are, 0 for a new one, and to which this program would bring them. It
// changes neither.
func Versions(ctx context.Context, cfg Config) (have, want int64, err error) {
	err = withProvider(cfg, func(p *goose.Provider) error {
		have, want, err = p.GetVersions(ctx)
		return err
	})
	return have, want, err
}
