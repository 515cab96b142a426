package simulator

import (
	"slices"
	"sync"
	"time"
)

// Meta's limits. They are written down here again on purpose: a stand-in that took them from the code it tests would
// agree with its mistakes. Source: Meta, WhatsApp Groups API, overview and reference.
const (
	maxMembers         = 8
	maxGroupsOfNumber  = 10_000
	maxSubject         = 128  // characters
	maxDescription     = 2048 // characters
	maxRemovals        = 8    // people in one removal
	maxText            = 4096 // characters of a text message
	modeAutoApprove    = "auto_approve"
	modeApprovalNeeded = "approval_required"
)

type groupState string

// The states of a group as the platform sees them.
const (
	groupCreating  groupState = "creating"
	groupActive    groupState = "active"
	groupSuspended groupState = "suspended"
	groupDeleting  groupState = "deleting"
	groupDeleted   groupState = "deleted" // only for those who still hold a pointer to it
)

type memberState string

// The states of one person in one group; a person without an entry never was in it.
const (
	memberIn        memberState = "member"
	memberRemoving  memberState = "removing"  // still counted, still listed, still receives
	memberLeft      memberState = "left"      // may come back
	memberRemoved   memberState = "removed"   // barred for good
	memberRequested memberState = "requested" // waits for approval
)

// membership is the standing of one person in one group.
type membership struct {
	Phone string      `json:"phone"`
	State memberState `json:"state"`
	Since time.Time   `json:"since"`
}

func (m *membership) present() bool { return m.State == memberIn || m.State == memberRemoving }

// group is one group. Its first block never changes; the rest is guarded by mu.
type group struct {
	id, groupNumber string
	order           int64
	number          *number
	created         time.Time // when its creation was asked for

	mu          sync.Mutex
	state       groupState
	before      groupState // what a failed deletion returns to
	subject     string
	description string
	mode        string
	link        string // id of the live link, "" when there is none
	members     map[string]*membership
	present     []*membership // those in the group, in the order of their coming
	pins        []pinned      // the oldest first
	pending     []*step       // asynchronous work, in order
	working     bool          // a goroutine is at the pending steps
}

// setMember moves a person to a state and keeps the list of those present in step.
func (g *group) setMember(phone string, state memberState, at time.Time) {
	m := g.members[phone]
	if m == nil {
		m = &membership{Phone: phone}
		g.members[phone] = m
	}
	was := m.present()
	m.State, m.Since = state, at
	switch is := m.present(); {
	case is && !was:
		g.present = append(g.present, m)
	case was && !is:
		g.present = slices.DeleteFunc(g.present, func(other *membership) bool { return other == m })
	}
}

func (g *group) memberState(phone string) memberState {
	if m := g.members[phone]; m != nil {
		return m.State
	}
	return ""
}

func (g *group) isPresent(phone string) bool {
	m := g.members[phone]
	return m != nil && m.present()
}

// recipients are the phones that a message accepted now will reach.
func (g *group) recipients(except string) []string {
	out := make([]string, 0, len(g.present))
	for _, m := range g.present {
		if m.Phone != except {
			out = append(out, m.Phone)
		}
	}
	return out
}

// requests are the open join requests, oldest first.
func (g *group) requests() []*membership {
	var out []*membership
	for _, m := range g.members {
		if m.State == memberRequested {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *membership) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return slices.Compare([]byte(a.Phone), []byte(b.Phone))
	})
	return out
}
