package pgserver_test

import (
	"context"
	"testing"

	"github.com/rollcall-im/rollcall/internal/pgserver"
)

func TestBouncerLendsConnectionsByTheTransaction(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Config{})
	direct := newDatabase(t, server)
	bouncer, err := server.StartBouncer(within(t), pgserver.BouncerConfig{Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := bouncer.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	through, err := bouncer.URL(direct)
	if err != nil {
		t.Fatal(err)
	}
	query(t, through, "CREATE TABLE trace (n int)")
	if got := query(t, direct, "SELECT count(*) FROM pg_tables WHERE tablename = 'trace'"); got != "1" {
		t.Errorf("tables made through the bouncer: %s", got)
	}
	// Two clients share the one connection there is.
	first, second := query(t, through, "SELECT pg_backend_pid()"), query(t, through, "SELECT pg_backend_pid()")
	if first != second {
		t.Errorf("sessions %s and %s, want one", first, second)
	}
}
