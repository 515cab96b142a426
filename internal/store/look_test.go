package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/rollcall-im/rollcall/internal/store"
)

// testLook: however many look at once, each gets its own answer, and sees what was on disk when it asked.
func testLook(t *testing.T, open opener) {
	s := open(t)
	refused := errors.New("refused")
	var wg sync.WaitGroup
	for caller := range 16 {
		wg.Go(func() {
			for i := range 30 {
				id := int64(100*caller + i + 1)
				if err := s.Write(context.Background(), account(id)); err != nil {
					t.Error(err)
				}
				err := s.Look(func(tx *store.Tx) error {
					a, err := tx.Account(id)
					switch {
					case err == nil && a.ID != id:
						t.Errorf("account %d is read as %d", id, a.ID)
					case i%5 == 0:
						return refused
					case i%7 == 0:
						panic("a mistake")
					}
					return err
				})
				if wrong := i%5 == 0 || i%7 == 0; wrong != (err != nil) || i%5 == 0 && !errors.Is(err, refused) {
					t.Errorf("look %d was answered %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}
