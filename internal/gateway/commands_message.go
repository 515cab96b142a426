package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// runSend sends a message. When it is not known whether the last try went through, the message's status is waited for before
// it is sent again.
func (g *Gateway) runSend(ctx context.Context, c *command) outbox.Verdict {
	if c.unsure() {
		return g.again(0)
	}
	if c.job.Again && g.store.Shared() {
		switch sent, err := g.wasSent(ctx, c); {
		case err != nil:
			return outbox.Retry(outbox.Backoff(c.job.Item.Attempts), err.Error())
		case sent:
			return g.again(0) // its end is being told to the lane
		}
	}
	var content group.Content
	if err := json.Unmarshal(c.job.Item.Payload, &content); err != nil {
		return g.refused(ctx, c, 0, "the message cannot be read")
	}
	if err := g.resolve(ctx, c, &content); err != nil {
		return g.unresolved(ctx, c, err)
	}
	m := graph.Outgoing{Group: c.talk.ID == 0, To: c.group.NetworkID, Body: body(&content), ReplyTo: content.ContextID, CallbackData: FormatID(c.op.ID)}
	if !m.Group {
		m.To = c.talk.Person.String()
	}
	id, err := g.graph.Send(ctx, c.creds, m)
	switch {
	case graph.OutcomeUnknown(err) && !g.tired(c):
		return g.again(c.job.Expired)
	case err != nil:
		return g.trouble(ctx, c, err)
	}
	return g.finish(ctx, c, func(tx *store.Tx, fx *effects) error { return g.recordSent(tx, fx, c.op.ID, id) })
}

// wasSent looks whether another node has been told that a message is with the network already: its status may lie in the inbox, of a node
// that died before it had read it.
func (g *Gateway) wasSent(ctx context.Context, c *command) (sent bool, err error) {
	g.takeInbox()
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		op, err := tx.Operation(c.op.ID)
		sent = err == nil && op.State != group.Pending
		return err
	})
	return sent, err
}

// recordSent ends the operation of a message that the network has taken.
func (g *Gateway) recordSent(tx *store.Tx, fx *effects, operation int64, wamid string) error {
	op, err := tx.Operation(operation)
	if err != nil || op.State != group.Pending {
		return err
	}
	op.State, op.DoneAt, op.Result = group.Done, g.now(), wamid
	if err := tx.UpdateOperation(&op); err != nil {
		return err
	}
	fx.ended(op)
	return tx.MoveMessage(op.ID, store.MessageNews{State: group.MessageSent, At: op.DoneAt, WAMID: wamid})
}

var errNotSent = errors.New("the message that this one is about never reached the network")

// resolve puts the network's ids in the place of ours. Messages of one chat go one after the other, so one that this is about has been sent
// before, if it ever was.
func (g *Gateway) resolve(ctx context.Context, c *command, content *group.Content) error {
	for _, id := range []*string{&content.ContextID, &content.MessageID} {
		if !isDecimal(*id) {
			continue
		}
		var m store.Message
		err := g.store.Read(ctx, func(tx *store.Tx) (err error) {
			m, err = referenced(tx, &store.Message{AccountID: c.op.AccountID, Number: c.number()}, *id)
			return err
		})
		switch {
		case errors.Is(err, store.ErrNoRow), err == nil && m.WAMID == "":
			return errNotSent
		case err != nil:
			return err
		}
		*id = m.WAMID
	}
	return nil
}

func (g *Gateway) unresolved(ctx context.Context, c *command, err error) outbox.Verdict {
	if errors.Is(err, errNotSent) || g.tired(c) {
		return g.refused(ctx, c, 0, err.Error())
	}
	return outbox.Retry(outbox.Backoff(c.job.Item.Attempts), err.Error())
}

// body puts a message into the network's words. Its content has been checked.
func body(c *group.Content) graph.MessageBody {
	switch c.Kind {
	case group.MessageImage, group.MessageVideo, group.MessageAudio, group.MessageDocument, group.MessageSticker:
		return graph.MediaBody{Type: string(c.Kind), Link: c.Link, Caption: c.Caption, FileName: c.FileName}
	case group.MessageLocation:
		return graph.LocationBody(*c.Place)
	case group.MessageContacts:
		return graph.ContactsBody(c.Contacts)
	case group.MessageReaction:
		return graph.ReactionBody{MessageID: c.MessageID, Emoji: c.Emoji}
	case group.MessageInteractive:
		return graph.InteractiveBody(c.Interact)
	case group.MessagePin:
		if c.Pin.Unpin {
			return graph.PinBody{Type: "unpin", MessageID: c.MessageID}
		}
		return graph.PinBody{Type: "pin", MessageID: c.MessageID, Days: c.Pin.Days}
	case group.MessageTemplate:
		return graph.TemplateBody{Name: c.Template.Name, Language: c.Template.Language, Parameters: templateParameters(c.Template), Payloads: c.Template.Payload}
	}
	return graph.TextBody{Body: c.Text, PreviewURL: c.Preview}
}

// templateParameters gives the parameters by their places, or else by their names.
func templateParameters(u *group.TemplateUse) []graph.TemplateParameter {
	var out []graph.TemplateParameter
	values, _ := u.InPlace()
	for _, v := range values {
		out = append(out, graph.TemplateParameter{Text: v})
	}
	if len(values) > 0 {
		return out
	}
	for _, name := range slices.SortedFunc(maps.Keys(u.Parameters), cmp.Compare) {
		p := graph.TemplateParameter{Name: name, Text: u.Parameters[name]}
		if name == group.GroupIDVariable {
			p = graph.TemplateParameter{GroupID: u.Parameters[name]}
		}
		out = append(out, p)
	}
	return out
}
