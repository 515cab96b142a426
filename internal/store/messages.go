package store

import (
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Frames of a message, in the words of receipts.
const (
	FrameMessage  = "message"
	FrameTemplate = "template"
)

// Message is one message of a business number, to it or from it.
type Message struct {
	ID        int64 // what callers know it by: of one that was sent, the key of its operation
	AccountID int64
	Number    group.Number // the business number
	At        time.Time    // when it was accepted, or written
	StateAt   time.Time
	GroupID   int64        // ours, 0 outside of groups
	Chat      string       // the network's id of the group, "" outside of groups
	Person    group.Number // the other side; in a group who wrote it, 0 for the business
	BatchID   int64        // the operation that sent many at once, 0 for none
	Inbound   bool
	State     group.MessageState
	Code      int    // the network's, when it failed
	Reason    string // the sentence that goes with Code
	WAMID     string // the network's id, "" until it has taken the message
	Kind      string // a group.MessageKind, or another word of the network for what came in
	TaskID    string // the caller's, "" for none

	TemplateCode, TemplateName, Language string

	Content string // a text, or for other kinds JSON
}

// Frame says whether it is made of a template.
func (m *Message) Frame() string {
	if m.Kind == string(group.MessageTemplate) {
		return FrameTemplate
	}
	return FrameMessage
}

// InsertMessage adds a message of the business, under the key that it has.
func (tx *Tx) InsertMessage(m *Message) error { return tx.run(insertMessage, messageArgs(m)...) }

// InsertInbound adds a message that came in and fills in its ID.
func (tx *Tx) InsertInbound(m *Message) error {
	m.ID = tx.NewID()
	return tx.InsertMessage(m)
}

const insertMessage = `INSERT INTO message (id, account_id, number, at, state_at, group_id, person, batch_id, inbound, state, code, chat, wamid,
	kind, task_id, template_code, template_name, language, content, reason)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`

func messageArgs(m *Message) []any {
	return []any{m.ID, m.AccountID, int64(m.Number), millis(m.At), millis(m.StateAt), m.GroupID, int64(m.Person), m.BatchID, boolInt(m.Inbound),
		int64(m.State), m.Code, m.Chat, orNull(m.WAMID), m.Kind, m.TaskID, m.TemplateCode, m.TemplateName, m.Language, m.Content, m.Reason}
}

const selectMessage = `SELECT id, account_id, number, at, state_at, group_id, person, batch_id, inbound, state, code, chat, coalesce(wamid, ''),
	kind, task_id, template_code, template_name, language, content, reason FROM message `

func scanMessage(row scanner) (Message, error) {
	var m Message
	var at, stateAt int64
	err := row.Scan(&m.ID, &m.AccountID, &m.Number, &at, &stateAt, &m.GroupID, &m.Person, &m.BatchID, &m.Inbound, &m.State, &m.Code, &m.Chat,
		&m.WAMID, &m.Kind, &m.TaskID, &m.TemplateCode, &m.TemplateName, &m.Language, &m.Content, &m.Reason)
	m.At, m.StateAt = fromMillis(at), fromMillis(stateAt)
	return m, err
}

func (tx *Tx) oneMessage(where string, args ...any) (Message, error) {
	return firstOf(all(tx, scanMessage, selectMessage+where, args...))
}

// Message gives a message by its key.
func (tx *Tx) Message(id int64) (Message, error) { return tx.oneMessage(`WHERE id = $1`, id) }

// MessageByWAMID gives a message of a business number by the network's id.
func (tx *Tx) MessageByWAMID(number group.Number, wamid string) (Message, error) {
	return tx.oneMessage(`WHERE number = $1 AND wamid = $2`, int64(number), wamid)
}

// MessageNews is what has become of a message.
type MessageNews struct {
	State  group.MessageState
	At     time.Time
	WAMID  string // "" leaves it as it is
	Code   int
	Reason string
}

// MoveMessage writes how far a message has come, unless it has come further already. The network's id is written all the same.
func (tx *Tx) MoveMessage(id int64, n MessageNews) error {
	return tx.run(`UPDATE message SET wamid = coalesce(wamid, $2), state_at = CASE WHEN state < $3 THEN $4 ELSE state_at END,
		code = CASE WHEN state < $3 THEN $5 ELSE code END, reason = CASE WHEN state < $3 THEN $6 ELSE reason END,
		state = CASE WHEN state < $3 THEN $3 ELSE state END
		WHERE id = $1`, id, orNull(n.WAMID), int64(n.State), millis(n.At), n.Code, n.Reason)
}

// PutMember writes how far a message has come to one member of its group, unless it has come further already.
func (tx *Tx) PutMember(messageID int64, m MessageMember) error {
	return tx.run(`INSERT INTO message_member (message_id, person, at, state) VALUES ($1, $2, $3, $4)
		ON CONFLICT (message_id, person) DO UPDATE SET at = excluded.at, state = excluded.state WHERE message_member.state < excluded.state`,
		messageID, int64(m.Person), millis(m.At), int64(m.State))
}

// MessageMember is how far a message has come to one member of its group.
type MessageMember struct {
	Person group.Number
	State  group.MessageState
	At     time.Time
}

// MessageMembers gives how far a message has come to those whom the network has told of.
func (tx *Tx) MessageMembers(messageID int64) ([]MessageMember, error) {
	return all(tx, func(row scanner) (MessageMember, error) {
		var m MessageMember
		var at int64
		err := row.Scan(&m.Person, &m.State, &at)
		m.At = fromMillis(at)
		return m, err
	}, `SELECT person, state, at FROM message_member WHERE message_id = $1 ORDER BY person`, messageID)
}
