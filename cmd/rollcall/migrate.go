package main

import (
	"context"
	"fmt"

	"github.com/rollcall-im/rollcall/internal/app"
)

type migrateVerb struct{ place }

// Run brings the database up to date.
func (v *migrateVerb) Run(t *terminal) error {
	from, to, err := app.Migrate(context.Background(), v.data())
	switch {
	case err != nil:
		return err
	case from == to:
		fmt.Fprintf(t.out, "the database is at version %d, which is the newest\n", to)
	default:
		fmt.Fprintf(t.out, "the database was at version %d and is at version %d now\n", from, to)
	}
	return nil
}
