package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/rollcall-im/rollcall/internal/store"
)

// HasPassword tells whether a secret stands in the URL.
func (d Database) HasPassword() bool { return store.Address{URL: d.URL}.HasPassword() }

// elsewhere tells whether the data are in PostgreSQL.
func (d Database) elsewhere() bool { return d.URL != "" }

// target says where the data are. Only development may speak to a database on another machine in the open without saying so.
func (d Data) target(kind store.Kind) (store.Config, error) {
	if !d.elsewhere() {
		if d.PasswordFile != "" {
			return store.Config{}, errors.New("--database-password-file is of no use without --database")
		}
		return store.Config{Path: d.path(databaseFile)}, nil
	}
	address := store.Address{URL: d.URL, Lenient: kind == store.Development}
	if d.PasswordFile != "" {
		var err error
		if address.Password, err = ReadSecretText(d.PasswordFile); err != nil {
			return store.Config{}, err
		}
	}
	url, err := address.Complete()
	return store.Config{URL: url, Kind: kind}, err
}

// mustExist refuses a place where there is no database of ours: its name is most likely wrong.
func (d Data) mustExist(ctx context.Context) error {
	target, err := d.target("")
	switch {
	case err != nil:
		return err
	case d.checkCopied() != nil:
		return d.checkCopied()
	case !d.elsewhere() && !d.Exists():
		return fmt.Errorf("there is no Rollcall data directory at %s; name the server's with --data-dir", d.Dir)
	case !d.elsewhere():
		return nil
	}
	found, err := store.LookAt(ctx, target.URL)
	if err == nil && found.Kind == "" {
		return errors.New("there is nothing of Rollcall's in the database; name the server's with --database, or begin with rollcall account create")
	}
	return err
}

// open opens the database; both it and the key are made when there is neither.
func (d Data) open(ctx context.Context, kind store.Kind, log *slog.Logger) (*store.Store, []byte, error) {
	target, err := d.target(kind)
	if err != nil {
		return nil, nil, err
	}
	if !d.elsewhere() {
		return d.openFile(ctx, target, log)
	}
	return d.openPostgres(ctx, target, log)
}

func (d Data) openFile(ctx context.Context, target store.Config, log *slog.Logger) (*store.Store, []byte, error) {
	if err := d.checkCopied(); err != nil {
		return nil, nil, err
	}
	key, _, err := d.sealKey(d.Exists())
	if err != nil {
		return nil, nil, err
	}
	// SQLite would make a file that others can read.
	file, err := os.OpenFile(target.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open database: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, nil, fmt.Errorf("make database: %w", err)
	}
	target.SealKey, target.Logger = key, log
	s, err := store.Open(ctx, target)
	return s, key, err
}

// openPostgres makes a key only for a database that nobody has used yet. Of two nodes that do so at the same moment, the second
// takes its key away again.
func (d Data) openPostgres(ctx context.Context, target store.Config, log *slog.Logger) (*store.Store, []byte, error) {
	found, err := store.LookAt(ctx, target.URL)
	if err == nil {
		err = found.Check(target.Kind)
	}
	if err != nil {
		return nil, nil, err
	}
	key, made, err := d.sealKey(found.Kind != "")
	if err != nil {
		return nil, nil, err
	}
	target.SealKey, target.Logger = key, log
	s, err := store.Open(ctx, target)
	if made && errors.Is(err, store.ErrSealKey) {
		return nil, nil, errors.Join(fmt.Errorf("another node was first to use the database; copy its secret.key to %s", d.keyPath()), os.Remove(d.keyPath()))
	}
	return s, key, err
}

// erase empties a database that is elsewhere, if it is one for development.
func (d Data) erase(ctx context.Context) error {
	if !d.elsewhere() {
		return nil
	}
	target, err := d.target(store.Development)
	if err != nil {
		return err
	}
	return store.Erase(ctx, target)
}

// openShared opens the database beside a server that may be using it. Opening brings the tables up to date, which would take
// them away from under a server of an older version, so it is refused then.
func (d Data) openShared(ctx context.Context) (*store.Store, error) {
	if d.elsewhere() {
		return d.openBesideNodes(ctx)
	}
	used := d.Exists()
	l, err := d.take()
	switch {
	case err == nil:
		defer l.release() //nolint:errcheck // the database is open, and a lock that is kept ends with this process
	case !errors.Is(err, errInUse):
		return nil, err
	case used:
		if err := d.checkCurrent(ctx); err != nil {
			return nil, err
		}
	}
	s, _, err := d.open(ctx, "", nil)
	return s, err
}

// openBesideNodes leaves older tables alone, since it cannot be seen from here whether a node is running on them.
func (d Data) openBesideNodes(ctx context.Context) (*store.Store, error) {
	target, err := d.target("")
	if err != nil {
		return nil, err
	}
	found, err := store.LookAt(ctx, target.URL)
	if err != nil {
		return nil, err
	}
	if found.Kind != "" {
		if err := d.checkCurrent(ctx); err != nil {
			return nil, err
		}
	}
	s, _, err := d.open(ctx, "", nil)
	return s, err
}

// checkCurrent refuses a database that opening would change.
func (d Data) checkCurrent(ctx context.Context) error {
	target, err := d.target("")
	if err != nil {
		return err
	}
	have, want, err := store.Versions(ctx, target)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the database: %w", err)
	case have < want && d.elsewhere():
		return fmt.Errorf("the database is at version %d and this program needs %d; run rollcall migrate with all nodes stopped", have, want)
	case have < want:
		return fmt.Errorf("the database is at version %d and this program needs %d, but another rollcall%s uses it; run rollcall migrate with the server stopped",
			have, want, d.holder())
	}
	return nil
}

// sealKey reads the key, or makes one as long as there is nothing that another key has sealed.
func (d Data) sealKey(used bool) (key []byte, made bool, err error) {
	path := d.keyPath()
	key, err = readSecret(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !used:
		key, err = makeKey(path)
		return key, err == nil, err
	case errors.Is(err, fs.ErrNotExist) && d.elsewhere():
		return nil, false, fmt.Errorf("the key file %s is missing, and nothing else opens the secrets in the database; copy it from another node "+
			"or put it back from your backup", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, fmt.Errorf("the key file %s is missing, and nothing else opens the secrets in %s; put it back from your backup",
			path, d.path(databaseFile))
	case err != nil:
		return nil, false, err
	case len(key) != sealKeyBytes:
		return nil, false, fmt.Errorf("the key file %s holds %d bytes and must hold %d; make one with: head -c %d /dev/urandom",
			path, len(key), sealKeyBytes, sealKeyBytes)
	}
	return key, false, nil
}
