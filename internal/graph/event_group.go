package graph

import "encoding/json"

// Webhook fields.
const (
	fieldMessages     = "messages"
	fieldLifecycle    = "group_lifecycle_update"
	fieldParticipants = "group_participants_update"
	fieldSettings     = "group_settings_update"
	fieldStatus       = "group_status_update"
)

// fieldOf maps the spelling of Meta's OpenAPI file to that of the pages.
func fieldOf(field string) string {
	if field == "group_participant_update" {
		return fieldParticipants
	}
	return field
}

// aboutGroups reports whether updates of this field stand in a list of groups.
func aboutGroups(field string) bool {
	return field == fieldLifecycle || field == fieldParticipants || field == fieldSettings || field == fieldStatus
}

type wireGroupEvent struct {
	Timestamp     number                `json:"timestamp"`
	GroupID       text                  `json:"group_id"`
	Type          text                  `json:"type"`
	RequestID     text                  `json:"request_id"`
	InitiatedBy   text                  `json:"initiated_by"`
	Reason        text                  `json:"reason"`
	Errors        list[wireError]       `json:"errors"`
	Subject       text                  `json:"subject"`
	Description   text                  `json:"description"`
	InviteLink    text                  `json:"invite_link"`
	Mode          text                  `json:"join_approval_mode"`
	Added         list[wireParticipant] `json:"added_participants"`
	Removed       list[wireParticipant] `json:"removed_participants"`
	Failed        list[wireParticipant] `json:"failed_participants"`
	JoinRequestID text                  `json:"join_request_id"`
	WaID          text                  `json:"wa_id"`
	UserID        text                  `json:"user_id"`
	ParentUserID  text                  `json:"parent_user_id"`
	Username      text                  `json:"username"`
	NewSubject    *wireSetting          `json:"group_subject"`
	NewText       *wireSetting          `json:"group_description"`
	NewPicture    *wireSetting          `json:"profile_picture"`
}

type wireSetting struct {
	Text       text            `json:"text"`
	MIMEType   text            `json:"mime_type"`
	SHA256     text            `json:"sha256"`
	Successful *flag           `json:"update_successful"`
	Errors     list[wireError] `json:"errors"`
}

// outcome takes a setting without update_successful for changed if it has no errors.
func (w *wireSetting) outcome() *SettingOutcome {
	if w == nil {
		return nil
	}
	ok := len(w.Errors) == 0
	if w.Successful != nil {
		ok = bool(*w.Successful)
	}
	return &SettingOutcome{
		Successful: ok, Text: string(w.Text), MIMEType: string(w.MIMEType), SHA256: string(w.SHA256), Errors: toErrors(w.Errors),
	}
}

func groupEvent(field string, raw json.RawMessage) Event {
	var w wireGroupEvent
	if decode(raw, &w) != nil {
		return Event{Type: Unknown, Raw: raw}
	}
	return w.event(field, raw)
}

func (w *wireGroupEvent) event(field string, raw json.RawMessage) Event {
	e := Event{
		Type: w.kind(field), GroupID: string(w.GroupID), RequestID: string(w.RequestID), Timestamp: w.Timestamp.time(),
		Reason: string(w.Reason), Errors: toErrors(w.Errors), Raw: raw,
	}
	switch e.Type {
	case GroupCreate:
		e.Group = GroupSettings{string(w.Subject), string(w.Description), string(w.InviteLink), string(w.Mode)}
		e.Added = toParticipants(w.Added)
	case ParticipantsAdd, ParticipantsRemove:
		e.InitiatedBy = string(w.InitiatedBy)
		e.Added, e.Removed, e.Failed = toParticipants(w.Added), toParticipants(w.Removed), toParticipants(w.Failed)
	case JoinRequestCreated, JoinRequestRevoked:
		e.JoinRequestID = string(w.JoinRequestID)
		e.Requester = Participant{
			WaID: string(w.WaID), UserID: string(w.UserID), ParentUserID: string(w.ParentUserID), Username: string(w.Username),
		}
	case SettingsUpdate:
		e.Settings = Settings{w.NewSubject.outcome(), w.NewText.outcome(), w.NewPicture.outcome()}
	}
	return e
}

// groupTypes maps every spelling to the type it means.
var groupTypes = map[text]EventType{
	"group_create":               GroupCreate,
	"group_delete":               GroupDelete,
	"group_participants_add":     ParticipantsAdd,
	"group_add_participants":     ParticipantsAdd,
	"group_participants_remove":  ParticipantsRemove,
	"group_remove_participants":  ParticipantsRemove,
	"group_join_request_created": JoinRequestCreated,
	"group_join_request_revoked": JoinRequestRevoked,
	"group_settings_update":      SettingsUpdate,
	"group_suspend":              Suspend,
	"group_suspend_cleared":      SuspendCleared,
}

// kind decides what the update is. A sample of Meta's OpenAPI file shows a removal with the type of a creation, so for
// updates of participants that are typed as a creation, or not at all, the lists decide.
func (w *wireGroupEvent) kind(field string) EventType {
	t, known := groupTypes[w.Type]
	if field == fieldParticipants && (t == GroupCreate || w.Type == "") {
		switch {
		case len(w.Removed)+len(w.Failed) > 0:
			return ParticipantsRemove
		case len(w.Added) > 0:
			return ParticipantsAdd
		}
		return Unknown
	}
	if field == fieldSettings && w.Type == "" {
		return SettingsUpdate
	}
	if !known {
		return Unknown
	}
	return t
}
