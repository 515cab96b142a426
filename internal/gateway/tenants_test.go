package gateway_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// The invite link of a group is given by a template to those alone whose group it is.
func TestP6NoInvitationToAnothersGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	g := w.group("ward", anna)
	invitation := func(id string) group.Content {
		return group.Content{Kind: group.MessageTemplate, Template: &group.TemplateUse{Name: "group_invite_link", Language: "en",
			Parameters: map[string]string{group.GroupIDVariable: id}}}
	}
	w.newPhone(berta)
	w.done(w.post(gateway.Outgoing{Target: home, Person: berta, Content: invitation(g.GroupID)}).Operation.ID)
	_, err := w.gateway().Send(ctx, w.me(), gateway.Outgoing{Target: home, Person: berta, Content: invitation("no such group")})
	w.refused(err, group.CodeNotFound)

	them, theirs := w.neighbour()
	target := gateway.Target{SpaceID: theirs.SpaceID, Number: theirs.Number}
	_, err = w.gateway().Send(ctx, them, gateway.Outgoing{Target: target, Person: berta, Content: invitation(g.GroupID)})
	if err == nil {
		t.Error("a neighbour has sent the invite link of our group")
	}
	var refusal *group.Error
	if !errors.As(err, &refusal) || refusal.Code != group.CodeNotFound && refusal.Code != group.CodeNotAllowlisted {
		t.Errorf("refused with %v", err)
	}
}

// handOver gives the number to the neighbour.
func (w *world) handOver() (gateway.Caller, gateway.Target) {
	w.t.Helper()
	_, err := w.gateway().DeleteInstance(ctx, w.as(w.keyID, "DeleteInstance"), space)
	w.must(err)
	them, theirs := w.neighbour()
	w.must(w.gateway().BindNumber(ctx, "1000000000000002", group.BusinessNumber{Number: business, SpaceID: theirs.SpaceID,
		PhoneNumberID: phoneID, WABAID: wabaID, Token: "token-of-the-second"}))
	w.must(w.sim.RegisterNumber(simulator.Number{DisplayNumber: "+" + business.String(), PhoneNumberID: phoneID, WABAID: wabaID, Token: "token-of-the-second", Subscribed: true}))
	return w.as(them.Principal.AccessKeyID, "Test"), gateway.Target{SpaceID: theirs.SpaceID, Number: business}
}

// What the network says late of one account's message does not show it to the next owner of the number.
func TestP6StatusOfAFormerOwnersMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	w.newPhone(anna)
	c := w.post(gateway.Outgoing{Target: home, Person: anna, TaskID: "a task of the first owner", Content: greet("Anna")})
	w.done(c.Operation.ID)
	m := w.comesTo(c.Operation.ID, group.MessageDelivered)
	w.idle()
	them, target := w.handOver()
	w.hooks.deliver(graph.Event{Type: graph.MessageStatus, PhoneNumberID: phoneID, Timestamp: w.clock.now(),
		Status: &graph.Status{MessageID: m.WAMID, Status: "read", Participant: anna.String(), CallbackData: gateway.FormatID(m.ID)}})
	if state := w.kept(m.ID).State; state != group.MessageDelivered {
		t.Errorf("the message of the first owner is %v", state)
	}
	list, _, err := w.gateway().Events(ctx, them, target, gateway.EventList{Size: 10})
	w.must(err)
	for _, e := range list {
		if text := string(e.Item); strings.Contains(text, "first owner") || strings.Contains(text, gateway.FormatID(m.ID)) || strings.Contains(text, "greeting") {
			t.Errorf("the second owner is told %s", text)
		}
	}
}

// What was asked for by one account is not sent in the name of another that has got its number since.
func TestP6NumberThatChangesHands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	var down atomic.Bool
	down.Store(true)
	w.newPhone(anna)
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "send_message" && down.Load() {
			return simulator.CallFate{Code: 131000, Status: 500}
		}
		return simulator.CallFate{}
	}})
	c, err := w.gateway().Send(ctx, w.me(), gateway.Outgoing{Target: home, Person: anna, Content: greet("from the first owner")})
	w.must(err)
	w.until("it was tried", func() bool { return len(w.calls("send_message")) > 0 })
	w.handOver()
	down.Store(false)
	w.until("the message was given up", func() bool { return w.kept(c.Operation.ID).State == group.MessageFailed })
	if got := w.types(anna, ""); len(got) != 0 {
		t.Errorf("anna got %v", got)
	}
}
