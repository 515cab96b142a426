package gateway_test

import (
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

// Whatever the network keeps failing to answer is given up after a day, and what became of it is said.
func TestEveryCommandIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	for operation, name := range map[string]string{"update_group": "UpdateGroup", "delete_group": "DeleteGroup",
		"delete_invite_link": "DropInviteLink", "remove_participants": "RemoveParticipants", "send_message": "SendText", "create_group": ""} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(5*time.Millisecond), confirm(time.Millisecond))
			g := w.group("ward", anna)
			before := len(w.calls(operation))
			w.deny(operation, graph.CodeServiceUnavailable, 1<<30)
			act := w.changes(g.Target)[name]
			if name == "" {
				act = func(c gateway.Caller) (gateway.Change, error) {
					return w.gateway().AddGroup(ctx, c, home, "second", "")
				}
			}
			c, err := act(w.me())
			w.must(err)
			w.until("it was tried", func() bool { return len(w.calls(operation)) > before })
			w.clock.advance(25 * time.Hour)
			op := w.failed(c.Operation.ID)
			if message := op.Message + strings.Join(messagesOf(op.People), " "); !strings.Contains(message, "24 hours") {
				t.Errorf("it says %q", message)
			}
			w.idle()
			if row := w.row(g.GroupID); row.Status != group.Active {
				t.Errorf("the group is %v", row.Status)
			}
		})
	}
}

func messagesOf(people []group.Person) (messages []string) {
	for _, p := range people {
		messages = append(messages, p.Message)
	}
	return messages
}

// put writes an item into a group's lane, with the operation that the caller gives it.
func (w *world) put(groupID int64, op *group.Operation, it store.Item) {
	w.t.Helper()
	it.Lane = store.Lane{Kind: store.GroupLane, ID: groupID}
	w.must(w.house.store.Write(ctx, func(tx *store.Tx) error {
		if op != nil {
			if err := tx.InsertOperation(op); err != nil {
				return err
			}
			it.OperationID = op.ID
		}
		return tx.Enqueue(&it)
	}))
}

// Work that nobody can do does not stop its lane, and its operation does not wait for ever.
func TestWorkThatCannotBeDoneIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna)
	w.put(g.id, nil, store.Item{Kind: group.KindSend, OperationID: 77}) // whose operation is not there
	strange := group.Operation{AccountID: 1000000000000001, GroupID: g.id, Kind: group.KindSend, State: group.Pending, At: w.clock.now()}
	w.put(g.id, &strange, store.Item{Kind: 77})
	w.done(w.send(g.Target, "on we go").Operation.ID)
	if op := w.failed(strange.ID); op.Message == "" {
		t.Errorf("it does not say why: %+v", op)
	}
	w.idle()
}

// A creation that was accepted long before its report can come is not given up for the time it had to wait itself.
func TestAcceptedCountsFromTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond), simDelay(50*time.Millisecond))
	w.deny("create_group", graph.CodeGroupRateLimit, 1)
	op := w.add("ward", "")
	w.until("it was refused once", func() bool { return len(w.calls("create_group")) == 1 })
	w.clock.advance(time.Hour)
	w.done(op.ID)
	w.idle()
	w.onlyGroups(1)
}

// When the group cannot be read to see what became of an accepted command, the command goes on waiting.
func TestP1FailedLookDoesNotRefuse(t *testing.T) {
	t.Parallel()
	for _, code := range []int{graph.CodePermissionDenied, graph.CodeInvalidParameter, graph.CodeAccountLocked, graph.CodeGroupUnknown} {
		t.Run(titleOf(code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(5*time.Millisecond))
			g := w.group("ward", anna, berta)
			w.clock.advance(time.Hour)
			var left atomic.Int32
			left.Store(2)
			w.sim.Interfere(&simulator.Interference{
				BeforeCall: func(c simulator.Call) simulator.CallFate {
					if c.Operation == "get_group" && left.Add(-1) >= 0 {
						return simulator.CallFate{Code: code}
					}
					return simulator.CallFate{}
				},
				Webhook: func(h simulator.Webhook) simulator.WebhookFate {
					return simulator.WebhookFate{Lose: h.Type == "group_participants_remove" || h.Type == "group_settings_update"}
				}})
			if code == graph.CodeGroupUnknown {
				left.Store(1) // two that are apart would be believed
			}
			op := w.done(w.accept(g.Target, anna).Operation.ID)
			if op.People[0].State != group.PersonOut || left.Load() > 0 {
				t.Errorf("%+v", op.People)
			}
			left.Store(1)
			w.done(w.update(g.Target, gateway.Settings{Subject: new("renamed")}).Operation.ID)
			w.expect(g.Target, berta)
		})
	}
}

func titleOf(code int) string { return (&graph.Error{Code: code}).Error() }

// The commands behind a look that fails for ever are not held up for ever.
func TestFailedLooksAreGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond))
	g := w.group("ward", anna, berta)
	w.sim.Interfere(&simulator.Interference{
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			if c.Operation == "get_group" {
				return simulator.CallFate{Code: graph.CodePermissionDenied}
			}
			return simulator.CallFate{}
		},
		Webhook: func(h simulator.Webhook) simulator.WebhookFate {
			return simulator.WebhookFate{Lose: h.Type == "group_participants_remove"}
		}})
	reads := len(w.calls("get_group"))
	c := w.accept(g.Target, anna)
	w.until("looks have failed", func() bool { return len(w.calls("get_group")) > reads+1 })
	w.clock.advance(25 * time.Hour)
	op := w.failed(c.Operation.ID)
	if !strings.Contains(op.People[0].Message, "24 hours") {
		t.Errorf("%+v", op.People)
	}
	w.done(w.send(g.Target, "on we go").Operation.ID)
}
