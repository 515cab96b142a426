package gateway_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

func TestSendText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	short := gateway.Target{Number: business, GroupID: g.GroupID} // the channel may be left out
	c := w.send(short, "hello")
	if c.Rows != 1 {
		t.Errorf("answer %+v", c)
	}
	if op := w.done(c.Operation.ID); !strings.HasPrefix(op.Result, "wamid.") {
		t.Errorf("result %q", op.Result)
	}
	for _, text := range []string{"", " \n", "\xff", strings.Repeat("é", 4097)} {
		_, err := w.gateway().SendText(ctx, w.me(), g.Target, text)
		w.refused(err, group.CodeBadMessage)
	}
	empty := w.group("nobody")
	if op := w.failed(w.send(empty.Target, "hello").Operation.ID); op.Code != "131020" {
		t.Errorf("to an empty group: %+v", op)
	}
	w.delivered(g, anna, 1)
	w.received(g, anna, "hello")
}

// When the answer is lost, the status that the network reports ends the message, well or badly.
func TestSendTextEndedByItsStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	var fail atomic.Bool
	w.sim.Interfere(&simulator.Interference{
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			return simulator.CallFate{LoseAnswer: c.Operation == "send_message"}
		},
		Outcome: func(s simulator.Step) int {
			if s.Kind == "message" && fail.Load() {
				return graph.CodeUndeliverable
			}
			return 0
		}})
	if op := w.done(w.send(g.Target, "one").Operation.ID); !strings.HasPrefix(op.Result, "wamid.") {
		t.Errorf("result %q", op.Result)
	}
	fail.Store(true)
	if op := w.failed(w.send(g.Target, "two").Operation.ID); op.Code != "131026" {
		t.Errorf("code %q", op.Code)
	}
	if calls := w.calls("send_message"); len(calls) != 2 {
		t.Errorf("sent %d times", len(calls))
	}
}

// neighbour makes a second account with a channel and a number of its own, and gives its caller and their home.
func (w *world) neighbour() (gateway.Caller, gateway.Target) {
	w.t.Helper()
	const id, number = "1000000000000002", group.Number(8613700000000)
	g := w.gateway()
	_, err := g.CreateAccount(ctx, id, "Neighbour")
	w.must(err)
	w.must(g.SetBeta(ctx, id, true))
	_, err = g.CreateChannel(ctx, id, "cams-neighbour", "Neighbour")
	w.must(err)
	w.must(g.BindNumber(ctx, id, group.BusinessNumber{Number: number, SpaceID: "cams-neighbour", PhoneNumberID: "300", WABAID: wabaID, Token: "t"}))
	w.must(w.sim.RegisterNumber(simulator.Number{DisplayNumber: number.String(), PhoneNumberID: "300", WABAID: wabaID, Token: "t", Subscribed: true}))
	key, err := g.CreateAccessKey(ctx, id, "")
	w.must(err)
	return w.as(key.ID, "Test"), gateway.Target{SpaceID: "cams-neighbour", Number: number}
}

func TestP6NobodyReachesWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	stranger, theirs := w.neighbour()
	live := w.gateway()
	for name, target := range map[string]gateway.Target{
		"my space and number":           g.Target,
		"my number with their space":    {SpaceID: theirs.SpaceID, Number: business, GroupID: g.GroupID},
		"their number with my space":    {SpaceID: space, Number: theirs.Number, GroupID: g.GroupID},
		"my number without a space":     {Number: business, GroupID: g.GroupID},
		"a number that nobody has":      {SpaceID: theirs.SpaceID, Number: 8611111111111, GroupID: g.GroupID},
		"their number without a space*": {Number: theirs.Number, GroupID: g.GroupID},
	} {
		for act, f := range w.changes(target) {
			_, err := f(stranger)
			if strings.HasSuffix(name, "*") && act == "SendText" {
				w.refused(err, group.CodeNotFound) // theirs is the number, and so the channel; the group is not
				continue
			}
			w.refused(err, group.CodeNotOwner)
		}
		_, err := live.AddGroup(ctx, stranger, target, "ward", "")
		w.refused(err, group.CodeNotOwner)
		_, _, err = live.ListGroups(ctx, stranger, target, gateway.GroupList{Index: 1, Size: 10})
		w.refused(err, group.CodeNotOwner)
		_, _, err = live.ListParticipants(ctx, stranger, target, 1, 0)
		w.refused(err, group.CodeNotOwner)
	}
	theirs.GroupID = g.GroupID // with a channel of their own, but our group
	for _, f := range w.changes(theirs) {
		_, err := f(stranger)
		w.refused(err, group.CodeNotFound)
	}
	_, _, err := live.ListParticipants(ctx, stranger, theirs, 1, 0)
	w.refused(err, group.CodeNotFound)
	rows, total, err := live.ListGroups(ctx, stranger, theirs, gateway.GroupList{Index: 1, Size: 10})
	if err != nil || total != 0 || len(rows) != 0 {
		t.Errorf("their list: %v %d %v", rows, total, err)
	}
	own, err := live.AddGroup(ctx, stranger, theirs, "theirs", "")
	w.must(err)
	_, err = live.Operation(ctx, w.me(), own.Operation.ID)
	w.refused(err, group.CodeOperationUnknown)
	w.until("their group is made", func() bool {
		c, err := live.Operation(ctx, stranger, own.Operation.ID)
		return err == nil && c.Operation.State == group.Done
	})
	if rows := w.rows(); len(rows) != 1 {
		t.Errorf("our list shows %d groups", len(rows))
	}
}

func TestUnknownGroupsAndOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.group("ward", anna)
	for _, id := range []string{"", "unknown", strings.Repeat("x", 300), "' OR 1=1 --"} {
		for _, f := range w.changes(at(id)) {
			_, err := f(w.me())
			w.refused(err, group.CodeNotFound)
		}
		_, _, err := w.gateway().ListParticipants(ctx, w.me(), at(id), 1, 0)
		w.refused(err, group.CodeNotFound)
	}
	for _, id := range []int64{0, -1, 77} {
		_, err := w.gateway().Operation(ctx, w.me(), id)
		w.refused(err, group.CodeOperationUnknown)
	}
	if _, err := w.gateway().Principal(ctx, "LTAI5tUnknown"); !errors.Is(err, gateway.ErrNoKey) {
		t.Errorf("unknown key: %v", err)
	}
}

// A bad token holds commands up until the operator gives a good one, which is used at once.
func TestTokenIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta)
	number := group.BusinessNumber{Number: business, SpaceID: space, PhoneNumberID: phoneID, WABAID: wabaID, Token: "expired"}
	w.must(w.gateway().BindNumber(ctx, account, number))
	c := w.accept(g.Target, anna)
	message := w.send(g.Target, "to berta")
	w.until("the network has refused the token", func() bool { return w.refusedTokens() > 0 })
	number.Token = token
	w.must(w.gateway().BindNumber(ctx, account, number))
	w.done(c.Operation.ID)
	w.done(message.Operation.ID)
	w.delivered(g, berta, 1)
	w.received(g, anna)
}

func (w *world) refusedTokens() (count int) {
	w.t.Helper()
	for _, e := range w.journal() {
		if e.Kind == "graph" && e.Status == 401 {
			count++
		}
	}
	return count
}

// Stop lets what is running come to its end, and what waits is done by the next life.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(20*time.Millisecond))
	g := w.group("ward", anna, berta)
	reached, open := w.gate()
	c := w.accept(g.Target, anna)
	w.wait("the network has the removal", reached)
	message := w.send(g.Target, "to berta")
	w.stop()
	open()
	w.open()
	w.done(c.Operation.ID)
	w.done(message.Operation.ID)
	w.delivered(g, berta, 1)
	w.received(g, anna)
	w.expect(g.Target, berta)
}

// Records of accounts and keys are not read through what anybody may ask who may read groups.
func TestP6ManagementIsNotReadAsOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.gateway().SetBeta(ctx, account, true))
	g := w.group("ward", anna)
	w.must(w.gateway().Reread(ctx, g.id))
	w.idle()
	var all []group.Operation
	w.must(w.house.store.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Operations(1000000000000001, 0, 100)
		return err
	}))
	hidden := 0
	for _, op := range all {
		_, err := w.gateway().Operation(ctx, w.me(), op.ID)
		if op.Kind == group.KindCreate {
			w.must(err)
			continue
		}
		hidden++
		w.refused(err, group.CodeOperationUnknown)
	}
	if hidden < 4 {
		t.Errorf("only %d records were asked for", hidden)
	}
}
