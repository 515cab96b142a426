package app_test

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/signature"
)

// asked is one removal of one person, and what the caller was told before the server died.
type asked struct {
	group  chat
	number string
	signed *signature.Request
	answer *answer // nil if nothing was promised
}

// burst sends a removal of each person at once. It calls back for each request that is on the wire, and for each answer.
func (p *process) burst(removals []*asked, written, answered func()) {
	var all sync.WaitGroup
	for _, r := range removals {
		all.Go(func() {
			ctx := httptrace.WithClientTrace(context.Background(),
				&httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { written() }})
			a, err := p.send(ctx, r.signed)
			if err != nil {
				return // the server is dead: nobody was promised anything
			}
			r.answer = a
			answered()
		})
	}
	all.Wait()
}

// nth calls what when it is called for the nth time.
func nth(n int, what func()) func() {
	var mu sync.Mutex
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if n--; n == 0 {
			what()
		}
	}
}

// TestP3KillInTheMiddle kills the server in the midst of a hundred removals and starts it again on what is left.
func TestP3KillInTheMiddle(t *testing.T) {
	t.Parallel()
	town := build(t, 15, 8)
	for _, story := range []struct {
		name              string
		confirm           time.Duration
		written, answered int // the kill comes when so many requests are on the wire, or so many answers are here
	}{
		{"while requests arrive", patience, 80, 0},
		{"at the first acknowledgement", 0, 0, 1},
		{"in the midst of pending ones", 0, 0, 50},
		{"in the midst of those that are out", patience, 0, 40},
		{"in the midst of both", 80 * time.Millisecond, 0, 60},
	} {
		t.Run(story.name, func(t *testing.T) {
			dir := town.copied(t)
			p := spawn(t, life{DataDir: dir, Delay: 30 * time.Millisecond, ConfirmWait: story.confirm})
			look := p.sign(request{action: "ListChatGroupParticipants", values: url.Values{"GroupId": {town.groups[0].ID}}})
			if a := p.sent(look); !a.ok() {
				t.Fatalf("look: %s", a.Body)
			}
			removals := p.everybodyButTheFirst(town)
			p.burst(removals, nth(story.written, p.kill), nth(story.answered, p.kill))
			told := map[string]int{}
			for _, r := range removals {
				told[r.told()]++
			}
			t.Logf("told before the kill: %v", told)
			if told["OK"] == len(removals) || told["nothing"] == len(removals) && story.answered > 0 {
				t.Fatal("the kill did not come in the middle")
			}
			p = spawn(t, life{DataDir: dir, Delay: 5 * time.Millisecond, ConfirmWait: patience})
			p.keepsItsWord(removals)
			if a := p.sent(look); a.Code != "SignatureNonceUsed" {
				t.Errorf("a look from before the kill, sent again: %s", a.Body)
			}
			p.finishes(removals)
			p.isWithoutAll(town)
		})
	}
}

// everybodyButTheFirst signs the removal of everybody but the first of each group, each by itself.
func (s *site) everybodyButTheFirst(w *town) []*asked {
	s.t.Helper()
	var removals []*asked
	for i, g := range w.groups {
		for _, n := range w.people[i][1:] {
			removals = append(removals, &asked{group: g, number: n,
				signed: s.sign(request{action: "DeleteChatGroupParticipants", values: removal(g.ID, n)})})
		}
	}
	return removals
}

func (r *asked) told() string {
	if r.answer == nil {
		return "nothing"
	}
	return r.answer.Code
}

// keepsItsWord looks right after the restart, before anything can have been made up for: whoever was answered to be out is out,
// and no request that was acknowledged is good a second time.
func (p *process) keepsItsWord(removals []*asked) {
	p.t.Helper()
	seats := p.seats()
	for _, r := range removals {
		switch r.told() {
		case "OK":
			if state := seats[r.group.ID][r.number]; state != "removed" {
				p.t.Errorf("%s was answered to be out and is %q on the network", r.number, state)
			}
			if slices.Contains(p.members(r.group), r.number) {
				p.t.Errorf("%s was answered to be out and is in the list", r.number)
			}
		case "ChatGroup.OperationPending", "nothing":
		default:
			p.t.Errorf("%s: %s", r.number, r.answer.Body)
		}
	}
	for _, r := range removals {
		if r.answer == nil {
			continue
		}
		if again := p.sent(r.signed); again.Code != "SignatureNonceUsed" {
			p.t.Errorf("a request from before the kill, sent again: %s", again.Body)
		}
	}
}

// finishes waits for the end of every removal that was acknowledged, whose people are then out, and sends the others again,
// as their callers would.
func (p *process) finishes(removals []*asked) {
	p.t.Helper()
	for _, r := range removals {
		if r.answer == nil {
			continue
		}
		end := p.ended(r.answer.OperationID)
		if end.Data.State != "DONE" || len(end.Data.List) != 1 || end.Data.List[0] != (row{r.number, "REMOVED"}) {
			p.t.Errorf("%s, answered %s: %s", r.number, r.answer.Code, end.Body)
		}
		if state := p.seats()[r.group.ID][r.number]; state != "removed" {
			p.t.Errorf("%s, answered %s, is %q on the network", r.number, r.answer.Code, state)
		}
	}
	var all sync.WaitGroup
	for _, r := range removals {
		if r.answer == nil {
			signed := p.sign(request{action: "DeleteChatGroupParticipants", values: removal(r.group.ID, r.number)})
			all.Go(func() {
				if a, err := p.send(context.Background(), signed); err != nil || !a.ok() {
					p.t.Errorf("%s, sent again: %+v, %v", r.number, a, err)
				}
			})
		}
	}
	all.Wait()
}

// isWithoutAll fails unless just the first of each group is left, in the lists and on the network.
func (p *process) isWithoutAll(w *town) {
	p.t.Helper()
	for i, g := range w.groups {
		want := w.people[i][:1]
		if diff := cmp.Diff(want, p.members(g)); diff != "" {
			p.t.Errorf("list of group %d (-want +got):\n%s", i, diff)
		}
		if diff := cmp.Diff(want, p.truth(g)); diff != "" {
			p.t.Errorf("group %d on the network (-want +got):\n%s", i, diff)
		}
	}
}

// TestP2FenceAcrossKill kills the server when some messages behind a removal have been accepted.
func TestP2FenceAcrossKill(t *testing.T) {
	t.Parallel()
	town := build(t, 1, 3)
	for _, story := range []struct {
		name     string
		confirm  time.Duration
		code     string
		accepted int // messages before the kill
	}{
		{"behind a removal that is answered OK", patience, "OK", 1},
		{"some messages later", patience, "OK", 12},
		{"behind a removal that is pending", 0, "ChatGroup.OperationPending", 5},
	} {
		t.Run(story.name, func(t *testing.T) {
			dir, g := town.copied(t), town.groups[0]
			p := spawn(t, life{DataDir: dir, Delay: 30 * time.Millisecond, ConfirmWait: story.confirm})
			anna, berta, carla := town.people[0][0], town.people[0][1], town.people[0][2]
			accept := func(text string) {
				if a := p.text(g, text); !a.ok() {
					t.Fatalf("message %s: %s", text, a.Body)
				}
			}
			accept("before")
			if a := p.remove(g, carla); a.Code != story.code {
				t.Fatalf("removal: %s, want %s", a.Body, story.code)
			}
			want := []string{"before"}
			for i := range story.accepted {
				text := fmt.Sprint("after ", i)
				accept(text)
				want = append(want, text)
			}
			p.kill()

			p = spawn(t, life{DataDir: dir, Delay: 5 * time.Millisecond, ConfirmWait: patience})
			accept("end") // what comes before it has come when it comes
			want = append(want, "end")
			for _, n := range []string{anna, berta} {
				p.arrived(n, g, "end")
				if diff := cmp.Diff(want, slices.Compact(p.inbox(n, g))); diff != "" { // a message in doubt may come twice
					t.Errorf("inbox of %s (-want +got):\n%s", n, diff)
				}
			}
			if diff := cmp.Diff([]string{"before"}, slices.Compact(p.inbox(carla, g))); diff != "" {
				t.Errorf("inbox of the removed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestP7ListConvergesAcrossKill kills the server while phones come and go by themselves.
func TestP7ListConvergesAcrossKill(t *testing.T) {
	t.Parallel()
	town := build(t, 3, 4)
	for _, acts := range []int{1, 9} {
		t.Run(fmt.Sprint("after ", acts, " acts"), func(t *testing.T) {
			dir := town.copied(t)
			p := spawn(t, life{DataDir: dir, Delay: 30 * time.Millisecond, ConfirmWait: patience})
			for act := range acts {
				g, number := town.groups[act%3], town.people[act%3][act/3]
				p.did("POST", "/phones/"+number+"/leave", map[string]string{"group_id": g.ID}, nil)
				if act%2 == 1 {
					p.did("POST", "/phones/"+number+"/join", map[string]string{"invite_link": g.Link}, nil)
				}
			}
			p.kill()
			p = spawn(t, life{DataDir: dir, Delay: 5 * time.Millisecond, ConfirmWait: patience})
			for _, g := range town.groups {
				want := p.truth(g)
				p.until("the list is the network's", func() bool { return slices.Equal(want, p.members(g)) })
			}
			if in := p.truth(town.groups[0]); slices.Contains(in, town.people[0][0]) {
				t.Errorf("who left is on the network: %v", in)
			}
		})
	}
}
