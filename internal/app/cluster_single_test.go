package app_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// gate lets the network carry out removals of some people only when it is opened.
type gate struct {
	opened chan struct{}
	once   sync.Once
}

// shut shuts a gate before those people.
func (c *cluster) shut(people ...string) *gate {
	g := &gate{opened: make(chan struct{})}
	c.t.Cleanup(g.open)
	c.simulator.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if slices.Contains(people, s.Phone) {
			<-g.opened
		}
		return 0
	}})
	return g
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

// later calls on another goroutine.
func later(call func() *answer) <-chan *answer {
	answered := make(chan *answer, 1)
	go func() { answered <- call() }()
	return answered
}

// awaited gives an answer that must come, and how long it took.
func awaited(t *testing.T, answered <-chan *answer) (*answer, time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case a := <-answered:
		return a, time.Since(began)
	case <-time.After(3 * patience):
		t.Fatal("no answer came")
		return nil, 0
	}
}

// ask removes people through a node; it gives no answer but an error's text when none came.
func (c *cluster) ask(n *node, g chat, numbers ...string) func() *answer {
	s := n.mustSite()
	signed := s.sign(request{action: "DeleteChatGroupParticipants", values: removal(g.ID, numbers...)})
	return func() *answer {
		a, err := s.send(context.Background(), signed)
		if err != nil {
			return &answer{Code: err.Error()}
		}
		return a
	}
}

// pending waits until the removal of somebody is on record.
func (c *cluster) pending(number string) {
	c.t.Helper()
	w := &workload{cluster: c}
	eventually(c.t, patience, "the removal of "+number+" is on record", func() bool {
		return slices.ContainsFunc(w.records().operations, func(op group.Operation) bool {
			return op.Kind == group.KindRemove && op.State == group.Pending && slices.ContainsFunc(op.People, func(p group.Person) bool {
				return p.Number.String() == number
			})
		})
	})
}

// TestClusterRemovalIsAnsweredWhereItWasAsked: a removal is accepted by one node, sent to the network by another, and
// reported to a third.
func TestClusterRemovalIsAnsweredWhereItWasAsked(t *testing.T) {
	c := openCluster(t, clusterPlan{nodes: 3, database: pgserver.Database(t), delay: 10 * time.Millisecond, confirm: 15 * time.Second})
	asked, told, owner := c.nodes[0], c.nodes[1], c.nodes[2]
	for _, n := range c.nodes {
		n.client.http.Timeout = patience
	}
	s := owner.mustSite()
	g := s.newGroup("Team")
	s.joined(g, anna, berta, carla)
	c.balancer.send(told)

	gate := c.shut(anna)
	heard := c.listen("removal of " + anna)
	first := later(c.ask(owner, g, anna))
	<-heard // the owner's lane is closed, and stays the owner's
	second := later(c.ask(asked, g, berta))
	c.pending(berta)
	gate.open()
	a, took := awaited(t, second)
	if !a.ok() || a.Result != 1 {
		t.Errorf("removal at the first node: %s %s", a.Code, a.Body)
	}
	t.Logf("answered %v after the network could go on", took)
	if took > 5*time.Second {
		t.Errorf("answered only %v after the network could go on", took)
	}
	if a, _ := awaited(t, first); !a.ok() || a.Result != 1 {
		t.Errorf("removal at the owner: %s %s", a.Code, a.Body)
	}
	for _, command := range c.journal() {
		if command.operation == "remove_participants" && command.node != owner.index {
			t.Errorf("the removal of %v was sent by node %d, want %d: the test shows nothing", command.people, command.node, owner.index)
		}
	}
	for _, n := range c.nodes {
		if diff := cmp.Diff([]string{carla}, n.mustSite().members(g)); diff != "" {
			t.Errorf("list of node %d (-want +got):\n%s", n.index, diff)
		}
	}
}

// TestClusterFinishesWhatADeadNodeBegan kills the node whose removal is with the network: another one finishes it, and goes on
// with what stands behind it.
func TestClusterFinishesWhatADeadNodeBegan(t *testing.T) {
	t.Parallel()
	c := openCluster(t, clusterPlan{nodes: 3, database: pgserver.Database(t), delay: 10 * time.Millisecond, confirm: 15 * time.Second})
	dead, alive := c.nodes[0], c.nodes[1]
	alive.client.http.Timeout = 3 * patience
	s := alive.mustSite()
	g := s.newGroup("Team")
	s.joined(g, anna, berta, carla)

	gate := c.shut(anna)
	heard := c.listen("removal of " + anna)
	go c.ask(dead, g, anna)()
	<-heard
	behind := later(func() *answer { return s.text(g, "behind the removal") })
	if a, _ := awaited(t, behind); !a.ok() {
		t.Fatalf("message: %s", a.Body)
	}
	if owner := c.journal()[0].node; owner != dead.index {
		t.Fatalf("node %d sent the removal, want %d: the test shows nothing", owner, dead.index)
	}
	dead.kill()
	gate.open()
	began := time.Now()
	again := later(c.ask(alive, g, anna))
	a, took := awaited(t, again)
	if !a.ok() || a.Result != 1 {
		t.Errorf("the removal, asked for again: %s %s", a.Code, a.Body)
	}
	s.arrived(berta, g, "behind the removal")
	t.Logf("the removal was answered after %v, and the message behind it arrived after %v", took, time.Since(began))
	if inbox := s.inbox(anna, g); len(inbox) > 0 {
		t.Errorf("the removed received %v", inbox)
	}
	if inbox := s.inbox(berta, g); len(inbox) != 1 {
		t.Errorf("who stays received %v", inbox)
	}
}

// TestClusterTakesOverADeadNodesLane kills the node that owns a lane with work in it that has not begun.
func TestClusterTakesOverADeadNodesLane(t *testing.T) {
	t.Parallel()
	c := openCluster(t, clusterPlan{nodes: 2, database: pgserver.Database(t), delay: 10 * time.Millisecond})
	dead, alive := c.nodes[0], c.nodes[1]
	s := alive.mustSite()
	g := s.newGroup("Team")
	s.joined(g, anna, berta)
	gate := c.shut(anna)
	heard := c.listen("removal of " + anna)
	there := dead.mustSite()
	if a := there.remove(g, anna); a.Code != codePending {
		t.Fatalf("removal: %s", a.Body)
	}
	<-heard
	for i := range 5 {
		if a := there.text(g, fmt.Sprint("message ", i)); !a.ok() {
			t.Fatalf("message: %s", a.Body)
		}
	}
	dead.kill()
	gate.open()
	began := time.Now()
	s.arrived(berta, g, "message 4")
	t.Logf("the last message arrived %v after the node's death", time.Since(began))
	want := []string{"message 0", "message 1", "message 2", "message 3", "message 4"}
	if diff := cmp.Diff(want, s.inbox(berta, g)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if inbox := s.inbox(anna, g); len(inbox) > 0 {
		t.Errorf("the removed received %v", inbox)
	}
}

// TestClusterSharesItsThrottle: so many calls in a second are for all nodes together.
func TestClusterSharesItsThrottle(t *testing.T) {
	const limit = 20
	c := openCluster(t, clusterPlan{nodes: 3, database: pgserver.Database(t), limit: limit})
	began := time.Now()
	var mu sync.Mutex
	codes := map[string]int{}
	var all sync.WaitGroup
	for _, n := range c.nodes {
		s := n.mustSite()
		for range 4 {
			all.Go(func() {
				for range 30 {
					a, err := s.send(t.Context(), s.sign(request{action: "ListChatGroup", values: url.Values{"Page": {`{"Index":1,"Size":1}`}}}))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					codes[a.Code]++
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	took := time.Since(began)
	fair := limit * (1 + took.Seconds()) // a second's worth at once, and what comes after it
	t.Logf("%v within %v; %.0f are fair", codes, took, fair)
	if codes["Throttling.User"] == 0 {
		t.Fatalf("nothing was refused: %v", codes)
	}
	if got := float64(codes[codeOK]); got > 1.5*fair || got < limit/2 {
		t.Errorf("%.0f calls passed within %v, want about %.0f", got, took, fair)
	}
}

// TestClusterHeedsAChangeAtOnce: what the operator changes holds from the next request on, at every node.
func TestClusterHeedsAChangeAtOnce(t *testing.T) {
	t.Parallel()
	c := openCluster(t, clusterPlan{nodes: 3, database: pgserver.Database(t)})
	m, err := app.Manage(t.Context(), c.data, false)
	must(t, err)
	defer func() { _ = m.Close() }()
	_, err = m.CreateUser(t.Context(), c.ready.AccountID, "clerk", "")
	must(t, err)
	k, err := m.CreateAccessKey(t.Context(), c.ready.AccountID, "clerk")
	must(t, err)
	clerk := app.Credentials{AccessKeyID: k.ID, AccessKeySecret: string(k.Secret)}
	ask := func(want string) {
		t.Helper()
		for _, n := range c.nodes {
			s := n.mustSite()
			a := s.sent(s.sign(request{action: "ListChatGroup", values: url.Values{"Page": {`{"Index":1,"Size":1}`}}, key: clerk}))
			if a.Code != want {
				t.Errorf("node %d answers %s, want %s", n.index, a.Code, want)
			}
		}
	}
	for range 5 {
		ask("Forbidden.RAM")
		must(t, m.AttachPolicy(t.Context(), c.ready.AccountID, "clerk", "AliyunCamsReadOnlyAccess"))
		ask(codeOK)
		must(t, m.SetAccessKeyStatus(t.Context(), c.ready.AccountID, k.ID, "Inactive"))
		ask("InvalidAccessKeyId.Inactive")
		must(t, m.SetAccessKeyStatus(t.Context(), c.ready.AccountID, k.ID, "Active"))
		must(t, m.DetachPolicy(t.Context(), c.ready.AccountID, "clerk", "AliyunCamsReadOnlyAccess"))
	}
}

// TestP6ARequestIsGoodOnceInAWholeCluster sends the bytes of calls that change and of calls that read to all nodes at once.
func TestP6ARequestIsGoodOnceInAWholeCluster(t *testing.T) {
	t.Parallel()
	c := openCluster(t, clusterPlan{nodes: 3, database: pgserver.Database(t), confirm: 5 * time.Second})
	g := c.nodes[0].mustSite().newGroup("Team")
	for i := range 20 {
		s := c.nodes[i%3].mustSite()
		r := request{action: "ListChatGroupParticipants", values: url.Values{"GroupId": {g.ID}}}
		if i%2 == 0 {
			r = s.message(g, fmt.Sprint("message ", i))
		}
		signed := s.sign(r)
		answers := make([]string, 6)
		var all sync.WaitGroup
		for k := range answers {
			all.Go(func() {
				a, err := c.nodes[k%3].mustSite().send(t.Context(), signed)
				if err != nil {
					t.Error(err)
					return
				}
				answers[k] = a.Code
			})
		}
		all.Wait()
		slices.Sort(answers)
		if want := []string{codeOK, codeNonceUsed, codeNonceUsed, codeNonceUsed, codeNonceUsed, codeNonceUsed}; !slices.Equal(answers, want) {
			t.Errorf("the same bytes at three nodes are answered %v", answers)
		}
	}
}
