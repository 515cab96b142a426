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
	rates   map[string]float64 // by action: calls a second, none and 0 for no limit
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

// ratesOf says how often each action can be called. What the operator has set for an action counts first, then what is documented
// for it, then the default. Where the default does not limit, what is documented does not either.
func ratesOf(operations map[operationName]*Operation, l *Limits) map[string]float64 {
	rates := map[string]float64{}
	for name, op := range operations {
		rate := l.CallsPerSecond
		if op.PerSecond > 0 && rate > 0 {
			rate = op.PerSecond
		}
		if set, ok := l.Actions[name.action]; ok {
			rate = set
		}
		rates[name.action] = rate
	}
	return rates
}

// take uses up one call, or refuses it and says how long to wait.
func (t *throttle) take(name bucketName, now time.Time) error {
	rate := t.rates[name.action]
	if rate <= 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(name, rate, now)
	b.tokens = min(burst(rate), b.tokens+rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return nil
	}
	wait := time.Duration(math.Ceil((1-b.tokens)/rate*1000)) * time.Millisecond
	return &Refusal{Kind: codeThrottled, throttle: &throttleState{limit: int(math.Ceil(rate)), wait: wait}}
}

// empty notes that there is no call left for a while, because other nodes have used them up.
func (t *throttle) empty(name bucketName, now time.Time, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rate := t.rates[name.action]
	b := t.bucket(name, rate, now)
	b.tokens, b.at = min(b.tokens, 1-rate*wait.Seconds()), now
}

// isThrottled tells whether a call ended because there were too many.
func isThrottled(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.throttle != nil
}

// burst is how many calls can come at once; never fewer than one, or slow rates would let nothing through.
func burst(rate float64) float64 { return max(1, rate) }

func (t *throttle) bucket(name bucketName, rate float64, now time.Time) *bucket {
	b := t.buckets[name]
	if b == nil {
		b = &bucket{tokens: burst(rate), at: now}
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
