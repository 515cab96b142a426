package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/rollcall-im/rollcall/internal/app"
)

type migrateVerb struct {
	place
	To string `placeholder:"URL" help:"Copy the file in the data directory into this empty PostgreSQL database. The server has to be stopped."`
}

// AfterApply keeps the password off the command line here too.
func (v *migrateVerb) AfterApply(k *kong.Context) error {
	if v.To != "" && (app.Database{URL: v.To}).HasPassword() {
		return fmt.Errorf("--to holds a password, which everybody on this machine can read in the list of processes; " +
			"leave it out and give --database-password-file FILE, or set PGPASSWORD in the environment")
	}
	return v.guarded.AfterApply(k)
}

// Run brings the database up to date, or copies it.
func (v *migrateVerb) Run(t *terminal) error {
	if v.To != "" {
		return v.copy(t)
	}
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

func (v *migrateVerb) copy(t *terminal) error {
	if v.URL != "" && v.URL != v.To {
		return fmt.Errorf("--to copies a file, so leave --database and ROLLCALL_DATABASE out; %w", errUsage)
	}
	to := app.Database{URL: v.To, PasswordFile: v.PasswordFile}
	err := app.Transfer(context.Background(), v.data(), to, func(c app.Copied) { fmt.Fprintf(t.out, "%-16s %d\n", c.Table, c.Rows) })
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "everything is in PostgreSQL now; start the server with --database and the same key file. "+
		"The file in %s was renamed and serves as a backup.\n", v.DataDir)
	return nil
}
