package store_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// TestCheckpoints: the log is copied into the file by itself, soon after much was written and a while after little was; and then
// it begins anew, so that it does not grow with what the file holds.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "checkpoints.db")
	s := openFile(t, path)
	const many, few = 2000, 100
	s.CheckpointEvery(many)
	next := int64(1)
	add := func(count int64) {
		before := s.Stats().Checkpoints
		write(t, s, func(tx *store.Tx) error {
			for id := next; id < next+count; id++ {
				if err := account(id)(tx); err != nil {
					return err
				}
			}
			return nil
		})
		next += count
		for limit := time.Now().Add(20 * time.Second); s.Stats().Checkpoints == before; runtime.Gosched() {
			if time.Now().After(limit) {
				t.Fatal("the log is not copied into the file")
			}
		}
	}
	for range 5 {
		add(many)
	}
	add(few)
	if log, file := size(t, path+"-wal"), size(t, path); log > file/2 {
		t.Errorf("the log has %d bytes, the file %d", log, file)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
