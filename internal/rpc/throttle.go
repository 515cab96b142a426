package rpc

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
)

// throttle limits how many calls of one action an account can make in a second, and how many more it can have refused. A
// second's worth may come at once.
type throttle struct {
	rate    float64 // calls a second, 0 for no limit
	mu      sync.Mutex
	buckets map[bucketName]*bucket // bounded: twice the accounts that exist times the actions that exist
}

type bucketName struct {
	account ram.AccountID
	action  string
	refused bool // by policy or by the allowlist
}

type bucket struct {
	tokens float64
	at     time.Time
}

// throttleState is what a caller is told of the limit it has met.
type throttleState struct {
	limit int
	wait  time.Duration
}

// take uses up one call, or refuses it and says how long to wait.
func (t *throttle) take(name bucketName, now time.Time) error {
	if t.rate <= 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(name, now)
	b.tokens = min(t.burst(), b.tokens+t.rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return nil
	}
	wait := time.Duration(math.Ceil((1-b.tokens)/t.rate*1000)) * time.Millisecond
	return &Refusal{Kind: codeThrottled, throttle: &throttleState{limit: int(math.Ceil(t.rate)), wait: wait}}
}

// empty notes that there is no call left for a while, because other nodes have used them up.
func (t *throttle) empty(name bucketName, now time.Time, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(name, now)
	b.tokens, b.at = min(b.tokens, 1-t.rate*wait.Seconds()), now
}

// isThrottled tells whether a call ended because there were too many.
func isThrottled(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.throttle != nil
}

// burst is how many calls can come at once; never fewer than one, or slow rates would let nothing through.
func (t *throttle) burst() float64 { return max(1, t.rate) }

func (t *throttle) bucket(name bucketName, now time.Time) *bucket {
	b := t.buckets[name]
	if b == nil {
		b = &bucket{tokens: t.burst(), at: now}
		t.buckets[name] = b
	}
	return b
}

// write tells the caller in the headers that official clients read; times are milliseconds.
func (s *throttleState) write(h http.Header) {
	left := s.wait.Milliseconds()
	h.Set("X-Ratelimit-User-Api", fmt.Sprintf("Limit:%d,Remain:0,TimeLeft:%d", s.limit, left))
	h.Set("X-Acs-Retry-After", strconv.FormatInt(left, 10))
}
