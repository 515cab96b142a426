// Getrusage is of unix alone.

//go:build unix

package simulator

import (
	"io"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// BenchmarkRemoval is the removal of three people from the call to the understood webhook: client, handler, log, pump,
// signature and parser, all in one process. Each round begins with the three coming in, past log and webhooks.
func BenchmarkRemoval(b *testing.B) {
	for _, name := range []string{"memory", "log"} {
		b.Run(name, func(b *testing.B) {
			path := ""
			if name == "log" {
				path = filepath.Join(b.TempDir(), "log")
			}
			hooks := &listener{b: b, events: make(chan graph.Event, 1)}
			w := &world{t: b, config: Config{Path: path, Logger: quiet, Callback: Callback{URL: "http://gateway.test/",
				VerifyToken: testVerify, AppSecret: testSecret, Transport: InProcess(hooks)}}}
			w.open()
			defer func() { _ = w.sim.Close(ctx()) }()
			if _, err := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "x"}); err != nil {
				b.Fatal(err)
			}
			id := (<-hooks.events).GroupID
			people := []string{"491700000001", "491700000002", "491700000003"}
			for _, digits := range people {
				(&phoneSet{Digits: digits}).apply(w.sim)
			}
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				w.seat(id, people)
				if _, err := w.meta.RemoveParticipants(ctx(), creds, id, people); err != nil {
					b.Fatal(err)
				}
				if e := <-hooks.events; len(e.Removed) != len(people) {
					b.Fatalf("event %+v", e)
				}
			}
			b.ReportMetric((cpu(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// seat puts people into a group without telling anybody.
func (w *world) seat(id string, people []string) {
	g := w.sim.findGroup(id)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, digits := range people {
		(&memberSet{Group: id, Phone: digits, State: memberIn}).apply(w.sim)
	}
}

// cpu returns the processor time that this process has used, in ns. On a busy machine it says more than the clock.
func cpu(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// listener is a callback that does what a receiver must: read, verify, parse.
type listener struct {
	b      *testing.B
	events chan graph.Event
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		challenge, _ := graph.Handshake(r.URL.Query(), testVerify)
		_, _ = io.WriteString(w, challenge)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 3<<20))
	events, broken := graph.ParseWebhook(body)
	if err != nil || broken != nil || !graph.VerifyHubSignature(testSecret, body, r.Header.Get(graph.HubSignatureHeader)) {
		l.b.Errorf("webhook %q: %v, %v", body, err, broken)
		return
	}
	w.WriteHeader(http.StatusOK)
	for _, e := range events {
		l.events <- e
	}
}
