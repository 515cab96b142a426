package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

type messageList struct {
	Messages []messageView `json:"messages"`
}

// messageView is a message as a phone sees it; from is the number of its writer, the business or another phone.
type messageView struct {
	ID      string          `json:"id"`
	GroupID string          `json:"group_id"` // "" outside of groups
	From    string          `json:"from"`
	Type    string          `json:"type"`
	Text    string          `json:"text"`              // of a text, and of a template as people see it
	Content json.RawMessage `json:"content,omitempty"` // of all but texts, in Meta's words
	ReplyTo string          `json:"reply_to,omitempty"`
	At      time.Time       `json:"at"`
}

func (s *Simulator) listMessages(r *http.Request) (int, any, error) {
	p, err := s.pathPhone(r)
	if err != nil {
		return 0, nil, err
	}
	list := messageList{Messages: []messageView{}}
	for _, m := range p.messages(r.URL.Query().Get("group_id")) {
		list.Messages = append(list.Messages, messageView{ID: m.ID, GroupID: m.Group, From: m.From, Type: m.kind(), Text: m.Text, Content: m.Content,
			ReplyTo: m.ReplyTo, At: m.At.UTC()})
	}
	return http.StatusOK, list, nil
}

// writeBody is what a phone writes: a text, or a type with its content in the words of Meta's webhooks. It goes to a group or to a business.
type writeBody struct {
	GroupID string          `json:"group_id"`
	To      string          `json:"to"` // digits of a business number
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	Content json.RawMessage `json:"content"`
	ReplyTo string          `json:"reply_to"` // id of a message
}

type writtenAnswer struct {
	ID      string `json:"id"`
	GroupID string `json:"group_id,omitempty"`
}

func (b *writeBody) said() (said, error) {
	what := said{kind: b.Type, text: b.Text, content: b.Content, replyTo: b.ReplyTo}
	if what.kind == "" {
		what.kind = kindText
	}
	if len(b.ReplyTo) > maxName {
		return what, invalid("invalid_request", "reply_to must be the id of a message")
	}
	if what.kind == kindText {
		if strings.TrimSpace(b.Text) == "" || utf8.RuneCountInString(b.Text) > maxText || b.Content != nil {
			return what, invalid("invalid_text", "text must have 1 to 4096 characters, and stands without content")
		}
		return what, nil
	}
	if b.Text != "" || !checkSaid(what.kind, b.Content) {
		return what, invalid("invalid_content", "type must be one that people write, with content as Meta's webhooks show it, and without text")
	}
	return what, nil
}

func (s *Simulator) writeMessage(r *http.Request) (int, any, error) {
	p, err := s.pathPhone(r)
	if err != nil {
		return 0, nil, err
	}
	var body writeBody
	if err := decodeControl(r, &body); err != nil {
		return 0, nil, err
	}
	what, err := body.said()
	if err != nil {
		return 0, nil, err
	}
	var m *message
	switch {
	case body.To == "" && body.GroupID == "":
		return 0, nil, invalid("invalid_request", "say where it goes: group_id for a group, or to for a business number")
	case body.To != "" && body.GroupID != "":
		return 0, nil, invalid("invalid_request", "a message goes to a group or to a business, and not to both")
	case body.To != "":
		n := s.numberOf(body.To)
		if n == nil {
			return 0, nil, errNoSuchBusiness
		}
		m, err = s.writeDirect(n, p, what)
	default:
		m, err = s.writeToGroup(p, body.GroupID, what)
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, writtenAnswer{ID: m.ID, GroupID: m.Group}, nil
}

func (s *Simulator) writeToGroup(p *phone, groupID string, what said) (*message, error) {
	g := s.findGroup(groupID)
	if g == nil {
		return nil, errNoSuchGroup
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.writable(p); err != nil {
		return nil, err
	}
	m, err := s.write(g, p, what)
	if err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	return m, nil
}

type readMark struct {
	MessageID string `json:"message_id"`
}

// readMessage lets a phone read a message, which its sender is told.
func (s *Simulator) readMessage(r *http.Request) (int, any, error) {
	p, err := s.pathPhone(r)
	if err != nil {
		return 0, nil, err
	}
	var body readMark
	if err := decodeControl(r, &body); err != nil {
		return 0, nil, err
	}
	if err := s.read(p, body.MessageID); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, body, nil
}

// writable tells whether a phone may write into the group now. The caller holds g.mu.
func (g *group) writable(p *phone) error {
	switch {
	case g.readable() != nil:
		return errNoSuchGroup
	case !g.isPresent(p.digits):
		return errNotMember
	case g.state == groupSuspended:
		return errGroupStopped
	}
	return nil
}
