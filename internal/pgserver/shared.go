package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// TB is the part of testing.TB that is used here; the product's packages do not import testing.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// patience bounds a start, a stop, and the making of a database on a machine that is busy with other tests.
const patience = 2 * time.Minute

// shared is the one server of a test binary.
var shared struct {
	mutex  sync.Mutex
	inMain bool
	server *Server
	err    error
	folder *folder
}

// Main runs the tests of a binary and then stops the server that they shared, if they asked for one:
//
//	func TestMain(m *testing.M) { os.Exit(pgserver.Main(m)) }
//
// A binary that is killed stops it too, and the next one removes its folder.
func Main(m interface{ Run() int }) int {
	shared.mutex.Lock()
	shared.inMain = true
	shared.mutex.Unlock()
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// MainTwice is Main for tests that hold on both kinds of database: they run on a file, and then once more with *postgres set.
func MainTwice(m interface{ Run() int }, postgres *bool) int { return Main(twice{m, postgres}) }

type twice struct {
	tests    interface{ Run() int }
	postgres *bool
}

func (t twice) Run() int {
	code := t.tests.Run()
	*t.postgres = true
	return max(code, t.tests.Run())
}

// Shared is the server of this test binary, started at the first use. Nobody may stop or crash it.
func Shared(tb TB) *Server {
	tb.Helper()
	shared.mutex.Lock()
	defer shared.mutex.Unlock()
	if !shared.inMain {
		tb.Fatalf("nobody would stop the PostgreSQL server: write func TestMain(m *testing.M) { os.Exit(pgserver.Main(m)) }")
	}
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startShared()
	}
	if shared.err != nil {
		tb.Fatalf("%v", shared.err)
	}
	return shared.server
}

// Database makes an empty database on the shared server, returns its URL, and drops it after the test.
func Database(tb TB) string {
	tb.Helper()
	server := Shared(tb)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	address, err := server.NewDatabase(ctx)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.DropDatabase(ctx, address); err != nil {
			tb.Fatalf("%v", err)
		}
	})
	return address
}

func startShared() (*Server, error) {
	var err error
	if shared.folder, err = newFolder(os.TempDir()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return Start(ctx, Config{Dir: shared.folder.dir})
}

func stopShared() error {
	shared.mutex.Lock()
	defer shared.mutex.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	if shared.server != nil {
		err = shared.server.Stop(ctx)
	}
	if shared.folder != nil {
		err = errors.Join(err, shared.folder.remove())
	}
	shared.server, shared.folder = nil, nil
	return err
}

// folder is a folder for a server, with a lock that tells whether who made it still lives.
type folder struct {
	dir  string
	lock *os.File
}

const (
	folderPattern = "rollcall-postgres-"
	lockName      = "in-use"
)

// newFolder makes one below parent, and removes those that killed processes have left there.
func newFolder(parent string) (*folder, error) {
	if err := removeLeft(parent); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, folderPattern)
	if err != nil {
		return nil, fmt.Errorf("make folder for PostgreSQL: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &folder{dir, lock}, nil
}

func (f *folder) remove() error {
	defer f.lock.Close()
	if err := os.RemoveAll(f.dir); err != nil {
		return fmt.Errorf("remove folder of PostgreSQL: %w", err)
	}
	return nil
}

// lockFolder fails when another process has it.
func lockFolder(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock folder of PostgreSQL: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock folder of PostgreSQL: %w", err)
	}
	return file, nil
}

// removeLeft passes over what is locked, what belongs to others, and what is so young that its lock may be on its way.
func removeLeft(parent string) error {
	dirs, err := filepath.Glob(filepath.Join(parent, folderPattern+"*"))
	if err != nil {
		return fmt.Errorf("look for old folders of PostgreSQL: %w", err)
	}
	for _, dir := range dirs {
		if info, err := os.Stat(filepath.Join(dir, lockName)); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := lockFolder(dir)
		if err != nil {
			continue
		}
		if err := (&folder{dir, lock}).remove(); err != nil {
			return err
		}
	}
	return nil
}
