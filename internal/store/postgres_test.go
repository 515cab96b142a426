package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	suite(t, postgresDatabase)
}

func postgresDatabase(t *testing.T) opener {
	url := pgserver.Database(t)
	return func(t *testing.T, change ...func(*store.Config)) *store.Store {
		t.Helper()
		cfg := store.Config{URL: url, SealKey: sealKey('k')}
		for _, c := range change {
			c(&cfg)
		}
		s, err := store.Open(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
				t.Error(err)
			}
		})
		return s
	}
}

func TestNoncesArePruned(t *testing.T) {
	s := postgresDatabase(t)(t)
	use := func(hash int64, at time.Time) bool {
		fresh, err := s.UseNonce(t.Context(), store.Nonce{Hash: hash, At: at})
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	for i := range int64(7) {
		use(i+1, day.Add(time.Duration(i)*time.Second))
	}
	same(t, []int{2, 2, 0}, prune(t, s, (*store.Tx).PruneNonces, day.Add(4*time.Second), 2))
	if use(5, day) || !use(4, day) {
		t.Error("what is gone is not what was old")
	}
}
