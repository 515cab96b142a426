package receipt

import (
	"encoding/json"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// media is the Message of an image, a video, a sound, a document or a sticker. The official receipts carry an address that is good for
// seven days, on a store of their own. Meta gives an id alone, with which whoever has the number's token fetches the file from Meta
// (GET /{media-id}); so there is a url only where the network names one itself.
type media struct {
	Caption  string `json:"caption,omitempty"`
	Name     string `json:"name,omitempty"`
	ID       string `json:"id"`
	Filename string `json:"filename,omitempty"`
	MIMEType string `json:"mimeType,omitempty"`
	URL      string `json:"url,omitempty"`
}

type location struct {
	Address   string `json:"address"`
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Name      string `json:"name"`
}

type reply struct {
	Text    string `json:"text"`
	Payload string `json:"payload"`
}

type reaction struct {
	MessageID string `json:"messageId"` // the network's id of the message
	Emoji     string `json:"emoji"`     // empty: taken back
}

type system struct {
	Body string `json:"body"`
	Type string `json:"type,omitempty"`
}

// Content gives Type and Message of a message that came in: for TEXT the text itself, for all others JSON as text. REACTION and
// UNSUPPORTED are extensions; STICKER and SYSTEM are in no document, but were seen.
func Content(m *graph.Message) (kind, message string) {
	kind = strings.ToUpper(m.Kind)
	var body any
	switch {
	case kind == "TEXT":
		return kind, m.Text
	case m.Media != nil:
		body = media{Caption: m.Media.Caption, ID: m.Media.ID, Filename: m.Media.Filename, Name: m.Media.Filename, MIMEType: m.Media.MIMEType, URL: m.Media.URL}
	case m.Location != nil:
		body = location{Address: m.Location.Address, Latitude: m.Location.Latitude, Longitude: m.Location.Longitude, Name: m.Location.Name}
	case len(m.Contacts) > 0:
		body = m.Contacts
	case m.Reply != nil:
		kind, body = "REPLY", reply{Text: m.Reply.Text, Payload: m.Reply.Payload}
	case m.Reaction != nil:
		body = reaction{MessageID: m.Reaction.MessageID, Emoji: m.Reaction.Emoji}
	case m.System != nil:
		body = system{Body: m.System.Body, Type: m.System.Type}
	case kind == "":
		kind, body = "UNSUPPORTED", struct{}{}
	default:
		body = struct{}{}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return kind, ""
	}
	return kind, string(text)
}
