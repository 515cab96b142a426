package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Explanation is why a call was refused: what the server has made of the request, and what every statement of the caller's policies
// had to say. It holds no secrets: in what was signed, values that could be one are hidden.
type Explanation struct {
	RequestID          string        `json:"request_id"`
	At                 time.Time     `json:"at"`
	Action             string        `json:"action"`
	Code               string        `json:"code"`
	Status             int           `json:"status"`
	Message            string        `json:"message"`
	Method             string        `json:"method"`
	AccessKeyID        string        `json:"access_key_id"`
	Source             string        `json:"source"`
	Verified           bool          `json:"verified"`             // the signature was good, so the caller is who they say
	AccountID          ram.AccountID `json:"account_id,omitempty"` // of who is verified
	Principal          string        `json:"principal,omitempty"`
	Scheme             string        `json:"scheme,omitempty"`
	CanonicalRequest   string        `json:"canonical_request,omitempty"`
	StringToSign       string        `json:"string_to_sign,omitempty"`
	StringToSignSHA256 string        `json:"string_to_sign_sha256,omitempty"` // of the whole string, with all values; lower-case hex
	ValuesHidden       bool          `json:"values_hidden,omitempty"`         // the two strings are not what was signed to the last byte
	Resource           string        `json:"resource,omitempty"`
	Effect             string        `json:"effect,omitempty"` // of the decision, where one was made
	PolicyType         string        `json:"policy_type,omitempty"`
	Steps              []ram.Step    `json:"steps,omitempty"`
	OperationID        string        `json:"operation_id,omitempty"` // where the call is in the audit
}

// Explanations are bounded: anybody can be refused as often as they like. Callers who are known have places that strangers cannot
// take from them.
const (
	strangerSlots     = 1024
	strangersPerCycle = 20
	accountPerCycle   = 32                     // of one account
	explainCycle      = 500 * time.Millisecond // that both count in
	explainRest       = 50 * time.Millisecond  // between two writes: what comes meanwhile goes together
	explainQueue      = 256
)

// explanations are on their way to the store.
type explanations struct {
	mu        sync.Mutex
	waiting   []Explanation
	wake      chan struct{}         // something is waiting
	strangers int                   // in this cycle
	accounts  map[ram.AccountID]int // likewise, of those who are known
	cycle     time.Time             // when it began
}

// renew begins a new cycle when the last one is over. The caller holds the lock.
func (q *explanations) renew() {
	if now := time.Now(); now.Sub(q.cycle) >= explainCycle {
		q.cycle, q.strangers, q.accounts = now, 0, map[ram.AccountID]int{}
	}
}

// hasRoom tells whether one more can wait, of an account or, without one, of a stranger. The caller holds the lock.
func (q *explanations) hasRoom(account ram.AccountID) bool {
	q.renew()
	if account == "" {
		return len(q.waiting) < explainQueue && q.strangers < strangersPerCycle
	}
	return len(q.waiting) < explainQueue && q.accounts[account] < accountPerCycle
}

// WantsExplanation tells whether there is room for another one, of an account or, without one, of somebody who is not known. All of
// them have little.
func (g *Gateway) WantsExplanation(account ram.AccountID) bool {
	q := &g.explanations
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.hasRoom(account)
}

// Explain keeps why a call was refused, for a while. It never waits: what has no room is forgotten.
func (g *Gateway) Explain(e Explanation) {
	e.bound()
	q := &g.explanations
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.hasRoom(e.AccountID) {
		return
	}
	if e.AccountID == "" {
		q.strangers++
	} else {
		q.accounts[e.AccountID]++
	}
	q.waiting = append(q.waiting, e)
	select {
	case q.wake <- struct{}{}:
	default: // somebody has knocked
	}
}

func (q *explanations) take() []Explanation {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.waiting
	q.waiting = nil
	return taken
}

// explainForever brings explanations to the store, behind the calls that they are about: the first at once, so that whoever has just been
// refused finds it, and those of a flood together.
func (g *Gateway) explainForever() {
	defer g.keepExplanations()
	for {
		select {
		case <-g.halt:
			return
		case <-g.explanations.wake:
		}
		g.keepExplanations()
		select {
		case <-g.halt:
			return
		case <-time.After(explainRest):
		}
	}
}

func (g *Gateway) keepExplanations() {
	taken := g.explanations.take()
	if len(taken) == 0 {
		return
	}
	err := g.store.Write(context.Background(), func(tx *store.Tx) error {
		for i := range taken {
			body, err := json.Marshal(&taken[i])
			if err != nil {
				return err
			}
			row := store.Explanation{Slot: taken[i].slot(), RequestID: taken[i].RequestID, At: taken[i].At, Body: string(body)}
			if err := tx.PutExplanation(&row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		g.log.Warn("why calls were refused could not be kept", "calls", len(taken), "error", err)
	}
}

var requestIDForm = regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)

// ErrNoExplanation says that nothing is kept about a call.
var ErrNoExplanation = errors.New("nothing is kept about this call: it was let through without a change, its explanation has gone to make room for others, or it was never made here")

// Explanation gives what is kept about a call: why it was refused, or what it began. It gives ErrNoExplanation, and a refusal
// BadNumber for what is no request id.
func (g *Gateway) Explanation(ctx context.Context, requestID string) (Explanation, error) {
	var e Explanation
	if !requestIDForm.MatchString(requestID) {
		return e, group.Errorf(group.CodeBadNumber,
			"A request id is an upper-case UUID, as in RequestId of an answer, for example 2F0C7D3A-5B0E-4E0B-9C0A-4D7C8D1C2B3A.")
	}
	err := g.store.Read(ctx, func(tx *store.Tx) (err error) {
		e = Explanation{}
		kept, err := tx.Explanation(requestID)
		if err == nil {
			if err := json.Unmarshal([]byte(kept.Body), &e); err != nil {
				return fmt.Errorf("read the explanation of %s: %w", requestID, err)
			}
		} else if !errors.Is(err, store.ErrNoRow) {
			return err
		}
		return begun(tx, &e, requestID)
	})
	if err == nil && e.RequestID == "" {
		err = ErrNoExplanation
	}
	return e, err
}

// begun adds what the audit has of a call.
func begun(tx *store.Tx, e *Explanation, requestID string) error {
	id, err := tx.OperationByRequest(requestID)
	if errors.Is(err, store.ErrNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	op, err := tx.Operation(id)
	if err != nil {
		return err
	}
	e.OperationID = FormatID(id)
	if e.RequestID != "" {
		return nil
	}
	e.RequestID, e.At, e.Action, e.AccessKeyID, e.Source = requestID, op.At, op.Action, op.AccessKeyID, op.Source
	e.Principal, e.Verified, e.Code, e.Message = op.Principal, true, op.Code, op.Message
	return nil
}
