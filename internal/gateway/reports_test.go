package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// orders gives every order of n things.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, rest := range orders(n - 1) {
		for at := 0; at <= len(rest); at++ {
			order := append([]int{}, rest[:at]...)
			out = append(out, append(append(order, n-1), rest[at:]...))
		}
	}
	return out
}

// comings has a person come and go by turns, so many times in all, and gives the reports, which nobody has seen. Between two
// of them passes the time given.
func (w *world) comings(g made, n group.Number, acts int, pause time.Duration) []graph.Event {
	w.t.Helper()
	w.hooks.hold(kinds(graph.ParticipantsAdd, graph.ParticipantsRemove))
	for i := range acts {
		if i%2 == 0 {
			w.join(g.link, n)
		} else {
			w.leave(g.Target, n)
		}
		w.clock.advance(pause)
	}
	reports := w.hooks.take(acts)
	w.hooks.hold(nil)
	return reports
}

// In whatever order reports of different seconds come, and however often, they lead to the same end.
func TestP7ReportsInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for acts := 2; acts <= 4; acts++ {
		for i, order := range orders(acts) {
			g := w.group(fmt.Sprintf("%d acts, order %d", acts, i), berta)
			reports := w.comings(g, anna, acts, 2*time.Second)
			for _, at := range order {
				w.hooks.deliver(reports[at], reports[at])
			}
			w.hooks.deliver(reports[order[0]]) // and once more, late
			want := []group.Number{berta}
			if acts%2 == 1 {
				want = []group.Number{anna, berta}
			}
			if got := w.members(g.Target); !cmp.Equal(want, got) {
				t.Errorf("%d acts told in order %v: members %v", acts, order, got)
			}
		}
	}
}

// Reports of the same second do not tell their order; the group is read, and then it is right.
func TestP7ReportsOfOneSecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for acts := 2; acts <= 3; acts++ {
		for i, order := range orders(acts) {
			g := w.group(fmt.Sprintf("%d acts, order %d", acts, i), berta)
			reports := w.comings(g, anna, acts, 0)
			for _, at := range order {
				reports[at].Timestamp = reports[0].Timestamp
				w.hooks.deliver(reports[at])
			}
			w.expect(g.Target, w.truth(g.GroupID)...)
		}
	}
	w.idle()
}

// Somebody who joins just when the group is read is not lost, even if the reading did not show them yet.
func TestP7JoinWhileTheGroupIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	reading, answered := make(chan struct{}, 16), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{AfterCall: func(c simulator.Call) {
		if c.Operation == "get_group" {
			reading <- struct{}{}
			w.hang(answered)
		}
	}})
	w.must(w.gateway().Reread(ctx, g.id))
	w.wait("the group is read", reading)
	w.join(g.link, berta)
	w.expect(g.Target, anna, berta)
	close(answered)
	w.idle()
	w.expect(g.Target, anna, berta)
}

// A reading from before the platform has lifted a suspension does not bring it back.
func TestP7ClearWhileTheGroupIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.suspend(g.Target)
	w.becomes(g.GroupID, group.Suspended)
	w.idle()
	reading, answered := make(chan struct{}, 16), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{AfterCall: func(c simulator.Call) {
		if c.Operation == "get_group" {
			reading <- struct{}{}
			w.hang(answered)
		}
	}})
	w.must(w.gateway().Reread(ctx, g.id))
	w.wait("the group is read", reading)
	w.clear(g.Target)
	w.becomes(g.GroupID, group.Active)
	close(answered)
	w.idle()
	suspensions := 0
	for _, e := range w.events(g.id) {
		if e.Kind == group.EventSuspended {
			suspensions++
		}
	}
	if suspensions != 1 {
		t.Errorf("the group was suspended once and %d times were told", suspensions)
	}
}

// A reading that a report has overtaken is thrown away.
func TestP7LeaveWhileTheGroupIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.leave(g.Target, berta)
	w.expect(g.Target, anna)
	reading, answered := make(chan struct{}, 16), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{
		AfterCall: func(c simulator.Call) {
			if c.Operation == "get_group" {
				reading <- struct{}{}
				w.hang(answered)
			}
		},
		Webhook: func(h simulator.Webhook) simulator.WebhookFate {
			return simulator.WebhookFate{Lose: h.Type == "group_participants_add"}
		}})
	w.join(g.link, berta)
	w.must(w.gateway().Reread(ctx, g.id))
	w.wait("the group is read", reading)
	left := make(chan struct{}, 1)
	w.hooks.afterwards(func(graph.Event) { left <- struct{}{} })
	w.clock.advance(2 * time.Second)
	w.leave(g.Target, berta)
	w.wait("the leaving is taken in", left)
	close(answered)
	w.idle()
	w.expect(g.Target, anna)
	for _, e := range w.events(g.id) {
		if strings.Contains(e.Body, "reread") {
			t.Errorf("the old reading was told: %+v", e)
		}
	}
}

// Reports that never come are made up for by the sweep, which reads every group in turn.
func TestP7LostReportsAreMadeUpForByTheSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sweep(time.Millisecond))
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{Webhook: func(simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: true}
	}})
	w.join(g.link, carla)
	w.leave(g.Target, anna)
	w.suspend(g.Target)
	w.becomes(g.GroupID, group.Suspended)
	w.expect(g.Target, berta, carla)
	told := map[string]int{}
	for _, e := range w.events(g.id) {
		told[e.Kind+" "+e.Body]++
	}
	for _, want := range []string{`joined {"people":[4915110000003],"by":"reread"}`, `left {"people":[4915110000001],"by":"reread"}`, "suspended "} {
		if told[want] != 1 {
			t.Errorf("%q was told %d times: %v", want, told[want], told)
		}
	}
}

// A report about a group that is still being made is kept until the group is known.
func TestP7ReportsBeforeTheGroupIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks.hold(kinds(graph.GroupCreate))
	change, err := w.gateway().AddGroup(ctx, w.me(), home, "ward", "")
	w.must(err)
	created := w.hooks.take(1)[0]
	handled := make(chan struct{}, 8)
	w.hooks.afterwards(func(graph.Event) { handled <- struct{}{} })
	w.join(created.Group.InviteLink, anna, berta, carla)
	w.clock.advance(2 * time.Second)
	w.leave(at(created.GroupID), berta)
	for range 4 {
		w.wait("the reports are taken in", handled)
	}
	w.hooks.afterwards(nil)
	if _, _, err := w.gateway().ListParticipants(ctx, w.me(), at(created.GroupID), 1, 0); err == nil {
		t.Error("the group is known already")
	}
	w.hooks.hold(nil)
	w.hooks.deliver(created)
	w.done(change.Operation.ID)
	w.expect(at(created.GroupID), anna, carla)
}

// A report can be faster than the answer to the call that caused it.
func TestP7ReportsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handled := make(chan struct{}, 64)
	w.hooks.afterwards(func(e graph.Event) {
		if e.RequestID != "" {
			handled <- struct{}{}
		}
	})
	w.sim.Interfere(&simulator.Interference{AfterCall: func(c simulator.Call) {
		switch c.Operation {
		case "create_group", "update_group", "remove_participants", "delete_group":
			select {
			case <-handled:
			case <-time.After(patience):
				t.Errorf("the report of %s did not come", c.Operation)
			}
		}
	}})
	g := w.group("ward", anna, berta)
	subject := "renamed"
	c, err := w.gateway().UpdateGroup(ctx, w.me(), g.Target, gateway.Settings{Subject: &subject})
	w.must(err)
	w.done(c.Operation.ID)
	w.isOut(w.remove(g.Target, anna), 1)
	w.isOut(w.remove(g.Target, berta), 1)
	c, err = w.gateway().DeleteGroup(ctx, w.me(), g.Target)
	w.must(err)
	w.done(c.Operation.ID)
	w.idle()
}

// other is another program of the same business.
func (w *world) other() (*graph.Client, graph.Credentials) {
	w.t.Helper()
	client, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: simulator.InProcess(w.sim.Graph())})
	w.must(err)
	return client, graph.Credentials{PhoneNumberID: phoneID, Token: token}
}

// What another program of the business does is taken over.
func TestP7ActsOfAnotherProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	client, creds := w.other()
	_, err := client.RemoveParticipants(ctx, creds, g.GroupID, []string{anna.String()})
	w.must(err)
	w.expect(g.Target, berta)
	w.isOut(w.remove(g.Target, anna), 0)
	subject := "renamed"
	_, err = client.UpdateGroup(ctx, creds, g.GroupID, graph.GroupUpdate{Subject: &subject})
	w.must(err)
	w.until("the new subject shows", func() bool { return w.row(g.GroupID).Subject == subject })
	_, err = client.DeleteGroup(ctx, creds, g.GroupID)
	w.must(err)
	w.becomes(g.GroupID, group.Deleted)
	_, err = w.gateway().RemoveParticipants(ctx, w.me(), g.Target, []group.Number{berta})
	w.refused(err, group.CodeNotFound)
	told := w.events(g.id)
	for _, e := range told {
		if e.Kind != "created" && e.OperationID != 0 {
			t.Errorf("an operation of ours is told for %+v", e)
		}
	}
	if last := told[len(told)-1]; last.Kind != "deleted" {
		t.Errorf("last event %+v", last)
	}
}

// A group that another program deletes while its removal waits: everybody is told what became of it.
func TestP7GroupDeletedBelowDuringARemoval(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]bool{"reported": false, "not reported": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(10*time.Millisecond))
			g := w.group("ward", anna, berta)
			w.clock.advance(time.Hour)
			accepted := make(chan struct{})
			w.sim.Interfere(&simulator.Interference{
				Outcome: func(s simulator.Step) int {
					if s.Kind == "remove" {
						w.hang(accepted)
						client, creds := w.other()
						if _, err := client.DeleteGroup(ctx, creds, g.GroupID); err != nil {
							t.Error(err)
						}
						return graph.CodeSomethingWentWrong
					}
					return 0
				},
				Webhook: func(h simulator.Webhook) simulator.WebhookFate {
					return simulator.WebhookFate{Lose: h.Type == "group_participants_remove" || lose && h.Type == "group_delete"}
				}})
			removal := w.accept(g.Target, anna)
			message := w.send(g.Target, "to nobody")
			close(accepted)
			w.ended(removal.Operation.ID)
			w.failed(message.Operation.ID)
			w.becomes(g.GroupID, group.Deleted)
			w.idle()
		})
	}
}

// A deletion whose report is lost shows when the group is read; but a group so new that the network may not know it yet is not
// taken for deleted.
func TestP7LostDeletionIsFoundByReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	client, creds := w.other()
	w.sim.Interfere(&simulator.Interference{Webhook: func(simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: true}
	}})
	_, err := client.DeleteGroup(ctx, creds, g.GroupID)
	w.must(err)
	w.until("the network has deleted it", func() bool { return w.seats(g.GroupID) == nil })
	w.must(w.gateway().Reread(ctx, g.id))
	w.idle()
	if got := w.statusOf(g.GroupID); got != group.Active {
		t.Errorf("a new group was taken for deleted: %v", got)
	}
	w.clock.advance(time.Hour)
	w.must(w.gateway().Reread(ctx, g.id))
	w.becomes(g.GroupID, group.Deleted)
}

// Reports about numbers that are not ours, or from a number that the group does not belong to, change nothing.
func TestP7ForeignReportsAreIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	const second = group.Number(8613900000000)
	w.must(w.gateway().BindNumber(ctx, account, group.BusinessNumber{Number: second, SpaceID: space, PhoneNumberID: "200", WABAID: wabaID, Token: token}))
	join := graph.Event{Type: graph.ParticipantsAdd, GroupID: g.GroupID, Timestamp: w.clock.now().Add(time.Minute),
		Added: []graph.Participant{{WaID: berta.String()}}}
	for _, from := range []string{"", "100", "200"} {
		join.PhoneNumberID = from
		w.hooks.deliver(join)
	}
	w.idle()
	w.expect(g.Target, anna)
	before := len(w.events(g.id))
	w.hooks.deliver(graph.Event{Type: graph.Unknown, PhoneNumberID: phoneID}, graph.Event{Type: graph.MessageReceived, PhoneNumberID: phoneID,
		Message: &graph.Message{ID: "wamid"}}, graph.Event{Type: graph.MessageStatus, PhoneNumberID: phoneID, Status: &graph.Status{CallbackData: "77"}},
		graph.Event{Type: graph.MessageStatus, PhoneNumberID: phoneID, Status: &graph.Status{CallbackData: "x"}},
		graph.Event{Type: graph.GroupDelete, PhoneNumberID: phoneID, GroupID: "unknown"})
	if after := len(w.events(g.id)); after != before {
		t.Errorf("%d events more", after-before)
	}
}

// Somebody known only by a user id has no number to be listed with; the reading is asked and nothing breaks.
func TestP7HiddenNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	reads := len(w.calls("get_group"))
	w.hooks.deliver(graph.Event{Type: graph.ParticipantsAdd, PhoneNumberID: phoneID, GroupID: g.GroupID, Timestamp: w.clock.now(),
		Added: []graph.Participant{{UserID: "DE.1234"}, {WaID: berta.String()}, {WaID: berta.String()}}})
	w.idle()
	w.until("the group was read", func() bool { return len(w.calls("get_group")) > reads })
	w.expect(g.Target, w.truth(g.GroupID)...)
}

// The platform's own acts may be reported in the wrong order too.
func TestP7SuspensionInTheWrongOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.hooks.hold(kinds(graph.Suspend, graph.SuspendCleared))
	w.suspend(g.Target)
	w.clear(g.Target)
	reports := w.hooks.take(2)
	w.hooks.hold(nil)
	w.hooks.deliver(reports[1])
	w.hooks.deliver(reports[0])
	w.becomes(g.GroupID, group.Active)
}

// The report of a change of settings comes once more after the next change.
func TestP7RepeatedSettingsReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	seen := make(chan graph.Event, 8)
	w.hooks.afterwards(func(e graph.Event) {
		if e.Type == graph.SettingsUpdate {
			seen <- e
		}
	})
	for _, subject := range []string{"one", "two"} {
		c, err := w.gateway().UpdateGroup(ctx, w.me(), g.Target, gateway.Settings{Subject: &subject})
		w.must(err)
		w.done(c.Operation.ID)
	}
	w.hooks.deliver(<-seen)
	w.until("the subject is right", func() bool { return w.row(g.GroupID).Subject == "two" })
	w.idle()
	if got := w.row(g.GroupID).Subject; got != "two" {
		t.Errorf("subject %q", got)
	}
}

// Nothing that the tests' network reports may be turned away.
func TestP7NoReportIsTurnedAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.isOut(w.remove(g.Target, anna), 1)
	w.done(w.send(g.Target, "hello").Operation.ID)
	w.did(w.control("POST", "/phones/"+berta.String()+"/messages", map[string]string{"group_id": g.GroupID, "text": "hello too"}, nil), "write")
	w.suspend(g.Target)
	w.becomes(g.GroupID, group.Suspended)
	w.clear(g.Target)
	w.becomes(g.GroupID, group.Active)
	c, err := w.gateway().DeleteGroup(ctx, w.me(), g.Target)
	w.must(err)
	w.done(c.Operation.ID)
	if failed := w.hooks.failures(); len(failed) > 0 {
		t.Errorf("turned away: %s", strings.Join(failed, "; "))
	}
}
