package pgserver

import (
	"context"
	"fmt"
	"sync"
)

// Kind is a kind of database that many tests begin with. Prepare makes the tables, and the rows that are there at the beginning.
type Kind struct {
	Prepare func(address string) error

	mutex sync.Mutex
	idle  []string // databases that nobody has now
}

// Lent gives a test a database on the shared server, in the state that Prepare left it in. It is given to another test afterwards,
// with the rows that it had at first: on a busy machine a new one takes seconds.
func Lent(tb TB, kind *Kind) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	address, err := kind.take(ctx, Shared(tb))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() { kind.giveBack(address) })
	return address
}

func (k *Kind) take(ctx context.Context, server *Server) (string, error) {
	k.mutex.Lock()
	if last := len(k.idle) - 1; last >= 0 {
		address := k.idle[last]
		k.idle = k.idle[:last]
		k.mutex.Unlock()
		return address, server.query(ctx, address, reset)
	}
	k.mutex.Unlock()
	address, err := server.NewDatabase(ctx)
	if err != nil {
		return "", err
	}
	if err := k.Prepare(address); err != nil {
		return "", fmt.Errorf("prepare database: %w", err)
	}
	return address, server.query(ctx, address, keep)
}

func (k *Kind) giveBack(address string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.idle = append(k.idle, address)
}

// What a database is at first is kept in a schema of its own, and copied back. Whoever is still connected is sent away.
const (
	keep = `CREATE SCHEMA at_first;
		DO $$ DECLARE t text; BEGIN
			FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
				EXECUTE format('CREATE TABLE at_first.%I AS TABLE public.%I', t, t);
			END LOOP;
		END $$`
	reset = `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
		SET lock_timeout = '10s';
		DO $$ DECLARE t text; BEGIN
			FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
				EXECUTE format('DELETE FROM public.%I', t);
				EXECUTE format('INSERT INTO public.%I SELECT * FROM at_first.%I', t, t);
			END LOOP;
		END $$`
)

func (s *Server) query(ctx context.Context, address, sql string) error {
	return s.run(ctx, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--command="+sql, address)
}
