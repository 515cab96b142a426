package gateway_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// trace writes down which commands reach the network, in order, and how many of one group are there at once.
type trace struct {
	mu    sync.Mutex
	seen  []string
	inner map[string]int // by group
	most  int
}

func (r *trace) enter(groupID, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if what != "" {
		r.seen = append(r.seen, what)
	}
	r.inner[groupID]++
	r.most = max(r.most, r.inner[groupID])
}

func (r *trace) leave(groupID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inner[groupID]--
}

// Commands reach the network in the order in which they were accepted, and one at a time, also when some have to be repeated.
func TestP4CommandsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("ward", anna, berta, carla, doris)
	var want []string
	got := &trace{inner: map[string]int{}}
	var calls atomic.Int32
	w.sim.Interfere(&simulator.Interference{
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			what := map[string]string{"send_message": "send ", "remove_participants": "remove "}[c.Operation]
			switch {
			case what == "":
			case calls.Add(1)%4 == 0: // now and then one has to come again
				got.enter(g.GroupID, "")
				return simulator.CallFate{Code: graph.CodeGroupRateLimit}
			default:
				got.enter(g.GroupID, what+numberIn(string(c.Body)))
			}
			return simulator.CallFate{}
		},
		AfterCall: func(c simulator.Call) {
			if strings.HasSuffix(c.Operation, "_message") || strings.HasSuffix(c.Operation, "_participants") {
				got.leave(g.GroupID)
			}
		}})
	for i, n := range []group.Number{anna, berta, carla} {
		w.send(g.Target, fmt.Sprintf("text %d", 4915110000000+i))
		want = append(want, fmt.Sprintf("send %d", 4915110000000+i))
		w.accept(g.Target, n)
		want = append(want, "remove "+n.String())
	}
	last := w.send(g.Target, "text 4915110000009").Operation.ID
	want = append(want, "send 4915110000009")
	w.done(last)
	w.idle()
	got.mu.Lock()
	defer got.mu.Unlock()
	if diff := cmp.Diff(want, got.seen); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if got.most > 1 {
		t.Errorf("%d commands of the group at once", got.most)
	}
	w.delivered(g, doris, 4)
	w.received(g, doris, "text 4915110000000", "text 4915110000001", "text 4915110000002", "text 4915110000009")
	w.received(g, anna, "text 4915110000000")
}

// numberIn gives the first number of a test person in a body.
func numberIn(body string) string {
	i := strings.Index(body, "49151")
	if i < 0 {
		return ""
	}
	return body[i : i+13]
}

// While one group is held up, others go on.
func TestP4GroupsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blocked, free := w.group("blocked", anna, berta), w.group("free", anna, berta)
	opened, reached := make(chan struct{}), make(chan struct{}, 8)
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.GroupID == blocked.GroupID {
			reached <- struct{}{}
			w.hang(opened)
		}
		return 0
	}})
	stuck := w.accept(blocked.Target, anna)
	behind := w.send(blocked.Target, "behind")
	w.wait("the removal is stuck", reached)
	w.isOut(w.remove(free.Target, anna), 1)
	w.done(w.send(free.Target, "free").Operation.ID)
	op, err := w.gateway().Operation(ctx, w.me(), stuck.Operation.ID)
	w.must(err)
	if !op.Pending() {
		t.Error("the removal was not stuck")
	}
	close(opened)
	w.done(stuck.Operation.ID)
	w.done(behind.Operation.ID)
}

// Many callers at once: every group sees its own commands in order.
func TestP4ManyGroupsAtOnce(t *testing.T) {
	t.Parallel()
	const groups, texts = 12, 8
	w := newWorld(t)
	made := make([]made, groups)
	for i := range made {
		made[i] = w.group(fmt.Sprintf("group %d", i), people(8*i, 3)...)
	}
	var all sync.WaitGroup
	for i, g := range made {
		all.Go(func() {
			for n := range texts {
				change, err := w.gateway().SendText(ctx, w.me(), g.Target, fmt.Sprint(n))
				if err != nil || change.Operation.ID == 0 {
					t.Errorf("send: %v", err)
				}
				if n == texts/2 {
					if c, err := w.gateway().RemoveParticipants(ctx, w.me(), g.Target, people(8*i, 1)); err != nil || c.Rows != 1 {
						t.Errorf("remove: %+v %v", c, err)
					}
				}
			}
		})
	}
	all.Wait()
	w.idle()
	for i, g := range made {
		stayed, gone := people(8*i+1, 1)[0], people(8*i, 1)[0]
		w.delivered(g, stayed, texts)
		w.received(g, stayed, "0", "1", "2", "3", "4", "5", "6", "7")
		w.received(g, gone, "0", "1", "2", "3", "4")
	}
}
