package simulator

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

const (
	kindText     = "text"
	kindTemplate = "template"
	kindPin      = "pin"

	wamidPrefix = "wamid."
)

// messageKind is what is to be known of a type of message that a business sends.
type messageKind struct {
	direct bool // to persons only
	group  bool // to groups only
	check  func(part json.RawMessage) error
}

// messageKinds are the types that the business may send. Source: Meta, Cloud API, messages reference; Groups API, group messaging page and the list
// of what groups do not support.
var messageKinds = map[string]messageKind{
	kindText:      {check: checkText},
	"image":       {check: checkMedia},
	"video":       {check: checkMedia},
	"audio":       {check: checkMedia},
	"document":    {check: checkMedia},
	"sticker":     {check: checkMedia},
	"location":    {check: checkLocation},
	"contacts":    {check: checkCards},
	"reaction":    {check: checkReaction},
	"interactive": {check: checkInteractive, direct: true},
	kindPin:       {check: checkPin, group: true},
	kindTemplate:  {check: checkTemplate},
}

// shape reads JSON of the form that Meta documents.
func shape(part json.RawMessage, into any) error {
	if json.Unmarshal(part, into) != nil {
		return errors.New("it does not have the documented form")
	}
	return nil
}

type textBody struct {
	Body string `json:"body"`
}

func textOf(part json.RawMessage) string {
	var t textBody
	_ = json.Unmarshal(part, &t) // it was checked
	return t.Body
}

func checkText(part json.RawMessage) error {
	var t textBody
	if err := shape(part, &t); err != nil {
		return err
	}
	if strings.TrimSpace(t.Body) == "" || utf8.RuneCountInString(t.Body) > maxText {
		return errors.New("the text must have 1 to 4096 characters")
	}
	return nil
}

func checkMedia(part json.RawMessage) error {
	var m struct {
		ID   string `json:"id"`
		Link string `json:"link"`
	}
	if err := shape(part, &m); err != nil {
		return err
	}
	if (m.ID == "") == (m.Link == "") {
		return errors.New("either id or link is needed")
	}
	if m.Link != "" && !strings.HasPrefix(m.Link, "https://") && !strings.HasPrefix(m.Link, "http://") {
		return errors.New("the link must be an http or https address")
	}
	return nil
}

func checkLocation(part json.RawMessage) error {
	var p struct {
		Latitude  *float64 `json:"latitude"`
		Longitude *float64 `json:"longitude"`
	}
	if err := shape(part, &p); err != nil {
		return err
	}
	if p.Latitude == nil || p.Longitude == nil || *p.Latitude < -90 || *p.Latitude > 90 || *p.Longitude < -180 || *p.Longitude > 180 {
		return errors.New("latitude and longitude in degrees are needed")
	}
	return nil
}

func checkCards(part json.RawMessage) error {
	var cards []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
		} `json:"name"`
	}
	if err := shape(part, &cards); err != nil {
		return err
	}
	for _, c := range cards {
		if c.Name.Formatted == "" {
			return errors.New("name.formatted_name is needed")
		}
	}
	if len(cards) == 0 {
		return errors.New("there is no contact in it")
	}
	return nil
}

func checkReaction(part json.RawMessage) error {
	var r struct {
		MessageID string  `json:"message_id"`
		Emoji     *string `json:"emoji"`
	}
	if err := shape(part, &r); err != nil {
		return err
	}
	if !strings.HasPrefix(r.MessageID, wamidPrefix) || r.Emoji == nil {
		return errors.New("message_id and emoji are needed")
	}
	return nil
}

func checkInteractive(part json.RawMessage) error {
	var i struct {
		Type   string         `json:"type"`
		Action map[string]any `json:"action"`
	}
	if err := shape(part, &i); err != nil {
		return err
	}
	if i.Type == "" || i.Action == nil {
		return errors.New("type and action are needed")
	}
	return nil
}

const maxPinDays = 30

// pinPart is what pins a message or takes it down.
type pinPart struct {
	Type      string `json:"type"`
	MessageID string `json:"message_id"`
	Days      int    `json:"expiration_days"`
}

func checkPin(part json.RawMessage) error {
	var p pinPart
	if err := shape(part, &p); err != nil {
		return err
	}
	switch {
	case !strings.HasPrefix(p.MessageID, wamidPrefix):
		return errors.New("message_id is needed")
	case p.Type == "unpin", p.Type == "pin" && p.Days >= 1 && p.Days <= maxPinDays:
		return nil
	}
	return errors.New("type must be pin, with expiration_days from 1 to 30, or unpin")
}

// phoneKinds are the types of message that phones write, with the member that each has to have.
var phoneKinds = map[string]string{"image": "", "video": "", "audio": "", "document": "", "sticker": "", "location": "latitude", "contacts": "",
	"reaction": "message_id", "button": "text", "interactive": "type"}

// checkSaid refuses content that no phone would write.
func checkSaid(kind string, content json.RawMessage) bool {
	member, known := phoneKinds[kind]
	if !known {
		return false
	}
	if kind == "contacts" {
		return checkCards(content) == nil
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal(content, &parts) != nil || parts == nil {
		return false
	}
	_, there := parts[member]
	return member == "" || there
}
