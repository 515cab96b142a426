package simulator

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// BenchmarkRemoval is one removal from the call to the webhook's arrival, through client, handler, log and pump, with
// the person's joining outside the clock's interest but inside its time.
func BenchmarkRemoval(b *testing.B) {
	for _, name := range []string{"memory", "log"} {
		b.Run(name, func(b *testing.B) {
			path := ""
			if name == "log" {
				path = filepath.Join(b.TempDir(), "log")
			}
			events := make(chan struct{}, 1)
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					_, _ = w.Write([]byte(r.URL.Query().Get("hub.challenge")))
					return
				}
				w.WriteHeader(http.StatusOK)
				events <- struct{}{}
			})
			sim, err := New(Config{Path: path, Logger: quiet, Callback: Callback{URL: "http://x.test/", VerifyToken: "v", AppSecret: "s",
				Transport: InProcess(handler)}})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = sim.Close(ctx()) }()
			if err := sim.RegisterNumber(Number{DisplayNumber: testNumber, PhoneNumberID: testNumID, WABAID: testWABA,
				Token: testToken, Subscribed: true}); err != nil {
				b.Fatal(err)
			}
			meta, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: InProcess(sim.Graph())})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "x"}); err != nil {
				b.Fatal(err)
			}
			<-events
			g := sim.allGroups()[0]
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				digits := fmt.Sprint(491700000000 + i)
				(&phoneSet{Digits: digits}).apply(sim)
				g.mu.Lock()
				(&memberSet{Group: g.id, Phone: digits, State: memberIn}).apply(sim)
				g.mu.Unlock()
				if _, err := meta.RemoveParticipants(ctx(), creds, g.id, []string{digits}); err != nil {
					b.Fatal(err)
				}
				<-events
			}
		})
	}
}
