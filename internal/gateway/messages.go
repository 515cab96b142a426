package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Outgoing is a message that a caller wants sent: to the group that the target names, or to a person.
type Outgoing struct {
	Target  Target
	Person  group.Number // 0 for a message to a group
	TaskID  string       // the caller's, comes back in receipts
	Content group.Content
}

// toGroup tells whether a message goes to a group.
func (o *Outgoing) toGroup() bool { return o.Person == 0 }

// Send has a message sent. One to a group goes behind everything that the group was asked to do before: whoever a removal takes out
// does not get it. One to a person goes behind what was to be sent to them before. It answers once the message cannot be lost; the
// operation's key is the id of the message, and the network's id of it is in the operation's Result. Refusals: NotOwner,
// NotAllowlisted, NotFound, Suspended, NotActive, BadMessage, BadKind, MessageUnknown, WindowClosed, TemplateUnknown,
// TemplateParams, BadLanguage.
func (g *Gateway) Send(ctx context.Context, c Caller, o Outgoing) (Change, error) {
	n, err := g.sender(c, o.Target)
	if err != nil {
		return Change{}, err
	}
	if err := g.checkOutgoing(c, &o); err != nil {
		return Change{}, err
	}
	var l store.Lane
	s, err := g.change(ctx, c, group.KindSend, func(tx *store.Tx, op *group.Operation) (err error) {
		l, err = g.accept(tx, n, &o, accepted{op: op})
		return err
	})
	if err != nil {
		return Change{}, err
	}
	g.waiters.remove(s.op.ID, s.ended)
	if l.Kind == store.DirectLane {
		g.outbox.Wake(l)
	}
	return Change{Operation: s.op, Rows: 1}, nil
}

// sender is owned for a call that may leave the channel out: one number belongs to one channel.
func (g *Gateway) sender(c Caller, t Target) (*group.BusinessNumber, error) {
	if n := g.directory.latest().numbers[t.Number]; n != nil && t.SpaceID == "" {
		t.SpaceID = n.SpaceID
	}
	return g.owned(c, t)
}

// checkOutgoing refuses what can be refused without looking at the store, and completes a template from what is known of it. Only messages
// to groups are part of the beta.
func (g *Gateway) checkOutgoing(c Caller, o *Outgoing) error {
	if (o.toGroup() || o.Content.Invites() != "") && !c.Principal.Beta {
		return &group.Error{Code: group.CodeNotAllowlisted}
	}
	if o.Content.Kind == group.MessageTemplate && o.Content.Template != nil {
		if err := g.completeTemplate(o); err != nil {
			return err
		}
	}
	return o.Content.Check(o.toGroup())
}

// completeTemplate fills in what is known of a template, and refuses one that there is not, or not for groups.
func (g *Gateway) completeTemplate(o *Outgoing) error {
	known := g.cfg.Network.Known.Templates
	if err := known.Complete(o.Content.Template); err != nil || !o.toGroup() {
		return err
	}
	return known.ForGroups(o.Content.Template)
}

// accepted is what a message is accepted as.
type accepted struct {
	op    *group.Operation // still to be inserted
	batch int64            // the operation that sends many at once
	talks talks            // with those whom many messages go to, when they were looked up together
}

// accept writes a message down and puts it into its lane.
func (g *Gateway) accept(tx *store.Tx, n *group.BusinessNumber, o *Outgoing, as accepted) (l store.Lane, err error) {
	m := newMessage(n, o, as)
	if o.toGroup() {
		l, err = toGroup(tx, n, o, &m)
	} else {
		l, err = toPerson(tx, n, o, &m, as.talks)
	}
	if err != nil {
		return l, err
	}
	if err := checkInvitation(tx, n, &o.Content); err != nil {
		return l, err
	}
	for _, id := range [...]string{o.Content.ContextID, o.Content.MessageID} {
		if err := checkReference(tx, &m, id); err != nil {
			return l, err
		}
	}
	payload, err := json.Marshal(&o.Content)
	if err != nil {
		return l, err
	}
	as.op.GroupID = m.GroupID
	if err := tx.InsertOperation(as.op); err != nil {
		return l, err
	}
	m.ID = as.op.ID
	if err := tx.InsertMessage(&m); err != nil {
		return l, err
	}
	return l, tx.Enqueue(&store.Item{Lane: l, Kind: group.KindSend, OperationID: as.op.ID, Payload: payload})
}

// newMessage gives the row of a message, without where it goes.
func newMessage(n *group.BusinessNumber, o *Outgoing, as accepted) store.Message {
	m := store.Message{AccountID: n.AccountID, Number: n.Number, At: as.op.At, StateAt: as.op.At, State: group.MessageAccepted, BatchID: as.batch,
		Kind: string(o.Content.Kind), TaskID: o.TaskID, Content: shown(&o.Content)}
	if t := o.Content.Template; t != nil && o.Content.Kind == group.MessageTemplate {
		m.TemplateCode, m.TemplateName, m.Language = t.Code, t.Name, t.Language
	}
	return m
}

// toGroup finds the group that a message goes to, whose lane it will be in.
func toGroup(tx *store.Tx, n *group.BusinessNumber, o *Outgoing, m *store.Message) (store.Lane, error) {
	gr, err := find(tx, n, o.Target)
	if err != nil {
		return store.Lane{}, err
	}
	m.GroupID, m.Chat = gr.ID, gr.NetworkID
	return lane(gr.ID), gr.CheckChangeable()
}

// checkInvitation refuses a template with the invite link of a group that is not one of the number's: the network would give the link of
// any.
func checkInvitation(tx *store.Tx, n *group.BusinessNumber, c *group.Content) error {
	id := c.Invites()
	if id == "" {
		return nil
	}
	gr, err := tx.GroupByNetworkID(id)
	if err == nil && (gr.Number != n.Number || gr.AccountID != n.AccountID) {
		err = store.ErrNoRow
	}
	if err != nil {
		return coded(err, group.ErrNotFound)
	}
	return gr.CheckChangeable()
}

// toPerson finds the conversation with the person that a message goes to, whose lane it will be in.
func toPerson(tx *store.Tx, n *group.BusinessNumber, o *Outgoing, m *store.Message, known talks) (store.Lane, error) {
	talk, ok := known[o.Person]
	if !ok {
		var err error
		if talk, err = conversation(tx, n, o.Person); err != nil {
			return store.Lane{}, err
		}
	}
	m.Person = talk.Person
	if o.Content.Kind == group.MessageTemplate {
		return directLane(talk.ID), nil
	}
	return directLane(talk.ID), talk.CheckWindow(m.At)
}

// conversation gives what a business number and a person write to each other, made when it is the first time. Somebody whose number has two
// spellings is known by the one under which they have written.
func conversation(tx *store.Tx, n *group.BusinessNumber, person group.Number) (group.Conversation, error) {
	holdConversation(tx, n.Number, person)
	talk, err := tx.ConversationWith(n.Number, person)
	if err != nil && !errors.Is(err, store.ErrNoRow) {
		return talk, err
	}
	if other, two := person.Other(); two && talk.WroteAt.IsZero() {
		switch theirs, failed := tx.ConversationWith(n.Number, other); {
		case failed == nil && !theirs.WroteAt.IsZero():
			return theirs, nil
		case failed != nil && !errors.Is(failed, store.ErrNoRow):
			return talk, failed
		}
	}
	if err == nil {
		return talk, nil
	}
	talk = group.Conversation{AccountID: n.AccountID, Number: n.Number, Person: person}
	return talk, tx.InsertConversation(&talk)
}

// errMessageUnknown refuses a message that names another one which is not there.
var errMessageUnknown = group.Errorf(group.CodeMessageUnknown,
	"There is no such message in this chat; give the MessageId that SendChatappMessage or a receipt told, of a message to or from the same recipient.")

// checkReference refuses a message about one of another chat. An id of the network that is not known here may be older than what is
// kept, and is left to the network.
func checkReference(tx *store.Tx, m *store.Message, id string) error {
	if id == "" {
		return nil
	}
	other, err := referenced(tx, m, id)
	switch {
	case errors.Is(err, store.ErrNoRow) && !isDecimal(id):
		return nil
	case errors.Is(err, store.ErrNoRow):
		return errMessageUnknown
	case err != nil:
		return err
	case other.Chat != m.Chat || m.Chat == "" && other.Person != m.Person:
		return errMessageUnknown
	}
	return nil
}

// referenced finds a message of the same business number by our id or by the network's.
func referenced(tx *store.Tx, m *store.Message, id string) (other store.Message, err error) {
	if isDecimal(id) {
		key, bad := strconv.ParseInt(id, 10, 64)
		if bad != nil {
			return other, store.ErrNoRow
		}
		other, err = tx.Message(key)
	} else {
		other, err = tx.MessageByWAMID(m.Number, id)
	}
	if err == nil && (other.Number != m.Number || other.AccountID != m.AccountID) {
		err = store.ErrNoRow
	}
	return other, err
}

// shown gives what lists show of a message: a text as it is, anything else as JSON.
func shown(c *group.Content) string {
	var v any
	switch c.Kind {
	case group.MessageText, "":
		return c.Text
	case group.MessageContacts:
		return string(c.Contacts)
	case group.MessageInteractive:
		return string(c.Interact)
	case group.MessageLocation:
		v = c.Place
	case group.MessageTemplate:
		v = c.Template
	default:
		short := *c
		short.Kind, short.ContextID = "", ""
		v = short
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
