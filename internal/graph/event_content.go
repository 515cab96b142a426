package graph

import "encoding/json"

// wireContent are the members of a message in which what it carries can stand; Meta names each by the message's type.
type wireContent struct {
	Image       *wireMedia      `json:"image"`
	Video       *wireMedia      `json:"video"`
	Audio       *wireMedia      `json:"audio"`
	Document    *wireMedia      `json:"document"`
	Sticker     *wireMedia      `json:"sticker"`
	Location    *wireLocation   `json:"location"`
	Contacts    json.RawMessage `json:"contacts"`
	Button      *wireButton     `json:"button"`
	Interactive *wireChoice     `json:"interactive"`
	Reaction    *wireReaction   `json:"reaction"`
	System      *wireSystem     `json:"system"`
}

type wireMedia struct {
	ID       text `json:"id"`
	MIMEType text `json:"mime_type"`
	Caption  text `json:"caption"`
	Filename text `json:"filename"`
	URL      text `json:"url"`
}

type wireLocation struct {
	Latitude  text `json:"latitude"`
	Longitude text `json:"longitude"`
	Name      text `json:"name"`
	Address   text `json:"address"`
}

type wireButton struct {
	Text    text `json:"text"`
	Payload text `json:"payload"`
}

type wireChoice struct {
	Button wireOption `json:"button_reply"`
	List   wireOption `json:"list_reply"`
	Form   struct {
		Body     text `json:"body"`
		Response text `json:"response_json"`
	} `json:"nfm_reply"`
}

type wireOption struct {
	ID    text `json:"id"`
	Title text `json:"title"`
}

type wireReaction struct {
	MessageID text `json:"message_id"`
	Emoji     text `json:"emoji"`
}

type wireSystem struct {
	Body text `json:"body"`
	Type text `json:"type"`
}

// fill puts what a message carries where its type says. A member of another type counts for nothing.
func (w *wireContent) fill(m *Message) {
	media := map[string]*wireMedia{"image": w.Image, "video": w.Video, "audio": w.Audio, "document": w.Document, "sticker": w.Sticker}[m.Kind]
	switch {
	case media != nil:
		m.Media = &Media{ID: string(media.ID), MIMEType: string(media.MIMEType), Caption: string(media.Caption), Filename: string(media.Filename), URL: string(media.URL)}
	case m.Kind == "location" && w.Location != nil:
		m.Location = &Location{Latitude: string(w.Location.Latitude), Longitude: string(w.Location.Longitude), Name: string(w.Location.Name),
			Address: string(w.Location.Address)}
	case m.Kind == "contacts":
		m.Contacts = w.Contacts
	case m.Kind == "button" && w.Button != nil:
		m.Reply = &Reply{Text: string(w.Button.Text), Payload: string(w.Button.Payload)}
	case m.Kind == "interactive" && w.Interactive != nil:
		m.Reply = w.Interactive.reply()
	case m.Kind == "reaction" && w.Reaction != nil:
		m.Reaction = &Reaction{MessageID: string(w.Reaction.MessageID), Emoji: string(w.Reaction.Emoji)}
	case m.Kind == "system" && w.System != nil:
		m.System = &System{Body: string(w.System.Body), Type: string(w.System.Type)}
	}
}

func (w *wireChoice) reply() *Reply {
	switch {
	case w.Button != wireOption{}:
		return &Reply{Text: string(w.Button.Title), Payload: string(w.Button.ID)}
	case w.List != wireOption{}:
		return &Reply{Text: string(w.List.Title), Payload: string(w.List.ID)}
	}
	return &Reply{Text: string(w.Form.Body), Payload: string(w.Form.Response)}
}
