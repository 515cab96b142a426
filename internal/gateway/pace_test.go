package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// party is a business number with groups of its own.
type party struct {
	w      *world
	caller gateway.Caller
	home   gateway.Target
	number string // the network's id of it
	groups []made
}

// mine is the number that every world has.
func (w *world) mine() *party {
	w.t.Helper()
	return &party{w: w, caller: w.me(), home: home, number: phoneID}
}

// another makes one more number. Which account and token it has, decides with whom it shares limits.
func (w *world) another(phoneNumberID, accountID, token string) *party {
	w.t.Helper()
	last, err := strconv.Atoi(phoneNumberID)
	w.must(err)
	number := group.Number(8613900000000 + int64(last))
	w.must(w.gateway().BindNumber(ctx, account, group.BusinessNumber{Number: number, SpaceID: space, PhoneNumberID: phoneNumberID,
		WABAID: accountID, Token: token}))
	w.must(w.sim.RegisterNumber(simulator.Number{DisplayNumber: number.String(), PhoneNumberID: phoneNumberID, WABAID: accountID,
		Token: token, Subscribed: true}))
	return &party{w: w, caller: w.me(), home: gateway.Target{SpaceID: space, Number: number}, number: phoneNumberID}
}

// open makes groups with two people in each, who are in no other.
func (p *party) open(count int) *party {
	p.w.t.Helper()
	for i := range count {
		c, err := p.w.gateway().AddGroup(ctx, p.caller, p.home, fmt.Sprintf("group %d", i), "")
		p.w.must(err)
		op := p.w.done(c.Operation.ID)
		target := p.home
		target.GroupID = op.Result
		rows, _, err := p.w.gateway().ListGroups(ctx, p.caller, p.home, gateway.GroupList{Index: 1, Size: 1})
		p.w.must(err)
		g := made{Target: target, id: rows[0].ID, link: rows[0].InviteLink}
		p.w.join(g.link, p.people(i)...)
		p.w.expect(g.Target, p.people(i)...)
		p.groups = append(p.groups, g)
	}
	return p
}

func (p *party) people(groupIndex int) []group.Number {
	last, _ := strconv.Atoi(p.number)
	return people(last%1000*100+2*groupIndex, 2)
}

// expel has the first person of a group removed without waiting for it.
func (p *party) expel(groupIndex int) group.Operation {
	p.w.t.Helper()
	hurry, cancel := ctx, func() {}
	if p.w.patience.Confirm > 0 { // in a bubble nothing but waiting takes time
		hurry, cancel = context.WithTimeout(ctx, time.Millisecond)
	}
	defer cancel()
	c, err := p.w.gateway().RemoveParticipants(hurry, p.caller, p.groups[groupIndex].Target, p.people(groupIndex)[:1])
	p.w.must(err)
	return c.Operation
}

// expelAll does so in every group.
func (p *party) expelAll() []group.Operation {
	p.w.t.Helper()
	var all []group.Operation
	for i := range p.groups {
		all = append(all, p.expel(i))
	}
	return all
}

// calls gives the Graph calls about the number so far.
func (p *party) calls() (own []entry) {
	p.w.t.Helper()
	for _, e := range p.w.journal() {
		if e.Kind == "graph" && e.Number == p.number {
			own = append(own, e)
		}
	}
	return own
}

// pass lets the time of a bubble pass.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// inBubble runs a test with a clock of its own, in which waiting takes no time.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	if !withFile("a clock in a bubble stands still as long as somebody reads from a connection") {
		return
	}
	if _, err := settledFile(); err != nil { // made outside, as it is made once for all
		t.Fatal(err)
	}
	synctest.Test(t, f)
}

func (w *world) pending(ops ...group.Operation) (count int) {
	w.t.Helper()
	for _, op := range ops {
		c, err := w.gateway().Operation(ctx, w.me(), op.ID)
		w.must(err)
		if c.Pending() {
			count++
		}
	}
	return count
}

// When the network refuses a number and says for how long, nothing of the number reaches it before then. One call goes first,
// and the others only once it has passed.
func TestThrottledNumberWaitsAndSendsOneFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(12)
		w.sim.Fail(simulator.Fault{Number: p.number, Times: 1000, Fate: simulator.CallFate{Code: graph.CodeGroupRateLimit,
			Usage: simulator.Usage{RegainMinutes: 2}}})
		before := len(p.calls())
		ops := p.expelAll()
		after := w.send(p.groups[0].Target, "behind the removal").Operation
		synctest.Wait()
		refused := len(p.calls()) - before
		if refused < 1 || refused > 12 || w.gateway().Paced() != 1 || w.gateway().Throttled(graph.NumberLimit) != int64(refused) {
			t.Fatalf("%d calls, %d numbers paced, %d counted", refused, w.gateway().Paced(), w.gateway().Throttled(graph.NumberLimit))
		}
		for round := range 2 {
			before = len(p.calls())
			pass(2*time.Minute - 10*time.Millisecond)
			if n := len(p.calls()) - before; n != 0 {
				t.Fatalf("round %d: %d calls before the time was up", round, n)
			}
			pass(10 * time.Millisecond)
			if n := len(p.calls()) - before; n != 1 {
				t.Fatalf("round %d: %d calls when the time was up, want one", round, n)
			}
		}
		w.unharmed(p)
		w.sim.Mend()
		opened := make(chan struct{})
		var once sync.Once
		var asked atomic.Int32
		w.sim.Interfere(&simulator.Interference{BeforeCall: func(simulator.Call) simulator.CallFate {
			first := false
			once.Do(func() { first = true })
			if asked.Add(1); first {
				w.hang(opened)
			}
			return simulator.CallFate{}
		}})
		pass(2 * time.Minute)
		if asked.Load() != 1 {
			t.Fatalf("%d calls while the first was not answered", asked.Load())
		}
		w.sim.Interfere(nil)
		close(opened)
		for _, op := range append(ops, after) {
			w.done(op.ID)
		}
		w.idle()
		if w.gateway().Paced() != 0 {
			t.Error("the number is still paced")
		}
		w.received(p.groups[0], p.people(0)[0])
		w.received(p.groups[0], p.people(0)[1], "behind the removal")
	})
}

// unharmed checks that what waits for its number has not been counted as failed.
func (w *world) unharmed(p *party) {
	w.t.Helper()
	for _, g := range p.groups {
		w.must(w.house.store.Read(ctx, func(tx *store.Tx) error {
			it, err := tx.Head(store.Lane{Kind: store.GroupLane, ID: g.id})
			if err == nil && (it.Attempts != 0 || !it.NextAt.IsZero() || it.Failure != "") {
				w.t.Errorf("an item that waits has %d attempts, failure %q", it.Attempts, it.Failure)
			}
			return err
		}))
	}
}

// A number whose calls take half a minute does not slow another, however few commands may be computed at once: removals of the
// other are confirmed meanwhile, and in order.
func TestSlowNumberSlowsNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, func(w *world, _ *simulator.Config) { w.parallel = 2 })
		slow, quick := w.mine().open(40), w.another("300", wabaID, token).open(4)
		w.sim.Fail(simulator.Fault{Number: slow.number, Times: 1000, Hang: 25 * time.Second})
		ops := slow.expelAll()
		began := time.Now()
		var want []string
		for i, g := range quick.groups {
			w.send(g.Target, "before")
			w.isOut(w.remove(g.Target, quick.people(i)[0]), 1)
			w.isOut(w.remove(g.Target, quick.people(i)[1]), 1)
			want = append(want, "send_message", "remove_participants", "remove_participants")
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the removals of the other number took %s", took)
		}
		if w.pending(ops...) != len(ops) {
			t.Error("the slow number was not slow")
		}
		var got []string
		for _, e := range quick.calls() {
			if e.Operation == "send_message" || e.Operation == "remove_participants" {
				got = append(got, e.Operation)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		w.sim.Mend()
		for _, op := range ops {
			w.done(op.ID)
		}
		w.idle()
	})
}

// While a number owes answers, only a few of its calls are on their way, so that what waits for it is not lost in it.
func TestSilentNumberGetsFewCalls(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(40)
		w.sim.Fail(simulator.Fault{Number: p.number, Times: 1000, Hang: 20 * time.Second})
		arrived := w.arrivals()
		var ops []group.Operation
		for i := range p.groups {
			if i%10 == 0 {
				pass(2 * time.Second)
			}
			ops = append(ops, p.expel(i))
		}
		synctest.Wait()
		if n := arrived(); n != 10 { // those that came at once, when nothing was owed; the rest found it silent
			t.Errorf("%d calls are on their way", n)
		}
		w.sim.Mend()
		for _, op := range ops {
			w.done(op.ID)
		}
	})
}

// arrivals counts the calls that have come to the network from now on.
func (w *world) arrivals() func() int {
	var count atomic.Int32
	w.sim.Interfere(&simulator.Interference{BeforeCall: func(simulator.Call) simulator.CallFate {
		count.Add(1)
		return simulator.CallFate{}
	}})
	return func() int { return int(count.Load()) }
}

// A command that was let through before a refusal stops between two of its calls.
func TestRefusalStopsWhatIsHalfDone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(2)
		w.done(w.dropLink(p.groups[0].Target).Operation.ID)
		w.sim.Fail(simulator.Fault{Operation: "get_invite_link", Times: 1, Hang: 10 * time.Second})
		w.sim.Fail(simulator.Fault{Operation: "remove_participants", Times: 1, Fate: simulator.CallFate{Code: graph.CodeGroupRateLimit,
			Usage: simulator.Usage{RegainMinutes: 1}}})
		c, err := w.gateway().MakeInviteLink(ctx, w.me(), p.groups[0].Target) // looks for the link, then makes one
		w.must(err)
		synctest.Wait()
		removal := p.expel(1)
		synctest.Wait()
		before := len(p.calls())
		pass(59 * time.Second)
		if n := len(p.calls()) - before; n != 1 { // that it has looked is in the journal once it is answered
			t.Errorf("%d calls though the number had been refused", n)
		}
		pass(time.Second)
		w.done(removal.ID)
		w.done(c.Operation.ID)
	})
}

// Whom a limit concerns: the number for its kind of call, all numbers of the account, or all that are called with the token.
func TestLimitsReachAsFarAsTheNetworkSays(t *testing.T) {
	for _, c := range []struct {
		name           string
		code           int
		account, token string // of the other number
		others         int    // removals of the other number that wait
	}{
		{"number", graph.CodeGroupRateLimit, wabaID, token, 0},
		{"account", graph.CodeBusinessRateLimit, wabaID, "another-token", 1},
		{"another account", graph.CodeBusinessRateLimit, "500", token, 0},
		{"token", graph.CodeAppRateLimit, "500", token, 1},
		{"another token", graph.CodeAppRateLimit, wabaID, "another-token", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t, confirm(0))
				mine, other := w.mine().open(2), w.another("300", c.account, c.token).open(1)
				w.sim.Fail(simulator.Fault{Number: mine.number, Times: 1, Fate: simulator.CallFate{Code: c.code,
					Usage: simulator.Usage{RegainMinutes: 1}}})
				mineFirst := mine.expel(0)
				synctest.Wait()
				mineNext, theirs := mine.expel(1), other.expel(0)
				synctest.Wait()
				if w.pending(mineFirst, mineNext) != 2 || w.pending(theirs) != c.others || w.gateway().Paced() != 1+c.others {
					t.Errorf("waiting: %d of mine, %d of the other; %d numbers paced", w.pending(mineFirst, mineNext), w.pending(theirs), w.gateway().Paced())
				}
				pass(time.Minute)
				for _, op := range []group.Operation{mineFirst, mineNext, theirs} {
					w.done(op.ID)
				}
			})
		})
	}
}

// That messages are refused does not keep people in a group, unless the message comes first there.
func TestRefusedMessagesDoNotHoldUpRemovals(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(2)
		w.sim.Fail(simulator.Fault{Operation: "send_message", Times: 1, Fate: simulator.CallFate{Code: graph.CodeThroughputReached,
			Usage: simulator.Usage{RegainMinutes: 5}}})
		text := w.send(p.groups[0].Target, "hello").Operation
		synctest.Wait()
		behind, free := p.expel(0), p.expel(1)
		synctest.Wait()
		if w.pending(free) != 0 || w.pending(text, behind) != 2 {
			t.Errorf("%d removals elsewhere wait, %d of two where the message waits", w.pending(free), w.pending(text, behind))
		}
		pass(5 * time.Minute)
		w.done(text.ID)
		w.done(behind.ID)
	})
}

// A limit of one pair of numbers is no reason to keep anybody else waiting.
func TestPairLimitIsTheCommandsOwn(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(2)
		w.sim.Fail(simulator.Fault{GroupID: "", Operation: "send_message", Times: 1, Fate: simulator.CallFate{Code: graph.CodePairRateLimit,
			Usage: simulator.Usage{}}})
		text := w.send(p.groups[0].Target, "hello").Operation
		synctest.Wait()
		other := w.send(p.groups[1].Target, "hello").Operation
		synctest.Wait()
		if w.pending(text) != 1 || w.pending(other) != 0 || w.gateway().Throttled(graph.PairLimit) != 1 {
			t.Errorf("%d and %d wait", w.pending(text), w.pending(other))
		}
		w.done(text.ID)
	})
}

// When little is left of a limit, calls keep a distance before they are refused; when nothing is, they wait.
func TestHighUsageSlowsDown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(8)
		w.sim.Fail(simulator.Fault{Number: p.number, Times: 1000, Fate: simulator.CallFate{Usage: simulator.Usage{Account: 92}}})
		w.done(p.expel(0).ID)
		before := len(p.calls())
		var ops []group.Operation
		for i := range 6 {
			ops = append(ops, p.expel(i+1))
		}
		for _, op := range ops {
			w.done(op.ID)
		}
		calls := p.calls()[before:]
		for i := 1; i < len(calls); i++ {
			if apart := calls[i].At.Sub(calls[i-1].At); apart < 800*time.Millisecond || apart > 2*time.Second {
				t.Errorf("calls %d and %d are %s apart", i-1, i, apart)
			}
		}
		w.sim.Mend()
		w.sim.Fail(simulator.Fault{Number: p.number, Times: 1, Fate: simulator.CallFate{Usage: simulator.Usage{Account: 100, RegainMinutes: 7}}})
		w.done(w.remove(p.groups[0].Target, p.people(0)[1]).Operation.ID) // accepted, but the last
		last := p.expel(7)
		pass(7*time.Minute - time.Second)
		if w.pending(last) != 1 {
			t.Error("a call went though nothing was left")
		}
		pass(time.Second)
		w.done(last.ID)
	})
}

// What waits for a throttled number is given up after a day, all of it, and says what the network said.
func TestThrottledForADay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(12)
		w.sim.Fail(simulator.Fault{Number: p.number, Times: 1000, Fate: simulator.CallFate{Code: graph.CodeGroupRateLimit,
			Usage: simulator.Usage{RegainMinutes: 45}}})
		ops := p.expelAll()
		pass(24*time.Hour - time.Minute)
		if n := w.pending(ops...); n != len(ops) {
			t.Fatalf("%d of %d wait", n, len(ops))
		}
		pass(12 * time.Minute)
		for _, op := range ops {
			failed := w.failed(op.ID)
			if m := failed.People[0].Message; !strings.Contains(m, "24 hours") || failed.People[0].Code != graph.CodeGroupRateLimit {
				t.Errorf("it says %q with code %d", m, failed.People[0].Code)
			}
		}
		w.idle()
	})
}

// Without a word of how long, the waits grow, and a new process begins anew.
func TestThrottledWithoutATime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0))
		p := w.mine().open(3)
		w.sim.Fail(simulator.Fault{Number: p.number, Times: 1000, Fate: simulator.CallFate{Code: graph.CodeGroupRateLimit, Status: 400}})
		before := len(p.calls())
		ops := p.expelAll()
		pass(10 * time.Minute)
		if n := len(p.calls()) - before; n < 10 || n > 30 {
			t.Errorf("%d calls in ten minutes", n)
		}
		w.crash()
		w.sim.Mend()
		w.open()
		for _, op := range ops {
			w.done(op.ID)
		}
		w.idle()
	})
}

// Whose turn has come and who does not come, because there is nothing left to do, does not keep the others waiting.
func TestLostTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var lanes []int64
		p := gateway.NewPace(func(lane int64) bool {
			mu.Lock()
			defer mu.Unlock()
			lanes = append(lanes, lane)
			return lane != 101 // who has left
		})
		called := func() []int64 {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(lanes)
		}
		first, _ := p.Enter(1)
		for lane := int64(2); lane <= 8; lane++ {
			p.Enter(lane)
		}
		for lane := int64(100); lane < 104; lane++ {
			if _, ok := p.Enter(lane); ok {
				t.Fatal("there was room for more")
			}
		}
		first.Leave()
		pass(500 * time.Millisecond)
		if diff := cmp.Diff([]int64{100}, called()); diff != "" {
			t.Fatalf("called (-want +got):\n%s", diff)
		}
		pass(500 * time.Millisecond) // 100 has not come, 101 has gone
		if diff := cmp.Diff([]int64{100, 101, 102}, called()); diff != "" {
			t.Fatalf("called (-want +got):\n%s", diff)
		}
		last, ok := p.Enter(102)
		if !ok {
			t.Fatal("who was called is not let through")
		}
		if _, ok = p.Enter(100); ok {
			t.Error("who comes too late takes the place of another")
		}
		last.Leave()
		if diff := cmp.Diff([]int64{100, 101, 102, 103}, called()); diff != "" {
			t.Fatalf("called (-want +got):\n%s", diff)
		}
	})
}

// BenchmarkPace is what pacing adds to a command that nothing stands against: one call, by many numbers with one token.
func BenchmarkPace(b *testing.B) {
	p := gateway.NewPace(func(int64) bool { return true })
	b.ReportAllocs()
	lane := int64(0)
	for b.Loop() {
		lane++
		t, _ := p.Enter(lane)
		l := t.Listener()
		ctx := graph.WithListener(ctx, l)
		if ctx.Err() != nil || l.Allow() != nil {
			b.Fatal("it was stopped")
		}
		l.Hear(graph.Heard{Answered: true})
		t.Leave()
	}
}
