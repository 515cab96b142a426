package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFolderOfTheDeadIsRemoved(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	old := time.Now().Add(-time.Hour)
	age := func(dir string) {
		if err := os.Chtimes(filepath.Join(dir, lockName), old, old); err != nil {
			t.Fatal(err)
		}
	}
	living, err := newFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := newFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	dead.lock.Close() // the system does so when a process ends
	age(living.dir)
	age(dead.dir)
	if _, err := newFolder(parent); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(living.dir); err != nil {
		t.Errorf("the folder of a living process: %v", err)
	}
	if _, err := os.Stat(dead.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of a dead process: %v, want that it is gone", err)
	}
}

func TestNewestVersionComesFirst(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"/usr/lib/postgresql/9.6/bin", "/usr/lib/postgresql/15/bin"},
		{"/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin"},
		{"/usr/lib/postgresql/custom/bin", "/usr/lib/postgresql/9.6/bin"},
	} {
		if version(pair[0]) >= version(pair[1]) {
			t.Errorf("%s is not older than %s", pair[0], pair[1])
		}
	}
}
