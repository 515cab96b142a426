package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// MaxCallbackData is the most characters that CallbackData can hold.
const MaxCallbackData = 512

// Outgoing is a message to a group or to one person. Source: Meta, Cloud API, messages reference; Groups API, group messaging page.
type Outgoing struct {
	Group        bool   // To is a group's id, and not a person's number
	To           string // digits of a number, or the id of a group
	Body         MessageBody
	ReplyTo      string // wamid of the message that is replied to, "" for none
	CallbackData string // comes back in each status of the message; at most MaxCallbackData characters
}

// MessageBody is what a message holds, in a form of its own for each type of message.
type MessageBody interface{ messageType() string }

// TextBody is a text of 1 to 4096 characters.
type TextBody struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url,omitempty"`
}

// MediaBody is a file that the network fetches itself.
type MediaBody struct {
	Type     string `json:"-"` // image, video, audio, document or sticker
	Link     string `json:"link"`
	Caption  string `json:"caption,omitempty"`
	FileName string `json:"filename,omitempty"` // of a document
}

// LocationBody is a place on the map.
type LocationBody struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// ReactionBody puts an emoji on a message; an empty one takes it back.
type ReactionBody struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

// PinBody pins a message of a group, or takes it down.
type PinBody struct {
	Type      string `json:"type"` // pin or unpin
	MessageID string `json:"message_id"`
	Days      int    `json:"expiration_days,omitempty"` // 1 to 30
}

// ContactsBody is a list of contact cards.
type ContactsBody json.RawMessage

// InteractiveBody is a message with buttons or a list.
type InteractiveBody json.RawMessage

// TemplateBody is an approved template and what stands in it.
type TemplateBody struct {
	Name       string
	Language   string
	Parameters []TemplateParameter // of its text, in their order
	Payloads   []string            // of its quick reply buttons, in their order
}

// TemplateParameter is what stands in the place of a variable.
type TemplateParameter struct {
	Name    string // "" for one that is known by its place
	Text    string
	GroupID string // instead of a text: the network puts the group's invite link there
}

func (TextBody) messageType() string        { return "text" }
func (b MediaBody) messageType() string     { return b.Type }
func (LocationBody) messageType() string    { return "location" }
func (ReactionBody) messageType() string    { return "reaction" }
func (PinBody) messageType() string         { return "pin" }
func (ContactsBody) messageType() string    { return "contacts" }
func (InteractiveBody) messageType() string { return "interactive" }
func (TemplateBody) messageType() string    { return "template" }

// MarshalJSON gives the list as it is.
func (b ContactsBody) MarshalJSON() ([]byte, error) { return json.RawMessage(b).MarshalJSON() }

// MarshalJSON gives the object as it is.
func (b InteractiveBody) MarshalJSON() ([]byte, error) { return json.RawMessage(b).MarshalJSON() }

// MarshalJSON writes the template in the components that Meta takes. Source: Meta, Cloud API, template messages.
func (b TemplateBody) MarshalJSON() ([]byte, error) {
	type parameter struct {
		Type    string `json:"type"`
		Name    string `json:"parameter_name,omitempty"`
		Text    string `json:"text,omitempty"`
		GroupID string `json:"group_id,omitempty"`
		Payload string `json:"payload,omitempty"`
	}
	type component struct {
		Type       string      `json:"type"`
		SubType    string      `json:"sub_type,omitempty"`
		Index      *int        `json:"index,omitempty,string"`
		Parameters []parameter `json:"parameters"`
	}
	var components []component
	if len(b.Parameters) > 0 {
		body := component{Type: "body"}
		for _, p := range b.Parameters {
			if p.GroupID != "" {
				body.Parameters = append(body.Parameters, parameter{Type: "group_id", GroupID: p.GroupID})
				continue
			}
			body.Parameters = append(body.Parameters, parameter{Type: "text", Name: p.Name, Text: p.Text})
		}
		components = append(components, body)
	}
	for i, p := range b.Payloads {
		components = append(components, component{Type: "button", SubType: "quick_reply", Index: &i, Parameters: []parameter{{Type: "payload", Payload: p}}})
	}
	template := map[string]any{"name": b.Name, "language": map[string]string{"code": b.Language}}
	if components != nil {
		template["components"] = components
	}
	return json.Marshal(template)
}

// Send sends a message and returns its id (wamid). Acceptance is not delivery: that comes by webhook (MessageStatus), in a group for
// each participant. A group that nobody has joined is CodeGroupEmpty; somebody who has not written for 24 hours is CodeWindowClosed
// for all but templates.
func (c *Client) Send(ctx context.Context, creds Credentials, m Outgoing) (string, error) {
	kind := m.Body.messageType()
	payload := map[string]any{"messaging_product": product, "recipient_type": "individual", "to": m.To, "type": kind, kind: m.Body}
	if m.Group {
		payload["recipient_type"] = "group"
	}
	if m.ReplyTo != "" {
		payload["context"] = map[string]string{"message_id": m.ReplyTo}
	}
	if m.CallbackData != "" {
		payload["biz_opaque_callback_data"] = m.CallbackData
	}
	k, err := call{method: http.MethodPost, id: creds.PhoneNumberID, edge: "messages"}.withJSON(payload)
	if err != nil {
		return "", fmt.Errorf("send %s: %w", kind, err)
	}
	var out struct {
		Messages list[struct {
			ID text `json:"id"`
		}] `json:"messages"`
	}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		return "", fmt.Errorf("send %s: %w", kind, err)
	}
	if len(out.Messages) == 0 || out.Messages[0].ID == "" {
		return "", fmt.Errorf("send %s: %w", kind, missing("the network's answer holds no message id"))
	}
	return string(out.Messages[0].ID), nil
}
