package pgserver_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/pgserver"
)

const patience = 2 * time.Minute

// start runs a server of the test's own, which may be stopped and crashed.
func start(t *testing.T, config pgserver.Config) *pgserver.Server {
	t.Helper()
	ctx := within(t)
	config.Dir = reachableDir(t)
	server, err := pgserver.Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// reachableDir is not t.TempDir, which lies in a folder that only root may enter when root runs the tests.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgserver-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func newDatabase(t *testing.T, server *pgserver.Server) string {
	t.Helper()
	address, err := server.NewDatabase(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// query runs SQL with psql, which takes the same URL as a driver.
func query(t *testing.T, address, sql string) string {
	t.Helper()
	output, err := exec.CommandContext(within(t), "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet",
		"--set=ON_ERROR_STOP=1", "--command="+sql, address).CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, output)
	}
	return strings.TrimSpace(string(output))
}

func TestEveryDatabaseIsFresh(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Config{})
	first, second := newDatabase(t, server), newDatabase(t, server)
	query(t, first, "CREATE TABLE trace (n int)")
	if got := query(t, second, "SELECT count(*) FROM pg_tables WHERE tablename = 'trace'"); got != "0" {
		t.Errorf("tables of another database: %s", got)
	}
	if err := server.DropDatabase(within(t), first); err != nil {
		t.Fatal(err)
	}
	if got := query(t, second, "SELECT count(*) FROM pg_database WHERE datname LIKE 'test%'"); got != "1" {
		t.Errorf("databases after one of two was dropped: %s", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	ask := func(server *pgserver.Server) string {
		return query(t, server.URL("postgres"), "SELECT current_setting('fsync') || ' ' || current_setting('synchronous_commit') || ' ' || "+
			"current_setting('autovacuum') || ' ' || current_setting('max_connections') || ' ' || current_setting('server_encoding')")
	}
	if got, want := ask(start(t, pgserver.Config{})), "off on on 200 UTF8"; got != want {
		t.Errorf("settings %q, want %q", got, want)
	}
	synced := start(t, pgserver.Config{Sync: true, Settings: map[string]string{"max_connections": "20"}})
	if got, want := ask(synced), "on on on 20 UTF8"; got != want {
		t.Errorf("settings with Sync %q, want %q", got, want)
	}
}

func TestWhatIsCommittedSurvives(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Config{})
	address := newDatabase(t, server)
	query(t, address, "CREATE TABLE trace (n int)")
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{{"restart", server.Restart}, {"crash", server.Crash}, {"second crash", server.Crash}} {
		before, was := server.PID(), query(t, address, "INSERT INTO trace VALUES (1); SELECT count(*) FROM trace")
		if err := step.run(within(t)); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := query(t, address, "SELECT count(*) FROM trace"); got != was {
			t.Errorf("%s: %s rows, want %s", step.name, got, was)
		}
		if server.PID() == before {
			t.Errorf("%s: the postmaster is still process %d", step.name, before)
		}
	}
	if !strings.Contains(server.Log(), "automatic recovery in progress") {
		t.Errorf("the crash was none; the log:\n%s", server.Log())
	}
}

func TestPIDsAreTheServers(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Config{})
	pids, err := server.PIDs()
	if err != nil {
		t.Fatal(err)
	}
	if len(pids) < 3 || pids[0] != server.PID() {
		t.Errorf("processes %v, want the postmaster %d and its children", pids, server.PID())
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	server := start(t, pgserver.Config{})
	address, pid := server.URL("postgres"), server.PID()
	for range 2 {
		if err := server.Stop(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the postmaster %d is still there: %v", pid, err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if connection, err := net.Dial("tcp", u.Host); err == nil {
		connection.Close()
		t.Error("somebody still listens on the port")
	}
	if err := server.Restart(within(t)); err == nil {
		t.Error("restarting a stopped server succeeded")
	}
	if server.PID() != 0 {
		t.Errorf("process %d after the stop", server.PID())
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := pgserver.Start(within(t), pgserver.Config{Dir: reachableDir(t), Settings: map[string]string{"shared_buffers": "much"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "shared_buffers"`) {
		t.Errorf("error %v, want PostgreSQL's own words", err)
	}
	_, err = pgserver.Start(within(t), pgserver.Config{Dir: filepath.Join(t.TempDir(), "nowhere")})
	if err == nil {
		t.Error("a server started in a folder that does not exist")
	}
}

func TestStartThatIsGivenUpLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pgserver.Start(ctx, pgserver.Config{Dir: reachableDir(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the start was given up", err)
	}
}
