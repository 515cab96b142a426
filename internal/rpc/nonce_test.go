package rpc

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// TestReplay: the very same request again is refused, however it was answered, and a nonce with a new date as well.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.RPCHMACSHA1} {
		for _, action := range []string{"ListSilently", "DeleteRefused", "DeletePending", "DeletePanic"} {
			q := request{action: action, nonce: action + scheme.String(), scheme: scheme}
			first := w.call(q)
			w.expect(w.call(q), 400, "SignatureNonceUsed")
			if first.Code == "SignatureNonceUsed" {
				t.Errorf("%s: a fresh nonce was refused", action)
			}
			w.clock.add(14 * time.Minute)
			w.expect(w.call(q), 400, "SignatureNonceUsed")
			w.clock.add(time.Hour)
		}
	}
}

// TestNonceNeedsASignature: who cannot sign cannot use up the nonces of others.
func TestNonceNeedsASignature(t *testing.T) {
	w := newWorld(t)
	q := request{action: "ListSilently", nonce: "mine", secret: "guessed"}
	w.expect(w.call(q), 400, "SignatureDoesNotMatch")
	q.secret = ""
	w.expect(w.call(q), 200, "OK")
}

// TestNonceOfAnotherKey: a nonce belongs to an access key.
func TestNonceOfAnotherKey(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call(request{action: "ListSilently", nonce: "n", key: rootKey}), 200, "OK")
	w.expect(w.call(request{action: "ListSilently", nonce: "n", key: readerKey}), 200, "OK")
}

// TestReplayAfterRestart: a change that was refused is in the store, and with it its nonce.
func TestReplayAfterRestart(t *testing.T) {
	w := newWorld(t)
	refused := []request{
		{action: "DeleteRefused", nonce: "business"},
		{action: "DeleteThing", nonce: "missing"},
		{action: "DeleteThing", nonce: "denied", key: readerKey, query: "GroupId=1"},
		{action: "DeleteThing", nonce: "allowlist", key: strangerKey, query: "GroupId=1"},
		{action: "DeletePanic", nonce: "panic"},
	}
	for _, q := range refused {
		w.call(q)
	}
	w.open(func(c *Config) { c.Telemetry.Metrics = nil })
	if err := w.store.Read(t.Context(), func(tx *store.Tx) error {
		used, err := tx.NoncesSince(w.clock.now().Add(-NonceMemory))
		w.LoadNonces(used)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, q := range refused {
		if a := w.call(q); a.Code != "SignatureNonceUsed" {
			t.Errorf("%s: %s after the restart", q.nonce, a.Code)
		}
	}
}

// TestReplayAfterKill: calls that leave no operation have their nonce in the nonce log before they are answered.
func TestReplayAfterKill(t *testing.T) {
	dir := t.TempDir()
	openLog := func(w *world) (*store.NonceLog, []store.Nonce) {
		l, used, err := store.OpenNonceLog(dir, NonceMemory, w.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() }) // as at a kill, nobody closes it before it is opened again
		return l, used
	}
	w := newWorld(t)
	first, _ := openLog(w)
	w.open(func(c *Config) { c.Telemetry.Metrics, c.Memory.NonceLog, c.Limits.CallsPerSecond = nil, first, 1 })
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1"}), 200, "OK")
	used := map[string]request{
		"OK":                             {action: "ListSilently", nonce: "read"},
		"InvalidParameter.GroupNotExist": {action: "ListRefused", nonce: "refused"},
		"InternalError":                  {action: "ListBroken", nonce: "broken"},
		"Forbidden.RAM":                  {action: "ListSilently", nonce: "denied", key: officeKey},
		"Throttling.User":                {action: "DeleteThing", nonce: "throttled", query: "GroupId=1"},
		"ChatGroup.OperationPending":     {action: "DeletePending", nonce: "token", query: "ClientToken=a"},
	}
	for code, q := range used {
		if a := w.call(q); a.Code != code {
			t.Errorf("%s: %s, want %s", q.nonce, a.Code, code)
		}
	}
	second, known := openLog(w)
	w.open(func(c *Config) { c.Telemetry.Metrics, c.Memory.NonceLog = nil, second })
	w.LoadNonces(known)
	for _, q := range used {
		w.expect(w.call(q), 400, "SignatureNonceUsed")
	}
}

// TestNonceThatCannotBeKept: an answer would be given again after a restart, so there is none; a refusal stands.
func TestNonceThatCannotBeKept(t *testing.T) {
	w := newWorld(t)
	if err := w.nonceLog.Close(); err != nil {
		t.Fatal(err)
	}
	w.expect(w.call(request{action: "ListThings", query: page}), 500, "InternalError")
	w.expect(w.call(request{action: "ListRefused"}), 200, "InvalidParameter.GroupNotExist")
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1"}), 200, "OK") // its operation holds the nonce
	if !strings.Contains(w.log.String(), "remembering a nonce failed") {
		t.Error("the log does not tell")
	}
}

// TestNonceMemoryIsBounded: a full memory refuses calls rather than forget, and makes room as minutes pass.
func TestNonceMemoryIsBounded(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Nonces, c.Limits.NoncesOfAccount = 3, 3 })
	for range 3 {
		w.expect(w.call(request{action: "ListSilently"}), 200, "OK")
	}
	w.expect(w.call(request{action: "ListSilently"}), 503, "ServiceUnavailable")
	w.clock.add(NonceMemory + 2*time.Minute)
	for range nonceShards * 4 { // each shard makes room when it is next used
		w.call(request{action: "ListSilently", nonce: strconv.Itoa(rand.Int())})
	}
	if held := w.nonces.held.Load(); held != 3 {
		t.Errorf("%d nonces are held, want 3 fresh ones", held)
	}
}

// TestOneAccountCannotFillTheMemory: an account that has had its share is refused with whatever key, the others are not, and a nonce
// that was refused counts for nobody.
func TestOneAccountCannotFillTheMemory(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Nonces = 24 })
	keys := []string{readerKey, rootKey}
	flood := func(i int) answered { return w.call(request{action: "ListSilently", key: keys[i%2]}) }
	for range 2 {
		w.expect(w.call(request{action: "ListSilently", key: readerKey, nonce: "the same"}), 200, "OK")
		for range 5 {
			w.expect(w.call(request{action: "ListSilently", key: readerKey, nonce: "the same"}), 400, "SignatureNonceUsed")
		}
		for i := range 5 {
			w.expect(flood(i), 200, "OK")
		}
		for i := range 6 {
			a := flood(i)
			w.expect(a, 503, "ServiceUnavailable")
			if !strings.Contains(a.Message, "of this account") {
				t.Errorf("Message is %q", a.Message)
			}
		}
		for range 3 {
			w.expect(w.call(request{action: "ListSilently", key: strangerKey}), 200, "Authentication.NoAuth")
		}
		w.clock.add(NonceMemory + 2*time.Minute)
	}
}

// TestNonceSharesAreForgotten: an account whose nonces are forgotten leaves nothing behind, and one that calls on allocates nothing.
func TestNonceSharesAreForgotten(t *testing.T) {
	s := nonceShares{most: 1 << 20, accounts: map[ram.AccountID]*nonceShare{}}
	minute := unixMinute(testEpoch)
	use := func(account ram.AccountID) {
		if err := s.take(account, minute); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		use(ram.AccountID(strconv.Itoa(i)))
	}
	minute += nonceMinutes
	use("late")
	if _, there := s.accounts["late"]; !there || len(s.accounts) != 1 {
		t.Errorf("%d accounts are kept, want the one that still calls", len(s.accounts))
	}
	s.giveBack("0", minute-nonceMinutes) // it took long, and has been forgotten meanwhile
	s.giveBack("late", minute-1)
	if total := s.accounts["late"].total; total != 1 || len(s.accounts) != 1 {
		t.Errorf("the account has %d nonces of %d accounts", total, len(s.accounts))
	}
	if n := testing.AllocsPerRun(100, func() { use("late") }); n != 0 {
		t.Errorf("a nonce allocates %v times", n)
	}
}

// TestNonceSharesAgainstAModel compares the counts with a list of all uses, over moves of the clock.
func TestNonceSharesAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nonceShares{most: 5, accounts: map[ram.AccountID]*nonceShare{}}
		model := map[ram.AccountID][]int64{}
		minute := unixMinute(testEpoch)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			minute += int64(rapid.SampledFrom([]int{0, 0, 1, 5, 31, 40}).Draw(t, "minutes"))
			account := rapid.SampledFrom([]ram.AccountID{"a", "b"}).Draw(t, "account")
			live := slices.DeleteFunc(model[account], func(m int64) bool { return m+nonceMinutes <= minute })
			err := s.take(account, minute)
			if (err == nil) != (len(live) < 5) {
				t.Fatalf("error %v with %d uses", err, len(live))
			}
			switch {
			case err == nil && rapid.Bool().Draw(t, "give back"):
				s.giveBack(account, minute)
			case err == nil:
				live = append(live, minute)
			}
			model[account] = live
			if held := len(s.accounts); held > len(model) {
				t.Fatalf("%d accounts are kept", held)
			}
		}
	})
}

// TestNoncesAgainstAModel compares the tables with a map, over moves of the clock.
func TestNoncesAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNonces(make([]byte, 16), 1000, 1000)
		model := map[uint64]time.Time{}
		now := testEpoch
		sums := rapid.SliceOfN(rapid.Uint64Min(1), 1, 30).Draw(t, "sums")
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "seconds")) * time.Second)
			sum := rapid.SampledFrom(sums).Draw(t, "sum")
			at, seen := model[sum]
			err := n.use(sum, now)
			switch age := now.Sub(at); {
			case seen && age <= NonceMemory && err == nil:
				t.Fatalf("used again after %s", age)
			case (!seen || age > NonceMemory+2*time.Minute) && err != nil:
				t.Fatalf("refused after %s: %v", age, err)
			}
			if err == nil {
				model[sum] = now
			}
		}
	})
}

// TestNonceLoad: what is loaded counts as used when it was used, and only once.
func TestNonceLoad(t *testing.T) {
	n := newNonces(make([]byte, 16), 10, 10)
	used := []store.Nonce{{Hash: -5, At: testEpoch.Add(-30 * time.Minute)}, {Hash: -5, At: testEpoch.Add(-30 * time.Minute)}, {Hash: 7, At: testEpoch}}
	n.load(used)
	if held := n.held.Load(); held != 2 {
		t.Errorf("%d held, want 2", held)
	}
	var refusal *Refusal
	for _, u := range used {
		if err := n.use(uint64(u.Hash), testEpoch); !errors.As(err, &refusal) || refusal.Kind != codeNonceUsed {
			t.Errorf("%d: %v", u.Hash, err)
		}
	}
	if err := n.use(uint64(used[0].Hash), testEpoch.Add(3*time.Minute)); err != nil {
		t.Errorf("33 minutes later: %v", err)
	}
}

// TestNonceSum: key id and nonce cannot be shifted into one another, and another key hashes otherwise.
func TestNonceSum(t *testing.T) {
	n, other := newNonces([]byte("0123456789abcdef"), 1, 1), newNonces([]byte("0123456789abcdeg"), 1, 1)
	first, again := n.sum("a", "b"), n.sum("a", "b")
	if n.sum("ab", "c") == n.sum("a", "bc") || first == other.sum("a", "b") || first != again {
		t.Error("the hash does not tell what it should")
	}
	long := string(make([]byte, 1000))
	if n.sum(long, "x") == n.sum(long, "y") {
		t.Error("the end of a long id and nonce does not count")
	}
}

func TestLongestNonceIsAccepted(t *testing.T) {
	w := newWorld(t)
	long := make([]byte, 256)
	for i := range long {
		long[i] = 'n'
	}
	w.expect(w.call(request{action: "ListSilently", nonce: string(long)}), http.StatusOK, "OK")
}

func BenchmarkNonce(b *testing.B) {
	for _, held := range []int{0, 1_000_000} {
		b.Run("held="+strconv.Itoa(held), func(b *testing.B) {
			n := newNonces(make([]byte, 16), 1<<30, 1<<30)
			r := rand.New(rand.NewPCG(1, 2))
			now := testEpoch
			for i := range held {
				_ = n.use(max(1, r.Uint64()), now.Add(time.Duration(i)*30*time.Minute/time.Duration(held)))
			}
			now = now.Add(30 * time.Minute)
			b.ReportAllocs()
			var nonce [16]byte
			for i := 0; b.Loop(); i++ {
				binary.BigEndian.PutUint64(nonce[:], uint64(i))
				_ = n.use(n.sum(rootKey, string(nonce[:])), now)
			}
		})
	}
}
