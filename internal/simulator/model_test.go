package simulator

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// model is membership in one group, said as simply as possible.
type model struct {
	in        []string // in the order of coming
	barred    map[string]bool
	suspended bool
	received  map[string][]string
}

var people = []string{anna, berta, carla, "491700000004", "491700000005", "491700000006", "491700000007", "491700000008",
	"491700000009", "491700000010"}

// Whatever is done in whatever order, with restarts between: the simulator agrees with the model on who may come in, who
// is in, who has which messages, and which calls are refused.
func TestMembershipModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "simulator")
		if err != nil {
			rt.Fatalf("%v", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		m := &modelRun{world: openWorld(rt, withLog(filepath.Join(dir, "log"))),
			model: model{barred: map[string]bool{}, received: map[string][]string{}}}
		defer func() { _ = m.sim.Close(context.Background()) }()
		m.group = m.newGroup("ward")
		m.addPhones(people...)
		rt.Repeat(map[string]func(*rapid.T){
			"join":    m.joinSome,
			"leave":   m.leaveSome,
			"remove":  m.removeSome,
			"send":    m.sendSome,
			"write":   m.writeSome,
			"stand":   m.standSome,
			"restart": m.restart,
			"":        m.check,
		})
	})
}

type modelRun struct {
	*world
	model
	group graph.Event
	texts int
}

func (m *modelRun) one(t *rapid.T) string { return rapid.SampledFrom(people).Draw(t, "phone") }

func (m *modelRun) isIn(number string) bool { return slices.Contains(m.in, number) }

func (m *modelRun) joinSome(t *rapid.T) {
	n := m.one(t)
	status, answer := m.control("POST", "/phones/"+n+"/join", fields{"invite_link": m.group.Group.InviteLink})
	want := ""
	switch {
	case m.isIn(n):
	case m.barred[n]:
		want = "barred"
	case m.suspended:
		want = "suspended"
	case len(m.in) == 8:
		want = "group_full"
	default:
		m.in = append(m.in, n)
		m.hooks.wait(t, func(e graph.Event) bool { return e.Type == graph.ParticipantsAdd && e.Added[0].WaID == n })
	}
	if (status == 200) != (want == "") || want != "" && answer["error"].(map[string]any)["code"] != want {
		t.Fatalf("join of %s: %d %v, want %q", n, status, answer, want)
	}
}

func (m *modelRun) leaveSome(t *rapid.T) {
	n := m.one(t)
	status, _ := m.control("POST", "/phones/"+n+"/leave", fields{"group_id": m.group.GroupID})
	if (status == 200) != m.isIn(n) {
		t.Fatalf("leave of %s: %d", n, status)
	}
	if m.isIn(n) {
		m.drop(n)
		m.hooks.wait(t, func(e graph.Event) bool { return e.InitiatedBy == graph.ByParticipant && e.Removed[0].WaID == n })
	}
}

func (m *modelRun) drop(n string) {
	m.in = slices.DeleteFunc(m.in, func(other string) bool { return other == n })
}

func (m *modelRun) removeSome(t *rapid.T) {
	list := rapid.SliceOfNDistinct(rapid.SampledFrom(people), 1, 8, rapid.ID).Draw(t, "people")
	var out, failed []string
	for _, n := range list {
		if m.isIn(n) {
			out = append(out, n)
		} else {
			failed = append(failed, n)
		}
	}
	got, err := m.meta.RemoveParticipants(ctx(), creds, m.group.GroupID, list)
	want := 0
	switch {
	case m.suspended:
		want = graph.CodeSuspended
	case len(out) == 0:
		want = graph.CodeNotInGroup
	}
	if graph.CodeOf(err) != want {
		t.Fatalf("remove %v: %v, want code %d", list, err, want)
	}
	if want != 0 {
		return
	}
	e := m.hooks.request(t, got.RequestID)
	inputs := func(ps []graph.Participant) (in []string) {
		for _, p := range ps {
			in = append(in, p.Input)
		}
		return in
	}
	if diff := cmp.Diff([][]string{out, failed}, [][]string{inputs(e.Removed), inputs(e.Failed)}); diff != "" {
		t.Fatalf("remove %v: %s", list, diff)
	}
	for _, n := range out {
		m.drop(n)
		m.barred[n] = true
	}
}

func (m *modelRun) sendSome(t *rapid.T) {
	want := 0
	switch {
	case m.suspended:
		want = graph.CodeSuspended
	case len(m.in) == 0:
		want = graph.CodeGroupEmpty
	}
	m.texts++
	text := fmt.Sprint("text ", m.texts)
	if want == 0 {
		m.send(m.group.GroupID, text)
		m.deliver(text, "")
		return
	}
	if _, err := m.meta.Send(ctx(), creds, graph.Outgoing{Group: true, To: m.group.GroupID, Body: graph.TextBody{Body: text}}); graph.CodeOf(err) != want {
		t.Fatalf("send: %v, want code %d", err, want)
	}
}

func (m *modelRun) deliver(text, except string) {
	for _, n := range m.in {
		if n != except {
			m.received[n] = append(m.received[n], text)
		}
	}
}

func (m *modelRun) writeSome(t *rapid.T) {
	n := m.one(t)
	m.texts++
	text := fmt.Sprint("text ", m.texts)
	status, _ := m.control("POST", "/phones/"+n+"/messages", fields{"group_id": m.group.GroupID, "text": text})
	may := m.isIn(n) && !m.suspended
	if (status == 201) != may {
		t.Fatalf("%s writes: %d", n, status)
	}
	if may {
		m.deliver(text, n)
	}
}

func (m *modelRun) standSome(t *rapid.T) {
	m.suspended = rapid.Bool().Draw(t, "suspended")
	act := "/clear"
	if m.suspended {
		act = "/suspend"
	}
	m.expect(200, "POST", "/groups/"+m.group.GroupID+act, nil)
}

func (m *modelRun) restart(t *rapid.T) {
	if rapid.Bool().Draw(t, "orderly") {
		if err := m.sim.Close(context.Background()); err != nil {
			t.Fatalf("close: %v", err)
		}
		m.open()
		return
	}
	killed := m.sim
	content, err := os.ReadFile(m.config.Path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	m.config.Path += "+"
	if err := os.WriteFile(m.config.Path, content, 0o600); err != nil {
		t.Fatalf("%v", err)
	}
	_ = killed.Close(context.Background())
	m.open()
}

func (m *modelRun) check(t *rapid.T) {
	want := slices.Clone(m.in)
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, m.members(m.group.GroupID)); diff != "" {
		t.Fatalf("members: %s", diff)
	}
	for _, n := range people {
		if got := m.inbox(n); !slices.Equal(got, m.received[n]) {
			t.Fatalf("inbox of %s: %q, want %q", n, got, m.received[n])
		}
	}
}
