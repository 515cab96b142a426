package group

import (
	"encoding/json"
	"time"
)

// MessageKind is what a message is made of. The names are those that callers use for MessageType.
type MessageKind string

// The kinds of message that can be sent. Others may come in.
const (
	MessageText        MessageKind = "text"
	MessageImage       MessageKind = "image"
	MessageVideo       MessageKind = "video"
	MessageAudio       MessageKind = "audio"
	MessageDocument    MessageKind = "document"
	MessageSticker     MessageKind = "sticker"
	MessageLocation    MessageKind = "location"
	MessageContacts    MessageKind = "contacts"
	MessageReaction    MessageKind = "reaction"
	MessageInteractive MessageKind = "interactive"
	MessagePin         MessageKind = "pin"
	MessageTemplate    MessageKind = "template"
)

// MessageState is how far a message has come. A message only ever moves to a greater state: an outcome that the network reports late
// does not take back what it has reported since.
type MessageState int8

// The states of a message. They are stored, so their order is fixed.
const (
	MessageAccepted  MessageState = iota + 1 // it cannot be lost any more
	MessageSent                              // the network has taken it
	MessageFailed                            // the network has refused it, or could not deliver it
	MessageDelivered                         // to the person, or to a member of the group
	MessageRead                              // likewise
	MessageReceived                          // somebody else wrote it
)

var messageStateNames = [...]string{MessageAccepted: "Accepted", MessageSent: "Sent", MessageFailed: "Failed", MessageDelivered: "Delivered",
	MessageRead: "Read", MessageReceived: "Received"}

// String gives the word that receipts have for a state.
func (s MessageState) String() string {
	if s < MessageAccepted || s > MessageReceived {
		return ""
	}
	return messageStateNames[s]
}

// Content is what a message of the business says. Which members count is settled by its kind, MessageText when there is none.
type Content struct {
	Kind      MessageKind     `json:"kind,omitempty"`
	Text      string          `json:"text,omitempty"`
	Preview   bool            `json:"preview,omitempty"` // of the first address in a text
	Link      string          `json:"link,omitempty"`    // of image, video, audio, document, sticker
	Caption   string          `json:"caption,omitempty"`
	FileName  string          `json:"file,omitempty"`
	Place     *Place          `json:"place,omitempty"`
	Contacts  json.RawMessage `json:"contacts,omitempty"`    // a list of objects in the network's words
	Interact  json.RawMessage `json:"interactive,omitempty"` // an object in the network's words
	MessageID string          `json:"message,omitempty"`     // what a reaction or a pin is about: our id or the network's
	Emoji     string          `json:"emoji,omitempty"`       // "" takes a reaction back
	Pin       *Pin            `json:"pin,omitempty"`
	Template  *TemplateUse    `json:"template,omitempty"`
	ContextID string          `json:"context,omitempty"` // the message that is replied to: our id or the network's
}

// Place is what a location message shows.
type Place struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// Pin pins a message of a group for some days, or takes it down.
type Pin struct {
	Unpin bool `json:"unpin,omitempty"`
	Days  int  `json:"days,omitempty"` // 1 to MaxPinDays
}

// TemplateUse is a template with what stands in the place of its variables.
type TemplateUse struct {
	Code       string            `json:"code,omitempty"`
	Name       string            `json:"name"`
	Language   string            `json:"language"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Payload    []string          `json:"payload,omitempty"` // of its buttons, in their order
}

// Conversation is what a business number and one person write to each other outside of groups.
type Conversation struct {
	ID        int64
	AccountID int64
	Number    Number
	Person    Number
	WroteAt   time.Time // when the person last wrote; zero for never
}
