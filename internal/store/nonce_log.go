package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// The files of a nonce log: the one that is written, and the one that was before it.
const (
	NonceLogFile    = "nonces.log"
	OldNonceLogFile = "nonces.old"
)

// nonceRecord is the length of a record: the hash and the milliseconds since 1970, eight bytes each.
const nonceRecord = 16

// NonceLog keeps the nonces of calls that leave no operation behind: calls that read, above all. A record is one write(2)
// without waiting for the disk, so it costs next to nothing and survives the death of the process, but not that of the machine.
// Two files take turns, so that together they hold no more than twice the time for which a nonce is remembered.
type NonceLog struct {
	dir  string
	keep time.Duration

	mu    sync.Mutex
	file  *os.File
	size  int64     // of whole records
	began time.Time // when the oldest record of the file was made
	room  [nonceRecord]byte
}

// OpenNonceLog opens the log in a folder, with a time for which a nonce has to be remembered, and gives what it remembers of
// that time. A record that was cut off, or overwritten with zeros, when the machine lost its power is passed over.
func OpenNonceLog(dir string, keep time.Duration, now time.Time) (*NonceLog, []Nonce, error) {
	l := &NonceLog{dir: dir, keep: keep, began: now}
	old, err := os.ReadFile(l.path(OldNonceLogFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read old nonce log: %w", err)
	}
	if l.file, err = os.OpenFile(l.path(NonceLogFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, nil, fmt.Errorf("open nonce log: %w", err)
	}
	text, err := io.ReadAll(l.file)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read nonce log: %w", err), l.file.Close())
	}
	l.size = int64(len(text) - len(text)%nonceRecord) // the next record takes the place of a torn one
	whole := readNonces(text)
	if len(whole) > 0 && whole[0].At.Before(now) {
		l.began = whole[0].At
	}
	outside := func(n Nonce) bool { return n.At.Before(now.Add(-keep)) || n.At.After(now.Add(keep)) }
	return l, slices.DeleteFunc(append(whole, readNonces(old)...), outside), nil
}

func (l *NonceLog) path(file string) string { return filepath.Join(l.dir, file) }

// readNonces gives the whole records of a file.
func readNonces(text []byte) []Nonce {
	var found []Nonce
	for ; len(text) >= nonceRecord; text = text[nonceRecord:] {
		n := Nonce{
			Hash: int64(binary.LittleEndian.Uint64(text)),                           //nolint:gosec // the same 64 bits
			At:   time.UnixMilli(int64(binary.LittleEndian.Uint64(text[8:]))).UTC(), //nolint:gosec // the same 64 bits
		}
		if n.Hash != 0 {
			found = append(found, n)
		}
	}
	return found
}

// Append writes a nonce down. When it returns without an error, the nonce is remembered although the process may be killed.
func (l *NonceLog) Append(n Nonce) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n.At.Sub(l.began).Abs() >= l.keep { // a clock that was set back must not keep the file growing either
		if err := l.turn(n.At); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint64(l.room[:], uint64(n.Hash)) //nolint:gosec // the same 64 bits
	binary.LittleEndian.PutUint64(l.room[8:], uint64(n.At.UnixMilli()))
	if _, err := l.file.WriteAt(l.room[:], l.size); err != nil {
		return fmt.Errorf("write nonce log: %w", err) // what was written of it is overwritten by the next one
	}
	l.size += nonceRecord
	return nil
}

// turn begins a new file. Everything in the file that is dropped by that is older than the oldest record of the present one,
// and that one's time is over already.
func (l *NonceLog) turn(now time.Time) error {
	if err := os.Rename(l.path(NonceLogFile), l.path(OldNonceLogFile)); err != nil {
		return fmt.Errorf("turn nonce log: %w", err)
	}
	next, err := os.OpenFile(l.path(NonceLogFile), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("begin nonce log: %w", errors.Join(err, os.Rename(l.path(OldNonceLogFile), l.path(NonceLogFile))))
	}
	err = l.file.Close()
	l.file, l.size, l.began = next, 0, now
	return err
}

// Close closes the log. Whatever was appended stays.
func (l *NonceLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
