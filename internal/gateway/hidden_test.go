package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// conceal rewrites the list of people in every reading of a group.
func (w *world) conceal(with func(people []map[string]any) []map[string]any) {
	w.edits.set(func(r *http.Request, status int, body []byte) (int, []byte) {
		var answer map[string]any
		if !readsGroup(r) || status != http.StatusOK || json.Unmarshal(body, &answer) != nil {
			return status, body
		}
		var list struct {
			People []map[string]any `json:"participants"`
		}
		_ = json.Unmarshal(body, &list)
		answer["participants"] = with(list.People)
		out, err := json.Marshal(answer)
		if err != nil {
			w.t.Errorf("%v", err)
		}
		return status, out
	})
}

// concealments are ways in which a reading can fail to name a person who is in the group.
func concealments(n group.Number) map[string]func([]map[string]any) []map[string]any {
	each := func(change func(map[string]any)) func([]map[string]any) []map[string]any {
		return func(people []map[string]any) []map[string]any {
			for _, p := range people {
				if p["wa_id"] == n.String() {
					change(p)
				}
			}
			return people
		}
	}
	return map[string]func([]map[string]any) []map[string]any{
		"the number is hidden": each(func(p map[string]any) { delete(p, "wa_id") }),
		"only a name is given": each(func(p map[string]any) { clear(p); p["username"] = "@her" }),
		"the list is cut": func(people []map[string]any) []map[string]any {
			short := []map[string]any{}
			for _, p := range people {
				if p["wa_id"] != n.String() {
					short = append(short, p)
				}
			}
			return short
		},
	}
}

// Somebody whom a reading does not name is not out for that: the removal waits until the network has really done it.
func TestP1UnnamedPeopleAreNotTakenForOut(t *testing.T) {
	t.Parallel()
	for name, with := range concealments(anna) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, report(5*time.Millisecond))
			g := w.group("ward", anna, berta)
			w.conceal(with)
			var refuse atomic.Bool
			refuse.Store(true)
			w.sim.Interfere(&simulator.Interference{
				Outcome: func(s simulator.Step) int {
					if s.Kind == "remove" && refuse.Load() {
						return graph.CodeSomethingWentWrong
					}
					return 0
				},
				Webhook: func(h simulator.Webhook) simulator.WebhookFate {
					return simulator.WebhookFate{Lose: h.Type == "group_participants_remove" && refuse.Load()}
				}})
			c := w.accept(g.Target, anna)
			w.until("the removal was sent again after readings", func() bool { return len(w.calls("remove_participants")) > 1 })
			now, err := w.gateway().Operation(ctx, w.me(), c.Operation.ID)
			w.must(err)
			if !now.Pending() {
				t.Fatalf("the removal has ended: %+v; on the network %v", now.People, w.seats(g.GroupID))
			}
			w.expect(g.Target, anna, berta)
			refuse.Store(false)
			op := w.done(c.Operation.ID)
			if seat := w.seats(g.GroupID)[anna]; seat != "removed" || op.People[0].State != group.PersonOut {
				t.Errorf("anna is %q on the network, and %+v", seat, op.People)
			}
		})
	}
}

// Nor does a reading that does not name them make members leave; it still shows who has come.
func TestP7UnnamedPeopleStay(t *testing.T) {
	t.Parallel()
	for name, with := range concealments(anna) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			g := w.group("ward", anna, berta)
			w.sim.Interfere(&simulator.Interference{Webhook: func(simulator.Webhook) simulator.WebhookFate {
				return simulator.WebhookFate{Lose: true}
			}})
			w.join(g.link, carla)
			w.leave(g.Target, berta)
			w.conceal(with)
			w.must(w.gateway().Reread(ctx, g.id))
			w.expect(g.Target, anna, berta, carla)
			w.idle()
			w.expect(g.Target, anna, berta, carla)
			w.edits.set(nil)
			w.must(w.gateway().Reread(ctx, g.id))
			w.expect(g.Target, anna, carla)
		})
	}
}

// When the network refuses a whole list because one of them is not there, and does not name everybody either, each is asked
// about alone.
func TestP1UnnamedPeopleOfARefusedList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, report(5*time.Millisecond))
	g := w.group("ward", anna, berta)
	w.conceal(concealments(anna)["the number is hidden"])
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == "remove_participants" && strings.Contains(string(c.Body), carla.String()) {
			return simulator.CallFate{Code: graph.CodeNotInGroup}
		}
		return simulator.CallFate{}
	}})
	c := w.accept(g.Target, anna, carla)
	op := w.done(c.Operation.ID)
	if diff := cmp.Diff([]group.PersonState{group.PersonOut, group.PersonWasOut}, []group.PersonState{op.People[0].State, op.People[1].State}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if seat := w.seats(g.GroupID)[anna]; seat != "removed" {
		t.Errorf("anna is %q on the network", seat)
	}
	w.expect(g.Target, berta)
}
