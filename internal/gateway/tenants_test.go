package gateway_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
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
	_, err = w.gateway().DeleteInstance(ctx, w.as(w.keyID, "DeleteInstance"), space)
	w.must(err)
	_, theirs := w.neighbour()
	w.must(w.gateway().BindNumber(ctx, "1000000000000002", group.BusinessNumber{Number: business, SpaceID: theirs.SpaceID,
		PhoneNumberID: phoneID, WABAID: wabaID, Token: "token-of-the-second"}))
	w.must(w.sim.RegisterNumber(simulator.Number{DisplayNumber: "+" + business.String(), PhoneNumberID: phoneID, WABAID: wabaID, Token: "token-of-the-second", Subscribed: true}))
	down.Store(false)
	w.until("the message was given up", func() bool { return w.kept(c.Operation.ID).State == group.MessageFailed })
	if got := w.types(anna, ""); len(got) != 0 {
		t.Errorf("anna got %v", got)
	}
}
