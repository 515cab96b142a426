package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// EventType says what happened. The values of group events are Meta's words from the Groups API webhooks page; those
// that Meta's OpenAPI file spells differently are mapped to them.
type EventType string

// The types of events.
const (
	GroupCreate        EventType = "group_create" // created, or with Errors: creation failed
	GroupDelete        EventType = "group_delete" // deleted, or with Errors: deletion failed
	ParticipantsAdd    EventType = "group_participants_add"
	ParticipantsRemove EventType = "group_participants_remove" // removed by the business, or left; see InitiatedBy
	JoinRequestCreated EventType = "group_join_request_created"
	JoinRequestRevoked EventType = "group_join_request_revoked"
	SettingsUpdate     EventType = "group_settings_update"
	Suspend            EventType = "group_suspend"
	SuspendCleared     EventType = "group_suspend_cleared"
	MessageReceived    EventType = "message"
	MessageStatus      EventType = "status"
	Unknown            EventType = "unknown" // kept raw
)

// Who initiated a removal.
const (
	ByBusiness    = "business"
	ByParticipant = "participant"
)

// Event is one update of a webhook. Members that do not belong to its type are zero.
type Event struct {
	Type               EventType
	Field              string // the webhook field as it came
	WABAID             string
	PhoneNumberID      string
	DisplayPhoneNumber string

	GroupID     string    // empty for a creation that failed, and for a message outside groups
	RequestID   string    // of the call that caused it; empty when no call did
	Timestamp   time.Time // whole seconds, UTC; zero if absent. Cannot order events of one second
	InitiatedBy string    // ByBusiness, ByParticipant or empty
	Reason      string    // such as "invite_link"
	Errors      []*Error  // of the whole; errors of one person or setting stand there

	Group         GroupSettings // GroupCreate
	Added         []Participant // ParticipantsAdd; GroupCreate in an old form
	Removed       []Participant // ParticipantsRemove
	Failed        []Participant // ParticipantsRemove: those who were not removed
	JoinRequestID string        // JoinRequestCreated, JoinRequestRevoked. One person's requests can share an id
	Requester     Participant   // likewise
	Settings      Settings      // SettingsUpdate
	Message       *Message      // MessageReceived
	Status        *Status       // MessageStatus

	Raw json.RawMessage // the update itself as it came
}

// GroupSettings are what a group was created with.
type GroupSettings struct {
	Subject          string
	Description      string
	InviteLink       string
	JoinApprovalMode string
}

// Settings holds the outcome of each setting that a call changed; the others are nil.
type Settings struct {
	Subject     *SettingOutcome
	Description *SettingOutcome
	Picture     *SettingOutcome
}

// SettingOutcome is what became of one changed setting.
type SettingOutcome struct {
	Successful bool
	Text       string // subject and description
	MIMEType   string // picture
	SHA256     string // picture
	Errors     []*Error
}

// Message is a message that came in. What it carries stands in the member of its kind, the others are zero; Kind "unsupported"
// has Errors. Source: Meta, pages on the messages webhook, one for each kind.
type Message struct {
	ID         string // wamid
	Kind       string // Meta's type: text, image, unsupported …
	From       string // wa_id of the writer; may be empty for somebody with a username
	FromUserID string // business-scoped user id
	Name       string // profile name
	Text       string
	Media      *Media          // image, video, audio, document, sticker
	Location   *Location       // location
	Contacts   json.RawMessage // contacts: the list as it came
	Reply      *Reply          // button, interactive
	Reaction   *Reaction       // reaction
	System     *System         // system
	Errors     []*Error
}

// Media is a file that a message carries. Meta gives its id; the file is fetched by GET /{media-id} with the number's token.
type Media struct {
	ID       string
	MIMEType string
	Caption  string
	Filename string // of a document
	URL      string // only where the webhook itself names one
}

// Location is a place on the map.
type Location struct {
	Latitude, Longitude string // degrees, as they came
	Name, Address       string
}

// Reply is the press of a button, or a choice from a list.
type Reply struct {
	Text    string // what the person saw
	Payload string // what the business had put behind it
}

// Reaction is an emoji on a message.
type Reaction struct {
	MessageID string // wamid
	Emoji     string // empty: taken back
}

// System tells of the person, such as that the number has changed.
type System struct {
	Body string
	Type string
}

// Status is the progress of a message that the business sent.
type Status struct {
	MessageID    string // wamid
	Status       string // sent, delivered, read, failed
	Participant  string // wa_id of the participant it speaks of; empty for the group as a whole
	UserID       string // business-scoped user id of the participant
	CallbackData string // biz_opaque_callback_data of the message
	Errors       []*Error
}

// Key identifies what happened: 64 hexadecimal digits that are equal for the same update however often and in
// whatever spelling it is delivered. Meta gives its updates no id. Two equal acts in the same second (a person joining,
// leaving and joining again) cannot be told apart.
func (e *Event) Key() string {
	var d digest
	switch {
	case e.Type == MessageReceived && e.Message != nil && e.Message.ID != "":
		d.add(string(e.Type), e.Message.ID)
	case e.Type == MessageStatus && e.Status != nil && e.Status.MessageID != "":
		d.add(string(e.Type), e.Status.MessageID, e.Status.Status, e.Status.person())
	case e.Type == Unknown || e.Type == MessageReceived || e.Type == MessageStatus:
		d.add(string(e.Type), e.Field, e.WABAID, e.PhoneNumberID, canonical(e.Raw))
	default:
		d.add(string(e.Type), e.GroupID, e.RequestID, e.JoinRequestID, strconv.FormatInt(e.Timestamp.Unix(), 10))
		d.addSorted(e.people())
		d.addSorted(codes(e.Errors))
		d.addSorted(e.Settings.keys())
	}
	sum := sha256.Sum256(d)
	return hex.EncodeToString(sum[:])
}

func (s *Status) person() string {
	if s.Participant != "" {
		return s.Participant
	}
	return s.UserID
}

// people lists the persons of the event, each with its part in it.
func (e *Event) people() []string {
	var keys []string
	for _, part := range []struct {
		name   string
		people []Participant
	}{{"added", e.Added}, {"removed", e.Removed}, {"failed", e.Failed}, {"requester", []Participant{e.Requester}}} {
		for _, p := range part.people {
			var d digest
			d.add(part.name, p.Input, p.WaID, p.UserID)
			d.addSorted(codes(p.Errors))
			keys = append(keys, string(d))
		}
	}
	return keys
}

func (s Settings) keys() []string {
	var keys []string
	for i, o := range []*SettingOutcome{s.Subject, s.Description, s.Picture} {
		if o == nil {
			continue
		}
		var d digest
		d.add(strconv.Itoa(i), strconv.FormatBool(o.Successful), o.Text, o.SHA256)
		d.addSorted(codes(o.Errors))
		keys = append(keys, string(d))
	}
	return keys
}

func codes(errs []*Error) []string {
	var cs []string
	for _, e := range errs {
		cs = append(cs, strconv.Itoa(e.Code))
	}
	return cs
}

// digest gathers parts, each with its length in front, so that no two different lists look alike.
type digest []byte

func (d *digest) add(parts ...string) {
	for _, p := range parts {
		*d = binary.AppendUvarint(*d, uint64(len(p)))
		*d = append(*d, p...)
	}
}

func (d *digest) addSorted(parts []string) {
	slices.Sort(parts)
	*d = binary.AppendUvarint(*d, uint64(len(parts)))
	d.add(parts...)
}

// canonical returns JSON with its members in one order and without spaces.
func canonical(raw json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return string(raw)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return string(raw)
	}
	return string(out)
}
