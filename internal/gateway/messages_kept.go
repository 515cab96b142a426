package gateway

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// keepInbound keeps a message that somebody wrote, once however often it is reported, and notes when the person last wrote to the business
// number outside of groups. It gives the message, nil for one without an id.
func (g *Gateway) keepInbound(tx *store.Tx, n *group.BusinessNumber, e *graph.Event) (*store.Message, error) {
	if e.Message == nil || e.Message.ID == "" {
		return nil, nil
	}
	holdMessage(tx, e.Message.ID)
	switch known, err := tx.MessageByWAMID(n.Number, e.Message.ID); {
	case err == nil:
		return &known, nil
	case !errors.Is(err, store.ErrNoRow):
		return nil, err
	}
	m := store.Message{AccountID: n.AccountID, Number: n.Number, At: e.Timestamp, Inbound: true, State: group.MessageReceived, Chat: e.GroupID,
		WAMID: e.Message.ID, Kind: e.Message.Kind, Content: written(e)}
	if m.At.IsZero() {
		m.At = g.now()
	}
	m.StateAt = m.At
	if person, err := group.ParseNumber(e.Message.From); err == nil { // the network may tell of somebody without a number
		m.Person = person
	}
	if err := keepPlace(tx, n, &m); err != nil {
		return nil, err
	}
	return &m, tx.InsertInbound(&m)
}

// keepPlace finds the group that a message was written in, or notes that its writer has written.
func keepPlace(tx *store.Tx, n *group.BusinessNumber, m *store.Message) error {
	if m.Chat != "" {
		gr, err := tx.GroupByNetworkID(m.Chat)
		switch {
		case errors.Is(err, store.ErrNoRow):
			return nil // it may become known yet
		case err == nil && gr.Number == n.Number:
			m.GroupID = gr.ID
		}
		return err
	}
	if m.Person == 0 || m.Kind == kindSystem {
		return nil
	}
	talk, err := conversation(tx, n, m.Person)
	if err != nil {
		return err
	}
	return tx.PutWrote(talk.ID, m.At)
}

// kindSystem is a notice of the network about a person, such as a new number. It opens no window.
const kindSystem = "system"

// maxWritten bounds what is kept of a message that came in, in bytes. Texts have at most 4096 characters.
const maxWritten = 16 << 10

// written gives what lists show of a message that came in: a text as it is, of anything else the part that its kind names, as JSON.
func written(e *graph.Event) string {
	if e.Message.Kind == string(group.MessageText) {
		return e.Message.Text
	}
	var parts map[string]json.RawMessage
	if json.Unmarshal(e.Raw, &parts) != nil || len(parts[e.Message.Kind]) > maxWritten {
		return ""
	}
	return string(parts[e.Message.Kind])
}

// statuses are the network's words for how far a message has come.
var statuses = map[string]group.MessageState{"sent": group.MessageSent, "delivered": group.MessageDelivered, "read": group.MessageRead,
	"failed": group.MessageFailed}

// keepStatus keeps how far a message of ours has come. In a group that is told of each member; the message as a whole has
// come as far as it has for the first of them.
func (g *Gateway) keepStatus(tx *store.Tx, m *store.Message, e *graph.Event) error {
	state := statuses[e.Status.Status]
	if state == 0 {
		return nil // a word that the network has got since
	}
	at := e.Timestamp
	if at.IsZero() {
		at = g.now()
	}
	if m.GroupID != 0 && e.Status.Participant != "" {
		if err := keepMember(tx, m, e, at); err != nil {
			return err
		}
	}
	if state <= m.State && m.WAMID != "" {
		return nil
	}
	news := store.MessageNews{State: state, At: at, WAMID: e.Status.MessageID}
	if len(e.Status.Errors) > 0 && state == group.MessageFailed {
		news.Code, news.Reason = e.Status.Errors[0].Code, e.Status.Errors[0].Reason()
	}
	return tx.MoveMessage(m.ID, news)
}

func keepMember(tx *store.Tx, m *store.Message, e *graph.Event, at time.Time) error {
	person, err := group.ParseNumber(e.Status.Participant)
	if err != nil {
		return nil //nolint:nilerr // somebody without a number
	}
	return tx.PutMember(m.ID, store.MessageMember{Person: person, State: statuses[e.Status.Status], At: at})
}
