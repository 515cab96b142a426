package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// control calls the simulator's control API and reads the answer of a success into out, which may be nil.
func (s *site) control(method, path string, in, out any) (status int) {
	s.t.Helper()
	body, err := json.Marshal(in)
	must(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.ready.SimulatorURL+"/sim/v1"+path, bytes.NewReader(body))
	must(s.t, err)
	res, err := s.http.Do(req)
	must(s.t, err)
	defer res.Body.Close()
	if out != nil && res.StatusCode < 300 {
		must(s.t, json.NewDecoder(res.Body).Decode(out))
	}
	return res.StatusCode
}

func (s *site) did(method, path string, in, out any) {
	s.t.Helper()
	if status := s.control(method, path, in, out); status >= 300 {
		s.t.Fatalf("%s %s: status %d", method, path, status)
	}
}

// joined has phones follow the link and waits until the list has them.
func (s *site) joined(g chat, numbers ...string) {
	s.t.Helper()
	for _, n := range numbers {
		s.did("POST", "/phones", map[string]string{"number": n, "name": "Phone"}, nil)
		s.did("POST", "/phones/"+n+"/join", map[string]string{"invite_link": g.Link}, nil)
	}
	s.until("the list has who joined", func() bool {
		in := s.members(g)
		return !slices.ContainsFunc(numbers, func(n string) bool { return !slices.Contains(in, n) })
	})
}

// inbox gives the texts that a phone has received in a group, in order.
func (s *site) inbox(number string, g chat) []string {
	s.t.Helper()
	var said struct{ Messages []struct{ Text string } }
	s.did("GET", "/phones/"+number+"/messages?group_id="+g.ID, nil, &said)
	texts := []string{}
	for _, m := range said.Messages {
		texts = append(texts, m.Text)
	}
	return texts
}

// arrived waits until a phone has received a text.
func (s *site) arrived(number string, g chat, text string) {
	s.t.Helper()
	s.until(number+" receives "+text, func() bool { return slices.Contains(s.inbox(number, g), text) })
}

// seats tells where everybody stands in every group as the network itself sees it: by group, by number.
func (s *site) seats() map[string]map[string]string {
	s.t.Helper()
	var said struct {
		Groups []struct {
			ID     string
			People []struct{ Number, State string }
		}
	}
	s.did("GET", "/groups", nil, &said)
	seats := map[string]map[string]string{}
	for _, g := range said.Groups {
		seats[g.ID] = map[string]string{}
		for _, p := range g.People {
			seats[g.ID][strings.TrimPrefix(p.Number, "+")] = p.State
		}
	}
	return seats
}

// truth gives those who are in a group as the network sees it.
func (s *site) truth(g chat) []string {
	s.t.Helper()
	in := []string{}
	for n, state := range s.seats()[g.ID] {
		if state == "member" || state == "removing" {
			in = append(in, n)
		}
	}
	slices.Sort(in)
	return in
}

// graphCall is a call that the network has got.
type graphCall struct {
	Kind, Operation, Path string
	Request               json.RawMessage
}

// calls gives the calls of some operations that the network has got about a group since it started, in order.
func (s *site) calls(g chat, operations ...string) []graphCall {
	s.t.Helper()
	var said struct{ Entries []graphCall }
	s.did("GET", "/journal", nil, &said)
	return slices.DeleteFunc(said.Entries, func(c graphCall) bool {
		about := strings.Contains(c.Path, g.ID) || bytes.Contains(c.Request, []byte(g.ID))
		return c.Kind != "graph" || !about || !slices.Contains(operations, c.Operation)
	})
}
