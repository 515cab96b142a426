package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/store"
)

// copiedFile is what the database's file is called once everything in it is in PostgreSQL. No server starts on it by mistake.
const copiedFile = databaseFile + ".copied"

// Copied tells how many rows of a table were copied.
type Copied = store.Copied

// Transfer copies the file of a data directory into an empty PostgreSQL database, and puts the file aside. A server that uses the
// directory has to be stopped before. The key stays the same, and so does the simulated network of a development server.
func Transfer(ctx context.Context, data Data, to Database, told func(Copied)) (err error) {
	file := Data{Dir: data.Dir, Database: Database{SealKeyFile: data.SealKeyFile}}
	if err := file.mustExist(ctx); err != nil {
		return err
	}
	l, err := file.takeSoon(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.release()) }()
	t, err := file.transfer(to)
	if err != nil {
		return err
	}
	t.Told = told
	if err := t.Copy(ctx); err != nil {
		return err
	}
	if err := os.Rename(file.path(databaseFile), file.path(copiedFile)); err != nil {
		return fmt.Errorf("everything is in the database now, but the file could not be put aside, so put it aside yourself: %w", err)
	}
	return nil
}

// transfer gathers what a copy needs.
func (d Data) transfer(to Database) (*store.Transfer, error) {
	from, err := d.target("")
	if err != nil {
		return nil, err
	}
	if from.SealKey, _, err = d.sealKey(true); err != nil {
		return nil, err
	}
	kind := store.Production
	if d.has(simulatorFile) {
		kind = store.Development
	}
	target, err := Data{Dir: d.Dir, Database: to}.target(kind)
	if err != nil {
		return nil, err
	}
	log, used, err := store.OpenNonceLog(d.Dir, rpc.NonceMemory, time.Now())
	if err != nil {
		return nil, err
	}
	return &store.Transfer{From: from, To: target, Nonces: used, Keep: rpc.NonceMemory}, log.Close()
}

// checkCopied refuses to begin anew where there was a database that is in PostgreSQL now.
func (d Data) checkCopied() error {
	if d.elsewhere() || d.Exists() || !d.has(copiedFile) {
		return nil
	}
	return fmt.Errorf("what was in %s has been copied to PostgreSQL; give --database, or rename %s back to %s to go on with what is in the file",
		d.Dir, copiedFile, databaseFile)
}
