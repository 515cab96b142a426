package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDatabase starts a real server, and reads off it what a cell reads off.
func TestDatabase(t *testing.T) {
	t.Parallel()
	parent, err := os.MkdirTemp("", "rollcall-bench-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(parent) //nolint:errcheck // a temporary folder
	if err := os.Chmod(parent, 0o711); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := openDatabase(ctx, filepath.Join(parent, "pg"))
	if err != nil {
		t.Fatal(err)
	}
	s := &subject{name: "postgres-accepted", database: d}
	if used, err := d.time(); used <= 0 || err != nil {
		t.Errorf("its processes have computed for %s: %v", used, err)
	}
	if bytes, err := size(d.tables()); bytes < 1<<20 || err != nil {
		t.Errorf("%d bytes of tables: %v", bytes, err)
	}
	if err := s.warm(); err != nil {
		t.Error(err)
	}
	begin := s.checkpoint()
	if begin.IsZero() {
		t.Error("no checkpoint was ever made")
	}
	if err := d.tidy(ctx); err != nil {
		t.Error(err)
	}
	if !s.checkpoint().After(begin) {
		t.Error("the checkpoint of the restart was not seen")
	}
	begin = s.checkpoint()
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if !s.checkpoint().After(begin) {
		t.Error("the checkpoint at the end was not seen")
	}
}

// TestDatabaseTakes has the program copy the right folder to the right database, and its complaint be told.
func TestDatabaseTakes(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "rollcall")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\necho \"$*\"\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	d := &database{url: "postgres://postgres@127.0.0.1:5/test"}
	err := d.take(t.Context(), binary, "/data")
	if want := "migrate --data-dir /data --to postgres://postgres@127.0.0.1:5/test"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want it to hold %q", err, want)
	}
}

// TestCopyKeys leaves the database behind.
func TestCopyKeys(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	for _, name := range []string{keyFile, simulatorFile, databaseFile} {
		if err := os.WriteFile(filepath.Join(from, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyKeys(to, from); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(to)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v: %v", entries, err)
	}
	if text, err := os.ReadFile(filepath.Join(to, keyFile)); string(text) != keyFile || err != nil {
		t.Errorf("%q: %v", text, err)
	}
}
