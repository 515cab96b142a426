package app_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The promises, seen from outside: by signed calls over HTTP, and by the phones. Package gateway has the long stories.

// People of the short stories.
const (
	anna  = "8613900000001"
	berta = "8613900000002"
	carla = "8613900000003"
	doris = "8613900000004" // joins nothing
)

// never is a delay after which no test waits any more: what the simulated network accepted will not be done.
const never = time.Hour

func TestP1OKMeansOut(t *testing.T) {
	t.Parallel()
	s := open(t, life{DataDir: filepath.Join(t.TempDir(), "data"), Delay: 20 * time.Millisecond, ConfirmWait: patience}.config())
	g := s.newGroup("Team")
	s.joined(g, anna, berta, carla)
	for _, step := range []struct {
		list   []string
		result int
		left   []string
	}{
		{[]string{anna}, 1, []string{berta, carla}},
		{[]string{anna, doris}, 0, []string{berta, carla}}, // removed before, and never there
		{[]string{doris, berta, anna, berta, carla}, 2, []string{}},
	} {
		a := s.remove(g, step.list...)
		truth, members := s.truth(g), s.members(g)
		if !a.ok() || !a.Success || a.Result != step.result || a.OperationID == "" {
			t.Errorf("removal of %v: %s, want OK and %d", step.list, a.Body, step.result)
		}
		if diff := cmp.Diff(step.left, truth); diff != "" {
			t.Errorf("on the network after the removal of %v (-want +got):\n%s", step.list, diff)
		}
		if diff := cmp.Diff(step.left, members); diff != "" {
			t.Errorf("in the list after the removal of %v (-want +got):\n%s", step.list, diff)
		}
	}
}

// TestP1SilenceIsNotOK: what the network has accepted and not done is pending, for as long as one likes to ask.
func TestP1SilenceIsNotOK(t *testing.T) {
	t.Parallel()
	town := build(t, 1, 3)
	g, people := town.groups[0], town.people[0]
	for _, wait := range []time.Duration{0, 300 * time.Millisecond, 3500 * time.Millisecond} { // the last reads the group meanwhile
		t.Run(wait.String(), func(t *testing.T) {
			t.Parallel()
			s := open(t, life{DataDir: town.copied(t), Delay: never, ConfirmWait: wait}.config())
			for range 2 {
				a := s.remove(g, people[0], doris)
				if a.Status != http.StatusOK || a.Code != "ChatGroup.OperationPending" || a.Success || a.Result != 0 ||
					!strings.Contains(a.Message, a.OperationID) || a.OperationID == "" {
					t.Errorf("removal: status %d, %s", a.Status, a.Body)
				}
				if end := s.operation(a.OperationID); end.Data.State != "PENDING" {
					t.Errorf("operation: %s", end.Body)
				}
			}
			if diff := cmp.Diff(people, s.truth(g)); diff != "" {
				t.Errorf("on the network (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(people, s.members(g)); diff != "" {
				t.Errorf("in the list (-want +got):\n%s", diff)
			}
		})
	}
}

// TestP2SilenceHoldsTheFence: as long as a removal is not confirmed, nothing that was accepted behind it goes out, while other
// groups go on (P4).
func TestP2SilenceHoldsTheFence(t *testing.T) {
	t.Parallel()
	town := build(t, 2, 2)
	s := open(t, life{DataDir: town.copied(t), Delay: never}.config())
	closed, free := town.groups[0], town.groups[1]
	if a := s.text(closed, "before"); !a.ok() {
		t.Errorf("message before the removal: %s", a.Body)
	}
	if a := s.remove(closed, town.people[0][0]); a.Code != "ChatGroup.OperationPending" {
		t.Errorf("removal: %s", a.Body)
	}
	for i := range 3 {
		for _, g := range []chat{closed, free} {
			if a := s.text(g, fmt.Sprint("after ", i)); !a.ok() {
				t.Errorf("message: %s", a.Body)
			}
		}
	}
	s.until("the free group's messages are with the network", func() bool { return len(s.calls(free, "send_message")) == 3 })
	s.until("the removal is with the network", func() bool { return len(s.calls(closed, "remove_participants")) == 1 })
	for _, c := range s.calls(closed, "send_message") {
		if !strings.Contains(string(c.Request), "before") {
			t.Errorf("it went out before the removal was confirmed: %s", c.Request)
		}
	}
}

// TestP4OneOrderForEachGroup sends messages and removals by turns, to several groups at once, without waiting for anything.
func TestP4OneOrderForEachGroup(t *testing.T) {
	t.Parallel()
	town := build(t, 4, 6)
	s := open(t, life{DataDir: town.copied(t), Delay: 2 * time.Millisecond}.config())
	var all sync.WaitGroup
	for i, g := range town.groups {
		var signed []request
		for _, n := range town.people[i][:5] {
			signed = append(signed, s.message(g, "before "+n), request{action: "DeleteChatGroupParticipants", values: removal(g.ID, n)})
		}
		all.Go(func() {
			for _, r := range append(signed, s.message(g, "end")) {
				if a, err := s.send(t.Context(), s.sign(r)); err != nil || a.Status != http.StatusOK {
					t.Errorf("%s: %+v, %v", r.action, a, err)
				}
			}
		})
	}
	all.Wait()
	for i, g := range town.groups {
		s.arrived(town.people[i][5], g, "end")
		var want, got []string
		for j, n := range town.people[i][:5] {
			want = append(want, "send_message "+n, "remove_participants "+n)
			var heard []string
			for _, before := range town.people[i][:j+1] {
				heard = append(heard, "before "+before)
			}
			if diff := cmp.Diff(heard, s.inbox(n, g)); diff != "" {
				t.Errorf("inbox of %s (-want +got):\n%s", n, diff)
			}
		}
		for _, c := range s.calls(g, "send_message", "remove_participants") {
			for _, n := range town.people[i] {
				if strings.Contains(string(c.Request), n) {
					got = append(got, c.Operation+" "+n)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("order of group %d on the network (-want +got):\n%s", i, diff)
		}
	}
}

// TestP5RepeatJoinsThePendingRemoval repeats a removal, in whole and in part, that is not confirmed yet.
func TestP5RepeatJoinsThePendingRemoval(t *testing.T) {
	t.Parallel()
	town := build(t, 1, 3)
	g, people := town.groups[0], town.people[0]
	s := open(t, life{DataDir: town.copied(t), Delay: never}.config())
	first := s.remove(g, people[0], people[1])
	for _, list := range [][]string{{people[0], people[1]}, {people[1], people[0]}, {people[1]}} {
		if a := s.remove(g, list...); a.Code != "ChatGroup.OperationPending" || a.OperationID != first.OperationID {
			t.Errorf("removal of %v again: %s, operation %s, want the pending %s", list, a.Body, a.OperationID, first.OperationID)
		}
	}
}

// TestP5RepeatsAtOnceAndAfterwards sends the same removal ten times at once, and again when it is done.
func TestP5RepeatsAtOnceAndAfterwards(t *testing.T) {
	t.Parallel()
	town := build(t, 1, 3)
	g, number := town.groups[0], town.people[0][0]
	s := open(t, life{DataDir: town.copied(t), Delay: 20 * time.Millisecond, ConfirmWait: patience}.config())
	var all sync.WaitGroup
	for range 10 {
		signed := s.sign(request{action: "DeleteChatGroupParticipants", values: removal(g.ID, number)})
		all.Go(func() {
			if a, err := s.send(t.Context(), signed); err != nil || !a.ok() {
				t.Errorf("one of ten at once: %+v, %v", a, err)
			}
		})
	}
	all.Wait()
	if a := s.remove(g, number); !a.ok() || a.Result != 0 {
		t.Errorf("when it is done: %s, want OK and 0", a.Body)
	}
	if calls := s.calls(g, "remove_participants"); len(calls) != 1 {
		t.Errorf("the network was asked %d times", len(calls))
	}
}

// TestP5RemovalOfWhoLeftIsDone: that the network refuses it, because nobody is there, is no failure.
func TestP5RemovalOfWhoLeftIsDone(t *testing.T) {
	t.Parallel()
	town := build(t, 1, 2)
	g, number := town.groups[0], town.people[0][0]
	s := open(t, life{DataDir: town.copied(t), ConfirmWait: patience}.config())
	s.did("POST", "/phones/"+number+"/leave", map[string]string{"group_id": g.ID}, nil)
	for range 2 {
		if a := s.remove(g, number); !a.ok() || a.Result != 0 {
			t.Errorf("removal of somebody who left: %s, want OK and 0", a.Body)
		}
	}
}

// TestP5TokenGivesTheFirstAnswer: with a ClientToken even the number of those taken out is the first call's.
func TestP5TokenGivesTheFirstAnswer(t *testing.T) {
	t.Parallel()
	town := build(t, 1, 2)
	s := open(t, life{DataDir: town.copied(t), ConfirmWait: patience}.config())
	r := request{action: "DeleteChatGroupParticipants", values: removal(town.groups[0].ID, town.people[0][0])}
	r.values.Set("ClientToken", "one")
	first, again := s.sent(s.sign(r)), s.sent(s.sign(r))
	if !first.ok() || !again.ok() || again.OperationID != first.OperationID || again.Result != first.Result || again.Result != 1 {
		t.Errorf("first %s, again %s", first.Body, again.Body)
	}
}
