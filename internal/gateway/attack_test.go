package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// A person in Brazil, as the network knows her, and as people dial her.
const (
	elisa       = group.Number(551187654321)
	elisaDialed = group.Number(5511987654321)
)

// removing has people removed in the background and gives the answer once it is there.
func (w *world) removing(t gateway.Target, people ...group.Number) <-chan gateway.Change {
	w.t.Helper()
	answer, caller, live := make(chan gateway.Change, 1), w.me(), w.gateway()
	go func() {
		c, err := live.RemoveParticipants(ctx, caller, t, people)
		if err != nil {
			w.t.Errorf("remove: %v", err)
		}
		answer <- c
	}()
	return answer
}

// answered gives an answer as soon as it comes, and fails when people whom it says to be out are in the group below.
func (w *world) answered(t gateway.Target, answer <-chan gateway.Change, rows int64) {
	w.t.Helper()
	select {
	case c := <-answer:
		in := w.seats(t.GroupID)
		w.isOut(c, rows)
		for _, p := range c.People {
			if seat := in[p.Number]; seat == "member" || seat == "removing" {
				w.t.Errorf("OK was said, and %d is %q on the network", p.Number, seat)
			}
		}
	case <-time.After(patience):
		w.t.Fatalf("the removal was not answered")
	}
}

// slowRemoval holds up the calls for removals that fit, until it is opened; those that do not fit pass. fate says what becomes
// of those that were held up.
func (w *world) slowRemoval(fits func(simulator.Call) bool, fate simulator.CallFate) (reached <-chan struct{}, open func()) {
	at, opened := make(chan struct{}, 256), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation != "remove_participants" || !fits(c) {
			return simulator.CallFate{}
		}
		at <- struct{}{}
		w.hang(opened)
		return fate
	}})
	return at, sync.OnceFunc(func() { close(opened) })
}

func names(c simulator.Call, n group.Number) bool {
	return strings.Contains(string(c.Body), n.String())
}

func once() func() bool {
	var before atomic.Bool
	return func() bool { return !before.Swap(true) }
}

// Whoever comes in by the link after one command of a removal has found them out, and before the last one ends, is taken out
// too before OK is said.
func TestP1ComingInBetweenTheCommandsOfARemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	crowd := people(0, 8)
	g := w.group("crowd", berta, crowd[0], crowd[7])
	reached, open := w.slowRemoval(func(c simulator.Call) bool { return names(c, crowd[7]) }, simulator.CallFate{})
	answer := w.removing(g.Target, append([]group.Number{anna}, crowd...)...)
	w.wait("the second command reaches the network", reached)
	w.join(g.link, anna)
	w.expect(g.Target, anna, berta, crowd[7])
	before := w.send(g.Target, "before OK")
	open()
	w.answered(g.Target, answer, 3)
	if seat := w.seats(g.GroupID)[anna]; seat != "removed" {
		t.Errorf("anna is %q on the network", seat)
	}
	w.done(before.Operation.ID)
	w.done(w.send(g.Target, "after OK").Operation.ID)
	w.delivered(g, berta, 2)
	for _, text := range w.inbox(anna, g.GroupID) {
		if text == "after OK" {
			t.Error("anna got a message that was accepted after OK")
		}
	}
	w.expect(g.Target, berta)
}

// The same while the rest of one and the same command is sent again.
func TestP1ComingInWhileTheRestOfACommandIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", berta, carla)
	reached, opened := make(chan struct{}, 8), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		switch {
		case c.Operation != "remove_participants" || !names(c, berta):
			return simulator.CallFate{}
		case names(c, anna): // the whole list is refused because of her
			return simulator.CallFate{Code: graph.CodeNotInGroup}
		}
		reached <- struct{}{}
		w.hang(opened)
		return simulator.CallFate{}
	}})
	answer := w.removing(g.Target, anna, berta)
	w.wait("berta alone is sent", reached)
	w.join(g.link, anna)
	w.expect(g.Target, anna, berta, carla)
	close(opened)
	w.answered(g.Target, answer, 2)
	w.expect(g.Target, carla)
}

// foldSpellings has the network know elisa however she is spelt: a removal that names her otherwise removes her all the same.
func (w *world) foldSpellings() {
	client, creds := w.other()
	w.edits.set(func(r *http.Request, status int, body []byte) (int, []byte) {
		if !is(r, http.MethodDelete, "/participants") || status != http.StatusBadRequest {
			return status, body
		}
		groupID := strings.Split(strings.Trim(r.URL.Path, "/"), "/")[1]
		answer, err := client.RemoveParticipants(ctx, creds, groupID, []string{elisa.String()})
		if err != nil {
			w.t.Errorf("%v", err)
		}
		out, err := json.Marshal(map[string]string{"messaging_product": "whatsapp", "request_id": answer.RequestID})
		if err != nil {
			w.t.Errorf("%v", err)
		}
		return http.StatusOK, out
	})
}

// echoed changes the report of a removal so that it echoes the dialled number and names the network's own beside it.
func echoed(reports []graph.Event) []graph.Event {
	for _, e := range reports {
		for i := range e.Removed {
			e.Removed[i].Input, e.Removed[i].WaID = "+"+elisaDialed.String(), elisa.String()
		}
	}
	return reports
}

// unheard makes a group in which elisa is without our having been told.
func (w *world) unheard() made {
	w.t.Helper()
	g := w.group("ward", anna)
	w.sim.Interfere(&simulator.Interference{Webhook: func(h simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: h.Type == "group_participants_add"}
	}})
	w.join(g.link, elisa)
	return g
}

// A person whose number has two spellings is taken out by either.
func TestP1TheOtherSpellingTakesOut(t *testing.T) {
	t.Parallel()
	t.Run("the report names what was sent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		g := w.group("ward", anna, elisa)
		w.answered(g.Target, w.removing(g.Target, elisaDialed), 1)
		w.expect(g.Target, anna)
		if diff := cmp.Diff([]group.Number{anna}, w.truth(g.GroupID)); diff != "" {
			t.Errorf("members on the network (-want +got):\n%s", diff)
		}
		w.isOut(w.remove(g.Target, elisa), 0)
	})
	t.Run("the report names both", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		g := w.group("ward", anna, elisa)
		w.hooks.hold(kinds(graph.ParticipantsRemove))
		answer := w.removing(g.Target, elisaDialed)
		w.hooks.deliver(echoed(w.hooks.take(1))...)
		w.answered(g.Target, answer, 1)
		w.expect(g.Target, anna)
	})
	t.Run("another program dialled her", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		g := w.group("ward", anna, elisa)
		w.hooks.hold(kinds(graph.ParticipantsRemove))
		client, creds := w.other()
		_, err := client.RemoveParticipants(ctx, creds, g.GroupID, []string{elisa.String()})
		w.must(err)
		reports := echoed(w.hooks.take(1))
		reports[0].Removed[0].WaID = ""
		w.hooks.deliver(reports...)
		if diff := cmp.Diff([]group.Number{anna}, w.members(g.Target)); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
	})
	t.Run("we did not know of her", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		g := w.unheard()
		w.foldSpellings()
		w.hooks.hold(kinds(graph.ParticipantsRemove))
		answer := w.removing(g.Target, elisaDialed)
		w.hooks.deliver(echoed(w.hooks.take(1))...)
		w.answered(g.Target, answer, 1)
		w.expect(g.Target, anna)
		if seat := w.seats(g.GroupID)[elisa]; seat != "removed" {
			t.Errorf("elisa is %q on the network", seat)
		}
	})
	t.Run("she comes in meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		g := w.group("ward", anna)
		reached, open := w.slowRemoval(func(simulator.Call) bool { return true }, simulator.CallFate{})
		w.foldSpellings()
		w.hooks.hold(kinds(graph.ParticipantsRemove))
		answer := w.removing(g.Target, elisaDialed)
		w.wait("the removal reaches the network", reached)
		w.join(g.link, elisa)
		w.expect(g.Target, anna, elisa)
		open()
		w.hooks.deliver(echoed(w.hooks.take(1))...)
		w.answered(g.Target, answer, 1)
		if diff := cmp.Diff([]group.Number{anna}, w.members(g.Target)); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
	})
}

// That the network lists somebody by the other spelling is no proof that she is out.
func TestP1TheOtherSpellingInAReading(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"she is known by the network's number": true, "she is not known": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(2*time.Millisecond))
			g := made{}
			if known {
				g = w.group("ward", anna, elisa)
			} else {
				g = w.unheard()
			}
			var gone atomic.Bool
			w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
				if c.Operation == "remove_participants" && !gone.Load() {
					return simulator.CallFate{Code: graph.CodeServiceUnavailable} // nothing is done, and the edit says it was accepted
				}
				return simulator.CallFate{}
			}})
			w.edits.set(w.acceptRemovals(known))
			reads := len(w.calls("get_group"))
			c := w.accept(g.Target, elisaDialed)
			w.until("the group was read", func() bool { return len(w.calls("get_group")) >= reads+5 })
			if now, err := w.gateway().Operation(ctx, w.me(), c.Operation.ID); err != nil || !now.Pending() {
				t.Fatalf("with elisa in the group: %+v, %v", now, err)
			}
			gone.Store(true)
			w.leave(g.Target, elisa)
			w.done(c.Operation.ID)
			w.idle()
			w.expect(g.Target, anna)
		})
	}
}

// acceptRemovals answers every removal as if it were accepted, and with the flag readings name elisa as she is dialled.
func (w *world) acceptRemovals(dialled bool) edit {
	return func(r *http.Request, status int, body []byte) (int, []byte) {
		switch {
		case is(r, http.MethodDelete, "/participants"):
			return http.StatusOK, []byte(`{"messaging_product":"whatsapp","request_id":"lost"}`)
		case readsGroup(r) && dialled:
			return status, []byte(strings.ReplaceAll(string(body), `"`+elisa.String()+`"`, `"`+elisaDialed.String()+`"`))
		}
		return status, body
	}
}

// Somebody who was once found out under one spelling, and came in under the other, is meant by either.
func TestP1TheOtherSpellingOfSomebodyWhoCameInSince(t *testing.T) {
	t.Parallel()
	for name, tok := range map[string]string{"with a token": "tok", "without a token": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			g := w.group("ward", anna)
			caller := w.with("DeleteChatGroupParticipants", tok, "digest")
			remove := func() gateway.Change {
				c, err := w.gateway().RemoveParticipants(ctx, caller, g.Target, []group.Number{elisaDialed})
				w.must(err)
				return c
			}
			w.isOut(remove(), 0)
			w.join(g.link, elisa)
			w.expect(g.Target, anna, elisa)
			w.isOut(remove(), 1)
			if seat := w.seats(g.GroupID)[elisa]; seat != "removed" {
				t.Errorf("elisa is %q on the network", seat)
			}
			w.expect(g.Target, anna)
		})
	}
}

// The network's word that somebody is not there is worth nothing about somebody who came in after it was asked.
func TestP1JoinWhileTheNetworkIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond))
	g := w.group("ward", berta)
	first := once()
	reached, open := w.slowRemoval(func(simulator.Call) bool { return first() }, simulator.CallFate{Code: graph.CodeNotInGroup})
	answer := w.removing(g.Target, anna)
	w.wait("the removal reaches the network", reached)
	w.join(g.link, anna)
	w.expect(g.Target, anna, berta)
	open()
	w.answered(g.Target, answer, 1)
	if seat := w.seats(g.GroupID)[anna]; seat != "removed" {
		t.Errorf("anna is %q on the network", seat)
	}
}

// Nor is a reading of the group that began before.
func TestP1JoinWhileTheNetworkIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond))
	g := w.group("ward", berta)
	firstRead, firstCall := once(), once()
	read, opened := make(chan struct{}, 1), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{AfterCall: func(c simulator.Call) {
		if c.Operation == "get_group" && firstRead() {
			read <- struct{}{}
			w.hang(opened)
		}
	}})
	w.edits.set(func(r *http.Request, status int, body []byte) (int, []byte) {
		if is(r, http.MethodDelete, "/participants") && firstCall() {
			return http.StatusOK, []byte(`{"messaging_product":"whatsapp","request_id":"lost"}`)
		}
		return status, body
	})
	answer := w.removing(g.Target, anna)
	w.wait("the group is read", read)
	w.join(g.link, anna)
	w.expect(g.Target, anna, berta)
	close(opened)
	w.answered(g.Target, answer, 1)
	if seat := w.seats(g.GroupID)[anna]; seat != "removed" {
		t.Errorf("anna is %q on the network", seat)
	}
}

// Nor is a report that may be older than the joining: the network's times are whole seconds.
func TestP1ReportOlderThanTheJoin(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{"a minute": time.Minute, "less than a second": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(5*time.Millisecond))
			g := w.group("ward", berta, carla)
			w.clock.advance(time.Hour) // so that nothing else is as young as what follows
			opened := make(chan struct{})
			var asked atomic.Bool
			w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
				switch c.Operation {
				case "remove_participants":
					asked.Store(true)
				case "get_group": // what is proved here is not the reading
					if asked.Load() {
						w.hang(opened)
					}
				}
				return simulator.CallFate{}
			}})
			w.hooks.hold(kinds(graph.ParticipantsRemove, graph.ParticipantsAdd))
			answer := w.removing(g.Target, anna, berta)
			said := w.hooks.take(1)[0]
			w.join(g.link, anna)
			joined := w.hooks.take(1)[0]
			w.hooks.hold(nil)
			w.hooks.deliver(joined)
			if len(said.Failed) != 1 || joined.Type != graph.ParticipantsAdd {
				t.Fatalf("the network says %+v and %+v", said, joined)
			}
			said.Timestamp = joined.Timestamp.Add(-age)
			w.hooks.deliver(said)
			w.expect(g.Target, anna, carla)
			close(opened)
			w.answered(g.Target, answer, 2)
			w.expect(g.Target, carla)
		})
	}
}

// An OK is not said again, whatever the token, once somebody whom it spoke of has come in.
func TestP1TokenDoesNotRepeatAnOldOK(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", berta)
	caller := w.with("DeleteChatGroupParticipants", "tok", "digest")
	remove := func() gateway.Change {
		c, err := w.gateway().RemoveParticipants(ctx, caller, g.Target, []group.Number{anna})
		w.must(err)
		return c
	}
	first := remove()
	w.isOut(first, 0)
	again := remove()
	w.isOut(again, 0)
	if again.Operation.ID != first.Operation.ID {
		t.Error("the token did not give the first outcome while it was true")
	}
	w.join(g.link, anna)
	w.expect(g.Target, anna, berta)
	w.isOut(remove(), 1)
	if seat := w.seats(g.GroupID)[anna]; seat != "removed" {
		t.Errorf("anna is %q on the network", seat)
	}
	w.isOut(remove(), 0)
	w.expect(g.Target, berta)
}

// A report that does not tell by whom somebody went does not make us sure that the network bars them.
func TestP1GoneByNobodyKnowsWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	w.leave(g.Target, anna)
	gone := w.hooks.take(1)[0]
	w.hooks.hold(nil)
	gone.InitiatedBy, gone.RequestID = "", ""
	w.hooks.deliver(gone)
	if diff := cmp.Diff([]group.Number{berta}, w.members(g.Target)); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	w.idle()
	w.isOut(w.remove(g.Target, anna), 0)
	if calls := w.calls("remove_participants"); len(calls) != 1 {
		t.Errorf("the network was asked %d times", len(calls))
	}
	w.join(g.link, anna)
	w.expect(g.Target, anna, berta)
}

// A report of a removal from before a person came in does not take them out; the group is read.
func TestP7RemovalOlderThanTheJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.idle()
	reads := len(w.calls("get_group"))
	w.hooks.deliver(graph.Event{Type: graph.ParticipantsRemove, PhoneNumberID: phoneID, GroupID: g.GroupID, RequestID: "old",
		InitiatedBy: graph.ByBusiness, Timestamp: w.clock.now().UTC().Truncate(time.Second).Add(-time.Minute),
		Removed: []graph.Participant{{Input: "+" + anna.String()}}})
	if diff := cmp.Diff([]group.Number{anna, berta}, w.members(g.Target)); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	w.idle()
	if now := len(w.calls("get_group")); now <= reads {
		t.Error("the group was not read")
	}
	w.expect(g.Target, anna, berta)
	w.isOut(w.remove(g.Target, anna), 1)
}

// A report from a time that cannot be does not make everything that follows old.
func TestP7ReportFromTheFarFuture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", berta)
	w.hooks.hold(kinds(graph.ParticipantsAdd, graph.ParticipantsRemove))
	w.join(g.link, anna)
	joined := w.hooks.take(1)[0]
	joined.Timestamp = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	w.hooks.deliver(joined)
	w.expect(g.Target, anna, berta)
	w.clock.advance(time.Second)
	w.leave(g.Target, anna)
	w.hooks.deliver(w.hooks.take(1)...)
	if diff := cmp.Diff([]group.Number{berta}, w.members(g.Target)); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// Nobody goes on being sure that a removed person is out once a report says that they came in, though it does not bring them
// back by itself.
func TestP1JoinOfARemovedPersonIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.isOut(w.remove(g.Target, anna), 1)
	w.isOut(w.remove(g.Target, anna), 0)
	if calls := w.calls("remove_participants"); len(calls) != 1 {
		t.Fatalf("the network was asked %d times though she is barred", len(calls))
	}
	reads := len(w.calls("get_group"))
	w.hooks.deliver(graph.Event{Type: graph.ParticipantsAdd, PhoneNumberID: phoneID, GroupID: g.GroupID,
		Timestamp: w.clock.now().UTC().Truncate(time.Second).Add(10 * time.Second), Added: []graph.Participant{{WaID: anna.String()}}})
	if diff := cmp.Diff([]group.Number{berta}, w.members(g.Target)); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	w.idle()
	if now := len(w.calls("get_group")); now <= reads {
		t.Error("the group was not read")
	}
	w.expect(g.Target, berta)
	w.isOut(w.remove(g.Target, anna), 0)
	if calls := w.calls("remove_participants"); len(calls) != 2 {
		t.Errorf("the network was asked %d times", len(calls))
	}
}

// A number whose groups all hang takes no more than its share, less when it is slow to hang, and the groups of another number go on.
func TestP4NumbersDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	const least, share, groups = 8, 64, 72
	w := newWorld(t)
	var hanging []made
	stuck := map[string]bool{}
	for i := range groups {
		g := w.group(fmt.Sprintf("stuck %d", i), anna)
		hanging, stuck[g.GroupID] = append(hanging, g), true
	}
	caller, theirs := w.neighbour()
	c, err := w.gateway().AddGroup(ctx, caller, theirs, "free", "")
	w.must(err)
	w.until("their group is made", func() bool {
		now, err := w.gateway().Operation(ctx, caller, c.Operation.ID)
		w.must(err)
		theirs.GroupID = now.Operation.Result
		return !now.Pending()
	})
	rows, _, err := w.gateway().ListGroups(ctx, caller, theirs, gateway.GroupList{Index: 1, Size: 10})
	w.must(err)
	w.join(rows[0].InviteLink, berta)
	var atOnce atomic.Int32
	reached, open := w.slowRemoval(func(c simulator.Call) bool {
		if stuck[c.Object] {
			atOnce.Add(1)
		}
		return stuck[c.Object]
	}, simulator.CallFate{})
	var pending []int64
	for _, g := range hanging {
		pending = append(pending, w.accept(g.Target, anna).Operation.ID)
	}
	for range least {
		w.wait("the removals hang", reached)
	}
	free, err := w.gateway().RemoveParticipants(ctx, caller, theirs, []group.Number{berta})
	w.must(err)
	w.isOut(free, 1)
	if n := atOnce.Load(); n < least || n > share {
		t.Errorf("%d commands of one number at once", n)
	}
	open()
	for _, id := range pending {
		w.done(id)
	}
}

// While the network takes its time over a call for one group, the others go on.
func TestP4GroupsDoNotWaitForASlowCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow, free := w.group("slow", anna, berta), w.group("free", anna, berta)
	reached, open := w.slowRemoval(func(c simulator.Call) bool { return c.Object == slow.GroupID }, simulator.CallFate{})
	answer := w.removing(slow.Target, anna)
	w.wait("the removal reaches the network", reached)
	w.isOut(w.remove(free.Target, anna), 1)
	w.done(w.send(free.Target, "free").Operation.ID)
	w.delivered(free, berta, 1)
	select {
	case c := <-answer:
		t.Errorf("the removal was not held up: %+v", c)
	default:
	}
	open()
	w.answered(slow.Target, answer, 1)
}
