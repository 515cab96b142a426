package gateway_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// control calls the simulator's control API; into may be nil.
func (w *world) control(method, path string, body, into any) (status int) {
	w.t.Helper()
	var reader io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		w.must(err)
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://sim.test/sim/v1"+path, reader)
	w.must(err)
	response, err := simulator.InProcess(w.sim.Control()).RoundTrip(request)
	w.must(err)
	defer response.Body.Close()
	if into != nil && response.StatusCode < 300 {
		w.must(json.NewDecoder(response.Body).Decode(into))
	}
	return response.StatusCode
}

func (w *world) did(status int, what string) {
	w.t.Helper()
	if status >= 300 {
		w.t.Fatalf("%s: status %d", what, status)
	}
}

// join lets phones open an invite link; they are made when they are new.
func (w *world) join(link string, people ...group.Number) {
	w.t.Helper()
	for _, n := range people {
		w.did(w.control("POST", "/phones", map[string]string{"number": n.String()}, nil), "new phone")
		w.did(w.tryJoin(link, n), "join of "+n.String())
	}
}

func (w *world) tryJoin(link string, n group.Number) (status int) {
	w.t.Helper()
	return w.control("POST", "/phones/"+n.String()+"/join", map[string]string{"invite_link": link}, nil)
}

func (w *world) leave(t gateway.Target, n group.Number) {
	w.t.Helper()
	w.did(w.control("POST", "/phones/"+n.String()+"/leave", map[string]string{"group_id": t.GroupID}, nil), "leave")
}

func (w *world) suspend(t gateway.Target) {
	w.t.Helper()
	w.did(w.control("POST", "/groups/"+t.GroupID+"/suspend", nil, nil), "suspend")
}

func (w *world) clear(t gateway.Target) {
	w.t.Helper()
	w.did(w.control("POST", "/groups/"+t.GroupID+"/clear", nil, nil), "clear")
}

// inbox gives the texts that a phone has received, of one group or with "" of all.
func (w *world) inbox(n group.Number, groupID string) []string {
	w.t.Helper()
	var answer struct {
		Messages []struct {
			GroupID string `json:"group_id"`
			Text    string `json:"text"`
		} `json:"messages"`
	}
	w.did(w.control("GET", "/phones/"+n.String()+"/messages", nil, &answer), "inbox")
	texts := []string{}
	for _, m := range answer.Messages {
		if groupID == "" || m.GroupID == groupID {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// seats tells where people stand in a group as the network sees it; nil when there is no such group.
func (w *world) seats(groupID string) map[group.Number]string {
	w.t.Helper()
	var view struct {
		People []struct {
			Number string `json:"number"`
			State  string `json:"state"`
		} `json:"people"`
	}
	if w.control("GET", "/groups/"+groupID, nil, &view) != http.StatusOK {
		return nil
	}
	seats := map[group.Number]string{}
	for _, p := range view.People {
		n, ok := group.NetworkNumber(p.Number)
		if !ok {
			w.t.Fatalf("the network has a strange number %q", p.Number)
		}
		seats[n] = p.State
	}
	return seats
}

// truth gives those who are in a group as the network sees it.
func (w *world) truth(groupID string) []group.Number {
	w.t.Helper()
	in := []group.Number{}
	for n, state := range w.seats(groupID) {
		if state == "member" || state == "removing" {
			in = append(in, n)
		}
	}
	slices.Sort(in)
	return in
}

// members gives those who are in a group as the gateway says it.
func (w *world) members(t gateway.Target) []group.Number {
	w.t.Helper()
	people, total, err := w.gateway().ListParticipants(ctx, w.me(), t, 1, 0)
	w.must(err)
	if total != len(people) {
		w.t.Errorf("total %d, but %d people", total, len(people))
	}
	in := []group.Number{}
	for _, p := range people {
		in = append(in, p.Number)
	}
	slices.Sort(in)
	return in
}

// expect waits until the gateway says that just these people are in the group.
func (w *world) expect(t gateway.Target, people ...group.Number) {
	w.t.Helper()
	want := append([]group.Number{}, people...)
	slices.Sort(want)
	var got []group.Number
	defer func() {
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Logf("members (-want +got):\n%s", diff)
		}
	}()
	w.until("the members are as expected", func() bool {
		got = w.members(t)
		return slices.Equal(got, want)
	})
}

// entry is a Graph call or a webhook as the simulator's journal tells it.
type entry struct {
	Seq       int64           `json:"seq"`
	Kind      string          `json:"kind"`
	Number    string          `json:"phone_number_id"`
	At        time.Time       `json:"at"`
	Operation string          `json:"operation"`
	Path      string          `json:"path"`
	Status    int             `json:"status"`
	Request   json.RawMessage `json:"request"`
	Response  json.RawMessage `json:"response"`
}

// journal gives what went over the wire so far, as far as the simulator remembers it.
func (w *world) journal() []entry {
	w.t.Helper()
	var answer struct {
		Entries []entry `json:"entries"`
	}
	w.did(w.control("GET", "/journal", nil, &answer), "journal")
	return answer.Entries
}

// calls gives the Graph calls of an operation, in order.
func (w *world) calls(operation string) []entry {
	w.t.Helper()
	var out []entry
	for _, e := range w.journal() {
		if e.Kind == "graph" && e.Operation == operation {
			out = append(out, e)
		}
	}
	return out
}
