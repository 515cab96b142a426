package simulator

import (
	"slices"
	"time"
)

// change is one fact of the state log. Making a change while the simulator runs and replaying it at a start are the same
// method, so that both lead to the same state. The caller of apply holds the locks that simulator.go names for what is
// changed (registry for phones, numbers and accounts; number.mu for a new group; group.mu for everything else).
type change interface {
	kind() string
	apply(s *Simulator)
}

// changes makes an empty change of each kind, for replaying.
var changes = map[string]func() change{
	"number":       func() change { return new(numberRegistered) },
	"subscription": func() change { return new(subscriptionSet) },
	"phone":        func() change { return new(phoneSet) },
	"group":        func() change { return new(groupSet) },
	"accepted":     func() change { return new(stepAccepted) },
	"done":         func() change { return new(stepDone) },
	"member":       func() change { return new(memberSet) },
	"link":         func() change { return new(linkSet) },
	"standing":     func() change { return new(standingSet) },
	"message":      func() change { return new(messageReceived) },
	"direct":       func() change { return new(directMessage) },
	"window":       func() change { return new(windowSet) },
	"counters":     func() change { return new(countersSet) },

	"number_standing": func() change { return new(standingOfNumber) },
}

type numberRegistered struct {
	ID         string    `json:"id"`
	Digits     string    `json:"digits"`
	Display    string    `json:"display"`
	WABA       string    `json:"waba"`
	Name       string    `json:"name,omitempty"`
	Token      tokenHash `json:"token"`
	Subscribed bool      `json:"subscribed,omitempty"`
}

func (*numberRegistered) kind() string { return "number" }

func (c *numberRegistered) apply(s *Simulator) {
	s.mu.Lock()
	defer s.mu.Unlock()
	account := s.wabas[c.WABA]
	if account == nil {
		account = &waba{id: c.WABA}
		s.wabas[c.WABA] = account
	}
	if c.Subscribed {
		account.subscribed.Store(true)
	}
	n := s.numbers[c.ID]
	if n == nil {
		n = &number{id: c.ID, digits: c.Digits, display: c.Display, name: c.Name, waba: account}
		n.standing.Store(newStanding())
		s.numbers[c.ID] = n
	}
	if old := n.token.Swap(&c.Token); old != nil {
		if s.tokens[*old]--; s.tokens[*old] == 0 {
			delete(s.tokens, *old)
		}
	}
	s.tokens[c.Token]++
}

type subscriptionSet struct {
	WABA string `json:"waba"`
	On   bool   `json:"on"`
}

func (*subscriptionSet) kind() string { return "subscription" }

func (c *subscriptionSet) apply(s *Simulator) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.wabas[c.WABA].subscribed.Store(c.On)
}

type phoneSet struct {
	Digits string `json:"digits"`
	Name   string `json:"name,omitempty"`
	UserID string `json:"user_id,omitempty"`
}

func (*phoneSet) kind() string { return "phone" }

func (c *phoneSet) apply(s *Simulator) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phones[c.Digits]
	if p == nil {
		p = &phone{digits: c.Digits, groups: map[*group]struct{}{}}
		s.phones[c.Digits] = p
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(s.userIDs, p.userID)
	p.name, p.userID = c.Name, c.UserID
	if c.UserID != "" {
		s.userIDs[c.UserID] = c.Digits
	}
}

// countersSet appears in compacted logs only: messages that fell out of an inbox still count.
type countersSet struct {
	Digits   string `json:"digits"`
	Received int64  `json:"received"`
	Sent     int64  `json:"sent"`
}

func (*countersSet) kind() string { return "counters" }

func (c *countersSet) apply(s *Simulator) {
	p := s.findPhone(c.Digits)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received, p.sent = c.Received, c.Sent
}

type memberSet struct {
	Group string      `json:"group"`
	Phone string      `json:"phone"`
	State memberState `json:"state"`
	At    time.Time   `json:"at"`
}

func (*memberSet) kind() string { return "member" }

func (c *memberSet) apply(s *Simulator) {
	g := s.findGroup(c.Group)
	g.setMember(c.Phone, c.State, c.At)
	s.findPhone(c.Phone).enter(g)
}

type linkSet struct {
	Group string `json:"group"`
	Link  string `json:"link"` // "" = deleted
}

func (*linkSet) kind() string { return "link" }

func (c *linkSet) apply(s *Simulator) {
	g := s.findGroup(c.Group)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, g.link)
	g.link = c.Link
	if c.Link != "" {
		s.links[c.Link] = g
	}
}

type standingSet struct {
	Group string     `json:"group"`
	State groupState `json:"state"`
}

func (*standingSet) kind() string { return "standing" }

func (c *standingSet) apply(s *Simulator) { s.findGroup(c.Group).state = c.State }

// messageReceived puts a message into the inboxes of those it reaches, and counts it for the phone that wrote it.
type messageReceived struct {
	Message *message `json:"message"`
}

func (*messageReceived) kind() string { return "message" }

func (c *messageReceived) apply(s *Simulator) {
	c.Message.Order = s.messageOrder.Add(1)
	for _, digits := range c.Message.To {
		s.findPhone(digits).receive(c.Message)
	}
	if writer := s.findPhone(c.Message.From); writer != nil {
		writer.mu.Lock()
		writer.sent++
		writer.mu.Unlock()
	}
}

type stepAccepted struct {
	Group string `json:"group"`
	Step  *step  `json:"step"`
}

func (*stepAccepted) kind() string { return "accepted" }

func (c *stepAccepted) steps() []*step { return []*step{c.Step} }

func (c *stepAccepted) apply(s *Simulator) {
	g := s.findGroup(c.Group)
	g.pending = append(g.pending, c.Step)
	switch c.Step.Kind {
	case stepDelete:
		g.before, g.state = g.state, groupDeleting
	case stepRemove:
		for _, person := range c.Step.People {
			if m := g.members[person.Phone]; m != nil && m.State == memberIn {
				m.State = memberRemoving
			}
		}
	}
}

type stepDone struct {
	Group   string    `json:"group"`
	At      time.Time `json:"at"`
	Outcome outcome   `json:"outcome"`
}

func (*stepDone) kind() string { return "done" }

func (c *stepDone) apply(s *Simulator) {
	g := s.findGroup(c.Group)
	st := g.pending[0]
	g.pending = slices.Delete(g.pending, 0, 1)
	ok := c.Outcome.Code == 0
	switch st.Kind {
	case stepCreate:
		c.create(s, g, ok)
	case stepDelete:
		c.delete(s, g, ok)
	case stepUpdate:
		c.update(g, st, ok)
	case stepRemove:
		c.remove(g, st)
	case stepMessage:
		if ok {
			(&messageReceived{Message: st.Message}).apply(s)
		}
		if ok && st.Message.Kind == kindPin {
			g.pin(st.Message)
		}
	}
}

func (c *stepDone) create(s *Simulator, g *group, ok bool) {
	if !ok {
		s.dropGroup(g)
		return
	}
	g.state = groupActive
	s.mu.Lock()
	s.links[g.link] = g
	s.mu.Unlock()
	g.number.addGroup(g)
}

func (c *stepDone) delete(s *Simulator, g *group, ok bool) {
	if !ok {
		g.state = g.before
		return
	}
	s.dropGroup(g)
}

func (c *stepDone) update(g *group, st *step, ok bool) {
	if ok && st.Subject != nil {
		g.subject = *st.Subject
	}
	if ok && st.Description != nil {
		g.description = *st.Description
	}
}

func (c *stepDone) remove(g *group, st *step) {
	for i, person := range st.People {
		m := g.members[person.Phone]
		switch failed := len(c.Outcome.Failed) > 0 && c.Outcome.Failed[i] != 0; {
		case !failed:
			g.setMember(person.Phone, memberRemoved, c.At)
		case m != nil && m.State == memberRemoving:
			m.State = memberIn
		}
	}
}

// dropGroup takes a group out of every index. The caller holds g.mu.
func (s *Simulator) dropGroup(g *group) {
	g.state = groupDeleted
	s.mu.Lock()
	delete(s.groups, g.id)
	delete(s.links, g.link)
	phones := make([]*phone, 0, len(g.members))
	for digits := range g.members {
		phones = append(phones, s.phones[digits])
	}
	s.mu.Unlock()
	for _, p := range phones {
		p.forget(g)
	}
	g.number.dropGroup(g)
}
