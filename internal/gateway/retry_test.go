package gateway_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// with is me with an idempotency token and the digest of the parameters it stands for.
func (w *world) with(action, clientToken, digest string) gateway.Caller {
	w.t.Helper()
	c := w.as(w.keyID, action)
	c.ClientToken, c.ParamsDigest = clientToken, digest
	return c
}

// audit gives the account's operations, oldest first, without those that made the account.
func (w *world) audit() []group.Operation {
	w.t.Helper()
	var all, out []group.Operation
	w.must(w.house.store.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Operations(1000000000000001, 0, 10_000)
		return err
	}))
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Kind != group.KindAccount {
			out = append(out, all[i])
		}
	}
	return out
}

func TestP5RepeatedRemovalJoinsThePendingOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	first := w.accept(g.Target, anna, berta)
	second := w.accept(g.Target, berta, anna)
	part := w.accept(g.Target, berta)
	if second.Operation.ID != first.Operation.ID || part.Operation.ID != first.Operation.ID {
		t.Fatalf("operations %d, %d and %d, want one", first.Operation.ID, second.Operation.ID, part.Operation.ID)
	}
	if len(part.People) != 1 || part.People[0].Number != berta || part.Rows != 0 {
		t.Errorf("the repeat for one is about %+v", part.People)
	}
	waiting := make(chan gateway.Change)
	caller, live := w.me(), w.gateway()
	go func() {
		c, err := live.RemoveParticipants(ctx, caller, g.Target, []group.Number{anna})
		if err != nil {
			t.Error(err)
		}
		waiting <- c
	}()
	w.until("every repeat is in the audit", func() bool { return w.repeats() == 3 })
	w.hooks.deliver(w.hooks.take(1)...)
	w.hooks.hold(nil)
	w.isOut(<-waiting, 1)
	w.done(first.Operation.ID)
	if calls := w.calls("remove_participants"); len(calls) != 1 {
		t.Errorf("the network was asked %d times", len(calls))
	}
}

// repeats counts the calls that joined a pending removal.
func (w *world) repeats() (count int) {
	w.t.Helper()
	for _, op := range w.audit() {
		if op.Result == "joined" && op.State == group.Done {
			count++
		}
	}
	return count
}

// A list that goes beyond the pending removal is a removal of its own, behind it.
func TestP5OverlappingRemovals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla, doris)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	first := w.accept(g.Target, anna, berta)
	second := w.accept(g.Target, berta, carla)
	third := w.accept(g.Target, anna, carla) // spread over two pending ones
	if second.Operation.ID == first.Operation.ID || third.Operation.ID == second.Operation.ID {
		t.Fatal("different lists were taken for one")
	}
	w.hooks.release()
	for _, c := range []gateway.Change{first, second, third} {
		w.done(c.Operation.ID)
	}
	rows := func(c gateway.Change) int {
		op := w.ended(c.Operation.ID)
		return op.Count(group.PersonOut)
	}
	if diff := cmp.Diff([]int{2, 1, 0}, []int{rows(first), rows(second), rows(third)}); diff != "" {
		t.Errorf("taken out by each (-want +got):\n%s", diff)
	}
	w.expect(g.Target, doris)
}

func TestP5RepeatedRemovalFindsItDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.isOut(w.remove(g.Target, anna), 1)
	w.isOut(w.remove(g.Target, anna), 0)
	if calls := w.calls("remove_participants"); len(calls) != 1 {
		t.Errorf("the network was asked %d times", len(calls))
	}
	w.suspend(g.Target)
	w.becomes(g.GroupID, group.Suspended)
	w.isOut(w.remove(g.Target, anna), 0) // nothing has to be done, so nothing stands against it
	_, err := w.gateway().RemoveParticipants(ctx, w.me(), g.Target, []group.Number{anna, berta})
	w.refused(err, group.CodeSuspended)
}

func TestP5ClientTokenGivesTheFirstOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	live := w.gateway()
	subject := "renamed"
	for name, act := range map[string]func(gateway.Caller) (gateway.Change, error){
		"AddGroup": func(c gateway.Caller) (gateway.Change, error) { return live.AddGroup(ctx, c, home, "twin", "") },
		"Update": func(c gateway.Caller) (gateway.Change, error) {
			return live.UpdateGroup(ctx, c, g.Target, gateway.Settings{Subject: &subject})
		},
		"Remove": func(c gateway.Caller) (gateway.Change, error) {
			return live.RemoveParticipants(ctx, c, g.Target, []group.Number{anna})
		},
		"Send":     func(c gateway.Caller) (gateway.Change, error) { return live.SendText(ctx, c, g.Target, "hello") },
		"MakeLink": func(c gateway.Caller) (gateway.Change, error) { return live.MakeInviteLink(ctx, c, g.Target) },
		"DropLink": func(c gateway.Caller) (gateway.Change, error) { return live.DropInviteLink(ctx, c, g.Target) },
	} {
		c := w.with(name, "one token for all", "digest")
		first, err := act(c)
		w.must(err)
		op := w.done(first.Operation.ID)
		again, err := act(c)
		w.must(err)
		if again.Operation.ID != first.Operation.ID || again.Rows != first.Rows || len(again.People) != len(first.People) ||
			again.Operation.Result != op.Result {
			t.Errorf("%s: first %+v, again %+v", name, first, again)
		}
		c.ParamsDigest = "another digest"
		_, err = act(c)
		w.refused(err, group.CodeTokenReused)
		c.ClientToken = "another token"
		other, err := act(c)
		w.must(err)
		if other.Operation.ID == first.Operation.ID {
			t.Errorf("%s: another token gave the same operation", name)
		}
		w.ended(other.Operation.ID)
	}
	w.delivered(g, berta, 2)
	w.received(g, berta, "hello", "hello")
	if rows := w.rows(); len(rows) != 3 { // the first, and one for each of two tokens
		t.Errorf("%d groups, want 3", len(rows))
	}
}

// The outcome of a finished call is given also when the group could not take such a call any more.
func TestP5ClientTokenOutlivesTheGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	subject := "renamed"
	update, del := w.with("UpdateChatGroup", "t", "d"), w.with("DeleteChatGroup", "t", "d")
	first, err := w.gateway().UpdateGroup(ctx, update, g.Target, gateway.Settings{Subject: &subject})
	w.must(err)
	gone, err := w.gateway().DeleteGroup(ctx, del, g.Target)
	w.must(err)
	again, err := w.gateway().UpdateGroup(ctx, update, g.Target, gateway.Settings{Subject: &subject})
	w.must(err)
	goneAgain, err := w.gateway().DeleteGroup(ctx, del, g.Target)
	w.must(err)
	if again.Operation.ID != first.Operation.ID || goneAgain.Operation.ID != gone.Operation.ID || goneAgain.Rows != 1 {
		t.Errorf("first %+v and %+v, again %+v and %+v", first, gone, again, goneAgain)
	}
}

// The same token from many callers at once makes one group.
func TestP5ClientTokenAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.with("AddChatGroup", "t", "d")
	live := w.gateway()
	ids := make([]int64, 16)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			change, err := live.AddGroup(ctx, c, home, "ward", "")
			if err != nil {
				t.Error(err)
			}
			ids[i] = change.Operation.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("operations %v", ids)
		}
	}
	w.done(ids[0])
	w.onlyGroups(1)
}

// A call that was refused does not use its token up.
func TestP5RefusalKeepsTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.with("AddChatGroup", "t", "d")
	_, err := w.gateway().AddGroup(ctx, c, home, " ", "")
	w.refused(err, group.CodeBadSubject)
	w.must(w.gateway().RecordRefusal(ctx, c, string(group.CodeBadSubject), "Subject must not be empty"))
	change, err := w.gateway().AddGroup(ctx, c, home, "ward", "")
	w.must(err)
	w.done(change.Operation.ID)
	first := w.audit()[0]
	if first.State != group.Refusal || first.ClientToken != "" || first.Code != string(group.CodeBadSubject) || first.NonceHash != 42 ||
		first.Principal == "" || first.Message == "" {
		t.Errorf("the refusal's record: %+v", first)
	}
}

// Somebody whom the removal before took out need not be named to the network again.
func TestP5RemovedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	reached, open := w.gate()
	first := w.accept(g.Target, anna)
	w.wait("the network has the first removal", reached)
	second := w.accept(g.Target, append(people(500, 8), anna)...) // two commands: eight strangers, then anna
	open()
	w.done(first.Operation.ID)
	op := w.done(second.Operation.ID)
	if op.Count(group.PersonWasOut) != 9 {
		t.Errorf("people %+v", op.People)
	}
	if calls := w.calls("remove_participants"); len(calls) != 2 {
		t.Errorf("the network was asked %d times, want once for anna and once for the strangers", len(calls))
	}
	w.idle()
	w.expect(g.Target, berta)
}

// Somebody who was taken out before is out also for a call that joins a pending removal of somebody else, while it is pending
// and when it has ended.
func TestP5JoiningRemembersWhoWasOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla)
	w.isOut(w.remove(g.Target, anna), 1)
	w.hooks.hold(kinds(graph.ParticipantsRemove))
	first := w.accept(g.Target, berta)
	second := w.accept(g.Target, anna, berta)
	if second.Operation.ID != first.Operation.ID {
		t.Fatalf("operations %d and %d, want one", first.Operation.ID, second.Operation.ID)
	}
	want := []group.Person{{Number: anna, State: group.PersonWasOut}, {Number: berta}}
	if diff := cmp.Diff(want, second.People); diff != "" {
		t.Errorf("while it is pending (-want +got):\n%s", diff)
	}
	waiting := make(chan gateway.Change)
	caller, live := w.me(), w.gateway()
	go func() {
		c, err := live.RemoveParticipants(ctx, caller, g.Target, []group.Number{anna, berta})
		if err != nil {
			t.Error(err)
		}
		waiting <- c
	}()
	w.until("both repeats are in the audit", func() bool { return w.repeats() == 2 })
	w.hooks.release()
	third := <-waiting
	w.isOut(third, 1)
	if diff := cmp.Diff([]group.PersonState{group.PersonWasOut, group.PersonOut}, states(third)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

// Somebody whom two removals are to take out stays under removal when only the first is refused.
func TestP5RefusedFirstLeavesTheSecondPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	reached, open := make(chan struct{}, 8), make(chan struct{})
	var steps atomic.Int32
	w.sim.Interfere(&simulator.Interference{
		Outcome: func(s simulator.Step) int {
			if s.Kind == "remove" && steps.Add(1) == 1 {
				reached <- struct{}{}
				w.hang(open)
				return graph.CodeTermsNotAccepted
			}
			return 0
		}})
	first := w.accept(g.Target, anna)
	w.wait("the network has the first removal", reached)
	second := w.accept(g.Target, anna, berta)
	w.hooks.hold(func(e *graph.Event) bool { return e.Type == graph.ParticipantsRemove && len(e.Removed) > 0 })
	close(open)
	w.failed(first.Operation.ID)
	third := w.accept(g.Target, anna)
	if third.Operation.ID != second.Operation.ID {
		t.Errorf("the third call began operation %d and did not join %d", third.Operation.ID, second.Operation.ID)
	}
	w.hooks.release()
	w.done(second.Operation.ID)
	w.expect(g.Target)
}
