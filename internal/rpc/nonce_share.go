package rpc

import (
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
)

// nonceMinutes is for how many minutes of use nonces are remembered.
const nonceMinutes = int64(NonceMemory/time.Minute) + 1

// nonceShares count how many of the remembered nonces each account has used, so that one account cannot fill the memory for all:
// keys and sessions it can make as many as it likes. It keeps a count for each account and minute, however many nonces there are.
// What was loaded at start belongs to nobody: only hashes are kept across a restart.
type nonceShares struct {
	most     int64 // of one account
	mu       sync.Mutex
	cleared  int64                         // the minute in which accounts were last looked through for those that hold nothing
	accounts map[ram.AccountID]*nonceShare // those that have called in the last half hour
}

// nonceShare is the count of one account, a ring over minutes.
type nonceShare struct {
	total   int64
	swept   int64 // the minute up to which old counts have gone
	minutes [nonceMinutes]nonceCount
}

type nonceCount struct{ minute, used int64 }

// take counts a nonce of an account as used in a minute. It refuses when the account has its share.
func (s *nonceShares) take(account ram.AccountID, minute int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear(minute)
	share := s.accounts[account]
	if share == nil {
		share = new(nonceShare)
		s.accounts[account] = share
	}
	share.sweep(minute)
	if share.total >= s.most {
		return refusef(codeUnavailable, "Too many calls of this account are remembered at the moment; try again in a minute.")
	}
	share.add(minute, 1)
	return nil
}

// giveBack undoes a take, unless its minute has been forgotten since.
func (s *nonceShares) giveBack(account ram.AccountID, minute int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if share := s.accounts[account]; share != nil && share.minutes[minute%nonceMinutes].used > 0 {
		share.add(minute, -1)
	}
}

// clear drops, once in a minute, the accounts of which no nonce is remembered.
func (s *nonceShares) clear(minute int64) {
	if minute <= s.cleared {
		return
	}
	s.cleared = minute
	for account, share := range s.accounts {
		if share.sweep(minute); share.total == 0 {
			delete(s.accounts, account)
		}
	}
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
