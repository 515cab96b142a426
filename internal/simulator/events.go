package simulator

import (
	"encoding/json"
	"time"
)

// The items of groups[] in a webhook, one struct for each family. Source: Meta, WhatsApp Groups API, webhooks page.

const (
	typeAdd     = "group_participants_add"
	typeRemove  = "group_participants_remove"
	typeRequest = "group_join_request_created"
	typeRevoke  = "group_join_request_revoked"

	byBusiness = "business" // who removed people
)

type lifecycleEvent struct {
	Timestamp        string       `json:"timestamp"`
	GroupID          string       `json:"group_id,omitempty"`
	Type             string       `json:"type"`
	RequestID        string       `json:"request_id,omitempty"`
	Subject          string       `json:"subject,omitempty"`
	Description      string       `json:"description,omitempty"`
	InviteLink       string       `json:"invite_link,omitempty"`
	JoinApprovalMode string       `json:"join_approval_mode,omitempty"`
	Errors           []eventError `json:"errors,omitempty"`
}

func createdEvent(g *group, st *step, out outcome, now time.Time) lifecycleEvent {
	event := lifecycleEvent{Timestamp: seconds(now), Type: "group_create", RequestID: st.Request, Subject: g.subject}
	if out.Code != 0 {
		event.Description = g.description
		event.Errors = eventErrors(out.Code)
		return event
	}
	event.GroupID, event.InviteLink, event.JoinApprovalMode = g.id, linkPrefix+g.link, g.mode
	return event
}

type participantsEvent struct {
	Timestamp     string        `json:"timestamp"`
	GroupID       string        `json:"group_id"`
	Type          string        `json:"type"`
	RequestID     string        `json:"request_id,omitempty"`
	Reason        string        `json:"reason,omitempty"`
	JoinRequestID string        `json:"join_request_id,omitempty"`
	WaID          string        `json:"wa_id,omitempty"`   // of the person who asks to come in
	UserID        string        `json:"user_id,omitempty"` // of the same
	InitiatedBy   string        `json:"initiated_by,omitempty"`
	Added         []eventPerson `json:"added_participants,omitempty"`
	Removed       []eventPerson `json:"removed_participants,omitempty"`
	Failed        []eventPerson `json:"failed_participants,omitempty"`
	Errors        []eventError  `json:"errors,omitempty"`
}

type eventPerson struct {
	Input  string       `json:"input,omitempty"`
	WaID   string       `json:"wa_id,omitempty"`
	UserID string       `json:"user_id,omitempty"`
	Errors []eventError `json:"errors,omitempty"`
}

type settingsEvent struct {
	Timestamp   string          `json:"timestamp"`
	GroupID     string          `json:"group_id"`
	Type        string          `json:"type"`
	RequestID   string          `json:"request_id"`
	Picture     *pictureSetting `json:"profile_picture,omitempty"`
	Subject     *textSetting    `json:"group_subject,omitempty"`
	Description *textSetting    `json:"group_description,omitempty"`
	Errors      []eventError    `json:"errors,omitempty"`
}

type textSetting struct {
	Text       string       `json:"text"`
	Successful bool         `json:"update_successful"`
	Errors     []eventError `json:"errors,omitempty"`
}

type pictureSetting struct {
	MimeType   string       `json:"mime_type"`
	SHA256     string       `json:"sha256"`
	Successful bool         `json:"update_successful"`
	Errors     []eventError `json:"errors,omitempty"`
}

// settingsEventOf names only the parts that were to change.
func settingsEventOf(g *group, st *step, out outcome, now time.Time) settingsEvent {
	event := settingsEvent{Timestamp: seconds(now), GroupID: g.id, Type: "group_settings_update", RequestID: st.Request}
	ok := out.Code == 0
	if !ok {
		event.Errors = eventErrors(out.Code)
	}
	if st.Picture != nil {
		event.Picture = &pictureSetting{MimeType: st.Picture.MimeType, SHA256: st.Picture.SHA256, Successful: ok, Errors: event.Errors}
	}
	if st.Subject != nil {
		event.Subject = &textSetting{Text: *st.Subject, Successful: ok, Errors: event.Errors}
	}
	if st.Description != nil {
		event.Description = &textSetting{Text: *st.Description, Successful: ok, Errors: event.Errors}
	}
	return event
}

type standingEvent struct {
	Timestamp string `json:"timestamp"`
	Type      string `json:"type"`
	GroupID   string `json:"group_id"`
}

type contact struct {
	Profile profile `json:"profile"`
	WaID    string  `json:"wa_id,omitempty"`
	UserID  string  `json:"user_id,omitempty"`
}

type profile struct {
	Name string `json:"name"`
}

// inbound is a message that a person wrote. What it says stands under the name of its type.
type inbound struct {
	Context   *replied  `json:"context,omitempty"`
	From      string    `json:"from"`
	UserID    string    `json:"from_user_id,omitempty"`
	GroupID   string    `json:"group_id,omitempty"`
	ID        string    `json:"id"`
	Timestamp string    `json:"timestamp"`
	Type      string    `json:"type"`
	Text      *textBody `json:"text,omitempty"`

	part json.RawMessage
}

// MarshalJSON adds the part that the type names.
func (in inbound) MarshalJSON() ([]byte, error) {
	type plain inbound
	b, err := json.Marshal(plain(in))
	if err != nil || len(in.part) == 0 {
		return b, err
	}
	name, err := json.Marshal(in.Type)
	if err != nil {
		return nil, err
	}
	b = append(append(b[:len(b)-1], ','), name...)
	return append(append(append(b, ':'), in.part...), '}'), nil
}

// status is how far a message of the business got: to the group as a whole, or to one participant.
type status struct {
	ID                string       `json:"id"`
	Status            string       `json:"status"`
	Timestamp         string       `json:"timestamp"`
	RecipientID       string       `json:"recipient_id"`
	RecipientType     string       `json:"recipient_type,omitempty"`
	ParticipantID     string       `json:"recipient_participant_id,omitempty"`
	ParticipantUserID string       `json:"recipient_participant_user_id,omitempty"`
	Opaque            string       `json:"biz_opaque_callback_data,omitempty"`
	Pricing           *pricing     `json:"pricing,omitempty"`
	Errors            []eventError `json:"errors,omitempty"`
}

type pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"pricing_model"`
	Type     string `json:"type"`
	Category string `json:"category"`
}

// statusWebhooks tells that a message was sent, and to whom it was delivered, or that it failed. Deliveries of all
// participants travel in one webhook.
func (s *Simulator) statusWebhooks(g *group, m *message, out outcome, now time.Time) []*webhook {
	base := status{ID: m.ID, Timestamp: seconds(now), RecipientID: g.id, RecipientType: "group", Opaque: m.Opaque}
	if out.Code != 0 {
		base.Status, base.Errors = "failed", eventErrors(out.Code)
		return s.newWebhook(g, fieldMessages, base.Status, webhookValue{Statuses: []status{base}})
	}
	sent := base
	sent.Status = "sent"
	webhooks := s.newWebhook(g, fieldMessages, sent.Status, webhookValue{Statuses: []status{sent}})
	return append(webhooks, s.newWebhook(g, fieldMessages, "delivered", s.memberStatus(g, m, "delivered", m.To, now))...)
}

// memberStatus tells how far a message has come to some of those in the group.
func (s *Simulator) memberStatus(g *group, m *message, word string, members []string, now time.Time) webhookValue {
	var v webhookValue
	for _, digits := range members {
		name, userID := s.findPhone(digits).profile()
		v.Statuses = append(v.Statuses, status{ID: m.ID, Status: word, Timestamp: seconds(now), RecipientID: g.id, RecipientType: "group", Opaque: m.Opaque,
			ParticipantID: digits, ParticipantUserID: userID, Pricing: &pricing{Model: "PMP", Type: "free_group_customer_service", Category: "group_service"}})
		v.Contacts = append(v.Contacts, contact{Profile: profile{Name: name}, WaID: digits, UserID: userID})
	}
	return v
}
