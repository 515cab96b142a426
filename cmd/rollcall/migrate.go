package main

import (
	"context"
	"fmt"

	"github.com/rollcall-im/rollcall/internal/app"
)

type migrateVerb struct{ place }

// Run brings the database up to date.
func (v *migrateVerb) Run(t *terminal) error {
	version, err := app.Migrate(context.Background(), v.data())
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "the database is at version %d\n", version)
	return nil
}
