package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// TestPooler starts behind a PgBouncer. Where that lends connections by the transaction, with one connection or many and in whatever
// order, it is refused; where it gives each session its own, everything works.
func TestPooler(t *testing.T) {
	t.Parallel()
	server := pgserver.Shared(t)
	for _, config := range []pgserver.BouncerConfig{
		{Mode: "transaction", Connections: 1}, {Mode: "transaction", Connections: 20}, {Mode: "transaction", Connections: 20, InTurn: true},
		{Mode: "statement", Connections: 20}, {Mode: "session", Connections: 20},
	} {
		t.Run(fmt.Sprintf("%s of %d %t", config.Mode, config.Connections, config.InTurn), func(t *testing.T) {
			t.Parallel()
			through, direct := behind(t, server, config)
			warm(t, through)
			err := openAs(t, through, store.Production, 'k')
			if config.Mode == "session" {
				if err != nil {
					t.Fatal(err)
				}
				testThroughPooler(t, through)
				return
			}
			if err == nil || !strings.Contains(err.Error(), "PgBouncer") || !strings.Contains(err.Error(), "pool_mode = session") {
				t.Errorf("got %v, want a refusal that says what to do", err)
			}
			if found, err := store.LookAt(context.Background(), direct); err != nil || found != (store.Installation{}) {
				t.Errorf("it left %+v, %v", found, err)
			}
		})
	}
}

// behind starts a PgBouncer and gives the address of a new database through it, and the direct one.
func behind(t *testing.T, server *pgserver.Server, config pgserver.BouncerConfig) (through, direct string) {
	t.Helper()
	direct = pgserver.Database(t)
	bouncer, err := server.StartBouncer(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := bouncer.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if through, err = bouncer.URL(direct); err != nil {
		t.Fatal(err)
	}
	return through, direct
}

// warm leaves some connections resting in the pool, as a pool has them that has been used.
func warm(t *testing.T, through string) {
	t.Helper()
	db := connectAs(t, through+"&default_query_exec_mode=simple_protocol")
	db.SetMaxOpenConns(4)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	done := make(chan error, 4)
	for range 4 {
		go func() {
			_, err := db.ExecContext(ctx, "SELECT pg_sleep(0.2)")
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func testThroughPooler(t *testing.T, through string) {
	s, err := store.Open(context.Background(), store.Config{URL: through, SealKey: sealKey('k')})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	op := group.Operation{AccountID: 7, Kind: group.KindRemove, State: group.Pending, At: day}
	write(t, s, func(tx *store.Tx) error { return tx.InsertOperation(&op) })
	if back := read(t, s, func(tx *store.Tx) (group.Operation, error) { return tx.Operation(op.ID) }); back.AccountID != 7 {
		t.Errorf("read back %+v", back)
	}
	found, err := store.Survey(context.Background(), through)
	if err != nil || !found.Pooler {
		t.Errorf("the survey says %+v, %v; want a pooler", found, err)
	}
}
