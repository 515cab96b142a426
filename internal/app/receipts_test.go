package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
)

// news is what a receiver is told of a group.
type news struct {
	EventID  string `json:"EventId"`
	GroupID  string `json:"GroupId"`
	Type     string
	Sequence int64
}

// hook is a customer's server.
type hook struct {
	*httptest.Server

	mu    sync.Mutex
	taken func()            // is called with each push
	told  map[string][]news // by group, each event where it came first
	known map[string]bool
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{taken: func() {}, told: map[string][]news{}, known: map[string]bool{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var items []news
		if err != nil || json.Unmarshal(body, &items) != nil {
			return // the server died while it wrote
		}
		h.mu.Lock()
		for _, n := range items {
			if !h.known[n.EventID] {
				h.known[n.EventID], h.told[n.GroupID] = true, append(h.told[n.GroupID], n)
			}
		}
		taken := h.taken
		h.mu.Unlock()
		taken()
		_, _ = io.WriteString(w, `{"code":0}`)
	}))
	t.Cleanup(h.Close)
	return h
}

// onPush has something done with each push from now on.
func (h *hook) onPush(taken func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken = taken
}

func (h *hook) of(group string) []news {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]news{}, h.told[group]...)
}

// callTo has a site's receipts go to a hook.
func (s *site) callTo(h *hook) {
	s.t.Helper()
	s.mustCall("UpdatePhoneWebhook", "PhoneNumber", s.ready.BusinessNumber, "StatusCallbackUrl", h.URL, "HttpFlag", "Y")
}

// TestP3KillLosesNoReceipt kills the server in the midst of pushing, and starts it again: everything that happened is told, in the order
// of each group.
func TestP3KillLosesNoReceipt(t *testing.T) {
	t.Parallel()
	town := build(t, 6, 8)
	for _, at := range []int{1, 12} {
		t.Run(fmt.Sprint("at push ", at), func(t *testing.T) {
			dir := town.copied(t)
			h := newHook(t)
			p := spawn(t, life{DataDir: dir, Delay: 5 * time.Millisecond, ConfirmWait: patience})
			p.callTo(h)
			first := map[string]int64{}
			for _, g := range town.groups {
				first[g.ID] = int64(1 + len(town.people[0])) // created, and each who joined
			}
			h.onPush(nth(at, p.kill))
			removals := p.everybodyButTheFirst(town)
			p.burst(removals, func() {}, func() {})
			h.onPush(func() {})
			p = spawn(t, life{DataDir: dir, Delay: time.Millisecond, ConfirmWait: patience})
			p.finishes(removals)
			for _, g := range town.groups {
				want := len(town.people[0]) - 1
				p.until("everything is told", func() bool { return len(h.of(g.ID)) >= want })
				for i, n := range h.of(g.ID) {
					if n.Sequence != first[g.ID]+int64(i)+1 {
						t.Errorf("%s comes with number %d in place %d", n.Type, n.Sequence, i)
					}
				}
			}
		})
	}
}

// TestListen brings what happens to an address by pulling, also what happened while nobody listened.
func TestListen(t *testing.T) {
	t.Parallel()
	s := open(t, life{DataDir: filepath.Join(t.TempDir(), "data"), Delay: time.Millisecond, ConfirmWait: patience}.config())
	h := newHook(t)
	cursor := filepath.Join(t.TempDir(), "cursor")
	listen := func(until func() bool, meanwhile func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		seen, ended, began := make(chan app.Forwarded, 1000), make(chan error, 1), 0
		l := app.Listening{Client: s.ready.Client(), Target: s.ready.Target(), Forward: h.URL, CursorFile: cursor, Every: 5 * time.Millisecond, Began: func() { began++ },
			Seen: func(f app.Forwarded) { seen <- f }}
		go func() { ended <- l.Run(ctx) }()
		meanwhile()
		s.until("what happened was brought", until)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("listen: %v", err)
		}
		if began != 1 {
			t.Errorf("it began %d times", began)
		}
		close(seen)
		for f := range seen {
			if f.Kind != "ChatAppGroup" || f.EventID == "" || len(f.Item) == 0 || f.Failure != "" {
				t.Errorf("seen: %+v", f)
			}
		}
	}
	listen(func() bool { _, err := os.Stat(cursor); return err == nil }, func() {})
	g := s.newGroup("Team")
	s.joined(g, anna)
	listen(func() bool { return len(h.of(g.ID)) == 2 }, func() {})
	listen(func() bool { return len(h.of(g.ID)) == 3 }, func() { s.remove(g, anna) })
	for i, n := range h.of(g.ID) {
		if n.Sequence != int64(i+1) {
			t.Errorf("number %d in place %d", n.Sequence, i)
		}
	}
	l := app.Listening{Client: s.ready.Client(), Target: s.ready.Target(), Forward: h.URL, Every: time.Millisecond, Seen: func(app.Forwarded) {},
		Began: func() { t.Error("it says that it listens and nobody has let it") }}
	l.Client.Credentials.AccessKeySecret = strings.Repeat("x", 30)
	if err := l.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
		t.Errorf("with a wrong key: %v", err)
	}
}

// TestReceiptsAreCounted: what became of receipts shows in the metrics.
func TestReceiptsAreCounted(t *testing.T) {
	t.Parallel()
	cfg := life{DataDir: filepath.Join(t.TempDir(), "data"), Delay: time.Millisecond, ConfirmWait: patience}.config()
	cfg.Receipts = app.Receipts{Retries: []time.Duration{}}
	s := open(t, cfg)
	h := newHook(t)
	s.callTo(h)
	g := s.newGroup("Team")
	s.until("it is told", func() bool { return len(h.of(g.ID)) == 1 })
	h.Close()
	s.joined(g, anna)
	for _, line := range []string{`rollcall_receipts_total{outcome="acknowledged"} 1`, `rollcall_receipts_total{outcome="failed"} 1`,
		`rollcall_receipts_total{outcome="given_up"} 1`, "rollcall_receipts_dead 1"} {
		s.until(line, func() bool {
			res, err := s.http.Get("http://" + s.ready.Endpoint + "/metrics")
			must(t, err)
			defer res.Body.Close()
			page, err := io.ReadAll(res.Body)
			must(t, err)
			return strings.Contains(string(page), line+"\n")
		})
	}
}
