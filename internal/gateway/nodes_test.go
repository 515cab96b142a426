package gateway_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// lease sets how soon a node is taken for dead.
func lease(d time.Duration) option {
	return func(w *world, _ *simulator.Config) { w.patience.Lease = d }
}

// slow holds up the first call of an operation until it is opened.
func (w *world) slow(operation string) (reached <-chan struct{}, open func()) {
	at, opened := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(c simulator.Call) simulator.CallFate {
		if c.Operation == operation && first.CompareAndSwap(false, true) {
			close(at)
			w.hang(opened)
		}
		return simulator.CallFate{}
	}})
	return at, sync.OnceFunc(func() { close(opened) })
}

// A removal is asked for at one node, run by another, and reported to a third: the first answers that it is done.
func TestP1RemovalOverThreeNodes(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	w := newWorld(t)
	a, b, c := w.trio()
	g := w.group("ward", anna, berta)
	w.arriveAt(b)
	open := w.occupy(c, g)
	answer := a.removing(g.Target, anna)
	w.until("the removal is in the lane", func() bool {
		var waiting bool
		w.must(w.house.store.Read(ctx, func(tx *store.Tx) (err error) {
			waiting, err = tx.HasItem(store.Lane{Kind: store.GroupLane, ID: g.id}, group.KindRemove)
			return err
		}))
		return waiting
	})
	atA, atB, atC := a.house.wire.sent.Load(), b.house.wire.sent.Load(), c.house.wire.sent.Load()
	open()
	w.answered(g.Target, answer, 1)
	if a.house.wire.sent.Load() != atA || b.house.wire.sent.Load() != atB || c.house.wire.sent.Load() != atC+1 {
		t.Error("another node than the one that has the lane spoke to the network")
	}
	for _, n := range []*world{a, b, c} {
		n.expect(g.Target, berta)
		n.isOut(n.remove(g.Target, anna), 0)
	}
	if times := w.told(g.id, anna); times != 1 {
		t.Errorf("told %d times", times)
	}
}

// A removal that is sent again to another node joins the one that is pending at the first.
func TestP5RepeatedRemovalAtAnotherNode(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	w := newWorld(t)
	a, b, c := w.trio()
	g := w.group("ward", anna, berta)
	w.arriveAt(c)
	reached, open := w.gate()
	first := a.removing(g.Target, anna, berta)
	w.wait("the network has the removal", reached)
	again := b.removing(g.Target, berta)
	w.until("the second has joined", func() bool {
		return slices.ContainsFunc(w.audit(), func(op group.Operation) bool { return op.Result == "joined" })
	})
	open()
	one, two := <-first, <-again
	w.isOut(one, 2)
	w.isOut(two, 1)
	if one.Operation.ID != two.Operation.ID || len(w.calls("remove_participants")) != 1 {
		t.Errorf("operations %d and %d, %d calls", one.Operation.ID, two.Operation.ID, len(w.calls("remove_participants")))
	}
}

// A node dies with a removal under way, and another finishes it: whether the report is lost, comes while nobody has taken the
// place of the dead, or afterwards.
func TestP3AnotherNodeFinishesARemoval(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	for _, report := range []string{"lost", "early", "late"} {
		t.Run(report, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, lease(1500*time.Millisecond))
			a, b := w, w.beside()
			g := w.group("ward", anna, berta)
			w.arriveAt(b)
			w.hooks.hold(kinds(graph.ParticipantsRemove))
			removal := a.accept(g.Target, anna)
			behind := b.send(g.Target, "behind the removal")
			reports := w.hooks.take(1)
			w.hooks.hold(nil)
			a.crash()
			if report == "early" {
				w.must(b.gateway().HandleReports(ctx, reports))
			}
			w.house = b.house // the story is told from there
			w.until("the lane has another owner", func() bool {
				var head store.Item
				w.must(b.house.store.Read(ctx, func(tx *store.Tx) (err error) {
					head, err = tx.Head(store.Lane{Kind: store.GroupLane, ID: g.id})
					if err == store.ErrNoRow { //nolint:errorlint // as it comes from there
						head.Owner, err = b.node, nil
					}
					return err
				}))
				return head.Owner == b.node
			})
			if report == "late" {
				w.must(b.gateway().HandleReports(ctx, reports))
			}
			if op := b.done(removal.Operation.ID); op.People[0].State != group.PersonOut {
				t.Errorf("%+v", op.People)
			}
			b.done(behind.Operation.ID)
			b.delivered(g, berta, 1)
			b.received(g, anna)
			b.expect(g.Target, berta)
			if times := b.told(g.id, anna); times != 1 {
				t.Errorf("told %d times", times)
			}
		})
	}
}

// A node that does not reach the database any more for longer than its lease lasts sends nothing after that. It comes back when it
// does, and in the meantime another one has done its work.
func TestP2HeldUpNodeSendsNothing(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	w := newWorld(t, lease(1500*time.Millisecond), report(50*time.Millisecond))
	b := w.beside()
	way := b.sever()
	b.crash()
	b.open()
	g := w.group("ward", anna, berta)
	w.arriveAt(w)
	reached, open := w.slow("send_message") // b is in the midst of it
	message := b.send(g.Target, "once or twice")
	w.wait("the network has the message", reached)
	removal := w.accept(g.Target, anna)
	way.set(true)
	w.until("the node without a database is taken for dead", func() bool {
		var nodes []store.Node
		w.must(w.house.store.Read(ctx, func(tx *store.Tx) (err error) {
			nodes, err = tx.Nodes()
			return err
		}))
		return !slices.ContainsFunc(nodes, func(n store.Node) bool { return n.ID == b.node })
	})
	sent := b.house.wire.sent.Load()
	open()
	w.done(message.Operation.ID)
	w.done(removal.Operation.ID)
	after := w.send(g.Target, "after the removal")
	w.done(after.Operation.ID)
	if now := b.house.wire.sent.Load(); now != sent {
		t.Errorf("%d more were sent by the node that is cut off", now-sent)
	}
	way.set(false)
	w.until("the node is back", func() bool {
		c, err := b.gateway().RemoveParticipants(ctx, b.me(), g.Target, []group.Number{berta})
		return err == nil && c.Operation.State == group.Done
	})
	b.expect(g.Target)
	w.received(g, anna, w.inbox(berta, g.GroupID)[:len(w.inbox(anna, g.GroupID))]...)
	for _, text := range w.inbox(anna, g.GroupID) {
		if text == "after the removal" {
			t.Error("the removed person got what came after the removal")
		}
	}
}

// What is sent at one node after a removal at another was answered, or only accepted, does not reach the removed person.
func TestP2FenceOverNodes(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	w := newWorld(t)
	a, b, c := w.trio()
	nodes := []*world{a, b, c}
	crowd := people(0, 7)
	g := w.group("ward", append([]group.Number{anna}, crowd...)...)
	w.arriveAt(nodes...)
	for i, n := range crowd {
		at, next := nodes[i%3], nodes[(i+1)%3]
		if i%2 == 0 {
			at.isOut(at.remove(g.Target, n), 1)
		} else {
			at.accept(g.Target, n)
		}
		next.send(g.Target, fmt.Sprint(i))
	}
	w.delivered(g, anna, len(crowd))
	for i, n := range crowd {
		var want []string
		for j := range i {
			want = append(want, fmt.Sprint(j))
		}
		w.received(g, n, want...)
	}
}

// The same token at several nodes at the same moment stands for one operation.
func TestP5TokenAtSeveralNodes(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	const rounds = 8
	w := newWorld(t)
	a, b, c := w.trio()
	w.arriveAt(c)
	g := w.group("ward", people(0, rounds)...)
	caller := func(n *world, token string) gateway.Caller { return n.with("Test", token, "digest") }
	for i := range rounds {
		var all sync.WaitGroup
		var mu sync.Mutex
		made, removed := map[int64]bool{}, map[int64]bool{}
		for _, n := range []*world{a, b, c, a, b, c} {
			creator, remover := caller(n, "create "+fmt.Sprint(i)), caller(n, "remove "+fmt.Sprint(i))
			all.Go(func() {
				one, err := n.gateway().AddGroup(ctx, creator, home, "twin "+fmt.Sprint(i), "")
				two, errTwo := n.gateway().RemoveParticipants(ctx, remover, g.Target, people(i, 1))
				if err != nil || errTwo != nil || two.Operation.State != group.Done || two.Rows != 1 {
					t.Errorf("%v, %v, %+v", err, errTwo, two)
				}
				mu.Lock()
				defer mu.Unlock()
				made[one.Operation.ID], removed[two.Operation.ID] = true, true
			})
		}
		all.Wait()
		if len(made) != 1 || len(removed) != 1 {
			t.Fatalf("%d creations and %d removals", len(made), len(removed))
		}
		for id := range made {
			w.done(id)
		}
	}
	w.onlyGroups(rounds + 1)
}

// P4: three nodes send commands about one group at random, and the network gets them in the order of acceptance, one at a time.
func TestP4RandomCommandsFromThreeNodes(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	const each = 25
	w := newWorld(t, simDelay(time.Millisecond))
	a, b, c := w.trio()
	nodes := []*world{a, b, c}
	g := w.group("ward", anna)
	w.arriveAt(nodes...)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	got := &trace{inner: map[string]int{}}
	dice := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	w.sim.Interfere(&simulator.Interference{
		BeforeCall: func(c simulator.Call) simulator.CallFate {
			mu.Lock()
			defer mu.Unlock()
			if c.Object == g.GroupID || c.Operation == "send_message" {
				got.enter(g.GroupID, "")
			}
			if c.Operation == "send_message" && dice.IntN(8) == 0 {
				return simulator.CallFate{Code: graph.CodeGroupRateLimit}
			}
			return simulator.CallFate{}
		},
		AfterCall: func(c simulator.Call) {
			if c.Object == g.GroupID || c.Operation == "send_message" {
				got.leave(g.GroupID)
			}
		}})
	var answered atomic.Int64 // the newest operation that anybody was told of
	var all sync.WaitGroup
	for i, n := range nodes {
		caller, dice := n.me(), rand.New(rand.NewPCG(seed, uint64(i+1)))
		all.Go(func() {
			for j := range each {
				before := answered.Load()
				var change gateway.Change
				var err error
				if dice.IntN(3) == 0 {
					change, err = n.gateway().RemoveParticipants(hasty(), caller, g.Target, people(1000*i+3*j, 1+dice.IntN(3)))
				} else {
					change, err = n.gateway().SendText(ctx, caller, g.Target, fmt.Sprintf("%d of %d", j, i))
				}
				if err != nil || change.Operation.ID <= before {
					t.Errorf("operation %d after %d was answered: %v", change.Operation.ID, before, err)
				}
				for {
					if now := answered.Load(); now >= change.Operation.ID || answered.CompareAndSwap(now, change.Operation.ID) {
						break
					}
				}
			}
		})
	}
	all.Wait()
	for _, n := range nodes {
		n.idle()
	}
	order := w.commands()
	if !slices.IsSorted(order) || len(order) < each {
		t.Errorf("the network got %d messages in the order %v", len(order), order)
	}
	if got.most > 1 {
		t.Errorf("%d commands of the group at once", got.most)
	}
}

// commands gives the operations of the messages that the network has taken, in its order.
func (w *world) commands() (order []int64) {
	w.t.Helper()
	for _, e := range w.calls("send_message") {
		var body struct {
			Operation string `json:"biz_opaque_callback_data"`
		}
		w.must(json.Unmarshal(e.Request, &body))
		id, err := strconv.ParseInt(body.Operation, 10, 64)
		w.must(err)
		if e.Status == 200 {
			order = append(order, id)
		}
	}
	return order
}

// Groups are made while the reports about them, and about people who join at once, arrive at whatever node, before, after and together
// with the answers: every group is there in the end, with everybody in it, and nothing is left over.
func TestP7ReportsMeetTheAnswersOfCreations(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	const groups = 24
	w := newWorld(t)
	a, b, c := w.trio()
	nodes := []*world{a, b, c}
	w.arriveAt(nodes...)
	links := make(chan string, groups)
	w.hooks.afterwards(nil)
	w.hooks.hold(func(e *graph.Event) bool { // looked at, not held
		if e.Type == graph.GroupCreate {
			links <- e.Group.InviteLink
		}
		return false
	})
	var all sync.WaitGroup
	ids := make([]int64, groups)
	for i := range groups {
		n := nodes[i%3]
		caller := n.me()
		all.Go(func() {
			change, err := n.gateway().AddGroup(ctx, caller, home, fmt.Sprintf("ward %d", i), "")
			if err != nil {
				t.Error(err)
			}
			ids[i] = change.Operation.ID
		})
		all.Go(func() { // as soon as there is a link
			select {
			case link := <-links:
				w.join(link, anna)
			case <-w.over:
			}
		})
	}
	all.Wait()
	for i, id := range ids {
		op := nodes[i%3].done(id)
		nodes[(i+1)%3].expect(at(op.Result), anna)
	}
	w.onlyGroups(groups)
	for _, n := range nodes {
		n.idle()
	}
	if failed := w.hooks.failures(); len(failed) > 0 {
		t.Errorf("reports were turned away: %s", strings.Join(failed, "; "))
	}
}
