package main

import (
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/rollcall-im/rollcall/internal/app"
)

// database says where the data are. A verb of the development server takes it as it is.
type database struct {
	URL          string `env:"ROLLCALL_DATABASE" name:"database" placeholder:"URL" help:"PostgreSQL database in place of a file, such as postgres://rollcall@db.example.com/rollcall."`
	PasswordFile string `env:"ROLLCALL_DATABASE_PASSWORD_FILE" name:"database-password-file" placeholder:"FILE" help:"File that holds the database user's password. Without it, PGPASSWORD and ~/.pgpass are looked at."`
}

// guarded is a database whose password must not stand on the command line, where everybody on the machine can read it.
type guarded struct{ database }

// AfterApply looks at what was written on the command line, and not at the environment.
func (g guarded) AfterApply(k *kong.Context) error {
	for _, p := range k.Path {
		if p.Flag != nil && p.Flag.Name == "database" && (app.Database{URL: g.URL}).HasPassword() {
			return fmt.Errorf("--database holds a password, which everybody on this machine can read in the list of processes; " +
				"leave it out and give --database-password-file FILE, or set ROLLCALL_DATABASE or PGPASSWORD in the environment")
		}
	}
	return nil
}

// in gives the database for the program. The key that seals the secrets is told apart from it.
func (d database) in(sealKeyFile string) app.Database {
	return app.Database{URL: d.URL, PasswordFile: d.PasswordFile, SealKeyFile: sealKeyFile}
}
