package gateway_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// onPostgres says on which database the tests run now: first all of them on a file, then on PostgreSQL.
var onPostgres bool

func TestMain(m *testing.M) { os.Exit(pgserver.MainTwice(m, &onPostgres)) }

// withFile tells whether a test is to run that can only be made with a file; why says what stands in the way.
func withFile(why string) bool { return why != "" && !onPostgres }

var sealKey = bytes.Repeat([]byte{7}, 32)

// emptyDatabase gives a database with nothing in it, of the kind that is tested now.
func emptyDatabase(t tester, dir string) store.Config {
	if onPostgres {
		return store.Config{URL: pgserver.Lent(t, &empty), SealKey: sealKey, Logger: quiet}
	}
	return store.Config{Path: filepath.Join(dir, "rollcall.db"), SealKey: sealKey, Logger: quiet}
}

// settledDatabase gives one with the account that the tests call from. It is made once and copied for each world, since making the
// tables takes longer than most tests.
func settledDatabase(t tester, dir string) (store.Config, error) {
	if onPostgres {
		return store.Config{URL: pgserver.Lent(t, &settled), SealKey: sealKey, Logger: quiet}, nil
	}
	cfg := store.Config{Path: filepath.Join(dir, "rollcall.db"), SealKey: sealKey, Logger: quiet}
	file, err := settledFile()
	if err == nil {
		err = os.WriteFile(cfg.Path, file, 0o600)
	}
	return cfg, err
}

var (
	empty   = pgserver.Kind{Prepare: func(url string) error { return prepare(store.Config{URL: url}, nothing) }}
	settled = pgserver.Kind{Prepare: func(url string) error { return prepare(store.Config{URL: url}, settle) }}
)

func nothing(*gateway.Gateway) error { return nil }

func prepare(cfg store.Config, with func(*gateway.Gateway) error) error {
	cfg.SealKey = sealKey
	s, err := store.Open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(with(gateway.New(gateway.Config{Store: s})), s.Close())
}

var settledFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "rollcall-gateway-test")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "rollcall.db")
	if err := prepare(store.Config{Path: path}, settle); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
