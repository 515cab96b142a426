package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/pgserver"
)

// database is a PostgreSQL server of a subject's own, so that its processes and its disk are nobody else's.
type database struct {
	server *pgserver.Server
	dir    string
	url    string
}

// databaseSettings are those of a small server that is meant for work: a cache that holds what is used of a million groups, and
// room for a log of so many removals that checkpoints are as seldom as in production.
var databaseSettings = map[string]string{
	"shared_buffers": "512MB", "max_wal_size": "4GB", "max_connections": "100",
}

// checkPostgres tells in good time that the program cannot do what is to be measured.
func checkPostgres(ctx context.Context, binary string) error {
	for verb, flag := range map[string]string{"dev": "--database", "migrate": "--to"} {
		help, err := exec.CommandContext(ctx, binary, verb, "--help").CombinedOutput() //nolint:gosec // the binary is what we were asked to measure
		if err != nil {
			return fmt.Errorf("ask %s %s for its flags: %w", binary, verb, err)
		}
		if !strings.Contains(string(help), flag) {
			return fmt.Errorf("%s %s has no %s, so it cannot work on PostgreSQL; leave those subjects out: -subjects %s", binary, verb, flag,
				"floor,no-database,sqlite-accepted,sqlite-confirmed")
		}
	}
	return nil
}

// openDatabase starts a server with one empty database.
func openDatabase(ctx context.Context, dir string) (*database, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	server, err := pgserver.Start(ctx, pgserver.Config{Dir: dir, Sync: true, Settings: databaseSettings})
	if err != nil {
		return nil, err
	}
	d := &database{server: server, dir: dir}
	d.url, err = server.NewDatabase(ctx)
	return d, err
}

// take has the program copy a data folder's database over. The program puts the file aside, so that nobody goes on with it; here it
// is copied more than once.
func (d *database) take(ctx context.Context, binary, dir string) error {
	copying := exec.CommandContext(ctx, binary, "migrate", "--data-dir", dir, "--to", d.url) //nolint:gosec // the binary is what we were asked to measure
	began := time.Now()
	if said, err := copying.CombinedOutput(); err != nil {
		return fmt.Errorf("copy the database to PostgreSQL: %w\n%s", err, said)
	}
	note("copied to PostgreSQL in %.1f s", time.Since(began).Seconds())
	file := filepath.Join(dir, databaseFile)
	if err := os.Rename(file+".copied", file); err != nil {
		return fmt.Errorf("take the copied file up again: %w", err)
	}
	return d.tidy(ctx)
}

// tidy does what a database that has grown slowly has behind it, and what would otherwise fall into the measurement: it
// gathers statistics and puts everything in its place on disk.
func (d *database) tidy(ctx context.Context) error {
	vacuum := exec.CommandContext(ctx, "vacuumdb", "--analyze", "--quiet", "--dbname="+d.url) //nolint:gosec // the address is our own
	if said, err := vacuum.CombinedOutput(); err != nil {
		return fmt.Errorf("gather statistics with PostgreSQL's vacuumdb: %w\n%s", err, said)
	}
	return d.server.Restart(ctx)
}

// tables is where the rows are.
func (d *database) tables() string { return filepath.Join(d.dir, "data", "base") }

// control is the file that a checkpoint writes when it ends.
func (d *database) control() string { return filepath.Join(d.dir, "data", "global", "pg_control") }

// time adds up what all its processes have computed for, those too that have ended.
func (d *database) time() (time.Duration, error) { return familyTime(d.server.PID()) }

func (d *database) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return d.server.Stop(ctx)
}

// copyKeys gives a data folder what a server has besides its database.
func copyKeys(to, from string) error {
	err := os.Mkdir(to, 0o700)
	for _, name := range []string{keyFile, simulatorFile} {
		content, readErr := os.ReadFile(filepath.Join(from, name))
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(to, name), content, 0o600)) //nolint:gosec // a folder of ours
	}
	return err
}
