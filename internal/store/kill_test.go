package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// childEnv makes the test binary write into the database it names until it is killed.
const childEnv = "ROLLCALL_TEST_STORE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		fmt.Fprintln(os.Stderr, writeForever(path))
		os.Exit(1)
	}
	os.Exit(pgserver.Main(m))
}

// writeForever acknowledges each operation on the standard output, and only once Write has returned.
func writeForever(path string) error {
	s, err := store.Open(context.Background(), store.Config{Path: path, SealKey: sealKey('k')})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range 16 {
		go func() {
			for {
				op := group.Operation{AccountID: 7, Kind: group.KindRemove, State: group.Pending, At: day}
				err := s.Write(context.Background(), func(tx *store.Tx) error {
					if err := tx.InsertOperation(&op); err != nil {
						return err
					}
					return tx.Enqueue(&store.Item{Lane: groupLane(op.ID), OperationID: op.ID})
				})
				if err != nil {
					failed <- err
				}
				if _, err := os.Stdout.WriteString(strconv.FormatInt(op.ID, 10) + "\n"); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// P3: what was acknowledged before a kill -9 is there, whole, and the file opens again. Three times on one file, because the
// second start recovers what the first death left.
func TestP3KillLosesNothingAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "killed.db")
	var acknowledged []int64
	for round := range 3 {
		acknowledged = append(acknowledged, killed(t, path, 300*(round+1))...)
		s := openFile(t, path)
		if got, err := s.ReaderPragma("integrity_check"); got != "ok" || err != nil {
			t.Fatalf("the file is %q, %v", got, err)
		}
		checkThere(t, s, acknowledged)
		if id := newID(t, s); id <= acknowledged[len(acknowledged)-1] {
			t.Errorf("the next key is %d, below one that was given out", id)
		}
	}
}

// killed gives what a child acknowledged before it was killed in the middle of its work, at least so many.
func killed(t *testing.T, path string, least int) []int64 {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []int64
	for lines := bufio.NewScanner(out); lines.Scan(); { // to the end: what is in the pipe was acknowledged as well
		id, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if acknowledged = append(acknowledged, id); len(acknowledged) == least {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	if len(acknowledged) < least {
		t.Fatalf("the child acknowledged %d operations and died", len(acknowledged))
	}
	return acknowledged
}

func checkThere(t *testing.T, s *store.Store, ids []int64) {
	t.Helper()
	lost := 0
	err := s.Snapshot(context.Background(), func(tx *store.Tx) error {
		for _, id := range ids {
			if _, err := tx.Operation(id); err != nil {
				lost++
				continue
			}
			if it, err := tx.Head(groupLane(id)); err != nil || it.OperationID != id {
				lost++ // half a transaction
			}
		}
		return nil
	})
	if err != nil || lost > 0 {
		t.Errorf("%d of %d acknowledged operations are lost, %v", lost, len(ids), err)
	}
}
