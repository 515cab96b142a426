package gateway_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// model is what a group must look like from outside, told in the plainest way.
type model struct {
	made
	subject   string
	phones    []group.Number
	inside    map[group.Number]bool
	barred    map[group.Number]bool
	inboxes   map[group.Number][]string
	suspended bool
	deleted   bool
	dead      []string // links that must let nobody in
	clean     bool     // no report was lost, held up or repeated so far
	texts     int
}

func (m *model) in() []group.Number { return slices.Sorted(maps.Keys(m.inside)) }

// story plays random acts on one group and compares it with its model.
type story struct {
	*world
	*model
	rt     *rapid.T
	faults *faults
}

// faults decides what becomes of the reports about people.
type faults struct {
	mu   sync.Mutex
	rand *rand.Rand
	on   bool
}

func (f *faults) fate(h simulator.Webhook) simulator.WebhookFate {
	f.mu.Lock()
	defer f.mu.Unlock()
	var fate simulator.WebhookFate
	if !f.on {
		return fate
	}
	if strings.HasPrefix(h.Type, "group_suspend") {
		return fate // nothing tells a late copy from another suspension, so for a while the group would not be as the model says
	}
	fate.Copies = f.rand.IntN(3) / 2
	if h.Field != "group_participants_update" {
		return fate
	}
	switch f.rand.IntN(6) {
	case 0:
		fate.Lose = true
	case 1:
		fate.Delay = time.Duration(1+f.rand.IntN(10)) * time.Millisecond
	}
	return fate
}

func (f *faults) turn(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
}

// fewChecks makes rapid try less often than it would, unless the command line says how often.
func fewChecks(t *testing.T, checks string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set(checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
}

// Whatever is done to a group, and whatever becomes of the reports about it, its members, the counts in the answers, the
// refusals, and what each phone has received are as the model says.
func TestP7GroupsFollowTheModel(t *testing.T) {
	t.Parallel()
	fewChecks(t, "25")
	w := newWorld(t, report(15*time.Millisecond))
	first := 0
	rapid.Check(t, func(rt *rapid.T) {
		w.t = rt
		defer func() { w.t = t }()
		s := &story{world: w, rt: rt, faults: &faults{rand: rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "faults"), 1))}}
		w.sim.Interfere(&simulator.Interference{Webhook: s.faults.fate})
		defer w.sim.Interfere(nil)
		first += 16
		s.begin(people(first, 10))
		if rapid.Bool().Draw(rt, "misfortune") {
			s.clean = false
			s.faults.turn(true)
		}
		for range rapid.IntRange(3, 16).Draw(rt, "acts") {
			s.act()
			s.check()
		}
		s.end()
	})
}

func (s *story) begin(phones []group.Number) {
	g := s.group("story", phones[0])
	s.model = &model{made: g, subject: "story", phones: phones, inside: map[group.Number]bool{phones[0]: true},
		barred: map[group.Number]bool{}, inboxes: map[group.Number][]string{}, clean: true}
	for _, n := range phones[1:] {
		s.did(s.control("POST", "/phones", map[string]string{"number": n.String()}, nil), "new phone")
	}
}

// act does one thing, and what the model says of it.
func (s *story) act() {
	acts := map[string]func(){"join": s.actJoin, "join more": s.actJoin, "join still more": s.actJoin, "leave": s.actLeave,
		"remove": s.actRemove, "remove again": s.actRemove, "send": s.actSend, "remove and send": s.actRemoveAndSend,
		"make link": s.actMakeLink, "drop link": s.actDropLink, "suspend": s.actSuspend, "clear": s.actClear, "rename": s.actRename,
		"crash": s.actCrash, "delete": s.actDelete}
	acts[rapid.SampledFrom(slices.Sorted(maps.Keys(acts))).Draw(s.rt, "act")]()
}

func (s *story) somebody() group.Number { return rapid.SampledFrom(s.phones).Draw(s.rt, "person") }

// some draws a list of distinct people.
func (s *story) some() []group.Number {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(s.phones), 1, len(s.phones), rapid.ID[group.Number]).Draw(s.rt, "list")
}

func (s *story) actJoin() {
	n, want := s.somebody(), http.StatusOK
	link := s.link
	if link == "" {
		link, want = s.dead[0], http.StatusConflict
	}
	if s.deleted || s.barred[n] || !s.inside[n] && (s.suspended || len(s.inside) == 8) {
		want = http.StatusConflict
	}
	if status := s.tryJoin(link, n); status != want {
		s.rt.Fatalf("join of %d gives %d, want %d", n, status, want)
	}
	if want == http.StatusOK {
		s.inside[n] = true
	}
	for _, link := range s.dead {
		if status := s.tryJoin(link, n); status != http.StatusConflict {
			s.rt.Fatalf("the dead link %s gives %d", link, status)
		}
	}
}

func (s *story) actLeave() {
	n, want := s.somebody(), http.StatusOK
	if s.deleted || !s.inside[n] {
		return
	}
	if status := s.control("POST", "/phones/"+n.String()+"/leave", map[string]string{"group_id": s.GroupID}, nil); status != want {
		s.rt.Fatalf("leave gives %d", status)
	}
	delete(s.inside, n)
}

// barrier tells what stands against a change now.
func (s *story) barrier() group.Code {
	switch {
	case s.deleted:
		return group.CodeNotFound
	case s.suspended:
		return group.CodeSuspended
	}
	return ""
}

// allowed fails unless a change was refused when the model says so, and tells whether it was let through.
func (s *story) allowed(err error) bool {
	want := s.barrier()
	var e *group.Error
	switch {
	case err == nil && want == "":
		return true
	case errors.As(err, &e) && e.Code == want:
		return false
	}
	s.rt.Fatalf("refused with %v, want %q", err, want)
	return false
}

// out is what a removal of the list does to the model; it gives how many it takes out.
func (s *story) out(list []group.Number) (rows int64) {
	for _, n := range list {
		if s.inside[n] {
			delete(s.inside, n)
			s.barred[n] = true
			rows++
		}
	}
	return rows
}

func (s *story) actRemove() {
	list := s.some()
	settled := true // nothing need be asked of the network, so nothing stands against it
	for _, n := range list {
		settled = settled && s.barred[n]
	}
	if settled && s.suspended && !s.deleted {
		s.isOut(s.remove(s.Target, list...), 0)
		return
	}
	c, err := s.gateway().RemoveParticipants(ctx, s.me(), s.Target, list)
	if !s.allowed(err) {
		return
	}
	s.judge(c.Operation, c.Rows, list)
}

// judge compares how a removal ended with the model.
func (s *story) judge(op group.Operation, rows int64, list []group.Number) {
	if op.State != group.Done {
		s.rt.Fatalf("the removal is %v: %+v", op.State, op.People)
	}
	switch want := s.out(list); {
	case s.clean && rows != want:
		s.rt.Fatalf("%d rows, want %d", rows, want)
	case rows < 0 || rows > int64(len(list)):
		s.rt.Fatalf("%d rows of %d people", rows, len(list))
	}
	for _, n := range list {
		if seat := s.seats(s.GroupID)[n]; seat == "member" || seat == "removing" {
			s.rt.Fatalf("%d was answered to be out and is %q", n, seat)
		}
	}
}

func (s *story) text() string {
	s.texts++
	return fmt.Sprintf("text %d", s.texts)
}

// deliver writes a text into the inboxes of the model, once the gateway has sent it.
func (s *story) deliver(c gateway.Change, text string) {
	if len(s.inside) == 0 {
		if op := s.failed(c.Operation.ID); op.Code != "131020" {
			s.rt.Fatalf("a text to nobody failed with %s", op.Code)
		}
		return
	}
	s.done(c.Operation.ID)
	for n := range s.inside {
		s.inboxes[n] = append(s.inboxes[n], text)
	}
}

func (s *story) actSend() {
	text := s.text()
	c, err := s.gateway().SendText(ctx, s.me(), s.Target, text)
	if s.allowed(err) {
		s.deliver(c, text)
	}
}

// actRemoveAndSend does not wait in between: the message must not reach those who are being removed.
func (s *story) actRemoveAndSend() {
	list, text := s.some(), s.text()
	if s.barrier() != "" {
		return
	}
	removal := s.accept(s.Target, list...)
	message := s.send(s.Target, text)
	op := s.done(removal.Operation.ID)
	s.judge(op, int64(op.Count(group.PersonOut)), list)
	s.deliver(message, text)
}

func (s *story) actMakeLink() {
	c, err := s.gateway().MakeInviteLink(ctx, s.me(), s.Target)
	if !s.allowed(err) {
		return
	}
	if s.link != "" && c.Operation.Result != s.link || c.Operation.Result == "" || slices.Contains(s.dead, c.Operation.Result) {
		s.rt.Fatalf("the link is %q, was %q", c.Operation.Result, s.link)
	}
	s.link = c.Operation.Result
}

func (s *story) actDropLink() {
	c, err := s.gateway().DropInviteLink(ctx, s.me(), s.Target)
	if !s.allowed(err) {
		return
	}
	if dropped := c.Rows == 1; dropped != (s.link != "") {
		s.rt.Fatalf("%d rows for the link %q", c.Rows, s.link)
	}
	if s.link != "" {
		s.dead, s.link = append(s.dead, s.link), ""
	}
}

func (s *story) actSuspend() {
	if !s.deleted {
		s.suspend(s.Target)
		s.becomes(s.GroupID, group.Suspended)
		s.suspended = true
	}
}

func (s *story) actClear() {
	if !s.deleted {
		s.clear(s.Target)
		s.becomes(s.GroupID, group.Active)
		s.suspended = false
	}
}

func (s *story) actRename() {
	subject := s.text()
	c, err := s.gateway().UpdateGroup(ctx, s.me(), s.Target, gateway.Settings{Subject: &subject})
	if s.allowed(err) {
		s.done(c.Operation.ID)
		s.subject = subject
	}
}

// actCrash crashes the gateway while it removes people.
func (s *story) actCrash() {
	list := s.some()
	var removal gateway.Change
	if s.barrier() == "" {
		removal = s.accept(s.Target, list...)
	}
	s.crash()
	s.open()
	s.clean = false // reports that came meanwhile are gone for long
	if removal.Operation.ID != 0 {
		op := s.done(removal.Operation.ID)
		s.judge(op, int64(op.Count(group.PersonOut)), list)
	}
}

func (s *story) actDelete() {
	if rapid.IntRange(0, 3).Draw(s.rt, "really") > 0 {
		return
	}
	c, err := s.gateway().DeleteGroup(ctx, s.me(), s.Target)
	if s.deleted {
		s.refused(err, group.CodeNotFound)
		return
	}
	s.must(err)
	s.done(c.Operation.ID)
	s.deleted, s.suspended = true, false
	if s.link != "" {
		s.dead, s.link = append(s.dead, s.link), ""
	}
	clear(s.inside)
}

// check compares what must be right after every act.
func (s *story) check() {
	for _, n := range s.phones {
		want := append([]string{}, s.inboxes[n]...)
		s.until("the texts arrive", func() bool { return len(s.inbox(n, s.GroupID)) >= len(want) })
		if diff := cmp.Diff(want, s.inbox(n, s.GroupID)); diff != "" {
			s.rt.Fatalf("inbox of %d (-want +got):\n%s", n, diff)
		}
	}
	if s.clean && !s.deleted {
		s.expect(s.Target, s.in()...)
	}
}

// end lets the misfortunes end and looks whether everything comes right.
func (s *story) end() {
	s.faults.turn(false)
	s.idle()
	if s.deleted {
		if got := s.statusOf(s.GroupID); got != group.Deleted {
			s.rt.Fatalf("the group is %v", got)
		}
		return
	}
	if diff := cmp.Diff(s.in(), s.truth(s.GroupID)); diff != "" && len(s.inside) > 0 {
		s.rt.Fatalf("the model is wrong (-model +network):\n%s", diff)
	}
	if !s.clean {
		s.must(s.gateway().Reread(ctx, s.id))
	}
	s.expect(s.Target, s.in()...)
	row := s.row(s.GroupID)
	if row.Subject != s.subject || row.InviteLink != s.link || (row.Status == group.Suspended) != s.suspended {
		s.rt.Fatalf("the row is %+v, the model %+v", row, s.model)
	}
	for _, n := range s.phones {
		if times := s.told(s.id, n); s.clean && (times == 1) != s.barred[n] {
			s.rt.Fatalf("that %d was removed was told %d times; removed: %v", n, times, s.barred[n])
		}
	}
}
