package gateway_test

import (
	"net/http"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

func (w *world) makeLink(t gateway.Target) gateway.Change {
	w.t.Helper()
	c, err := w.gateway().MakeInviteLink(ctx, w.me(), t)
	w.must(err)
	return c
}

func (w *world) dropLink(t gateway.Target) gateway.Change {
	w.t.Helper()
	c, err := w.gateway().DropInviteLink(ctx, w.me(), t)
	w.must(err)
	return c
}

// A link that people hold is given again and stays alive.
func TestInviteLinkIsMadeOnlyWhenThereIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	for range 2 {
		if c := w.makeLink(g.Target); c.Operation.Result != g.link || c.Rows != 1 || c.Pending() {
			t.Errorf("got %+v, want the link %s", c, g.link)
		}
	}
	w.join(g.link, berta)
	w.isOut(w.remove(g.Target, anna), 1)
	if c := w.makeLink(g.Target); c.Operation.Result != g.link {
		t.Errorf("a removal changed the link to %q", c.Operation.Result)
	}
	if calls := w.calls("reset_invite_link"); len(calls) != 0 {
		t.Errorf("the link was reset %d times", len(calls))
	}
}

// A dropped link is dead for ever; the next one is another.
func TestInviteLinkDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", berta)
	w.did(w.control("POST", "/phones", map[string]string{"number": anna.String()}, nil), "new phone")
	if c := w.dropLink(g.Target); c.Rows != 1 || c.Operation.State != group.Done {
		t.Errorf("drop: %+v", c)
	}
	if status := w.tryJoin(g.link, anna); status != http.StatusConflict {
		t.Errorf("the dropped link lets people in: %d", status)
	}
	if row := w.row(g.GroupID); row.InviteLink != "" {
		t.Errorf("row %+v", row)
	}
	if c := w.dropLink(g.Target); c.Rows != 0 || c.Operation.State != group.Done {
		t.Errorf("drop again: %+v", c)
	}

	made := w.makeLink(g.Target).Operation.Result
	if made == "" || made == g.link || w.row(g.GroupID).InviteLink != made {
		t.Errorf("new link %q, old %q", made, g.link)
	}
	if again := w.makeLink(g.Target).Operation.Result; again != made {
		t.Errorf("asked again: %q, not %q", again, made)
	}
	w.join(made, carla)
	w.expect(g.Target, berta, carla)
}

// Commands about the link that wait behind others take each other into account.
func TestInviteLinkCommandsInARow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	reached, open := w.gate()
	removal := w.accept(g.Target, anna)
	w.wait("the removal holds the lane", reached)
	ask := func(f func() (gateway.Change, error)) int64 {
		t.Helper()
		c, err := f()
		w.must(err)
		if !c.Pending() {
			t.Errorf("it did not wait: %+v", c)
		}
		return c.Operation.ID
	}
	live, caller := w.gateway(), w.me()
	dropped := ask(func() (gateway.Change, error) { return live.DropInviteLink(hasty(), caller, g.Target) })
	again := ask(func() (gateway.Change, error) { return live.DropInviteLink(hasty(), caller, g.Target) })
	made := ask(func() (gateway.Change, error) { return live.MakeInviteLink(hasty(), caller, g.Target) })
	same := ask(func() (gateway.Change, error) { return live.MakeInviteLink(hasty(), caller, g.Target) })
	open()
	w.done(removal.Operation.ID)
	w.done(dropped)
	w.done(again)
	if one, two := w.done(made).Result, w.done(same).Result; one == g.link || one == "" || one != two {
		t.Errorf("links %q and %q, at first %q", one, two, g.link)
	}
	if calls := w.calls("reset_invite_link"); len(calls) != 1 {
		t.Errorf("the link was reset %d times", len(calls))
	}
}

// After a lost answer the link that was made is given, and not one more.
func TestInviteLinkAnswersLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.sim.Interfere(&simulator.Interference{BeforeCall: loseFirstAnswer("delete_invite_link")})
	if c := w.dropLink(g.Target); c.Rows != 1 {
		t.Errorf("drop %+v", c)
	}
	w.sim.Interfere(&simulator.Interference{BeforeCall: loseFirstAnswer("reset_invite_link")})
	link := w.makeLink(g.Target).Operation.Result
	w.join(link, berta)
	w.expect(g.Target, anna, berta)
	if calls := w.calls("reset_invite_link"); len(calls) != 1 {
		t.Errorf("the link was reset %d times", len(calls))
	}
}

func TestInviteLinkRefusedBelow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "delete_invite_link" {
			return simulator.CallFate{Code: graph.CodeAccessDenied}
		}
		return simulator.CallFate{}
	}})
	c := w.dropLink(g.Target)
	if c.Operation.State != group.Failed || c.Rows != 0 || c.Operation.Code != "131005" {
		t.Errorf("drop %+v", c)
	}
	if row := w.row(g.GroupID); row.InviteLink != g.link {
		t.Errorf("row %+v", row)
	}
}

// A refusal with the general code is not taken for a missing link while the link is there.
func TestInviteLinkThatLivesIsNotSaidToBeDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.deny("delete_invite_link", graph.CodeInvalidParameter, 1<<30)
	c := w.dropLink(g.Target)
	if c.Operation.State != group.Failed || c.Rows != 0 || c.Operation.Code != "100" {
		t.Errorf("drop %+v", c)
	}
	if row := w.row(g.GroupID); row.InviteLink != g.link {
		t.Errorf("row %+v", row)
	}
	w.join(g.link, berta)
	w.expect(g.Target, anna, berta)
}

// But where there is none, it is the wish fulfilled.
func TestInviteLinkThatIsGoneIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	client, creds := w.other()
	w.must(client.DeleteInviteLink(ctx, creds, g.GroupID))
	w.deny("delete_invite_link", graph.CodeInvalidParameter, 1)
	if c := w.dropLink(g.Target); c.Operation.State != group.Done {
		t.Errorf("drop %+v", c)
	}
	if row := w.row(g.GroupID); row.InviteLink != "" {
		t.Errorf("row %+v", row)
	}
}

// A link that only cannot be read is not replaced: that would kill it in the hands of those who have it.
func TestInviteLinkThatCannotBeReadIsNotReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.dropLink(g.Target)
	client, creds := w.other()
	living, err := client.ResetInviteLink(ctx, creds, g.GroupID)
	w.must(err)
	resets := len(w.calls("reset_invite_link"))
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "get_invite_link" || c.Operation == "get_group" {
			return simulator.CallFate{Code: graph.CodeInvalidParameter}
		}
		return simulator.CallFate{}
	}})
	if c := w.makeLink(g.Target); c.Operation.State != group.Failed {
		t.Errorf("make %+v", c)
	}
	w.sim.Interfere(nil)
	if calls := w.calls("reset_invite_link"); len(calls) != resets {
		t.Errorf("the link was reset")
	}
	if c := w.makeLink(g.Target); c.Operation.Result != living {
		t.Errorf("made %q, want %q", c.Operation.Result, living)
	}
}
