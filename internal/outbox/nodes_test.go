package outbox_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// nodes gives two worlds that share a database, and its address. Nobody runs yet.
func nodes(t *testing.T, lease time.Duration) (one, two *world, url string) {
	t.Helper()
	url = pgserver.Lent(t, &databases)
	open := func(node int64) *world {
		w := &world{t: t, store: openAt(t, store.Config{URL: url, SealKey: sealKey}), runs: make(chan run)}
		w.renew(func(c *outbox.Config) { c.Node, c.Lease = node, lease })
		return w
	}
	return open(1), open(2), url
}

// stillNode keeps a node from renewing its lease, as a slow database would, and others from taking it for dead, until it is let go.
func stillNode(t *testing.T, url, node string) (letGo func()) {
	t.Helper()
	psql := exec.CommandContext(t.Context(), "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", url)
	psql.Stderr = t.Output()
	in, err := psql.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := psql.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := psql.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(in, "BEGIN;\nSELECT 'still' FROM node WHERE id = %s FOR UPDATE;\n", node)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "still\n" {
		t.Fatalf("node %s does not keep still: %q, %v", node, line, err)
	}
	return func() {
		_ = in.Close() // which ends psql, and with it the transaction
		if err := psql.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// A node that cannot renew its lease lets its handlers know and runs nothing more, although it could read its lanes; it goes on when it
// can again.
func TestNodeWithoutLeaseRunsNothing(t *testing.T) {
	t.Parallel()
	if !onPostgres {
		return // a file has one process, and no leases
	}
	one, two, url := nodes(t, time.Second)
	one.start()
	two.start()
	first := one.send(lane(1))[0]
	r := one.expect(first)
	letGo := stillNode(t, url, "1")
	select {
	case <-r.ctx.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the handler is not told that the lease is over")
	}
	second := one.send(lane(2))[0]
	one.awaitParked(lane(2))
	for _, w := range []*world{one, two} {
		select {
		case r := <-w.runs:
			t.Fatalf("item %d runs without a lease", r.Item.ID)
		default:
		}
	}
	letGo()
	ran := map[int64]bool{}
	for len(ran) < 2 {
		select {
		case r := <-one.runs:
			one.finish(r)
			ran[r.Item.ID] = true
		case r := <-two.runs:
			two.finish(r)
			ran[r.Item.ID] = true
		case <-time.After(20 * time.Second):
			t.Fatal("it does not go on")
		}
	}
	if !ran[first.ID] || !ran[second.ID] {
		t.Errorf("ran %v", ran)
	}
}

// The lanes of a node that is gone without a word go to another one, in order, and their heads say that they may have run before.
func TestLanesOfADeadNode(t *testing.T) {
	t.Parallel()
	if !onPostgres {
		return // a file has one process, and no leases
	}
	one, two, _ := nodes(t, time.Second)
	one.start()
	two.start()
	items := one.send(lane(1), lane(1), lane(2))
	for range 2 {
		one.next().say(outbox.Await(never))
	}
	one.awaitParked(lane(1))
	one.awaitParked(lane(2))
	if err := one.store.Close(); err != nil { // from now on it can neither renew nor say goodbye
		t.Fatal(err)
	}
	heads := map[int64]bool{items[0].ID: true, items[2].ID: true}
	for range heads {
		r := two.next()
		if !heads[r.Item.ID] || !r.Again || r.Item.Owner != 2 {
			t.Errorf("it runs %+v", r.Job)
		}
		two.finish(r)
	}
	r := two.expect(items[1])
	r.check(t, false, 0, 0)
	two.finish(r)
	two.awaitIdle()
}
