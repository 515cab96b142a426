package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/store"
)

const nonceKeep = 31 * time.Minute

func openNonceLog(t testing.TB, dir string, now time.Time) (*store.NonceLog, []store.Nonce) {
	t.Helper()
	l, used, err := store.OpenNonceLog(dir, nonceKeep, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // a second time is an error, and no matter
	return l, used
}

func appendNonces(t testing.TB, l *store.NonceLog, nonces ...store.Nonce) {
	t.Helper()
	for _, n := range nonces {
		if err := l.Append(n); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNonceLogWithoutClose opens the files again while the first log is still open, as after a kill.
func TestNonceLogWithoutClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, used := openNonceLog(t, dir, day)
	if len(used) != 0 {
		t.Fatalf("a new log holds %v", used)
	}
	want := []store.Nonce{{Hash: -5, At: day}, {Hash: 7, At: day.Add(time.Second)}}
	appendNonces(t, l, want...)
	again, used := openNonceLog(t, dir, day.Add(time.Minute))
	if diff := cmp.Diff(want, used); diff != "" {
		t.Errorf("after a kill (-want +got):\n%s", diff)
	}
	third := store.Nonce{Hash: 9, At: day.Add(time.Minute)}
	appendNonces(t, again, third)
	_, used = openNonceLog(t, dir, day.Add(nonceKeep+time.Second))
	if diff := cmp.Diff([]store.Nonce{want[1], third}, used); diff != "" {
		t.Errorf("when the first one's time is over (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(dir, store.NonceLogFile))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 3*16 {
		t.Errorf("the file is %v, %v; want three records of 16 bytes for the owner alone", info, err)
	}
}

// TestNonceLogTornTail cuts a record off at every place; what is appended then is found.
func TestNonceLogTornTail(t *testing.T) {
	t.Parallel()
	for cut := 1; cut < 16; cut++ {
		dir := t.TempDir()
		l, _ := openNonceLog(t, dir, day)
		first := store.Nonce{Hash: 1, At: day}
		appendNonces(t, l, first, store.Nonce{Hash: 2, At: day})
		file := filepath.Join(dir, store.NonceLogFile)
		if err := os.Truncate(file, int64(16+cut)); err != nil {
			t.Fatal(err)
		}
		again, used := openNonceLog(t, dir, day)
		if diff := cmp.Diff([]store.Nonce{first}, used); diff != "" {
			t.Errorf("cut behind %d bytes (-want +got):\n%s", cut, diff)
		}
		third := store.Nonce{Hash: 3, At: day}
		appendNonces(t, again, third)
		if _, used = openNonceLog(t, dir, day); !cmp.Equal(used, []store.Nonce{first, third}) {
			t.Errorf("cut behind %d bytes, then another: %v", cut, used)
		}
	}
}

// TestNonceLogRemembers compares the log with a list, over moves of the clock and restarts: nothing whose time is not over is
// missing, and the files hold no more than what came in two such times.
func TestNonceLogRemembers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "log")
		if err != nil {
			r.Fatal(err)
		}
		now := day
		l, _ := openNonceLog(t, dir, now)
		var all []store.Nonce
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(r, "seconds")) * time.Second)
			if rapid.IntRange(0, 4).Draw(r, "restart") > 0 {
				n := store.Nonce{Hash: int64(len(all) + 1), At: now}
				appendNonces(t, l, n)
				all = append(all, n)
				continue
			}
			var used []store.Nonce
			l, used = openNonceLog(t, dir, now)
			want := []store.Nonce{}
			for _, n := range all {
				if !n.At.Before(now.Add(-nonceKeep)) {
					want = append(want, n)
				}
			}
			sorted := cmpopts.SortSlices(func(a, b store.Nonce) bool { return a.Hash < b.Hash })
			if diff := cmp.Diff(want, used, sorted, cmpopts.EquateEmpty()); diff != "" {
				r.Fatalf("after a restart (-want +got):\n%s", diff)
			}
		}
		busiest := 0 // how many came in any such time
		for i := range all {
			came, _ := slices.BinarySearchFunc(all, all[i].At.Add(nonceKeep), func(n store.Nonce, end time.Time) int { return n.At.Compare(end) })
			busiest = max(busiest, came-i)
		}
		bound, size := 2*16*busiest, 0
		for _, file := range []string{store.NonceLogFile, store.OldNonceLogFile} {
			if info, err := os.Stat(filepath.Join(dir, file)); err == nil {
				size += int(info.Size())
			}
		}
		if size > bound {
			r.Fatalf("the files have %d bytes, want at most %d", size, bound)
		}
	})
}

// TestNonceLogTurnsWhenTheClockIsSetBack: the file would grow until the clock has caught up.
func TestNonceLogTurnsWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, _ := openNonceLog(t, dir, day)
	appendNonces(t, l, store.Nonce{Hash: 1, At: day}, store.Nonce{Hash: 2, At: day.Add(-24 * time.Hour)})
	if info, err := os.Stat(filepath.Join(dir, store.NonceLogFile)); err != nil || info.Size() != 16 {
		t.Errorf("the file is %v, %v; want one record", info, err)
	}
	again, used := openNonceLog(t, dir, day.Add(-48*time.Hour)) // and once more while nothing runs
	if len(used) != 0 {
		t.Errorf("nonces of the future are remembered: %v", used)
	}
	appendNonces(t, again, store.Nonce{Hash: 3, At: day.Add(-48*time.Hour + nonceKeep)})
	if info, err := os.Stat(filepath.Join(dir, store.NonceLogFile)); err != nil || info.Size() != 16 {
		t.Errorf("the file is %v, %v; want one record", info, err)
	}
}

// TestNonceLogWhereItCannotBe: an error, and not a log that forgets.
func TestNonceLogWhereItCannotBe(t *testing.T) {
	t.Parallel()
	if _, _, err := store.OpenNonceLog(filepath.Join(t.TempDir(), "nowhere"), nonceKeep, day); err == nil {
		t.Error("a log was opened in a folder that does not exist")
	}
	dir := t.TempDir()
	l, _ := openNonceLog(t, dir, day)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(store.Nonce{Hash: 1, At: day}); err == nil {
		t.Error("a closed log took a nonce")
	}
}

// FuzzNonceLog opens files that hold anything.
func FuzzNonceLog(f *testing.F) {
	f.Add([]byte(nil), []byte("torn"))
	f.Add([]byte("0123456789abcdef0123456789abcdef0"), make([]byte, 64))
	f.Fuzz(func(t *testing.T, recent, old []byte) {
		dir := t.TempDir()
		for file, text := range map[string][]byte{store.NonceLogFile: recent, store.OldNonceLogFile: old} {
			if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l, used := openNonceLog(t, dir, day)
		if len(used) > (len(recent)+len(old))/16 {
			t.Fatalf("%d nonces in %d and %d bytes", len(used), len(recent), len(old))
		}
		appendNonces(t, l, store.Nonce{Hash: 1, At: day})
		if _, again := openNonceLog(t, dir, day); len(again) < 1 {
			t.Fatal("what was appended is not there")
		}
	})
}

func BenchmarkNonceLog(b *testing.B) {
	l, _ := openNonceLog(b, b.TempDir(), day)
	n := store.Nonce{At: day}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := l.Append(n); err != nil {
				b.Error(err)
			}
		}
	})
}
