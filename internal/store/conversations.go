package store

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

const selectConversation = `SELECT id, account_id, number, person, wrote_at FROM conversation `

func scanConversation(row scanner) (group.Conversation, error) {
	var c group.Conversation
	var wrote int64
	err := row.Scan(&c.ID, &c.AccountID, &c.Number, &c.Person, &wrote)
	c.WroteAt = fromMillis(wrote)
	return c, err
}

func (tx *Tx) oneConversation(where string, args ...any) (group.Conversation, error) {
	return firstOf(all(tx, scanConversation, selectConversation+where, args...))
}

// Conversation gives a conversation by its key, which is that of its lane as well.
func (tx *Tx) Conversation(id int64) (group.Conversation, error) {
	return tx.oneConversation(`WHERE id = $1`, id)
}

// ConversationWith gives what a business number and a person write to each other.
func (tx *Tx) ConversationWith(number, person group.Number) (group.Conversation, error) {
	return tx.oneConversation(`WHERE number = $1 AND person = $2`, int64(number), int64(person))
}

// conversationsAtOnce is how many persons are looked up with one statement.
const conversationsAtOnce = 50

var selectConversations = selectConversation + `WHERE number = $1 AND person IN (` + placeholders(2, conversationsAtOnce) + `)`

// placeholders gives so many, counted from the first.
func placeholders(first, count int) string {
	marks := make([]string, count)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(marks, ", ")
}

// ConversationsWith gives what a business number and many persons write to each other, in no order; those that are not there are left out.
func (tx *Tx) ConversationsWith(number group.Number, people []group.Number) (found []group.Conversation, err error) {
	for part := range slices.Chunk(people, conversationsAtOnce) {
		args := []any{int64(number)}
		for i := range conversationsAtOnce { // one statement for all lengths: the last person fills up the places that are left
			args = append(args, int64(part[min(i, len(part)-1)]))
		}
		some, err := all(tx, scanConversation, selectConversations, args...)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// InsertConversation adds a conversation and fills in its ID.
func (tx *Tx) InsertConversation(c *group.Conversation) error {
	c.ID = tx.NewID()
	return tx.run(`INSERT INTO conversation (id, account_id, number, person, wrote_at) VALUES ($1, $2, $3, $4, $5)`,
		c.ID, c.AccountID, int64(c.Number), int64(c.Person), millis(c.WroteAt))
}

// PutWrote notes when the person last wrote, unless a later time is known.
func (tx *Tx) PutWrote(id int64, at time.Time) error {
	return tx.run(`UPDATE conversation SET wrote_at = $2 WHERE id = $1 AND wrote_at < $2`, id, millis(at))
}
