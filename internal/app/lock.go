package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lock is held on a data directory for as long as a server uses it. The system lets go of it when the process ends, however
// it ends.
type lock struct{ file *os.File }

// errInUse says that another process has the lock.
var errInUse = errors.New("stop it, or give another --data-dir")

// lockPatience is how long a start waits for the lock: a doctor or a server that is about to end may just have it.
const lockPatience = time.Second

// takeSoon is take with some patience.
func (d Data) takeSoon(ctx context.Context) (*lock, error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	tick := time.NewTicker(lockPatience / 20)
	defer tick.Stop()
	for {
		l, err := d.take()
		if !errors.Is(err, errInUse) {
			return l, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// take fails at once when another server has the lock.
func (d Data) take() (*lock, error) {
	file, err := os.OpenFile(d.path(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := d.holder()
		_ = file.Close() // nothing was written to it
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another rollcall%s uses the data directory %s; %w", holder, d.Dir, errInUse)
		}
		return nil, fmt.Errorf("lock data directory %s: %w", d.Dir, err)
	}
	l := &lock{file}
	err = file.Truncate(0)
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write lock file: %w", err), l.release())
	}
	return l, nil
}

// holder names the process that has the lock, as far as is known.
func (d Data) holder() string {
	text, err := os.ReadFile(d.path(lockFile))
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		return ""
	}
	return " (process " + pid + ")"
}

// release lets the next one have it. The file stays: deleting it would let two hold locks on two files of the same name.
func (l *lock) release() error { return l.file.Close() }

// Clear empties a data directory, and the development database that belongs to it, so that the next start begins anew. It fails while
// a server uses the directory.
func (d Data) Clear(ctx context.Context) error {
	if _, err := os.Stat(d.Dir); errors.Is(err, os.ErrNotExist) {
		return d.erase(ctx)
	}
	l, err := d.takeSoon(ctx)
	if err != nil {
		return err
	}
	if err = d.checkKind(true); err == nil {
		err = d.erase(ctx)
	}
	if err == nil {
		err = d.clear()
	}
	return errors.Join(err, l.release())
}
