package gateway_test

import (
	"encoding/json"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// What the tests' network has of templates.
var (
	greeting = group.Template{Code: "100", Name: "greeting", Languages: []string{"en"}, Category: group.CategoryMarketing,
		Text: "Hello {{name}}", Variables: []string{"name"}, Buttons: 1}
	passcode = group.Template{Code: "101", Name: "passcode", Languages: []string{"en"}, Category: group.CategoryAuthentication,
		Text: "{{1}}", Variables: []string{"1"}}
	invitation = group.Template{Code: "102", Name: "group_invite_link", Languages: []string{"en"}, Category: group.CategoryUtility,
		Text: "Come in: {{group_id}}", Variables: []string{group.GroupIDVariable}}
)

// templates makes the tests' templates known to the network, and to the gateway if it is to keep a list of them.
func templates(listed bool) option {
	return func(w *world, c *simulator.Config) {
		if listed {
			w.known.Templates = group.Templates{greeting, passcode, invitation}
		}
		for _, t := range []group.Template{greeting, passcode, invitation} {
			c.Templates = append(c.Templates, simulator.Template{Name: t.Name, Languages: t.Languages, Text: t.Text, Variables: t.Variables,
				Invites: t.Name == invitation.Name, Secret: t.Name == passcode.Name})
		}
	}
}

// seen is a message on a phone.
type seen struct {
	ID      string          `json:"id"`
	GroupID string          `json:"group_id"`
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	Content json.RawMessage `json:"content"`
	ReplyTo string          `json:"reply_to"`
}

// phone gives everything that a phone has received, of one group or, with "", of all and of businesses.
func (w *world) phone(n group.Number, groupID string) []seen {
	w.t.Helper()
	var list struct {
		Messages []seen `json:"messages"`
	}
	w.did(w.control("GET", "/phones/"+n.String()+"/messages?group_id="+groupID, nil, &list), "messages of "+n.String())
	return list.Messages
}

// types gives what kinds of messages a phone has received, in order.
func (w *world) types(n group.Number, groupID string) []string {
	w.t.Helper()
	out := []string{}
	for _, m := range w.phone(n, groupID) {
		out = append(out, m.Type)
	}
	return out
}

// newPhone makes a phone.
func (w *world) newPhone(n group.Number) {
	w.t.Helper()
	w.did(w.control("POST", "/phones", map[string]string{"number": n.String()}, nil), "new phone")
}

// writes lets a phone write to the business, or into a group, and gives the network's id of the message. It waits until the gateway has it.
func (w *world) writes(n group.Number, what map[string]any) string {
	w.t.Helper()
	if what["group_id"] == nil {
		what["to"] = business.String()
	}
	var made struct{ ID string }
	w.did(w.control("POST", "/phones/"+n.String()+"/messages", what, &made), "writing")
	w.until("the gateway has the message", func() bool { _, ok := w.stored(made.ID); return ok })
	return made.ID
}

// stored gives a message that the gateway keeps, by the network's id.
func (w *world) stored(wamid string) (m store.Message, ok bool) {
	w.t.Helper()
	w.must(w.house.store.Read(ctx, func(tx *store.Tx) (err error) {
		found, err := tx.Messages(store.MessageFilter{AccountID: 1000000000000001, Number: business}, 0, 1000)
		for _, f := range found {
			if f.WAMID == wamid {
				m, ok = f, true
			}
		}
		return err
	}))
	return m, ok
}

// kept gives a message that the gateway keeps, by our id.
func (w *world) kept(id int64) (m store.Message) {
	w.t.Helper()
	w.must(w.house.store.Read(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Message(id)
		return err
	}))
	return m
}

// comesTo waits until a message has come so far.
func (w *world) comesTo(id int64, state group.MessageState) store.Message {
	w.t.Helper()
	var m store.Message
	w.until("message "+gateway.FormatID(id)+" is "+state.String(), func() bool {
		m = w.kept(id)
		return m.State == state
	})
	return m
}

// toPerson is a text to somebody outside of groups.
func toPerson(n group.Number, text string) gateway.Outgoing {
	return gateway.Outgoing{Target: home, Person: n, Content: group.Content{Kind: group.MessageText, Text: text}}
}

// toGroup is a message to a group.
func toGroup(g made, c group.Content) gateway.Outgoing {
	return gateway.Outgoing{Target: g.Target, Content: c}
}

// greet is the greeting to somebody.
func greet(name string) group.Content {
	return group.Content{Kind: group.MessageTemplate, Template: &group.TemplateUse{Code: "100", Language: "en", Parameters: map[string]string{"name": name}}}
}

// post has a message sent.
func (w *world) post(o gateway.Outgoing) gateway.Change {
	w.t.Helper()
	c, err := w.gateway().Send(ctx, w.me(), o)
	w.must(err)
	return c
}
