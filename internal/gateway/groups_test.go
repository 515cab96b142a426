package gateway_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// add has a group made and gives the operation, which may be pending.
func (w *world) add(subject, description string) group.Operation {
	w.t.Helper()
	c, err := w.gateway().AddGroup(ctx, w.me(), home, subject, description)
	w.must(err)
	if c.Operation.ID == 0 || c.Rows != 1 {
		w.t.Fatalf("AddGroup gave %+v", c)
	}
	return c.Operation
}

func TestAddGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks.hold(kinds(graph.GroupCreate))
	op := w.add("  Ward 7 ", "Who is on duty\nand when")
	rows := w.rows()
	if len(rows) != 1 || rows[0].Status != group.Creating || rows[0].NetworkID != "" || rows[0].Subject != "Ward 7" || rows[0].Participants != 0 {
		t.Fatalf("while it is being made: %+v", rows)
	}
	created := w.hooks.take(1)
	w.hooks.hold(nil)
	w.hooks.deliver(created...)
	op = w.done(op.ID)
	row := w.row(op.Result)
	if row.Status != group.Active || row.Description != "Who is on duty\nand when" || !strings.HasPrefix(row.InviteLink, "https://chat.whatsapp.com/") {
		t.Errorf("the row %+v", row)
	}
	if id, err := w.gateway().GroupOf(ctx, &op); err != nil || id != op.Result {
		t.Errorf("GroupOf gives %q %v", id, err)
	}
	for subject, code := range map[string]group.Code{" ": group.CodeBadSubject, strings.Repeat("é", 129): group.CodeBadSubject, "a\x00": group.CodeBadSubject} {
		_, err := w.gateway().AddGroup(ctx, w.me(), home, subject, "")
		w.refused(err, code)
	}
	_, err := w.gateway().AddGroup(ctx, w.me(), home, "ok", strings.Repeat("é", 2049))
	w.refused(err, group.CodeBadDescription)
	w.onlyGroups(1)
}

// However the answer or the report of a creation is lost, there is one group in the end.
func TestAddGroupOnceWhateverIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer, report, id bool
		delay              time.Duration
	}{
		"answer":                  {answer: true},
		"answer and report":       {answer: true, report: true},
		"report":                  {report: true},
		"request id":              {id: true},
		"request id and report":   {id: true, report: true},
		"answer of a slow one":    {answer: true, delay: 60 * time.Millisecond},
		"everything of slow ones": {answer: true, report: true, delay: 60 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(20*time.Millisecond), simDelay(c.delay))
			var lost atomic.Int32
			w.sim.Interfere(&simulator.Interference{
				BeforeCall: func(call simulator.Call) simulator.CallFate {
					return simulator.CallFate{LoseAnswer: c.answer && call.Operation == "create_group" && lost.Add(1) <= 3}
				},
				Webhook: func(h simulator.Webhook) simulator.WebhookFate {
					return simulator.WebhookFate{Lose: c.report && h.Type == "group_create"}
				}})
			w.edits.set(func(r *http.Request, status int, body []byte) (int, []byte) {
				if c.id && is(r, http.MethodPost, "/groups") {
					body = []byte(`{"messaging_product":"whatsapp"}`)
				}
				return status, body
			})
			one, two := w.add("twin", ""), w.add("twin", "")
			w.done(one.ID)
			w.done(two.ID)
			w.idle()
			w.onlyGroups(2)
			if failed := w.hooks.failures(); len(failed) > 0 {
				t.Errorf("reports were turned away: %s", failed)
			}
		})
	}
}

// Two groups of one subject: the one whose answer was lost may find the other's in the list, and the other then finds its.
func TestAddGroupTwins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(20*time.Millisecond))
	w.hooks.hold(kinds(graph.GroupCreate))
	var lost atomic.Bool
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		return simulator.CallFate{LoseAnswer: c.Operation == "create_group" && !lost.Swap(true)}
	}})
	var listed atomic.Bool
	w.edits.set(func(r *http.Request, status int, body []byte) (int, []byte) {
		if !is(r, http.MethodGet, "/groups") || !listed.CompareAndSwap(false, true) {
			return status, body
		}
		return status, withoutOldest(t, body) // the network's list is not complete yet
	})
	one := w.add("twin", "")
	w.until("the network has the first", func() bool { return len(w.calls("create_group")) == 1 })
	two := w.add("twin", "")
	w.until("the network has both", func() bool { return len(w.calls("create_group")) == 2 })
	w.done(one.ID)
	w.hooks.release()
	w.done(two.ID)
	w.onlyGroups(2)
	w.idle()
}

func withoutOldest(t *testing.T, body []byte) []byte {
	t.Helper()
	var list struct {
		Data struct {
			Groups []json.RawMessage `json:"groups"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		t.Error(err)
	}
	if len(list.Data.Groups) > 0 {
		list.Data.Groups = list.Data.Groups[1:]
	}
	out, err := json.Marshal(list)
	if err != nil {
		t.Error(err)
	}
	return out
}

func TestAddGroupThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == "create" {
			return graph.CodeTooManyGroups
		}
		return 0
	}})
	op := w.failed(w.add("by report", "").ID)
	if op.Code != "131211" || op.Message == "" {
		t.Errorf("by report: %+v", op)
	}
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "create_group" {
			return simulator.CallFate{Code: graph.CodeCreationSuspended}
		}
		return simulator.CallFate{}
	}})
	op = w.failed(w.add("at once", "").ID)
	if op.Code != "131214" {
		t.Errorf("at once: %+v", op)
	}
	rows := w.rows()
	if len(rows) != 2 || rows[0].Status != group.Inactive || rows[1].Status != group.Inactive {
		t.Errorf("rows %+v", rows)
	}
	if _, total, err := w.gateway().ListGroups(ctx, w.me(), home, gateway.GroupList{Status: group.Inactive, Index: 1, Size: 1}); err != nil || total != 2 {
		t.Errorf("%d inactive, %v", total, err)
	}
	if id, err := w.gateway().GroupOf(ctx, &op); err != nil || id != "" {
		t.Errorf("GroupOf gives %q %v", id, err)
	}
}

func TestDeleteGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.hooks.hold(kinds(graph.GroupDelete))
	live, caller := w.gateway(), w.me()
	ended := make(chan gateway.Change)
	go func() {
		c, err := live.DeleteGroup(ctx, caller, g.Target)
		if err != nil {
			t.Error(err)
		}
		ended <- c
	}()
	report := w.hooks.take(1)
	if got := w.statusOf(g.GroupID); got != group.Deleting {
		t.Errorf("status %v", got)
	}
	for name, act := range w.changes(g.Target) {
		_, err := act(w.me())
		if name != "DeleteGroup" {
			w.refused(err, group.CodeNotActive)
		}
	}
	w.hooks.hold(nil)
	w.hooks.deliver(report...)
	if c := <-ended; c.Operation.State != group.Done || c.Rows != 1 {
		t.Errorf("the answer %+v", c)
	}
	if len(w.rows()) != 0 {
		t.Error("it is in the list")
	}
	for _, act := range w.changes(g.Target) {
		_, err := act(w.me())
		w.refused(err, group.CodeNotFound)
	}
	_, _, err := w.gateway().ListParticipants(ctx, w.me(), g.Target, 1, 0)
	w.refused(err, group.CodeNotFound)
}

// changes are all the calls that change a group.
func (w *world) changes(t gateway.Target) map[string]func(gateway.Caller) (gateway.Change, error) {
	subject, live := "renamed", w.gateway()
	return map[string]func(gateway.Caller) (gateway.Change, error){
		"UpdateGroup": func(c gateway.Caller) (gateway.Change, error) {
			return live.UpdateGroup(ctx, c, t, gateway.Settings{Subject: &subject})
		},
		"DeleteGroup":    func(c gateway.Caller) (gateway.Change, error) { return live.DeleteGroup(ctx, c, t) },
		"MakeInviteLink": func(c gateway.Caller) (gateway.Change, error) { return live.MakeInviteLink(ctx, c, t) },
		"DropInviteLink": func(c gateway.Caller) (gateway.Change, error) { return live.DropInviteLink(ctx, c, t) },
		"SendText":       func(c gateway.Caller) (gateway.Change, error) { return live.SendText(ctx, c, t, "hello") },
		"RemoveParticipants": func(c gateway.Caller) (gateway.Change, error) {
			return live.RemoveParticipants(ctx, c, t, []group.Number{anna})
		},
	}
}

func TestDeleteGroupInTrouble(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with simulator.Interference
		want group.Status
	}{
		"answer lost": {want: group.Deleted, with: simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
			return simulator.CallFate{LoseAnswer: c.Operation == "delete_group"}
		}}},
		"report lost": {want: group.Deleted, with: simulator.Interference{Webhook: func(h simulator.Webhook) simulator.WebhookFate {
			return simulator.WebhookFate{Lose: true}
		}}},
		"refused by report": {want: group.Active, with: simulator.Interference{Outcome: func(s simulator.Step) int {
			if s.Kind == "delete" {
				return graph.CodeAccessDenied
			}
			return 0
		}}},
		"refused at once": {want: group.Active, with: simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
			if c.Operation == "delete_group" {
				return simulator.CallFate{Code: graph.CodeAccessDenied}
			}
			return simulator.CallFate{}
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(30*time.Millisecond))
			g := w.group("ward", anna)
			w.sim.Interfere(&c.with)
			change, err := w.gateway().DeleteGroup(ctx, w.me(), g.Target)
			w.must(err)
			if done := change.Operation.State == group.Done; done != (c.want == group.Deleted) || change.Pending() {
				t.Errorf("operation %+v", change.Operation)
			}
			if got := w.statusOf(g.GroupID); got != c.want {
				t.Errorf("status %v, want %v", got, c.want)
			}
			w.idle()
		})
	}
}

// A suspended group can be deleted, and when that fails it is as suspended as it was.
func TestDeleteSuspendedGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.suspend(g.Target)
	w.becomes(g.GroupID, group.Suspended)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == "delete" {
			return graph.CodeAccessDenied
		}
		return 0
	}})
	c, err := w.gateway().DeleteGroup(ctx, w.me(), g.Target)
	w.must(err)
	w.failed(c.Operation.ID)
	w.becomes(g.GroupID, group.Suspended)
	w.sim.Interfere(nil)
	c, err = w.gateway().DeleteGroup(ctx, w.me(), g.Target)
	w.must(err)
	w.done(c.Operation.ID)
	w.becomes(g.GroupID, group.Deleted)
}

func TestSuspendedGroupTakesNoChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.suspend(g.Target)
	w.becomes(g.GroupID, group.Suspended)
	for name, act := range w.changes(g.Target) {
		if name != "DeleteGroup" {
			_, err := act(w.me())
			w.refused(err, group.CodeSuspended)
		}
	}
	w.expect(g.Target, anna) // reading is allowed
	w.clear(g.Target)
	w.becomes(g.GroupID, group.Active)
	w.isOut(w.remove(g.Target, anna), 1)
}

// A suspension that comes between acceptance and execution ends the command, and is taken over even if it was not reported.
func TestSuspensionMeetsCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.hooks.hold(kinds(graph.Suspend))
	w.suspend(g.Target)
	c := w.remove(g.Target, anna)
	if c.Operation.State != group.Failed || c.People[0].Code != graph.CodeSuspended {
		t.Errorf("removal %+v", c)
	}
	if got := w.statusOf(g.GroupID); got != group.Suspended {
		t.Errorf("status %v", got)
	}
	w.expect(g.Target, anna, berta)
}

// titled lists the subjects of a page of groups, and how many there are.
func (w *world) titled(l gateway.GroupList) (subjects []string, total int) {
	w.t.Helper()
	rows, total, err := w.gateway().ListGroups(ctx, w.me(), home, l)
	w.must(err)
	for _, r := range rows {
		subjects = append(subjects, r.Subject)
	}
	return subjects, total
}

func TestListGroupsInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want, all []string
	for i := range 23 {
		subject := fmt.Sprintf("Ward %02d", i)
		want = append([]string{subject}, want...)
		w.done(w.add(subject, "").ID)
	}
	for index := 1; index <= 4; index++ {
		got, total := w.titled(gateway.GroupList{Index: index, Size: 7})
		all = append(all, got...)
		if total != 23 {
			t.Errorf("page %d: total %d", index, total)
		}
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("newest first, each once (-want +got):\n%s", diff)
	}
	for _, index := range []int{5, 1 << 40, math.MaxInt/100 + 2, math.MaxInt} {
		if got, total := w.titled(gateway.GroupList{Index: index, Size: 100}); len(got) != 0 || total != 23 {
			t.Errorf("page %d: %d rows of %d", index, len(got), total)
		}
	}
}

func TestListGroupsFiltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, subject := range []string{"Ward 1", "ward 11", "WARD 2", "100% ÄRZTE", "under_score", `back\slash`} {
		w.done(w.add(subject, "").ID)
	}
	for filter, count := range map[string]int{"": 6, "ward": 3, "WARD 1": 2, "%": 1, "_": 1, `\`: 1, "ärzte": 1, "nothing": 0} {
		if _, total := w.titled(gateway.GroupList{Subject: filter, Index: 1, Size: 100}); total != count {
			t.Errorf("filter %q: total %d, want %d", filter, total, count)
		}
	}
	if _, total := w.titled(gateway.GroupList{Status: group.Suspended, Index: 1, Size: 10}); total != 0 {
		t.Errorf("%d suspended", total)
	}
	id := w.rows()[3].NetworkID
	w.suspend(at(id))
	w.becomes(id, group.Suspended)
	got, total := w.titled(gateway.GroupList{Status: group.Suspended, Subject: "ward", Index: 1, Size: 10})
	if diff := cmp.Diff([]string{"WARD 2"}, got); diff != "" || total != 1 {
		t.Errorf("%d suspended (-want +got):\n%s", total, diff)
	}
}

func TestListParticipants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", people(0, 8)...)
	for _, c := range []struct{ index, size, from, to int }{{1, 0, 0, 8}, {1, 3, 0, 3}, {2, 3, 3, 6}, {3, 3, 6, 8}, {4, 3, 8, 8}, {math.MaxInt, 100, 8, 8},
		{math.MaxInt/100 + 2, 100, 8, 8}} {
		got, total, err := w.gateway().ListParticipants(ctx, w.me(), g.Target, c.index, c.size)
		w.must(err)
		var numbers []group.Number
		for _, p := range got {
			numbers = append(numbers, p.Number)
			if p.State != group.Member || p.Since.IsZero() {
				t.Errorf("%+v", p)
			}
		}
		if diff := cmp.Diff(append([]group.Number(nil), people(0, 8)[c.from:c.to]...), numbers); diff != "" || total != 8 {
			t.Errorf("page %d of %d, total %d (-want +got):\n%s", c.index, c.size, total, diff)
		}
	}
	if row := w.row(g.GroupID); row.Participants != 8 {
		t.Errorf("the list counts %d", row.Participants)
	}
	w.isOut(w.remove(g.Target, people(0, 2)...), 2)
	if row := w.row(g.GroupID); row.Participants != 6 {
		t.Errorf("after a removal the list counts %d", row.Participants)
	}
}

// A removal that the network accepts and never carries out does not hold its group up for ever.
func TestGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond))
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == "remove" {
			return graph.CodeSomethingWentWrong
		}
		return 0
	}, Webhook: func(h simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: h.Type == "group_participants_remove"}
	}})
	c := w.accept(g.Target, anna)
	w.until("it was sent again", func() bool { return len(w.calls("remove_participants")) > 1 })
	w.clock.advance(25 * time.Hour)
	op := w.failed(c.Operation.ID)
	if op.People[0].State != group.PersonRefused {
		t.Errorf("%+v", op.People)
	}
	w.expect(g.Target, anna, berta)
	w.done(w.send(g.Target, "on we go").Operation.ID)
}
