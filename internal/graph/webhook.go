package graph

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// Bounds of a webhook body. Meta documents at most 3 MB and 1000 updates (webhooks overview).
const (
	MaxWebhookBytes    = 4 << 20
	maxWebhookDepth    = 32
	maxWebhookElements = 200_000 // members and array items together
	maxWebhookEvents   = 10_000
)

// Errors of ParseWebhook. A body that gives one of them was not understood at all.
var (
	ErrWebhookTooLarge = errors.New("webhook body is too large or too deep")
	ErrWebhookBroken   = errors.New("webhook body is not a JSON object")
)

// ParseWebhook reads the body of one webhook delivery, whose signature the caller has verified. It is loose where
// Meta's own material is: odd members count as absent, and what is not known becomes an event of type Unknown with its
// raw JSON, so that one strange update never costs the others. The errors are ErrWebhookTooLarge and ErrWebhookBroken.
func ParseWebhook(body []byte) ([]Event, error) {
	if events, ok := parseOrdinary(body); ok {
		return events, nil
	}
	return parseLoosely(body)
}

// parseLoosely reads a body of any shape.
func parseLoosely(body []byte) ([]Event, error) {
	if !withinBounds(body) {
		return nil, ErrWebhookTooLarge
	}
	var envelope struct {
		Object text                  `json:"object"`
		Entry  list[json.RawMessage] `json:"entry"`
	}
	if err := decode(body, &envelope); err != nil || !isObject(body) {
		return nil, ErrWebhookBroken
	}
	var d delivery
	for _, raw := range envelope.Entry {
		d.entry(raw)
	}
	if len(envelope.Entry) == 0 {
		d.add(Event{Type: Unknown, Raw: bytes.Clone(body)})
	}
	if len(d.events) > maxWebhookEvents {
		return nil, fmt.Errorf("%w: more than %d updates", ErrWebhookTooLarge, maxWebhookEvents)
	}
	return d.events, nil
}

// delivery gathers the events of one body.
type delivery struct {
	events []Event
}

// add keeps one event more than the bound, as the sign that there were too many.
func (d *delivery) add(e Event) {
	if len(d.events) <= maxWebhookEvents {
		d.events = append(d.events, e)
	}
}

func (d *delivery) entry(raw json.RawMessage) {
	var entry struct {
		ID      text                  `json:"id"`
		Changes list[json.RawMessage] `json:"changes"`
	}
	if decode(raw, &entry) != nil || len(entry.Changes) == 0 {
		d.add(Event{Type: Unknown, WABAID: string(entry.ID), Raw: raw})
	}
	for _, change := range entry.Changes {
		d.change(string(entry.ID), change)
	}
}

// change is one item of entry[].changes, with those members of its value that hold updates.
type change struct {
	Field       text `json:"field"`
	InitiatedBy text `json:"initiated_by"`
	Value       struct {
		InitiatedBy text `json:"initiated_by"`
		Metadata    struct {
			Display       text `json:"display_phone_number"`
			PhoneNumberID text `json:"phone_number_id"`
		} `json:"metadata"`
		Groups   list[json.RawMessage] `json:"groups"`
		Messages list[json.RawMessage] `json:"messages"`
		Statuses list[json.RawMessage] `json:"statuses"`
		Contacts list[contact]         `json:"contacts"`
		Errors   list[wireError]       `json:"errors"`
	} `json:"value"`
}

func (d *delivery) change(wabaID string, raw json.RawMessage) {
	var c change
	if decode(raw, &c) != nil {
		d.add(Event{Type: Unknown, WABAID: wabaID, Raw: raw})
		return
	}
	add := func(e Event) {
		c.complete(&e)
		e.WABAID = wabaID
		d.add(e)
	}
	n := 0
	switch field := fieldOf(string(c.Field)); {
	case field == fieldMessages:
		n = len(c.Value.Messages) + len(c.Value.Statuses)
		for _, item := range c.Value.Messages {
			add(messageEvent(item, c.Value.Contacts))
		}
		for _, item := range c.Value.Statuses {
			add(statusEvent(item))
		}
	case aboutGroups(field):
		n = len(c.Value.Groups)
		for _, item := range c.Value.Groups {
			add(groupEvent(field, item))
		}
	}
	if n == 0 {
		add(Event{Type: Unknown, Errors: toErrors(c.Value.Errors), Raw: raw})
	}
}

// complete gives an event what its change says for all its items. Meta's samples put initiated_by in different places;
// the item's own counts first.
func (c *change) complete(e *Event) {
	e.Field = string(c.Field)
	e.PhoneNumberID = string(c.Value.Metadata.PhoneNumberID)
	e.DisplayPhoneNumber = string(c.Value.Metadata.Display)
	for _, by := range []text{c.Value.InitiatedBy, c.InitiatedBy} {
		if e.InitiatedBy == "" && (e.Type == ParticipantsRemove || e.Type == ParticipantsAdd) {
			e.InitiatedBy = string(by)
		}
	}
}

// Handshake answers the request with which Meta verifies a callback address: the challenge to write back, and whether
// the request holds the right token. An empty verifyToken admits nobody. Source: Meta, page on creating an endpoint.
func Handshake(query url.Values, verifyToken string) (challenge string, ok bool) {
	challenge = query.Get("hub.challenge")
	same := subtle.ConstantTimeCompare([]byte(query.Get("hub.verify_token")), []byte(verifyToken)) == 1
	if !same || verifyToken == "" || query.Get("hub.mode") != "subscribe" || len(challenge) == 0 || len(challenge) > 1024 {
		return "", false
	}
	return challenge, true
}

// withinBounds looks at a body without decoding it: its size, how deep it nests, and how many elements it can have.
func withinBounds(body []byte) bool {
	if len(body) > MaxWebhookBytes {
		return false
	}
	depth, elements, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
			elements++
		case c == '}', c == ']':
			depth--
		case c == ',':
			elements++
		}
		if depth > maxWebhookDepth || elements > maxWebhookElements {
			return false
		}
	}
	return true
}

func isObject(body []byte) bool {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}
