package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Kind says what a PostgreSQL database is for. A file's kind is that of its folder.
type Kind string

// The kinds. They are never mixed: a demo account must not get into production.
const (
	Production  Kind = "production"
	Development Kind = "development"
)

// The states of an installation.
const (
	stateReady   = "ready"
	stateCopying = "copying" // a copy has begun into it, and has not come to its end
)

// Installation is what a PostgreSQL database says of itself. The zero value is one in which there is nothing of ours.
type Installation struct {
	Kind       Kind
	Unfinished bool // a copy into it broke off
}

// Check refuses a database that is half copied, or for something else. "" is content with either kind.
func (i Installation) Check(kind Kind) error {
	switch {
	case i.Unfinished:
		return errUnfinished
	case kind == "" || i.Kind == "" || i.Kind == kind:
		return nil
	case i.Kind == Development:
		return errors.New("this database was made by rollcall dev and holds a demo account; give rollcall serve a database of its own with --database")
	}
	return errors.New("this database belongs to a production server; give rollcall dev a database of its own with --database")
}

// errUnfinished says that a copy broke off.
var errUnfinished = errors.New("a copy into this database has begun and has not come to its end; run rollcall migrate --to with its address again, " +
	"which begins anew")

// probe is what is sealed at the first start, so that everybody's key can be tried before there is any secret.
const probe = "rollcall"

// settle writes down, at the first start on a database, what it is for and with which key; later it compares. One of two that start
// at the same time is the first.
func (s *Store) settle(ctx context.Context, kind Kind) error {
	return s.Write(ctx, func(tx *Tx) error {
		tx.Hold("installation")
		var found Installation
		var state string
		var sealed []byte
		err := tx.one(`SELECT kind, state, probe FROM installation WHERE id = $1`, []any{1}, &found.Kind, &state, &sealed)
		if errors.Is(err, ErrNoRow) {
			return tx.install(kind, stateReady)
		}
		if err != nil {
			return fmt.Errorf("read what the database is for: %w", err)
		}
		found.Unfinished = state != stateReady
		if err := found.Check(kind); err != nil {
			return err
		}
		_, err = tx.openText("probe", sealed)
		return err
	})
}

func (tx *Tx) install(kind Kind, state string) error {
	if kind == "" {
		kind = Production
	}
	return tx.run(`INSERT INTO installation (id, kind, state, probe) VALUES ($1, $2, $3, $4)`, 1, string(kind), state, tx.sealText("probe", probe))
}

// LookAt tells what a PostgreSQL database is, and changes nothing.
func LookAt(ctx context.Context, address string) (Installation, error) {
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return Installation{}, errAddress
	}
	ctx, cancel := context.WithTimeout(ctx, pgRoundTime)
	defer cancel()
	pg, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return Installation{}, explain(config, err)
	}
	defer pg.Close(ctx) //nolint:errcheck // it was only read
	return lookAt(ctx, pg)
}

func lookAt(ctx context.Context, pg *pgconn.PgConn) (Installation, error) {
	row, err := askRow(ctx, pg, "SELECT coalesce(to_regclass('public.installation')::text, '')")
	if err != nil || row[0] == "" {
		return Installation{}, err
	}
	row, err = askRow(ctx, pg, "SELECT kind, state FROM public.installation WHERE id = 1")
	if errors.Is(err, ErrNoRow) {
		return Installation{}, nil
	}
	if err != nil {
		return Installation{}, fmt.Errorf("read what the database is for: %w", err)
	}
	return Installation{Kind: Kind(strings.Clone(row[0])), Unfinished: row[1] != stateReady}, nil
}

// Erase takes everything of ours out of a PostgreSQL database that is for development. A production database is refused.
func Erase(ctx context.Context, cfg Config) error {
	found, err := LookAt(ctx, cfg.URL)
	if err != nil {
		return err
	}
	if found.Unfinished && found.Kind == Development { // nothing is lost by it
		return withdraw(ctx, cfg)
	}
	if err := found.Check(Development); err != nil {
		return err
	}
	return withdraw(ctx, cfg)
}
