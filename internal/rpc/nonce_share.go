package rpc

import (
	"sync"
	"time"
)

// nonceMinutes is for how many minutes of use nonces are remembered.
const nonceMinutes = int64(NonceMemory/time.Minute) + 1

// nonceShares count how many of the remembered nonces each access key has used, so that one key cannot fill the memory for
// all. It keeps a count for each key and minute, however many nonces there are. What was loaded at start belongs to no key:
// only hashes are kept across a restart.
type nonceShares struct {
	most int64 // of one key
	mu   sync.Mutex
	keys map[string]*nonceShare // bounded: only keys that exist have signed anything
}

// nonceShare is the count of one key, a ring over minutes.
type nonceShare struct {
	total   int64
	swept   int64 // the minute up to which old counts have gone
	minutes [nonceMinutes]nonceCount
}

type nonceCount struct{ minute, used int64 }

// take counts a nonce of a key as used in a minute. It refuses when the key has its share.
func (s *nonceShares) take(accessKeyID string, minute int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.keys[accessKeyID]
	if share == nil {
		share = new(nonceShare)
		s.keys[accessKeyID] = share
	}
	share.sweep(minute)
	if share.total >= s.most {
		return refusef(codeUnavailable, "Too many calls of this access key are remembered at the moment; try again in a minute.")
	}
	share.add(minute, 1)
	return nil
}

// giveBack undoes a take.
func (s *nonceShares) giveBack(accessKeyID string, minute int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[accessKeyID].add(minute, -1)
}

// sweep forgets the counts of minutes whose nonces are forgotten.
func (n *nonceShare) sweep(minute int64) {
	if minute <= n.swept {
		return
	}
	n.swept = minute
	for i := range n.minutes {
		if c := &n.minutes[i]; c.minute+nonceMinutes <= minute {
			n.total -= c.used
			c.used = 0
		}
	}
}

// add counts in the place of a minute. When the clock has gone back, counts of a later minute stand there, and go with it.
func (n *nonceShare) add(minute, count int64) {
	c := &n.minutes[minute%nonceMinutes]
	c.minute = max(c.minute, minute)
	c.used += count
	n.total += count
}
