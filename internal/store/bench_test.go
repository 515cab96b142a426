package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// BenchmarkCommit measures removals as the gateway writes them, with so many callers at once. reqs/commit tells how many
// shared one wait for the disk, cpu-us/req what a removal costs beside waiting, and p99-ms and max-ms how long a caller waited:
// max-ms is the worst checkpoint when the run is long enough to hold one (-benchtime 20s).
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprintf("engine=sqlite/batch=%d", callers), func(b *testing.B) {
			benchmarkCommit(b, openFile(b, b.TempDir()+"/bench.db"), callers)
		})
	}
	for _, callers := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprintf("engine=postgres/batch=%d", callers), func(b *testing.B) {
			benchmarkCommit(b, openURL(b, durable(b)), callers)
		})
	}
}

// durable gives a database of a server that waits for the disk, as those of the tests do not.
func durable(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("", "rollcall-bench-")
	if err != nil {
		b.Fatal(err)
	}
	server, err := pgserver.Start(b.Context(), pgserver.Config{Dir: dir, Sync: true, Settings: map[string]string{"max_wal_size": "4GB"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(server.Stop(context.Background()), os.RemoveAll(dir)); err != nil {
			b.Error(err)
		}
	})
	url, err := server.NewDatabase(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return url
}

func openURL(b *testing.B, url string) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Config{URL: url, SealKey: sealKey('k')})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

const benchGroups, benchMembers = 2000, 5

func benchmarkCommit(b *testing.B, s *store.Store, callers int) {
	seed(b, s)
	measureRemovals(b, s, callers, benchGroups)
}

// measureRemovals has so many callers take removals in, each from another one of so many groups.
func measureRemovals(b *testing.B, s *store.Store, callers, groups int) {
	b.Helper()
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	b.ReportAllocs()
	before, cpu, written := s.Stats(), cpuTime(), writtenBytes(b)
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				begin := time.Now()
				name := "group/" + benchNetworkID(int(i*7919)%groups)
				err := s.Write(b.Context(), func(tx *store.Tx) error {
					tx.Hold(name)
					return removal(tx, int(i*7919), groups)
				})
				if err != nil {
					failed.Store(&err)
				}
				took[i] = time.Since(begin)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	after, n := s.Stats(), float64(b.N)
	slices.Sort(took)
	b.ReportMetric(n/float64(after.Commits-before.Commits), "reqs/commit")
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/n, "cpu-us/req")
	b.ReportMetric(float64(writtenBytes(b)-written)/1024/n, "writeKB/req")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
}

// removal is what the gateway writes when it takes a removal in.
func removal(tx *store.Tx, i, groups int) error {
	gr, err := tx.GroupByNetworkID(benchNetworkID(i % groups))
	if err != nil {
		return err
	}
	known, err := tx.Participants(gr.ID)
	if err != nil {
		return err
	}
	op := group.Operation{AccountID: gr.AccountID, GroupID: gr.ID, Kind: group.KindRemove, State: group.Pending,
		Action: "DeleteChatGroupParticipants", Principal: "acs:ram::1000000000000001:user/integrator", AccessKeyID: "LTAI5tExampleExampleExam",
		Source: "192.0.2.17", RequestID: "6E27CAD0-8BF9-5C4C-9D8B-0D0D8B9A8F40", NonceHash: int64(i) + 1, At: time.Now()}
	changed := known[:3]
	for _, p := range changed {
		op.People = append(op.People, group.Person{Number: p.Number})
	}
	if err := tx.InsertOperation(&op); err != nil {
		return err
	}
	for i := range changed {
		changed[i].State, changed[i].OperationID = group.Removing, op.ID
	}
	if err := tx.PutParticipants(gr.ID, changed); err != nil {
		return err
	}
	return tx.Enqueue(&store.Item{Lane: store.Lane{Kind: store.GroupLane, ID: gr.ID}, Kind: group.KindRemove, OperationID: op.ID, Payload: []byte{0}})
}

func benchNetworkID(i int) string { return fmt.Sprintf("Y2FwaV9ncm91cDo%08d", i) }

func seed(b *testing.B, s *store.Store) {
	b.Helper()
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	err := s.Write(context.Background(), func(tx *store.Tx) error {
		for i := range benchGroups {
			g := group.Group{AccountID: 1000000000000001, SpaceID: 7, Number: 8613800000000, NetworkID: benchNetworkID(i), Status: group.Active,
				Subject: fmt.Sprintf("Site %d, evening shift", i), InviteLink: "https://chat.whatsapp.com/Example", CreatedAt: at, ModifiedAt: at}
			if err := tx.InsertGroup(&g); err != nil {
				return err
			}
			people := make([]group.Participant, benchMembers)
			for j := range people {
				people[j] = group.Participant{Number: group.Number(8613900000000 + i*benchMembers + j), State: group.Member, Since: at}
			}
			if err := tx.PutParticipants(g.ID, people); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// writtenBytes tells what this process has sent to the disk; 0 where the system does not say.
func writtenBytes(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nwrite_bytes: ")
	var n int64
	_, _ = fmt.Sscan(rest, &n)
	return n
}

func openFile(tb testing.TB, path string) *store.Store {
	tb.Helper()
	s, err := store.Open(context.Background(), store.Config{Path: path, SealKey: sealKey('k')})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func sealKey(with byte) []byte { return []byte(strings.Repeat(string(with), 32)) }
