package simulator

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"
)

// groupSet introduces a group: a new one that is still being created, or, in a compacted log, one as it stands.
type groupSet struct {
	ID          string        `json:"id"`
	GroupNumber string        `json:"group_number"`
	Order       int64         `json:"order"`
	Number      string        `json:"number"`
	Created     time.Time     `json:"created"`
	State       groupState    `json:"state"`
	Before      groupState    `json:"before,omitempty"`
	Subject     string        `json:"subject"`
	Description string        `json:"description,omitempty"`
	Mode        string        `json:"mode"`
	Link        string        `json:"link,omitempty"`
	Members     []*membership `json:"members,omitempty"` // those present first, in the order of their coming
	Pending     []*step       `json:"pending,omitempty"`
	Pins        []pinned      `json:"pins,omitempty"`
}

func (*groupSet) kind() string { return "group" }

func (c *groupSet) steps() []*step { return c.Pending }

// apply expects number.mu to be held while the simulator runs; a group that is visible already comes only from a replay.
func (c *groupSet) apply(s *Simulator) {
	g := &group{id: c.ID, groupNumber: c.GroupNumber, order: c.Order, number: s.findNumber(c.Number), created: c.Created,
		state: c.State, before: c.Before, subject: c.Subject, description: c.Description, mode: c.Mode, link: c.Link,
		members: make(map[string]*membership, len(c.Members)), pending: c.Pending, pins: c.Pins}
	for _, m := range c.Members {
		g.members[m.Phone] = m
		if m.present() {
			g.present = append(g.present, m)
		}
		s.findPhone(m.Phone).enter(g)
	}
	s.mu.Lock()
	s.groups[g.id] = g
	if g.link != "" && g.state != groupCreating {
		s.links[g.link] = g
	}
	s.mu.Unlock()
	g.number.total++
	if g.state != groupCreating {
		g.number.addGroup(g)
	}
	for last := s.groupOrder.Load(); c.Order > last && !s.groupOrder.CompareAndSwap(last, c.Order); {
		last = s.groupOrder.Load()
	}
}

// noChange carries webhooks that outlive the change they told of.
type noChange struct{}

func (*noChange) kind() string     { return "webhook" }
func (*noChange) apply(*Simulator) {}

// snapshot lists the changes that lead to the present state. It runs before anybody else can see the simulator and takes
// no locks.
func (s *Simulator) snapshot(waiting []*webhook) iter.Seq2[change, []*webhook] {
	return func(yield func(change, []*webhook) bool) {
		for _, part := range []iter.Seq[change]{s.dumpNumbers(), s.dumpPhones(), s.dumpGroups(), s.dumpWindows(), s.dumpMessages()} {
			for c := range part {
				if !yield(c, nil) {
					return
				}
			}
		}
		for _, w := range waiting {
			if !yield(&noChange{}, []*webhook{w}) {
				return
			}
		}
	}
}

func (s *Simulator) dumpNumbers() iter.Seq[change] {
	return func(yield func(change) bool) {
		for _, n := range s.numbers {
			if !yield(&numberRegistered{ID: n.id, Digits: n.digits, Display: n.display, WABA: n.waba.id, Name: n.name,
				Token: *n.token.Load(), Subscribed: n.waba.subscribed.Load()}) {
				return
			}
			if !yield(&standingOfNumber{Number: n.id, Standing: *n.standing.Load()}) {
				return
			}
		}
	}
}

func (s *Simulator) dumpPhones() iter.Seq[change] {
	return func(yield func(change) bool) {
		for _, p := range s.phones {
			if !yield(&phoneSet{Digits: p.digits, Name: p.name, UserID: p.userID}) {
				return
			}
		}
	}
}

func (s *Simulator) dumpGroups() iter.Seq[change] {
	return func(yield func(change) bool) {
		for _, g := range slices.SortedFunc(maps.Values(s.groups), func(a, b *group) int { return cmp.Compare(a.order, b.order) }) {
			members := slices.Clone(g.present)
			for _, m := range g.members {
				if !m.present() {
					members = append(members, m)
				}
			}
			if !yield(&groupSet{ID: g.id, GroupNumber: g.groupNumber, Order: g.order, Number: g.number.id, Created: g.created,
				State: g.state, Before: g.before, Subject: g.subject, Description: g.description, Mode: g.mode, Link: g.link,
				Members: members, Pending: g.pending, Pins: g.pins}) {
				return
			}
		}
	}
}

// dumpWindows lists who has written to which number, and when.
func (s *Simulator) dumpWindows() iter.Seq[change] {
	return func(yield func(change) bool) {
		for _, n := range s.numbers {
			for digits, at := range n.windows {
				if !yield(&windowSet{Number: n.id, Phone: digits, At: at}) {
					return
				}
			}
		}
	}
}

// dumpMessages lists what the phones remember, each message once, in the order of arrival, and then the counters, which
// count also what the phones forgot.
func (s *Simulator) dumpMessages() iter.Seq[change] {
	return func(yield func(change) bool) {
		holders := map[*message][]string{}
		for _, p := range s.phones {
			for _, m := range p.messages("") {
				holders[m] = append(holders[m], p.digits)
			}
		}
		for _, m := range slices.SortedFunc(maps.Keys(holders), func(a, b *message) int { return cmp.Compare(a.Order, b.Order) }) {
			kept := *m
			kept.To = holders[m]
			if !yield(dumped(s, &kept)) {
				return
			}
		}
		for _, p := range s.phones {
			if !yield(&countersSet{Digits: p.digits, Received: p.received, Sent: p.sent}) {
				return
			}
		}
	}
}

// dumped is the change that brings a message back to those who hold it.
func dumped(s *Simulator, m *message) change {
	if m.Group != "" {
		return &messageReceived{Message: m}
	}
	if n := s.numberOf(m.From); n != nil {
		return &directMessage{Number: n.id, Message: m}
	}
	return &messageReceived{Message: m}
}
