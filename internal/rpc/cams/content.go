package cams

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// loose is text that may be sent as a number or as true or false: clients differ.
type loose string

// UnmarshalJSON takes any scalar.
func (l *loose) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(l))
	}
	switch text := string(b); {
	case text == "null":
		*l = ""
	case b[0] == '{' || b[0] == '[':
		return errNotScalar
	default:
		*l = loose(text)
	}
	return nil
}

var errNotScalar = group.Errorf(rpc.CodeBadContent, "a member that must be text holds an object or a list")

// content is the parameter Content in the product's words. Source: the product's pages on SendChatappMessage and on the parameters of a
// message; the members of a pin are documented nowhere, and are Meta's own.
type content struct {
	Text       loose `json:"text"`
	PreviewURL loose `json:"previewUrl"`

	Link     loose `json:"link"`
	Caption  loose `json:"caption"`
	FileName loose `json:"fileName"`

	Latitude  loose `json:"latitude"`
	Longitude loose `json:"longitude"`
	Name      loose `json:"name"`
	Address   loose `json:"address"`

	MessageID  loose `json:"messageId"`
	MessageID2 loose `json:"message_id"`
	Emoji      loose `json:"emoji"`

	Type           loose `json:"type"`
	ExpirationDays loose `json:"expirationDays"`
	Days2          loose `json:"expiration_days"`
}

// defaultPinDays is for how long a message is pinned when nothing is said.
const defaultPinDays = 7

var kinds = []group.MessageKind{group.MessageText, group.MessageImage, group.MessageVideo, group.MessageAudio, group.MessageDocument,
	group.MessageSticker, group.MessageLocation, group.MessageContacts, group.MessageReaction, group.MessageInteractive, group.MessagePin}

// readContent reads what is to be sent with Type message.
func readContent(c *rpc.Call) (group.Content, error) {
	kind := group.MessageKind(strings.ToLower(c.Params.Text("MessageType")))
	switch {
	case kind == "":
		return group.Content{}, group.Errorf(rpc.CodeMessageTypeEmpty, "MessageType is missing; it must be one of %s.", kindList())
	case !knownKind(kind):
		return group.Content{}, group.Errorf(group.CodeBadKind, "MessageType must be one of %s.", kindList())
	}
	raw, sent, err := c.Params.JSON("Content")
	switch {
	case err != nil:
		return group.Content{}, badContent(kind, "Content cannot be read: "+err.Error())
	case !sent:
		return group.Content{}, group.Errorf(rpc.CodeContentEmpty, "Content is missing; send it as JSON, for example %s.", examples[kind])
	}
	return decodeContent(kind, raw)
}

func knownKind(kind group.MessageKind) bool {
	_, known := examples[kind]
	return known
}

func kindList() string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// examples show what a Content looks like.
var examples = map[group.MessageKind]string{
	group.MessageText:        `{"text":"Hello"}`,
	group.MessageImage:       `{"link":"https://example.com/a.jpg","caption":"A"}`,
	group.MessageVideo:       `{"link":"https://example.com/a.mp4","caption":"A"}`,
	group.MessageAudio:       `{"link":"https://example.com/a.mp3"}`,
	group.MessageDocument:    `{"link":"https://example.com/a.pdf","fileName":"a.pdf"}`,
	group.MessageSticker:     `{"link":"https://example.com/a.webp"}`,
	group.MessageLocation:    `{"latitude":"31.23","longitude":"121.47","name":"Office"}`,
	group.MessageContacts:    `[{"name":{"formatted_name":"Ann","first_name":"Ann"},"phones":[{"phone":"+8613900000001"}]}]`,
	group.MessageReaction:    `{"messageId":"1882882187172421633","emoji":"👍"}`,
	group.MessageInteractive: `{"type":"button","body":{"text":"Yes?"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"Yes"}}]}}`,
	group.MessagePin:         `{"type":"pin","messageId":"1882882187172421633","expirationDays":7}`,
}

func badContent(kind group.MessageKind, what string) error {
	return group.Errorf(rpc.CodeBadContent, "%s; send it as JSON, for example %s.", what, examples[kind])
}

// decodeContent reads a Content that is JSON within bounds.
func decodeContent(kind group.MessageKind, raw json.RawMessage) (group.Content, error) {
	c := group.Content{Kind: kind}
	list := strings.HasPrefix(strings.TrimLeft(string(raw), " \t\r\n"), "[")
	switch {
	case kind == group.MessageContacts:
		c.Contacts = contacts(raw, list)
		return c, nil
	case list:
		return c, badContent(kind, "Content must be a JSON object")
	case kind == group.MessageInteractive:
		c.Interact = raw
		return c, nil
	}
	var in content
	if err := json.Unmarshal(raw, &in); err != nil {
		return c, badContent(kind, "Content has a member that is not text")
	}
	return c, in.fill(&c)
}

// contacts gives the list of contacts, which may stand under its name, or be a single one.
func contacts(raw json.RawMessage, list bool) json.RawMessage {
	if list {
		return raw
	}
	var in struct {
		Contacts json.RawMessage `json:"contacts"`
	}
	if json.Unmarshal(raw, &in) == nil && len(in.Contacts) > 0 {
		return in.Contacts
	}
	return append(append(json.RawMessage("["), raw...), ']')
}

// fill puts the members that count for the kind into a content.
func (in *content) fill(c *group.Content) error {
	switch c.Kind {
	case group.MessageText:
		if c.Text = string(in.Text); c.Text == "" {
			return group.Errorf(rpc.CodeTextEmpty, `Content has no text; send it as JSON, for example %s.`, examples[c.Kind])
		}
		c.Preview = strings.EqualFold(string(in.PreviewURL), "true")
	case group.MessageLocation:
		return in.place(c)
	case group.MessageReaction:
		c.MessageID, c.Emoji = string(in.MessageID+in.MessageID2), string(in.Emoji)
	case group.MessagePin:
		return in.pin(c)
	default:
		if c.Link = string(in.Link); c.Link == "" {
			return group.Errorf(rpc.CodeLinkEmpty, `Content has no link; send it as JSON, for example %s.`, examples[c.Kind])
		}
		c.Caption, c.FileName = string(in.Caption), string(in.FileName)
	}
	return nil
}

func (in *content) place(c *group.Content) (err error) {
	c.Place = &group.Place{Name: string(in.Name), Address: string(in.Address)}
	if c.Place.Latitude, err = strconv.ParseFloat(string(in.Latitude), 64); err == nil {
		c.Place.Longitude, err = strconv.ParseFloat(string(in.Longitude), 64)
	}
	if err != nil {
		return badContent(c.Kind, "Content must have latitude and longitude in degrees")
	}
	return nil
}

func (in *content) pin(c *group.Content) error {
	c.MessageID, c.Pin = string(in.MessageID+in.MessageID2), &group.Pin{Days: defaultPinDays}
	switch strings.ToLower(string(in.Type)) {
	case "pin", "":
	case "unpin":
		c.Pin = &group.Pin{Unpin: true}
		return nil
	default:
		return badContent(c.Kind, "The type of a pin must be pin or unpin")
	}
	if days := in.ExpirationDays + in.Days2; days != "" {
		n, err := strconv.Atoi(string(days))
		if err != nil {
			return badContent(c.Kind, "expirationDays must be a whole number")
		}
		c.Pin.Days = n
	}
	return nil
}
