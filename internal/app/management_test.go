package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/store"
)

// TestManageKeepsItsHandsOffAnOlderServersTables: a database of an older version is brought up to date by whoever opens it, but
// not while a server uses it.
func TestManageKeepsItsHandsOffAnOlderServersTables(t *testing.T) {
	t.Parallel()
	data := Data{Dir: filepath.Join(t.TempDir(), "data")}
	must(t, data.create())
	_, _, err := data.sealKey(false)
	must(t, err)
	must(t, os.WriteFile(data.path(databaseFile), nil, 0o600))
	have, want, err := store.Versions(t.Context(), store.Config{Path: data.path(databaseFile)})
	if err != nil || have >= want {
		t.Fatalf("versions %d and %d, %v; want an old one", have, want, err)
	}
	server, err := data.take()
	must(t, err)
	if m, err := Manage(t.Context(), data, true); err == nil || !strings.Contains(err.Error(), "rollcall migrate") {
		if m != nil {
			_ = m.Close()
		}
		t.Errorf("while a server has the directory: %v, want a hint to migrate", err)
	}
	if now, _, err := store.Versions(t.Context(), store.Config{Path: data.path(databaseFile)}); err != nil || now != have {
		t.Errorf("the database is at version %d now, %v; want %d", now, err, have)
	}
	must(t, server.release())
	m, err := Manage(t.Context(), data, false)
	must(t, err)
	defer func() { _ = m.Close() }()
	if now, _, err := store.Versions(t.Context(), store.Config{Path: data.path(databaseFile)}); err != nil || now != want {
		t.Errorf("without a server the database is at version %d, %v; want %d", now, err, want)
	}
	if l, err := data.take(); err != nil {
		t.Errorf("management keeps the lock: %v", err)
	} else {
		must(t, l.release())
	}
}
