package store

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// MessageFilter says which messages of a business number are wanted. Zero members do not restrict.
type MessageFilter struct {
	AccountID    int64
	Number       group.Number
	Person       group.Number // by either spelling of a number that has two
	Inbound      *bool
	States       []group.MessageState
	BatchID      int64
	TemplateCode string
	From, Until  time.Time // when they were accepted or written: not before, and before
	Through      int       // how many are looked through for those that fulfil a filter which no index serves; default MostMessages
}

// MostMessages is the default of Through in MessageFilter.
const MostMessages = 100_000

// unserved tells whether a filter has to look at messages that do not fulfil it.
func (f *MessageFilter) unserved() bool {
	return f.Person == 0 && f.BatchID == 0 && (f.Inbound != nil || len(f.States) > 0 || f.TemplateCode != "")
}

// bound gives the time before which a filter that no index serves does not look: that of the last of the newest messages that it looks through.
func (tx *Tx) bound(f *MessageFilter) (time.Time, error) {
	w := where{args: []any{int64(f.Number)}, text: `WHERE number = $1`}
	w.span(f)
	w.and(` ORDER BY at DESC, id DESC LIMIT 1 OFFSET $?`, cmp.Or(f.Through, MostMessages)-1)
	var at int64
	err := tx.one(`SELECT at FROM message `+w.text, w.args, &at)
	if errors.Is(err, ErrNoRow) {
		return f.From, nil
	}
	return fromMillis(at), err
}

// span restricts to the time of a filter.
func (w *where) span(f *MessageFilter) {
	if !f.From.IsZero() {
		w.and(` AND at >= $?`, millis(f.From))
	}
	if !f.Until.IsZero() {
		w.and(` AND at < $?`, millis(f.Until))
	}
}

// Messages gives a page of messages, newest first. skip rows are left out before it. A filter by state, direction or template alone looks
// through the newest of the number alone, within the time asked for.
func (tx *Tx) Messages(f MessageFilter, skip, most int) (found []Message, err error) {
	if f.unserved() {
		if f.From, err = tx.bound(&f); err != nil {
			return nil, err
		}
	}
	w := where{args: []any{int64(f.Number), f.AccountID}, text: `WHERE number = $1 AND account_id = $2`}
	if other, two := f.Person.Other(); two {
		w.and(` AND person <> 0 AND person IN ($?`, int64(f.Person))
		w.and(`, $?)`, int64(other))
	} else if f.Person != 0 {
		w.and(` AND person = $? AND person <> 0`, int64(f.Person))
	}
	if f.Inbound != nil {
		w.and(` AND inbound = $?`, boolInt(*f.Inbound))
	}
	if len(f.States) > 0 {
		w.among(` AND state IN (`, f.States)
	}
	if f.BatchID != 0 {
		w.and(` AND batch_id = $? AND batch_id <> 0`, f.BatchID)
	}
	if f.TemplateCode != "" {
		w.and(` AND template_code = $?`, f.TemplateCode)
	}
	w.span(&f)
	w.and(` ORDER BY at DESC, id DESC LIMIT $?`, most)
	w.and(` OFFSET $?`, skip)
	return all(tx, scanMessage, selectMessage+w.text, w.args...)
}

// where is a condition that is put together from parts, each with an argument.
type where struct {
	text string
	args []any
}

// and adds a part; $? in it is its argument.
func (w *where) and(part string, arg any) {
	w.args = append(w.args, arg)
	w.text += strings.ReplaceAll(part, "$?", "$"+strconv.Itoa(len(w.args)))
}

// among adds a list of states; there are so few of them that each length may be a statement of its own.
func (w *where) among(part string, states []group.MessageState) {
	w.text += part
	for i, s := range states {
		if i > 0 {
			w.text += ", "
		}
		w.and(`$?`, int64(s))
	}
	w.text += ")"
}

// PruneMessages forgets at most so many messages from before a time, with what is known of their members. Those that are still in a
// lane stay.
func (tx *Tx) PruneMessages(after int64, before time.Time, most int) (last int64, gone int, err error) {
	const old = `FROM message WHERE id > $1 AND id <= $2 AND state <> $3`
	args := []any{after, IDAt(before) - 1, int64(group.MessageAccepted)}
	last, gone, err = tx.prune(old, most, args...)
	if err != nil || gone == 0 {
		return last, gone, err
	}
	_, err = tx.exec(`DELETE FROM message_member WHERE message_id > $1 AND message_id <= $2
		AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = message_member.message_id)`, after, last)
	return last, gone, wrapPrune(err)
}
