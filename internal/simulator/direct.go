package simulator

import (
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// serviceWindow is how long after a person has written the business may send them anything. Source: Meta, Cloud API, customer service windows.
const serviceWindow = 24 * time.Hour

// directMessage is a message between a business number and one person, in either direction.
type directMessage struct {
	Number  string   `json:"number"` // phone number id
	Message *message `json:"message"`
}

func (*directMessage) kind() string { return "direct" }

// apply expects the number's lock to be held while the simulator runs.
func (c *directMessage) apply(s *Simulator) {
	c.Message.Order = s.messageOrder.Add(1)
	if writer := s.findPhone(c.Message.From); writer != nil {
		writer.mu.Lock()
		writer.sent++
		writer.mu.Unlock()
		s.findNumber(c.Number).opened(writer.digits, c.Message.At)
		return
	}
	for _, digits := range c.Message.To {
		s.findPhone(digits).receive(c.Message)
	}
}

// windowSet appears in compacted logs only: that a person has written outlives the message.
type windowSet struct {
	Number string    `json:"number"`
	Phone  string    `json:"phone"`
	At     time.Time `json:"at"`
}

func (*windowSet) kind() string { return "window" }

func (c *windowSet) apply(s *Simulator) { s.findNumber(c.Number).opened(c.Phone, c.At) }

// opened notes when a person last wrote to the number. The caller holds n.mu.
func (n *number) opened(digits string, at time.Time) {
	if n.windows == nil {
		n.windows = map[string]time.Time{}
	}
	if at.After(n.windows[digits]) {
		n.windows[digits] = at
	}
}

// directLane names the webhooks about a number and a person, which keep their order.
func directLane(n *number, digits string) string { return "direct/" + n.id + "/" + digits }

// sendDirect accepts a message for one person, who has it at once. What does not arrive is reported later: that nobody has the number is
// seen by nobody before.
func (s *Simulator) sendDirect(c *call, b *messageBody) (any, error) {
	digits, ok := digitsOf(b.To)
	if !ok {
		return nil, fail(graph.CodeParameterValue, "The parameter to is not a phone number.")
	}
	m, err := s.newMessage(c.number, b)
	if err != nil {
		return nil, err
	}
	code := s.interfereOutcome(Step{Kind: string(stepMessage), Phone: digits})
	webhooks, err := s.keepDirect(c.number, digits, m, code)
	if err != nil {
		return nil, err
	}
	s.follow(webhooks)
	return messageAnswer{MessagingProduct: "whatsapp", Contacts: []messageContact{{Input: b.To, WaID: digits}},
		Messages: []messageReceipt{{ID: m.ID}}}, nil
}

// keepDirect writes a message of the business down, and gives the webhooks that tell of it.
func (s *Simulator) keepDirect(n *number, digits string, m *message, code int) ([]*webhook, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := s.config.Now()
	if m.Kind != kindTemplate && now.Sub(n.windows[digits]) >= serviceWindow {
		return nil, fail(graph.CodeWindowClosed, "More than 24 hours have passed since the person last wrote.")
	}
	if s.findPhone(digits) == nil && code == 0 {
		code = graph.CodeUndeliverable
	}
	if code != 0 {
		webhooks := s.directStatus(n, digits, m, "failed", code)
		return webhooks, s.commit(&noChange{}, webhooks)
	}
	m.To = []string{digits}
	webhooks := append(s.directStatus(n, digits, m, "sent", 0), s.directStatus(n, digits, m, "delivered", 0)...)
	return webhooks, s.commit(&directMessage{Number: n.id, Message: m}, webhooks)
}

// directStatus tells how far a message to one person has come.
func (s *Simulator) directStatus(n *number, digits string, m *message, word string, code int) []*webhook {
	one := status{ID: m.ID, Status: word, Timestamp: seconds(s.config.Now()), RecipientID: digits, Opaque: m.Opaque}
	var people []contact
	if code != 0 {
		one.Errors = eventErrors(code)
	} else {
		name, userID := s.findPhone(digits).profile()
		one.Pricing = &pricing{Model: "PMP", Type: "regular", Category: "service"}
		people = []contact{{Profile: profile{Name: name}, WaID: digits, UserID: userID}}
	}
	return s.webhooks(n, directLane(n, digits), notice{fieldMessages, word, webhookValue{Contacts: people, Statuses: []status{one}}})
}

// writeDirect lets a phone write to a business number.
func (s *Simulator) writeDirect(n *number, p *phone, what said) (*message, error) {
	m := s.saidMessage(p, what)
	webhooks := s.webhooks(n, directLane(n, p.digits), notice{fieldMessages, what.kind, inboundValue(p, n, m, "")})
	n.mu.Lock()
	err := s.commit(&directMessage{Number: n.id, Message: m}, webhooks)
	n.mu.Unlock()
	if err == nil {
		s.follow(webhooks)
	}
	return m, err
}

// follow delivers webhooks after the delay, one after the other.
func (s *Simulator) follow(webhooks []*webhook) {
	if len(webhooks) == 0 {
		return
	}
	if s.config.Delay <= 0 {
		s.pump.push(webhooks, s.pump.launch)
		return
	}
	time.AfterFunc(s.config.Delay, func() { s.pump.push(webhooks, s.pump.launch) }) // closed meanwhile, they stay in the log
}

// read tells the business that a phone has read a message of its.
func (s *Simulator) read(p *phone, id string) error {
	m := p.find(id)
	if m == nil {
		return errNoSuchMessage
	}
	n := s.numberOf(m.From)
	if n == nil {
		return errNoSuchMessage // people do not tell each other
	}
	if m.Group == "" {
		webhooks := s.directStatus(n, p.digits, m, "read", 0)
		if err := s.commit(&noChange{}, webhooks); err != nil {
			return err
		}
		s.follow(webhooks)
		return nil
	}
	g := s.findGroup(m.Group)
	if g == nil {
		return errNoSuchGroup
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return s.announce(g, &noChange{}, s.newWebhook(g, fieldMessages, "read", s.memberStatus(g, m, "read", []string{p.digits}, s.config.Now())))
}

// find gives a message that the phone has received, nil if it has not.
func (p *phone) find(id string) *message {
	for _, m := range p.messages("") {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// numberOf finds a business number by its digits, nil if there is none.
func (s *Simulator) numberOf(digits string) *number {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, n := range s.numbers {
		if n.digits == strings.TrimPrefix(digits, "+") {
			return n
		}
	}
	return nil
}
