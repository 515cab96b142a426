package simulator

import (
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// maxInbox bounds what one phone remembers; older messages fall out.
const maxInbox = 10_000

// message is one message in a group or between a business and one person, written by the business or by a phone. It never changes once
// it is made.
type message struct {
	ID      string          `json:"id"`
	Group   string          `json:"group"` // "" outside of groups
	From    string          `json:"from"`
	Kind    string          `json:"kind,omitempty"` // "" for a text
	Text    string          `json:"text"`           // of a text, and of a template as people see it
	Content json.RawMessage `json:"content,omitempty"`
	ReplyTo string          `json:"reply_to,omitempty"`
	At      time.Time       `json:"at"`
	To      []string        `json:"to"`               // the phones it reaches
	Opaque  string          `json:"opaque,omitempty"` // biz_opaque_callback_data
	Order   int64           `json:"order"`
}

// kind gives the type of the message in Meta's words.
func (m *message) kind() string {
	if m.Kind == "" {
		return kindText
	}
	return m.Kind
}

// phone is one simulated handset.
type phone struct {
	digits string

	mu       sync.Mutex
	name     string
	userID   string
	inbox    []*message
	received int64
	sent     int64
	groups   map[*group]struct{} // those it has ever had to do with and that still exist
}

func (p *phone) receive(m *message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received++
	if len(p.inbox) >= 2*maxInbox {
		p.inbox = append([]*message(nil), p.inbox[len(p.inbox)-maxInbox:]...)
	}
	p.inbox = append(p.inbox, m)
}

// messages returns what the phone remembers, oldest first, of one group or of all.
func (p *phone) messages(groupID string) []*message {
	p.mu.Lock()
	defer p.mu.Unlock()
	inbox := p.inbox[max(0, len(p.inbox)-maxInbox):]
	out := make([]*message, 0, len(inbox))
	for _, m := range inbox {
		if groupID == "" || m.Group == groupID {
			out = append(out, m)
		}
	}
	return out
}

func (p *phone) enter(g *group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groups[g] = struct{}{}
}

func (p *phone) forget(g *group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.groups, g)
}

// profile returns what webhooks and member lists tell of the phone.
func (p *phone) profile() (name, userID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.name, p.userID
}

func (s *Simulator) findPhone(digits string) *phone {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.phones[digits]
}

// findUserID returns the digits of the phone with a business-scoped user id, "" if there is none.
func (s *Simulator) findUserID(userID string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.userIDs[userID]
}

// digitsOf reads a phone number as people write it: digits with the country code, 5 to 15 of them, with an optional plus
// in front and spaces, hyphens, dots or brackets between.
func digitsOf(text string) (string, bool) {
	if len(text) <= 15 && strings.Trim(text, "0123456789") == "" {
		return text, len(text) >= 5
	}
	var b strings.Builder
	for i, r := range strings.TrimSpace(text) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0, strings.ContainsRune(" -.()", r):
		default:
			return "", false
		}
		if b.Len() > 15 {
			return "", false
		}
	}
	return b.String(), b.Len() >= 5
}

func isDecimal(text string) bool {
	return text != "" && len(text) <= 32 && strings.Trim(text, "0123456789") == ""
}
