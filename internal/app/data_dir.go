package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-im/rollcall/internal/store"
)

// The files of a data directory.
const (
	databaseFile  = "rollcall.db"
	sealKeyFile   = "secret.key"
	simulatorFile = "simulator.log"
	lockFile      = "lock"
	readyFile     = "ready.json"
	nodeFile      = "node"
)

const sealKeyBytes = 32

// Data names a data directory, and what belongs to it and may be elsewhere.
type Data struct {
	Dir string
	Database
}

func (d Data) path(file string) string { return filepath.Join(d.Dir, file) }

func (d Data) keyPath() string {
	if d.SealKeyFile != "" {
		return d.SealKeyFile
	}
	return d.path(sealKeyFile)
}

// Exists tells whether there is a database in the directory.
func (d Data) Exists() bool { return d.has(databaseFile) }

func (d Data) has(file string) bool {
	_, err := os.Stat(d.path(file))
	return err == nil
}

// create makes the directory, for nobody but its owner. One that others can write into is refused, since they could put
// files of theirs in the place of ours.
func (d Data) create() error {
	if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	info, err := os.Stat(d.Dir)
	if err != nil {
		return fmt.Errorf("look at data directory: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others can write into the data directory %s; run: chmod 700 %s", d.Dir, d.Dir)
	}
	return nil
}

// checkKind refuses to use a production server's directory for development, which would put a demo account and a simulated
// network into it, and the other way round, which would let the demo account's keys into production.
func (d Data) checkKind(development bool) error {
	made := d.has(simulatorFile)
	used := d.Exists() || d.has(sealKeyFile) // with the database elsewhere, there is only the key
	switch {
	case !used || made == development:
		return nil
	case development:
		return fmt.Errorf("%s belongs to a production server; give rollcall dev a directory of its own with --data-dir", d.Dir)
	}
	return fmt.Errorf("%s was made by rollcall dev and holds a demo account; give rollcall serve a directory of its own with --data-dir", d.Dir)
}

// settleKind checks the kind of the directory and marks one for development before anything else is in it.
func (d Data) settleKind(development bool) error {
	if err := d.checkKind(development); err != nil || !development {
		return err
	}
	file, err := os.OpenFile(d.path(simulatorFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("mark data directory: %w", err)
	}
	return file.Close()
}

// clear deletes what a server keeps in the directory, and nothing else. The caller holds the lock.
func (d Data) clear() error {
	var errs []error
	for _, file := range []string{databaseFile, databaseFile + "-wal", databaseFile + "-shm", sealKeyFile, simulatorFile,
		simulatorFile + ".new", readyFile, nodeFile, copiedFile, store.NonceLogFile, store.OldNonceLogFile} {
		if err := os.Remove(d.path(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("clear data directory: %w", err))
		}
	}
	return errors.Join(errs...)
}

// makeKey writes a new key under another name first, so that no half of one is ever taken for a key.
func makeKey(path string) ([]byte, error) {
	key := make([]byte, sealKeyBytes)
	_, _ = rand.Read(key) // never fails, by its documentation
	if err := writeWhole(path, key); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	return key, nil
}

// writeWhole writes a file that only its owner can read: all of it on disk before it gets its name.
func writeWhole(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// readSecret reads a small file that must not be open to everybody.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	const most = 64 << 10
	switch {
	case !info.Mode().IsRegular() || info.Size() > most:
		return nil, fmt.Errorf("%s is not a small file; name the file that holds the secret", path)
	case info.Mode().Perm()&0o007 != 0:
		return nil, fmt.Errorf("others can read the secret in %s; run: chmod 600 %s", path, path)
	}
	return os.ReadFile(path)
}

// ReadSecretText reads a secret of one word from a file that others cannot read.
func ReadSecretText(path string) (string, error) {
	content, err := readSecret(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return "", fmt.Errorf("the secret file %s is empty; write the secret into it", path)
	}
	return text, nil
}
