package pgserver_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/pgserver"
)

// childMode makes this binary run only childTest, in a process that the test kills.
const childMode = "PGSERVER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childMode) != "" {
		os.Exit(pgserver.Main(child{}))
	}
	os.Exit(pgserver.Main(m))
}

func TestDatabaseOfTheSharedServer(t *testing.T) {
	t.Parallel()
	first, second := pgserver.Database(t), pgserver.Database(t)
	if first == second {
		t.Fatalf("one database for two: %s", first)
	}
	if one, two := pgserver.Shared(t), pgserver.Shared(t); one != two {
		t.Error("a second server for one binary")
	}
	query(t, first, "CREATE TABLE trace (n int)")
}

// A database that is lent again is as it was at first.
func TestLentDatabase(t *testing.T) {
	t.Parallel()
	made := 0
	kind := &pgserver.Kind{Prepare: func(address string) error {
		made++
		query(t, address, "CREATE TABLE trace (n int); INSERT INTO trace VALUES (1), (2)")
		return nil
	}}
	var first string
	t.Run("first", func(t *testing.T) {
		first = pgserver.Lent(t, kind)
		query(t, first, "UPDATE trace SET n = n + 10; DELETE FROM trace WHERE n = 12; INSERT INTO trace VALUES (3)")
	})
	t.Run("second", func(t *testing.T) {
		second, other := pgserver.Lent(t, kind), pgserver.Lent(t, kind)
		if second != first || other == first || made != 2 {
			t.Errorf("lent %s, then %s and %s; %d were made", first, second, other, made)
		}
		for _, address := range []string{second, other} {
			if got := query(t, address, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM trace"); got != "1 2" {
				t.Errorf("rows at first: %s", got)
			}
		}
	})
}

// child starts the shared server, says its process, and waits to be killed.
type child struct{}

func (child) Run() int {
	server := pgserver.Shared(child{})
	fmt.Println(server.PID())       //nolint:forbidigo // the parent reads it
	_, _ = os.Stdin.Read([]byte{0}) // never comes
	return 0
}

func (child) Helper()                           {}
func (child) Cleanup(func())                    {}
func (child) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// TestKilledProcessLeavesNothing kills a process that has a server, and looks for the server.
func TestKilledProcessLeavesNothing(t *testing.T) {
	t.Parallel()
	temp := reachableDir(t)
	if err := os.Chmod(temp, 0o755); err != nil { // user postgres passes through it
		t.Fatal(err)
	}
	command := exec.CommandContext(within(t), os.Args[0])
	command.Env = append(os.Environ(), childMode+"=1", "TMPDIR="+temp)
	command.Stderr = os.Stderr
	if _, err := command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the child said nothing: %v", err)
	}
	var pid int
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatalf("the child said %q: %v", line, err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // killed
	awaitDeath(t, pid)
}

// awaitDeath looks again and again: nobody is told when a grandchild dies.
func awaitDeath(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d still runs", pid)
		}
	}
}
