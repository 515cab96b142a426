package gateway_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// start is a call at the moment at which it came to the network.
type start struct {
	at        time.Time
	number    string
	operation string
}

// starts writes down when calls come.
type starts struct {
	mu  sync.Mutex
	all []start
}

func (s *starts) note(c simulator.Call) simulator.CallFate {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, start{time.Now(), c.Number, c.Operation})
	return simulator.CallFate{}
}

// take gives what has come since the last time.
func (s *starts) take() []start {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

// However refusals, silence and high usage fall on numbers that share an account or a token: whom a limit concerns does not
// call before the time that the network has named, and everything is done in the end, in order.
func TestPacesUnderRandomFaults(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, confirm(0), report(2*time.Second), func(w *world, _ *simulator.Config) { w.parallel = 3 })
		parties := []*party{w.mine().open(3), w.another("300", wabaID, "another-token").open(3), w.another("301", "500", token).open(3)}
		came := &starts{}
		w.sim.Interfere(&simulator.Interference{BeforeCall: came.note})
		rounds, commands := 0, 0
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) { // rapid must not ask for a deadline, which is of the world outside
			if rounds++; rounds > 30 {
				return // they take long, and the mistakes that were planted showed in fewer
			}
			came.take()
			since := w.lastCall()
			for range rapid.IntRange(0, 6).Draw(t, "faults") {
				w.sim.Fail(drawFault(t, parties))
			}
			var ops []group.Operation
			for range rapid.IntRange(1, 12).Draw(t, "commands") {
				commands++
				p := rapid.SampledFrom(parties).Draw(t, "number")
				target := p.groups[rapid.IntRange(0, 2).Draw(t, "group")].Target
				if rapid.Bool().Draw(t, "text") {
					ops = append(ops, w.send(target, fmt.Sprint(commands)).Operation)
				} else {
					subject := fmt.Sprint("subject ", commands)
					c, err := w.gateway().UpdateGroup(ctx, p.caller, target, gateway.Settings{Subject: &subject})
					w.must(err)
					ops = append(ops, c.Operation)
				}
				if rapid.Bool().Draw(t, "pause") {
					pass(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
				}
			}
			for passes := 0; w.pending(ops...) > 0; passes++ {
				if passes > 60 {
					t.Fatalf("%d commands of %d are still waiting", w.pending(ops...), len(ops))
				}
				pass(time.Minute)
			}
			for _, op := range ops {
				w.done(op.ID)
			}
			w.obeyed(t, since, came.take())
			w.sim.Mend()
		})
	})
}

func drawFault(t *rapid.T, parties []*party) simulator.Fault {
	f := simulator.Fault{Number: rapid.SampledFrom(parties).Draw(t, "of").number, Times: rapid.IntRange(1, 4).Draw(t, "times")}
	switch rapid.SampledFrom([]string{"refusal", "refusal", "refusal", "usage", "hang", "outage"}).Draw(t, "fault") {
	case "refusal":
		f.Fate.Code = rapid.SampledFrom([]int{graph.CodeGroupRateLimit, graph.CodeBusinessRateLimit, graph.CodeAppRateLimit}).Draw(t, "code")
		f.Fate.Usage.RegainMinutes = 1
	case "usage":
		f.Fate.Usage = simulator.Usage{App: rapid.IntRange(0, 100).Draw(t, "app"), Account: rapid.IntRange(0, 99).Draw(t, "account")}
	case "hang":
		f.Hang = time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second
	default:
		f.Fate.Code = graph.CodeTemporarilyUnavailable
	}
	return f
}

// lastCall gives the number of the newest entry in the journal.
func (w *world) lastCall() (last int64) {
	w.t.Helper()
	for _, e := range w.journal() {
		last = max(last, e.Seq)
	}
	return last
}

// obeyed looks for calls that came within a minute of a refusal that concerns them.
func (w *world) obeyed(t *rapid.T, since int64, came []start) {
	for _, e := range w.journal() {
		if e.Seq <= since || e.Kind != "graph" {
			continue
		}
		concerns := concerned(&e)
		for _, s := range came {
			if after := s.at.Sub(e.At); after > 0 && after < time.Minute && concerns(s) {
				t.Errorf("%s of %s came %s after %s of %s had been refused: %s", s.operation, s.number, after, e.Operation, e.Number, e.Response)
			}
		}
	}
}

// code gives the error code of an answer, 0 if it has none.
func (e *entry) code() int {
	var answer struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(e.Response, &answer) // one without an error has none
	return answer.Error.Code
}

// concerned tells for an answer which calls have to wait after it.
func concerned(e *entry) func(start) bool {
	account := map[string]string{phoneID: wabaID, "300": wabaID, "301": "500"}
	app := map[string]string{phoneID: token, "300": "another-token", "301": token}
	messages := func(operation string) bool { return operation == "send_message" }
	switch e.code() {
	case graph.CodeGroupRateLimit:
		return func(s start) bool { return s.number == e.Number && messages(s.operation) == messages(e.Operation) }
	case graph.CodeBusinessRateLimit:
		return func(s start) bool { return account[s.number] == account[e.Number] }
	case graph.CodeAppRateLimit:
		return func(s start) bool { return app[s.number] == app[e.Number] }
	}
	return func(start) bool { return false }
}
