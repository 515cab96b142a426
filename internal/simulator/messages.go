package simulator

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// maxOpaque bounds biz_opaque_callback_data. Source: Meta, Cloud API, messages reference.
const maxOpaque = 512

// messageBody is a message as the Graph API takes it. What it says stands under the name of its type.
type messageBody struct {
	product
	RecipientType string  `json:"recipient_type"`
	To            string  `json:"to"`
	Type          string  `json:"type"`
	Context       replied `json:"context"`
	Opaque        string  `json:"biz_opaque_callback_data"`

	part json.RawMessage // under the name of the type
}

// replied says which message another one replies to.
type replied struct {
	From string `json:"from,omitempty"`
	ID   string `json:"id,omitempty"`         // in webhooks
	To   string `json:"message_id,omitempty"` // in calls
}

type messageAnswer struct {
	MessagingProduct string           `json:"messaging_product"`
	Contacts         []messageContact `json:"contacts"`
	Messages         []messageReceipt `json:"messages"`
}

type messageContact struct {
	Input string `json:"input"`
	WaID  string `json:"wa_id"`
}

type messageReceipt struct {
	ID      string `json:"id"`
	GroupID string `json:"group_id,omitempty"`
}

// sendMessage accepts a message for a group or for a person. One for a group reaches everybody who is in the group at this moment, those whose
// removal is pending included, even if they are out when it arrives: whoever wants them not to have it must wait for the removal. The 24 hour
// service window of a group is taken to be open: Meta does not say how one that is closed is refused.
func (s *Simulator) sendMessage(c *call) (any, error) {
	body, err := readMessage(c)
	if err != nil {
		return nil, err
	}
	if body.RecipientType != "group" {
		return s.sendDirect(c, body)
	}
	g := s.findGroup(body.To)
	if g == nil || g.number != c.number {
		return nil, errGroupUnknown
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.changeable(); err != nil {
		return nil, err
	}
	if len(g.present) == 0 {
		return nil, fail(graph.CodeGroupEmpty, "Nobody but the business is in the group.")
	}
	m, err := s.newMessage(g.number, body)
	if err != nil {
		return nil, err
	}
	m.Group, m.To = g.id, g.recipients("")
	if err := s.accept(g, &step{Kind: stepMessage, Message: m}); err != nil {
		return nil, err
	}
	return messageAnswer{MessagingProduct: "whatsapp", Contacts: []messageContact{{Input: body.To, WaID: g.id}},
		Messages: []messageReceipt{{ID: m.ID, GroupID: g.id}}}, nil
}

// readMessage reads a message and refuses one that is not whole.
func readMessage(c *call) (*messageBody, error) {
	var body messageBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if body.Type == "" {
		body.Type = kindText
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(c.body, &parts); err != nil {
		return nil, fail(graph.CodeInvalidParameter, "The request body is not a JSON object.")
	}
	body.part = parts[body.Type]
	return &body, body.check()
}

func (b *messageBody) check() error {
	toGroup := b.RecipientType == "group"
	switch {
	case !toGroup && b.RecipientType != "" && b.RecipientType != "individual":
		return fail(graph.CodeParameterValue, "recipient_type must be group or individual.")
	case b.To == "":
		return fail(graph.CodeParameterMissing, "The parameter to is required.")
	case len(b.Opaque) > maxOpaque:
		return fail(graph.CodeParameterValue, "biz_opaque_callback_data must have at most 512 characters.")
	case b.Context.To != "" && !strings.HasPrefix(b.Context.To, wamidPrefix):
		return fail(graph.CodeParameterValue, "context.message_id is not the id of a message.")
	}
	return b.checkPart(toGroup)
}

// checkPart looks at what the type of a message names.
func (b *messageBody) checkPart(toGroup bool) error {
	kind, known := messageKinds[b.Type]
	switch {
	case !known || toGroup && kind.direct || !toGroup && kind.group:
		return fail(graph.CodeUnsupportedType, "Messages of type "+b.Type+" are not carried to such a recipient.")
	case len(b.part) == 0 || string(b.part) == "null":
		return fail(graph.CodeParameterMissing, "The parameter "+b.Type+" is required.")
	}
	if err := kind.check(b.part); err != nil {
		var f *failure
		if errors.As(err, &f) {
			return err
		}
		return fail(graph.CodeParameterValue, "The parameter "+b.Type+" is not valid: "+err.Error()+".")
	}
	return nil
}

// newMessage makes a message of the business, to nobody yet.
func (s *Simulator) newMessage(n *number, b *messageBody) (*message, error) {
	m := &message{ID: s.ids.message(), From: n.digits, Kind: b.Type, At: s.config.Now(), Opaque: b.Opaque, ReplyTo: b.Context.To}
	switch b.Type {
	case kindText:
		m.Kind, m.Text = "", textOf(b.part)
		return m, nil
	case kindTemplate:
		var err error
		m.Text, err = s.render(b.part, b.RecipientType == "group")
		m.Content = b.part
		return m, err
	}
	m.Content = b.part
	return m, nil
}

// said is what a phone says: a text, or the content of another kind in Meta's words.
type said struct {
	kind    string
	text    string
	content json.RawMessage
	replyTo string
}

// write lets a phone write into a group. The other phones have it at once, the business by webhook. The caller holds
// g.mu and has checked that the phone may write.
func (s *Simulator) write(g *group, p *phone, what said) (*message, error) {
	m := s.saidMessage(p, what)
	m.Group, m.To = g.id, g.recipients(p.digits)
	webhooks := s.newWebhook(g, fieldMessages, what.kind, inboundValue(p, g.number, m, g.id))
	return m, s.announce(g, &messageReceived{Message: m}, webhooks)
}

func (s *Simulator) saidMessage(p *phone, what said) *message {
	m := &message{ID: s.ids.message(), From: p.digits, Kind: what.kind, Text: what.text, Content: what.content, ReplyTo: what.replyTo, At: s.config.Now()}
	if m.Kind == kindText {
		m.Kind = ""
	}
	return m
}

// inboundValue tells the business of a message that a phone wrote.
func inboundValue(p *phone, n *number, m *message, groupID string) webhookValue {
	name, userID := p.profile()
	in := inbound{From: p.digits, UserID: userID, GroupID: groupID, ID: m.ID, Timestamp: seconds(m.At), Type: m.kind(), part: m.Content}
	if m.kind() == kindText {
		in.Text = &textBody{Body: m.Text}
	}
	if m.ReplyTo != "" {
		in.Context = &replied{From: n.digits, ID: m.ReplyTo}
	}
	return webhookValue{Contacts: []contact{{Profile: profile{Name: name}, WaID: p.digits, UserID: userID}}, Messages: []inbound{in}}
}
