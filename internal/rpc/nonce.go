package rpc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// NonceMemory is how long a used nonce is remembered at least: fifteen minutes before and after the server's time, in which a
// request's date is accepted, and one more. What the store remembers of this time has to be loaded at start.
const NonceMemory = 2*ClockTolerance + time.Minute

const nonceShards = 64

// nonces remembers which nonces were used. It keeps keyed 64-bit hashes in small open-addressing tables, one for each shard
// and minute of use: about 14 bytes a nonce, and whole minutes are dropped, so that nothing has to be swept. That a fresh
// nonce meets another's hash has a chance of about 5e-13 with nine million of them.
type nonces struct {
	macs   sync.Pool // of *nonceHash
	most   int64
	shares nonceShares
	held   atomic.Int64
	shards [nonceShards]nonceShard
}

// nonceHash is a keyed hash with the room it needs, so that hashing allocates nothing.
type nonceHash struct {
	mac hash.Hash
	buf []byte
}

type nonceShard struct {
	mu      sync.Mutex
	minutes []nonceTable
	_       [32]byte // a cache line of its own
}

// nonceTable holds the nonces that were used in one minute.
type nonceTable struct {
	minute int64 // since 1970
	used   int
	slots  []uint64 // a power of two of them; 0 is free
}

// newNonces makes a memory for at most that many nonces, and at most so many of one account. The key must be the same after a
// restart, for the store keeps hashes.
func newNonces(key []byte, most, mostOfAccount int) *nonces {
	n := &nonces{most: int64(most), shares: nonceShares{most: int64(mostOfAccount), accounts: map[ram.AccountID]*nonceShare{}}}
	n.macs.New = func() any { return &nonceHash{mac: hmac.New(sha256.New, key)} }
	return n
}

// sum hashes a nonce of an access key; the result is never 0. Access key ids and nonces are printable, so that a zero byte
// separates them.
func (n *nonces) sum(accessKeyID, nonce string) uint64 {
	h, ok := n.macs.Get().(*nonceHash)
	if !ok {
		panic("rpc: foreign value in the pool of keyed hashes")
	}
	h.buf = append(append(append(h.buf[:0], accessKeyID...), 0), nonce...)
	h.mac.Reset()
	h.mac.Write(h.buf)
	h.buf = h.mac.Sum(h.buf[:0])
	sum := binary.BigEndian.Uint64(h.buf)
	n.macs.Put(h)
	return max(sum, 1)
}

// useBy remembers a nonce that an account has used now. It refuses what use refuses, and any when the account has had its share.
func (n *nonces) useBy(account ram.AccountID, sum uint64, now time.Time) error {
	minute := unixMinute(now)
	if err := n.shares.take(account, minute); err != nil {
		return err
	}
	err := n.use(sum, now)
	if err != nil {
		n.shares.giveBack(account, minute)
	}
	return err
}

// use remembers a nonce as used now. It refuses one that was used before, and any when there is no room.
func (n *nonces) use(sum uint64, now time.Time) error {
	s := &n.shards[sum>>58]
	s.mu.Lock()
	defer s.mu.Unlock()
	minute := unixMinute(now)
	n.held.Add(-s.expire(minute))
	for i := range s.minutes {
		if s.minutes[i].has(sum) {
			return refuse(codeNonceUsed)
		}
	}
	if n.held.Load() >= n.most {
		return refusef(codeUnavailable, "Too many calls are remembered at the moment; try again in a minute.")
	}
	n.held.Add(1)
	s.table(minute).add(sum)
	return nil
}

// load takes over what the store remembers, however much that is.
func (n *nonces) load(used []store.Nonce) {
	for _, u := range used {
		sum := max(uint64(u.Hash), 1) //nolint:gosec // the same 64 bits, stored as a signed number
		s := &n.shards[sum>>58]
		s.mu.Lock()
		if t := s.table(unixMinute(u.At)); !t.has(sum) {
			t.add(sum)
			n.held.Add(1)
		}
		s.mu.Unlock()
	}
}

func unixMinute(t time.Time) int64 { return t.Unix() / 60 }

// expire drops the minutes whose last nonce is old enough and tells how many nonces went.
func (s *nonceShard) expire(minute int64) int64 {
	var gone int64
	s.minutes = slices.DeleteFunc(s.minutes, func(t nonceTable) bool {
		old := t.minute+nonceMinutes <= minute
		if old {
			gone += int64(t.used)
		}
		return old
	})
	return gone
}

func (s *nonceShard) table(minute int64) *nonceTable {
	for i := range s.minutes {
		if s.minutes[i].minute == minute {
			return &s.minutes[i]
		}
	}
	s.minutes = append(s.minutes, nonceTable{minute: minute})
	return &s.minutes[len(s.minutes)-1]
}

func (t *nonceTable) has(sum uint64) bool {
	if t.used == 0 {
		return false
	}
	mask := t.mask()
	for i := sum & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if t.slots[i] == sum {
			return true
		}
	}
	return false
}

// mask keeps a number within the table, whose size is a power of two.
func (t *nonceTable) mask() uint64 {
	return uint64(len(t.slots) - 1) //nolint:gosec // never asked of an empty table
}

func (t *nonceTable) add(sum uint64) {
	if 4*(t.used+1) > 3*len(t.slots) {
		t.grow()
	}
	t.put(sum)
	t.used++
}

func (t *nonceTable) grow() {
	old := t.slots
	t.slots = make([]uint64, max(8, 2*len(old)))
	for _, sum := range old {
		if sum != 0 {
			t.put(sum)
		}
	}
}

func (t *nonceTable) put(sum uint64) {
	mask := t.mask()
	i := sum & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = sum
}
