package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(dir, "x"), filepath.Join(below, "y")} {
		if err := os.WriteFile(file, make([]byte, 1000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := size(dir); got != 2000 || err != nil {
		t.Errorf("%d bytes: %v", got, err)
	}
	if err := warm(dir); err != nil {
		t.Error(err)
	}
	if err := warm(filepath.Join(dir, "gone")); err != nil {
		t.Error("a folder that has gone:", err)
	}
}

// TestChanged sees a checkpoint by the time of the file.
func TestChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &subject{name: "sqlite-accepted", dir: dir}
	file := filepath.Join(dir, databaseFile)
	if !s.checkpoint().IsZero() {
		t.Error("a file that is not there was written")
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 1, 0, 0, 0, 5, time.UTC)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
	if got := s.checkpoint(); !got.Equal(at) {
		t.Errorf("%s, want %s", got, at)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	d, err := probe(t.TempDir(), 50*time.Millisecond)
	if err != nil || d.p50 <= 0 || d.p99 < d.p50 {
		t.Errorf("%+v: %v", d, err)
	}
}
