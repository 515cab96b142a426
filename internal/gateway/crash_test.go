package gateway_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// told counts how often it was told that a person was removed from a group.
func (w *world) told(groupID int64, n group.Number) (times int) {
	w.t.Helper()
	for _, e := range w.events(groupID) {
		if e.Kind == "removed" && strings.Contains(e.Body, n.String()) {
			times++
		}
	}
	return times
}

// crashAfter crashes the gateway once the network has got so many more of a call, wherever the gateway is by then.
func (w *world) crashAfter(calls int32, operation string) (crashed <-chan struct{}) {
	w.t.Helper()
	var left atomic.Int32
	left.Store(calls)
	due, done := make(chan struct{}), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{AfterCall: func(c simulator.Call) {
		if c.Operation == operation && left.Add(-1) == 0 {
			close(due)
		}
	}})
	go func() {
		defer close(done)
		select {
		case <-due:
		case <-time.After(patience):
			w.t.Errorf("there were not so many calls of %s", operation)
		}
		w.crash()
	}()
	return done
}

// Crashes in the midst of many removals lose none that was answered, and repeat none that was done.
func TestP3AcceptedRemovalsSurviveCrashes(t *testing.T) {
	t.Parallel()
	const groups, lives = 12, 3
	w := newWorld(t, report(30*time.Millisecond), confirm(time.Millisecond), simDelay(2*time.Millisecond))
	made := make([]made, groups)
	for i := range made {
		made[i] = w.group(fmt.Sprintf("group %d", i), people(8*i, 8)...)
	}
	accepted := map[int64]whom{}
	var mu sync.Mutex
	for life := range lives {
		crashed := w.crashAfter(int32(15+life), "remove_participants")
		g, caller := w.gateway(), w.me()
		var all sync.WaitGroup
		for i, m := range made {
			for _, n := range people(8*i+2*life, 2) {
				all.Go(func() {
					change, err := g.RemoveParticipants(ctx, caller, m.Target, []group.Number{n})
					if change.Operation.ID == 0 || err != nil {
						return // nobody was promised anything
					}
					mu.Lock()
					accepted[change.Operation.ID] = whom{m, n}
					mu.Unlock()
				})
			}
		}
		all.Wait()
		w.wait("the crash", crashed)
		w.sim.Interfere(nil)
		w.open()
	}
	if len(accepted) < groups {
		t.Errorf("only %d removals were accepted; the crashes come too early to show anything", len(accepted))
	}
	for id, who := range accepted {
		op := w.done(id)
		if op.People[0].Number != who.n || op.People[0].State == group.PersonRefused {
			t.Errorf("%+v", op.People)
		}
		if seat := w.seats(who.GroupID)[who.n]; seat != "removed" {
			t.Errorf("%d is %q on the network", who.n, seat)
		}
		if times := w.told(who.id, who.n); times != 1 {
			t.Errorf("that %d was removed was told %d times", who.n, times)
		}
	}
	w.idle()
	for _, m := range made {
		w.expect(m.Target, w.truth(m.GroupID)...)
	}
}

type whom struct {
	made
	n group.Number
}

// A crash in the midst of creations: each group is made once and has its place in the list.
func TestP3CreationsSurviveACrash(t *testing.T) {
	t.Parallel()
	const groups = 10
	w := newWorld(t, report(20*time.Millisecond), simDelay(2*time.Millisecond))
	crashed := w.crashAfter(4, "create_group")
	g, caller := w.gateway(), w.me()
	var accepted []int64
	for i := range groups {
		change, err := g.AddGroup(ctx, caller, home, fmt.Sprintf("group %d", i), "")
		if err == nil {
			accepted = append(accepted, change.Operation.ID)
		}
	}
	w.wait("the crash", crashed)
	w.sim.Interfere(nil)
	w.open()
	for _, id := range accepted {
		w.done(id)
	}
	w.idle()
	w.onlyGroups(len(accepted))
}

// onlyGroups fails unless the network and the list have just so many groups, and the same.
func (w *world) onlyGroups(count int) {
	w.t.Helper()
	var view struct {
		Groups []struct {
			ID string `json:"id"`
		} `json:"groups"`
	}
	w.did(w.control("GET", "/groups", nil, &view), "groups")
	if len(view.Groups) != count {
		w.t.Errorf("the network has %d groups, want %d", len(view.Groups), count)
	}
	for _, g := range view.Groups {
		if r := w.row(g.ID); r.Status != group.Active || r.InviteLink == "" {
			w.t.Errorf("%q is %v with link %q", r.Subject, r.Status, r.InviteLink)
		}
	}
	if rows := w.rows(); len(rows) != count {
		w.t.Errorf("the list has %d groups, want %d", len(rows), count)
	}
}

// Messages accepted before a crash are sent after it, in order, and the fence holds across it.
func TestP3MessagesAndFenceSurviveACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(50*time.Millisecond))
	g := w.group("ward", anna, berta)
	reached := make(chan struct{}, 8)
	w.sim.Interfere(&simulator.Interference{AfterCall: func(c simulator.Call) {
		if c.Operation == "remove_participants" {
			reached <- struct{}{}
		}
	}, Webhook: func(h simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: h.Type == "group_participants_remove"}
	}})
	removal := w.accept(g.Target, berta)
	var sent []gateway.Change
	for _, text := range []string{"one", "two", "three"} {
		sent = append(sent, w.send(g.Target, text))
	}
	w.wait("the network has the removal", reached)
	w.crash()
	w.open()
	op := w.done(removal.Operation.ID)
	if op.People[0].State != group.PersonOut {
		t.Errorf("berta: %+v", op.People[0])
	}
	for _, c := range sent {
		w.done(c.Operation.ID)
	}
	w.delivered(g, anna, 3)
	w.received(g, anna, "one", "two", "three")
	w.received(g, berta)
}

// A message that was on its way when the crash came is not sent once more when its status shows that it went through, also when the
// network had refused it before.
func TestP3MessageInDoubtIsNotSentTwice(t *testing.T) {
	t.Parallel()
	for _, refusals := range []int32{0, 1} {
		t.Run(fmt.Sprint(refusals, " refusals before"), func(t *testing.T) { testMessageInDoubt(t, refusals) })
	}
}

func testMessageInDoubt(t *testing.T, refusals int32) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	reached, crashed := make(chan struct{}, 8), make(chan struct{})
	var tries atomic.Int32
	w.sim.Interfere(&simulator.Interference{
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			if c.Operation == "send_message" && tries.Add(1) <= refusals {
				return simulator.CallFate{Code: graph.CodePairRateLimit}
			}
			return simulator.CallFate{}
		},
		AfterCall: func(c simulator.Call) {
			if c.Operation == "send_message" && tries.Load() > refusals {
				reached <- struct{}{}
				w.hang(crashed)
			}
		},
		Webhook: func(h simulator.Webhook) simulator.WebhookFate { // until the next life has begun
			return simulator.WebhookFate{Delay: map[string]time.Duration{"messages": 300 * time.Millisecond}[h.Field]}
		}})
	message := w.send(g.Target, "once")
	w.wait("the network has the message", reached)
	w.crash()
	close(crashed)
	w.open()
	if op := w.done(message.Operation.ID); !strings.HasPrefix(op.Result, "wamid.") {
		t.Errorf("result %q", op.Result)
	}
	w.idle()
	w.received(g, anna, "once")
}

// What was finished before a crash stays as it was answered.
func TestP3FinishedOperationsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla)
	c := w.remove(g.Target, anna, doris)
	w.crash()
	w.open()
	after, err := w.gateway().Operation(ctx, w.me(), c.Operation.ID)
	w.must(err)
	if after.Operation.State != group.Done || len(after.People) != 2 || after.People[0] != c.People[0] || after.People[1] != c.People[1] {
		t.Errorf("after the crash: %+v, before: %+v", after, c)
	}
	w.expect(g.Target, berta, carla)
	if r := w.row(g.GroupID); r.InviteLink != g.link || !strings.HasPrefix(g.link, "https://") || r.Participants != 2 {
		t.Errorf("row %+v", r)
	}
	w.isOut(w.remove(g.Target, anna), 0)
	w.join(g.link, doris)
	w.expect(g.Target, berta, carla, doris)
}

// Reports that come while nobody is there are made up for by reading.
func TestP7ReportsMissedWhileDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{Webhook: func(simulator.Webhook) simulator.WebhookFate {
		return simulator.WebhookFate{Lose: true}
	}})
	w.crash()
	w.join(g.link, carla)
	w.leave(g.Target, anna)
	w.open()
	w.expect(g.Target, anna, berta)
	w.must(w.gateway().Reread(ctx, g.id))
	w.expect(g.Target, berta, carla)
}
