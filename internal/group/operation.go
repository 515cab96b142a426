package group

import (
	"slices"
	"strconv"
	"time"
)

// Kind says what an operation changes.
type Kind int8

// The kinds of change. They are stored, so their order is fixed.
const (
	KindCreate Kind = iota + 1
	KindUpdate
	KindDelete
	KindMakeLink
	KindDropLink
	KindRemove
	KindSend
	KindReread  // our own: read the group again
	KindAccount // a change of accounts, users, keys, policies or channels
)

var kindNames = [...]string{KindCreate: "create", KindUpdate: "update", KindDelete: "delete", KindMakeLink: "make-link",
	KindDropLink: "drop-link", KindRemove: "remove", KindSend: "send", KindReread: "reread", KindAccount: "account"}

// Internal tells whether it is a kind of change that nobody asks for of a group: our own, or one of the accounts themselves.
func (k Kind) Internal() bool { return k == KindReread || k == KindAccount }

// String gives a short word for logs and for the operation's record.
func (k Kind) String() string {
	if k < KindCreate || k > KindAccount {
		return "unknown"
	}
	return kindNames[k]
}

// OperationState is how far an operation has come.
type OperationState int8

// The states of an operation. Refused ones did nothing and are kept for the audit.
const (
	Pending OperationState = iota + 1
	Done
	Failed
	Refusal
)

var operationStateNames = [...]string{Pending: "PENDING", Done: "DONE", Failed: "FAILED", Refusal: "REFUSED"}

func (s OperationState) String() string {
	if s < Pending || s > Refusal {
		return ""
	}
	return operationStateNames[s]
}

// PersonState is what has become of one person of a removal.
type PersonState int8

// What became of a person. Out counts towards Result; WasOut does not, because this call did not take them out.
const (
	PersonPending PersonState = iota
	PersonOut
	PersonWasOut
	PersonRefused
)

var personStateNames = [...]string{PersonPending: "PENDING", PersonOut: "REMOVED", PersonWasOut: "NOT_A_MEMBER",
	PersonRefused: "REFUSED"}

func (s PersonState) String() string {
	if s < PersonPending || s > PersonRefused {
		return ""
	}
	return personStateNames[s]
}

// Person is one person of a removal and what became of them.
type Person struct {
	Number  Number      `json:"n"`
	State   PersonState `json:"s,omitempty"`
	Code    int         `json:"c,omitempty"` // the network's code, when it gave one
	Message string      `json:"m,omitempty"`
}

// Operation is one change somebody asked for: who, by which key, from where, why, and what the network said. It is the
// audit record of the change and at the same time what a caller waits for.
type Operation struct {
	ID           int64
	AccountID    int64
	GroupID      int64
	Kind         Kind
	State        OperationState
	Action       string // the caller's word for it
	Principal    string // ARN of who asked
	AccessKeyID  string
	Source       string // address the request came from
	RequestID    string
	NonceHash    int64  // keyed hash of the request's nonce, 0 if it had none
	ClientToken  string // idempotency key bound to the action, "" if none
	ParamsDigest string // digest of the parameters, to tell whether a repeated token means the same
	At           time.Time
	DoneAt       time.Time
	People       []Person
	Result       string // what came of it: a link, a message id, the network's id of a group
	Code         string // the network's or our code when it failed
	Message      string // the sentence that goes with Code
}

// Settle records what became of one person; what is settled stays so. It tells whether anything changed.
func (o *Operation) Settle(n Number, state PersonState, code int, message string) bool {
	for i := range o.People {
		p := &o.People[i]
		if p.Number == n && p.State == PersonPending {
			p.State, p.Code, p.Message = state, code, message
			return true
		}
	}
	return false
}

// Close ends a removal once nobody is pending any more, and tells whether it has ended it. What has ended stays as it was.
func (o *Operation) Close(now time.Time) bool {
	if o.State != Pending {
		return false
	}
	refused := false
	for _, p := range o.People {
		if p.State == PersonPending {
			return false
		}
		refused = refused || p.State == PersonRefused
	}
	o.State, o.DoneAt = Done, now
	if refused {
		o.State = Failed
	}
	return true
}

// Fail ends an operation badly; whoever was still pending in it counts as refused.
func (o *Operation) Fail(now time.Time, code int, message string) {
	for i := range o.People {
		o.Settle(o.People[i].Number, PersonRefused, code, message)
	}
	o.State, o.DoneAt, o.Code, o.Message = Failed, now, strconv.Itoa(code), message
}

// Count gives how many people are in the given state.
func (o *Operation) Count(state PersonState) int {
	n := 0
	for _, p := range o.People {
		if p.State == state {
			n++
		}
	}
	return n
}

// Only gives the people of the list alone, in its order: as they stand in the operation, or else, if they are among those who
// were out before, as such. Others are left out.
func (o *Operation) Only(list, out []Number) []Person {
	people := make([]Person, 0, len(list))
	for _, n := range list {
		at := slices.IndexFunc(o.People, func(p Person) bool { return p.Number == n })
		switch {
		case at >= 0:
			people = append(people, o.People[at])
		case slices.Contains(out, n):
			people = append(people, Person{Number: n, State: PersonWasOut})
		}
	}
	return people
}

// Event is one thing that customers are told of: what happened in a group, a message that came in, or what has become of one that
// went out.
type Event struct {
	ID          int64
	AccountID   int64
	Number      Number // the business number it is about
	GroupID     int64  // 0 for a message outside of groups
	Kind        string // EventCreated to EventRefused for what happened in a group; or EventInbound, EventStatus
	OperationID int64  // the operation that caused it, 0 if none of ours did
	At          time.Time
	Body        string // JSON
}

// The kinds of events about a group, in the words of its receipts.
const (
	EventCreated   = "created"
	EventChanged   = "changed" // its settings, or its invite link
	EventJoined    = "joined"
	EventLeft      = "left"
	EventRemoved   = "removed"
	EventSuspended = "suspended"
	EventCleared   = "cleared"
	EventDeleted   = "deleted"
	EventRefused   = "refused" // the network did not do what it was asked for
)

// The kinds of events that are no change of a group. They are the names of the official receipts.
const (
	EventInbound = "ChatAppInbound"
	EventStatus  = "ChatAppStatus"
)
