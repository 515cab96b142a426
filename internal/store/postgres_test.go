package store_test

import (
	"context"
	"errors"
	"testing"

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
