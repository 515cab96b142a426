package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // for the migrations, which want database/sql; it is the same SQLite
)

//go:embed migrations/sqlite/*.sql
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

// withProvider runs fn on the migrations of a file.
func withProvider(path string, fn func(*goose.Provider) error) (err error) {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := provider(db)
	if err != nil {
		return err
	}
	return fn(p)
}

func migrate(ctx context.Context, path string) error {
	return withProvider(path, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
}

// Versions tells at which migration the tables of a file are, 0 for a new one, and to which this program would bring them. It
// changes neither.
func Versions(ctx context.Context, path string) (have, want int64, err error) {
	err = withProvider(path, func(p *goose.Provider) error {
		have, want, err = p.GetVersions(ctx)
		return err
	})
	return have, want, err
}
