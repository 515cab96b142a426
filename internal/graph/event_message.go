package graph

import "encoding/json"

// contact tells more of the writer of a message in the same change.
type contact struct {
	WaID    text `json:"wa_id"`
	UserID  text `json:"user_id"`
	Profile struct {
		Name text `json:"name"`
	} `json:"profile"`
}

func messageEvent(raw json.RawMessage, contacts []contact) Event {
	var w struct {
		ID         text            `json:"id"`
		GroupID    text            `json:"group_id"`
		From       text            `json:"from"`
		FromUserID text            `json:"from_user_id"`
		Timestamp  number          `json:"timestamp"`
		Type       text            `json:"type"`
		Errors     list[wireError] `json:"errors"`
		Text       struct {
			Body text `json:"body"`
		} `json:"text"`
		wireContent
	}
	if decode(raw, &w) != nil || w.ID == "" {
		return Event{Type: Unknown, Raw: raw}
	}
	m := &Message{
		ID: string(w.ID), Kind: string(w.Type), From: string(w.From), FromUserID: string(w.FromUserID),
		Text: string(w.Text.Body), Errors: toErrors(w.Errors),
	}
	w.fill(m)
	m.describe(contacts)
	return Event{
		Type: MessageReceived, GroupID: string(w.GroupID), Timestamp: w.Timestamp.time(), Message: m, Raw: raw,
	}
}

// maxContacts bounds the search for a writer; Meta puts at most 1000 updates in a body.
const maxContacts = 1000

// describe takes name and user id from the writer's contact. Where the message itself names nobody, a lone contact is
// the writer.
func (m *Message) describe(contacts []contact) {
	if len(contacts) > maxContacts {
		return
	}
	for _, c := range contacts {
		nameless := m.From == "" && m.FromUserID == "" && len(contacts) == 1
		sameNumber := m.From != "" && m.From == string(c.WaID)
		sameUser := m.FromUserID != "" && m.FromUserID == string(c.UserID)
		if !nameless && !sameNumber && !sameUser {
			continue
		}
		m.Name = string(c.Profile.Name)
		if m.From == "" {
			m.From = string(c.WaID)
		}
		if m.FromUserID == "" {
			m.FromUserID = string(c.UserID)
		}
		return
	}
}

func statusEvent(raw json.RawMessage) Event {
	var w struct {
		ID            text            `json:"id"`
		Status        text            `json:"status"`
		Timestamp     number          `json:"timestamp"`
		RecipientID   text            `json:"recipient_id"`
		RecipientType text            `json:"recipient_type"`
		Participant   text            `json:"recipient_participant_id"`
		Participant2  text            `json:"participant_recipient_id"`
		UserID        text            `json:"recipient_participant_user_id"`
		CallbackData  text            `json:"biz_opaque_callback_data"`
		Errors        list[wireError] `json:"errors"`
	}
	if decode(raw, &w) != nil || w.ID == "" || w.Status == "" {
		return Event{Type: Unknown, Raw: raw}
	}
	if w.Participant == "" {
		w.Participant = w.Participant2
	}
	e := Event{Type: MessageStatus, Timestamp: w.Timestamp.time(), Raw: raw, Status: &Status{
		MessageID: string(w.ID), Status: string(w.Status), Participant: string(w.Participant), UserID: string(w.UserID),
		CallbackData: string(w.CallbackData), Errors: toErrors(w.Errors),
	}}
	if w.RecipientType == "group" || w.Participant != "" || w.UserID != "" {
		e.GroupID = string(w.RecipientID)
	} else {
		e.Status.Participant = string(w.RecipientID)
	}
	return e
}
