package gateway_test

import (
	"encoding/json"
	"net/http"
	"strconv"
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

// states gives what became of each person of a change, in order.
func states(c gateway.Change) []group.PersonState {
	out := make([]group.PersonState, len(c.People))
	for i, p := range c.People {
		out[i] = p.State
	}
	return out
}

// isOut fails unless a removal ended well with so many people taken out by it.
func (w *world) isOut(c gateway.Change, rows int64) {
	w.t.Helper()
	if c.Operation.State != group.Done || c.Rows != rows {
		w.t.Fatalf("removal is %v with %d rows, want DONE with %d: %+v", c.Operation.State, c.Rows, rows, c.People)
	}
}

func TestP1RemovedPeopleAreOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla)
	c := w.remove(g.Target, anna, carla)
	w.isOut(c, 2)
	if diff := cmp.Diff([]group.Number{berta}, w.truth(g.GroupID)); diff != "" {
		t.Errorf("members on the network (-want +got):\n%s", diff)
	}
	w.expect(g.Target, berta)
	if c.Operation.Principal == "" || c.Operation.AccessKeyID != w.keyID || c.Operation.Source != "192.0.2.1" {
		t.Errorf("the record does not tell who did it: %+v", c.Operation)
	}
	told := w.events(g.id)
	last := told[len(told)-1]
	if last.Kind != "removed" || last.OperationID != c.Operation.ID || !strings.Contains(last.Body, anna.String()) {
		t.Errorf("last event %+v", last)
	}
}

// As long as the network has not confirmed, the answer is Pending, the people are members, and asking again waits on.
func TestP1PendingUntilConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, confirm(30*time.Millisecond))
	g := w.group("ward", anna, berta)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	c := w.remove(g.Target, anna)
	if !c.Pending() || c.Rows != 0 || c.People[0].State != group.PersonPending {
		t.Fatalf("without a confirmation: %+v", c)
	}
	report := w.hooks.take(1)
	w.expect(g.Target, anna, berta)
	w.hooks.hold(nil)
	w.hooks.deliver(report...)
	w.done(c.Operation.ID)
	w.expect(g.Target, berta)
	again, err := w.gateway().Operation(ctx, w.me(), c.Operation.ID)
	w.must(err)
	if again.People[0].State != group.PersonOut {
		t.Errorf("the operation's row: %+v", again.People)
	}
}

func TestP1RefusedByReportFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == "remove" && s.Phone == anna.String() {
			return graph.CodeTermsNotAccepted
		}
		return 0
	}})
	c := w.remove(g.Target, anna)
	if c.Operation.State != group.Failed || c.Rows != 0 || c.People[0].Code != graph.CodeTermsNotAccepted || c.People[0].Message == "" {
		t.Errorf("one refused: %+v", c)
	}
	w.expect(g.Target, anna, berta, carla)

	c = w.remove(g.Target, anna, berta, doris) // in part
	if diff := cmp.Diff([]group.PersonState{group.PersonRefused, group.PersonOut, group.PersonWasOut}, states(c)); diff != "" {
		t.Errorf("in part (-want +got):\n%s", diff)
	}
	if c.Operation.State != group.Failed || c.Rows != 1 {
		t.Errorf("in part: %v with %d rows", c.Operation.State, c.Rows)
	}
	w.expect(g.Target, anna, carla)

	w.sim.Interfere(nil)
	w.isOut(w.remove(g.Target, anna, berta), 1)
	w.expect(g.Target, carla)
}

func TestP1RefusedAtOnceFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, code := range []int{graph.CodeNotEligible, graph.CodeAccountLocked, graph.CodeParameterValue} {
		g := w.group("refused with "+strconv.Itoa(code), anna)
		w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
			if c.Operation == "remove_participants" {
				return simulator.CallFate{Code: code}
			}
			return simulator.CallFate{}
		}})
		c := w.remove(g.Target, anna)
		if c.Operation.State != group.Failed || c.Rows != 0 || c.People[0].Code != code {
			t.Errorf("code %d: %v, %+v", code, c.Operation.State, c.People)
		}
		w.expect(g.Target, anna)
		w.sim.Interfere(nil)
		w.isOut(w.remove(g.Target, anna), 1)
	}
}

func TestP1NobodyThereCountsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	c := w.remove(g.Target, carla, doris) // never members
	w.isOut(c, 0)
	w.leave(g.Target, anna)
	w.expect(g.Target, berta)
	w.isOut(w.remove(g.Target, anna), 0) // left before
	w.isOut(w.remove(g.Target, berta, carla), 1)
	w.isOut(w.remove(g.Target, berta), 0) // removed before
}

// A person whose joining we were never told of is taken out all the same.
func TestP1UnknownMemberIsTakenOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.sim.Interfere(&simulator.Interference{Webhook: func(h simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: h.Type == "group_participants_add"}
	}})
	w.join(g.link, berta)
	w.expect(g.Target, anna)
	w.isOut(w.remove(g.Target, berta), 1)
	if seat := w.seats(g.GroupID)[berta]; seat != "removed" {
		t.Errorf("berta is %q on the network", seat)
	}
	w.expect(g.Target, anna)
}

// A hundred people go down in commands of eight, in one answer.
func TestP1HundredPeopleInThirteenCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	crowd := people(0, 100)
	var in []group.Number
	for i := 0; len(in) < 8; i += 13 {
		in = append(in, crowd[i])
	}
	g := w.group("crowd", in...)
	c := w.remove(g.Target, crowd...)
	w.isOut(c, 8)
	if calls := w.calls("remove_participants"); len(calls) != 13 {
		t.Errorf("%d commands, want 13", len(calls))
	}
	for i, p := range c.People {
		if want := group.PersonWasOut; i%13 != 0 && p.State != want || p.Number != crowd[i] {
			t.Errorf("person %d: %+v", i, p)
		}
	}
	w.expect(g.Target)
	_, err := w.gateway().RemoveParticipants(ctx, w.me(), g.Target, people(0, 101))
	w.refused(err, group.CodeBadList)
	_, err = w.gateway().RemoveParticipants(ctx, w.me(), g.Target, nil)
	w.refused(err, group.CodeBadList)
}

// gate holds up what the network does with removals until it is opened.
func (w *world) gate() (reached <-chan struct{}, open func()) {
	at, opened := make(chan struct{}, 64), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == "remove" {
			at <- struct{}{}
			w.hang(opened)
		}
		return 0
	}})
	return at, func() { close(opened) }
}

func (w *world) wait(what string, c <-chan struct{}) {
	w.t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		w.t.Fatalf("it did not happen: %s", what)
	}
}

// Somebody who leaves while the removal is under way is out, but not by us, and may come back.
func TestP1LeavingMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.clock.advance(time.Second) // in the second of her joining the network's word would prove nothing
	reached, open := w.gate()
	c := w.accept(g.Target, anna)
	w.wait("the network has the removal", reached)
	w.leave(g.Target, anna)
	open()
	op := w.done(c.Operation.ID)
	if op.People[0].State != group.PersonWasOut {
		t.Errorf("anna: %+v", op.People[0])
	}
	w.idle()
	w.expect(g.Target, berta)
	told := 0
	for _, e := range w.events(g.id) {
		if e.Kind == "left" && strings.Contains(e.Body, anna.String()) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("that anna left was told %d times", told)
	}
	w.join(g.link, anna)
	w.expect(g.Target, anna, berta)
}

// loseReports loses the reports of removals.
func (w *world) loseReports() {
	w.sim.Interfere(&simulator.Interference{Webhook: func(h simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: h.Type == "group_participants_remove"}
	}})
}

func TestP1LostReportIsMadeUpForByReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(10*time.Millisecond))
	g := w.group("ward", anna, berta)
	w.loseReports()
	w.isOut(w.remove(g.Target, anna), 1)
	w.expect(g.Target, berta)
	if seat := w.seats(g.GroupID)[anna]; seat != "removed" {
		t.Errorf("anna is %q on the network", seat)
	}
}

// stale makes the next readings of groups show an answer from before; each takes one from left.
func (w *world) stale(left *atomic.Int32, body *atomic.Pointer[[]byte]) {
	w.edits.set(func(r *http.Request, status int, got []byte) (int, []byte) {
		if !readsGroup(r) {
			return status, got
		}
		if old := body.Load(); old != nil && left.Add(-1) >= 0 {
			return status, *old
		}
		body.Store(&got)
		return status, got
	})
}

// A reading that lags behind the network must not be taken for a confirmation, nor stop it for ever.
func TestP1ReadingThatLagsIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond))
	g := w.group("ward", anna, berta)
	var left atomic.Int32
	var before atomic.Pointer[[]byte]
	w.stale(&left, &before)
	w.must(w.gateway().Reread(ctx, g.id))
	w.until("the group was read", func() bool { return before.Load() != nil })
	w.idle()
	left.Store(3)
	w.loseReports()
	w.isOut(w.remove(g.Target, anna), 1)
	if left.Load() > 1 {
		t.Errorf("the group was not read: %d", left.Load())
	}
	w.expect(g.Target, berta)
}

// After an answer that was lost the removal is sent again; that the network then does not find the person is success.
func TestP1LostAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	for name, loseReport := range map[string]bool{"the report comes": false, "the report is lost too": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			g := w.group("ward", anna, berta)
			var lost atomic.Bool
			w.sim.Interfere(&simulator.Interference{
				BeforeCall: func(c simulator.Call) simulator.CallFate {
					return simulator.CallFate{LoseAnswer: c.Operation == "remove_participants" && !lost.Swap(true)}
				},
				Webhook: func(h simulator.Webhook) simulator.WebhookFate {
					return simulator.WebhookFate{Lose: loseReport && h.Type == "group_participants_remove"}
				}})
			w.isOut(w.remove(g.Target, anna), 1)
			w.expect(g.Target, berta)
			w.idle()
		})
	}
}

// The network being out of order is waited out, and a bad token is until somebody gives a good one.
func TestP1TroubleBelowIsWaitedOut(t *testing.T) {
	t.Parallel()
	for _, code := range []int{graph.CodeGroupRateLimit, graph.CodeServiceUnavailable, graph.CodeTemporarilyUnavailable, graph.CodeTokenInvalid} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			g := w.group("ward", anna, berta)
			var tries atomic.Int32
			w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
				if c.Operation == "remove_participants" && tries.Add(1) <= 2 {
					return simulator.CallFate{Code: code}
				}
				return simulator.CallFate{}
			}})
			w.isOut(w.remove(g.Target, anna), 1)
			if tries.Load() != 3 {
				t.Errorf("%d tries", tries.Load())
			}
		})
	}
}

// The answer itself can already say for each person what became of them.
func TestP1PartialAnswerAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Phone == berta.String() {
			return graph.CodeTermsNotAccepted
		}
		return 0
	}})
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	w.edits.set(func(r *http.Request, status int, body []byte) (int, []byte) {
		if !is(r, http.MethodDelete, "/participants") {
			return status, body
		}
		answer, _ := json.Marshal(map[string]any{"messaging_product": "whatsapp",
			"removed_participants": []any{map[string]string{"input": "+" + anna.String()}},
			"failed_participants": []any{map[string]any{"input": "+" + berta.String(),
				"errors": []any{map[string]any{"code": graph.CodeTermsNotAccepted, "title": "terms"}}}},
			"errors": []any{map[string]any{"code": graph.CodePartialSuccess, "title": "partial"}}})
		return http.StatusPartialContent, answer
	})
	c := w.remove(g.Target, anna, berta)
	if diff := cmp.Diff([]group.PersonState{group.PersonOut, group.PersonRefused}, states(c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.expect(g.Target, berta, carla)
	w.hooks.release()
	w.expect(g.Target, berta, carla)
	w.idle()
}

// When the network refuses a whole list because one of them is not there, the others are not taken for gone.
func TestP1NotInGroupOfAMixedListIsNotBelievedForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "remove_participants" && strings.Contains(string(c.Body), carla.String()) {
			return simulator.CallFate{Code: graph.CodeNotInGroup}
		}
		return simulator.CallFate{}
	}})
	c := w.remove(g.Target, anna, carla)
	w.isOut(c, 1)
	if diff := cmp.Diff([]group.PersonState{group.PersonOut, group.PersonWasOut}, states(c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if seat := w.seats(g.GroupID)[anna]; seat != "removed" {
		t.Errorf("anna is %q on the network", seat)
	}
}

// When the network denies that a member is there, it is believed, but the group is read soon after.
func TestP7DeniedMemberIsLookedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "remove_participants" {
			return simulator.CallFate{Code: graph.CodeNotInGroup}
		}
		return simulator.CallFate{}
	}})
	w.isOut(w.remove(g.Target, anna), 0)
	w.sim.Interfere(nil)
	w.expect(g.Target, anna, berta)
	w.isOut(w.remove(g.Target, anna), 1)
	w.expect(g.Target, berta)
}

// A report that comes a second time is about the removal it was about, not about the next one of the same person.
func TestP1RepeatedRefusalDoesNotEndTheNextRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	var refuse atomic.Bool
	refuse.Store(true)
	var first atomic.Pointer[graph.Event]
	reached, open := make(chan struct{}), make(chan struct{})
	w.hooks.hold(func(e *graph.Event) bool {
		if e.Type == graph.ParticipantsRemove && first.Load() == nil {
			first.Store(e)
		}
		return false
	})
	w.sim.Interfere(&simulator.Interference{
		Outcome: func(s simulator.Step) int {
			if s.Kind == "remove" && refuse.Load() {
				return graph.CodeTermsNotAccepted
			}
			return 0
		},
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			if c.Operation == "remove_participants" && !refuse.Load() {
				close(reached)
				w.hang(open)
			}
			return simulator.CallFate{}
		}})
	if c := w.remove(g.Target, anna); c.Operation.State != group.Failed {
		t.Fatalf("first removal is %v", c.Operation.State)
	}
	refuse.Store(false)
	second := w.accept(g.Target, anna)
	w.wait("the second removal reaches the network", reached)
	w.hooks.deliver(*first.Load())
	close(open)
	w.done(second.Operation.ID)
	w.expect(g.Target, berta)
}

// A removal that found somebody out, and whose report is still to come, does not speak for a call that comes after they came in.
func TestP1WhoComesInBeforeTheReportThatTheyAreOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.hooks.hold(kinds(graph.ParticipantsRemove, graph.ParticipantsAdd))
	first := w.accept(g.Target, anna, carla) // carla is nobody yet
	removed := w.hooks.take(1)
	w.join(g.link, carla)
	joined := w.hooks.take(1)
	second := w.accept(g.Target, carla)
	w.hooks.hold(nil)
	w.hooks.deliver(removed...)
	w.done(first.Operation.ID)
	w.done(second.Operation.ID)
	if seat := w.seats(g.GroupID)[carla]; seat != "removed" {
		t.Errorf("carla's removal has ended, and she is %q on the network", seat)
	}
	w.hooks.deliver(joined...)
	w.expect(g.Target, berta)
}

// A report about an earlier removal that comes late is not told as the work of the one that runs now.
func TestP8LateReportIsToldAsWhatItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(10*time.Millisecond))
	g := w.group("ward", anna, berta, carla)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	first := w.remove(g.Target, anna) // ended by reading
	w.isOut(first, 1)
	late := w.hooks.take(1)
	w.hooks.hold(nil)
	reached, open := w.gate()
	second := w.accept(g.Target, berta)
	w.wait("the second removal is under way", reached)
	w.hooks.deliver(late...)
	open()
	w.done(second.Operation.ID)
	for _, e := range w.events(g.id) {
		about := e.Kind == "removed" && strings.Contains(e.Body, anna.String())
		if about && e.OperationID == second.Operation.ID {
			t.Errorf("anna's removal is told as part of berta's: %+v", e)
		}
	}
	if times := w.told(g.id, anna); times != 1 {
		t.Errorf("that anna was removed was told %d times", times)
	}
	w.isOut(w.remove(g.Target, anna), 0)
}

// A report that comes late tells nothing new either when the same person was asked to be removed again meanwhile, and the
// network has said, or is about to say, that nobody is there.
func TestP8LateReportOfAPersonRemovedAgain(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]bool{"after the second removal": false, "during the second removal": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(10*time.Millisecond))
			g := w.group("ward", anna, berta)
			w.hooks.hold(kinds(graph.ParticipantsRemove))
			first := w.remove(g.Target, anna) // ended by reading
			w.isOut(first, 1)
			late := w.hooks.take(1)
			w.hooks.hold(nil)
			if during {
				reached, open := w.slowRemoval(func(simulator.Call) bool { return true }, simulator.CallFate{})
				second := w.accept(g.Target, anna)
				w.wait("the second removal is under way", reached)
				w.hooks.deliver(late...)
				open()
				w.done(second.Operation.ID)
			} else {
				w.isOut(w.remove(g.Target, anna), 0)
				w.hooks.deliver(late...)
			}
			if times := w.told(g.id, anna); times != 1 {
				t.Errorf("that anna was removed was told %d times", times)
			}
			w.expect(g.Target, berta)
		})
	}
}

// rewrite changes the answers to removals; the reports of them are held back.
func (w *world) rewrite(status int, answer map[string]any) {
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	w.edits.set(func(r *http.Request, was int, body []byte) (int, []byte) {
		if !is(r, http.MethodDelete, "/participants") {
			return was, body
		}
		out, err := json.Marshal(answer)
		if err != nil {
			w.t.Errorf("%v", err)
		}
		return status, out
	})
}

// Whoever failed without a reason of their own has that of the whole answer; and an answer that only holds an error accepts
// nothing, whatever its status.
func TestP1ReasonOfTheWholeAnswer(t *testing.T) {
	t.Parallel()
	terms := []any{map[string]any{"code": graph.CodeTermsNotAccepted, "title": "terms of +49 1511 0000001"}}
	for name, answer := range map[string]map[string]any{
		"named":  {"failed_participants": []any{map[string]any{"input": "+" + anna.String()}}, "errors": terms},
		"nobody": {"errors": terms},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(5*time.Millisecond))
			g := w.group("ward", anna, berta)
			w.rewrite(http.StatusOK, answer)
			op := w.failed(w.accept(g.Target, anna).Operation.ID)
			p := op.People[0]
			if p.Code != graph.CodeTermsNotAccepted || !strings.Contains(p.Message, "terms") || strings.Contains(p.Message, "0000001") {
				t.Errorf("%+v", p)
			}
		})
	}
}

// An answer that not all succeeded, but not who, settles nobody.
func TestP1PartialAnswerWithoutNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond))
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Phone == berta.String() {
			return graph.CodeTermsNotAccepted
		}
		return 0
	}})
	w.rewrite(http.StatusPartialContent, map[string]any{"errors": []any{map[string]any{"code": graph.CodePartialSuccess}},
		"failed_participants": []any{map[string]any{"input": "+" + berta.String()}}})
	c := w.accept(g.Target, anna, berta)
	w.until("anna is found out", func() bool {
		now, err := w.gateway().Operation(ctx, w.me(), c.Operation.ID)
		w.must(err)
		return now.People[0].State == group.PersonOut && now.People[1].State == group.PersonPending
	})
	w.edits.set(nil)
	w.hooks.release()
	if op := w.failed(c.Operation.ID); op.People[1].Code != graph.CodeTermsNotAccepted {
		t.Errorf("%+v", op.People)
	}
}
