package gateway_test

import (
	"sync"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/store"
)

// TestSharedGeneration: however many ask at once, nobody is given a generation from before a change that was on disk when they
// asked; not even when another process has made it.
func TestSharedGeneration(t *testing.T) {
	database := emptyDatabase(t, t.TempDir())
	asked, changed := openShared(t, database), openShared(t, database)
	read := gateway.Glances(asked)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 50 {
				var want int64
				err := changed.Write(ctx, func(tx *store.Tx) (err error) {
					if err := tx.Raise(); err != nil {
						return err
					}
					want, err = tx.Generation()
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := read(ctx); err != nil || got < want {
					t.Errorf("read generation %d, %v after %d was written", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func openShared(t *testing.T, database store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
