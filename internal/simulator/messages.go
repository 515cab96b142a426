package simulator

import (
	"strings"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// maxOpaque bounds biz_opaque_callback_data. Source: Meta, Cloud API, messages reference.
const maxOpaque = 512

type messageBody struct {
	product
	RecipientType string    `json:"recipient_type"`
	To            string    `json:"to"`
	Type          string    `json:"type"`
	Text          *textBody `json:"text"`
	Opaque        string    `json:"biz_opaque_callback_data"`
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
	GroupID string `json:"group_id"`
}

// sendMessage accepts a text for a group. It reaches everybody who is in the group at this moment, those whose removal
// is pending included, even if they are out when it arrives: whoever wants them not to have it must wait for the removal.
// The 24 hour service window is taken to be open.
func (s *Simulator) sendMessage(c *call) (any, error) {
	var body messageBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
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
	m := &message{ID: s.ids.message(), Group: g.id, From: g.number.digits, Text: body.Text.Body, At: s.config.Now(),
		To: g.recipients(""), Opaque: body.Opaque}
	if err := s.accept(g, &step{Kind: stepMessage, Message: m}); err != nil {
		return nil, err
	}
	return messageAnswer{MessagingProduct: "whatsapp", Contacts: []messageContact{{Input: body.To, WaID: g.id}},
		Messages: []messageReceipt{{ID: m.ID, GroupID: g.id}}}, nil
}

func (b *messageBody) check() error {
	switch {
	case b.RecipientType != "group":
		return fail(graph.CodeUnsupportedType, "Only messages with recipient_type group are carried.")
	case b.To == "":
		return fail(graph.CodeParameterMissing, "The parameter to is required.")
	case b.Type != "text" && b.Type != "":
		return fail(graph.CodeUnsupportedType, "Only messages of type text are carried.")
	case b.Text == nil:
		return fail(graph.CodeParameterMissing, "The parameter text is required.")
	case strings.TrimSpace(b.Text.Body) == "" || utf8.RuneCountInString(b.Text.Body) > maxText:
		return fail(graph.CodeParameterValue, "The text must have 1 to 4096 characters.")
	case len(b.Opaque) > maxOpaque:
		return fail(graph.CodeParameterValue, "biz_opaque_callback_data must have at most 512 characters.")
	}
	return nil
}

// write lets a phone write into a group. The other phones have it at once, the business by webhook. The caller holds
// g.mu and has checked that the phone may write.
func (s *Simulator) write(g *group, p *phone, text string) (*message, error) {
	now := s.config.Now()
	m := &message{ID: s.ids.message(), Group: g.id, From: p.digits, Text: text, At: now, To: g.recipients(p.digits)}
	name, userID := p.profile()
	webhooks := s.newWebhook(g, fieldMessages, "text", webhookValue{
		Contacts: []contact{{Profile: profile{Name: name}, WaID: p.digits, UserID: userID}},
		Messages: []inbound{{From: p.digits, UserID: userID, GroupID: g.id, ID: m.ID, Timestamp: seconds(now), Type: "text",
			Text: textBody{Body: text}}}})
	return m, s.announce(g, &messageReceived{Message: m}, webhooks)
}
