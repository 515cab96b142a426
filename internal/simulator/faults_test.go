package simulator

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// heard is what one call has told its listener.
type heard struct{ graph.Heard }

func (h *heard) Allow() error        { return nil }
func (h *heard) Hear(by graph.Heard) { h.Heard = by }

// A fault strikes the calls that fit it, as often as it says, and the answers bear what it says of usage.
func TestFaultsByCount(t *testing.T) {
	w := newWorld(t)
	g := w.newGroup("ward")
	answer, _ := w.expect(201, "POST", "/faults", fields{"phone_number_id": testNumID, "operation": "get_group", "times": 2, "code": 131208,
		"account_usage": 100, "regain_minutes": 3, "app_usage": 40})
	if answer["id"] != 1.0 || answer["times"] != 2.0 {
		t.Errorf("fault %v", answer)
	}
	w.expect(201, "POST", "/faults", fields{"operation": "get_group", "account_usage": 7}) // the next one that fits
	w.expect(201, "POST", "/faults", fields{"phone_number_id": "1", "code": 4, "times": 1000})
	want := graph.Usage{App: graph.Share{Known: true, Percent: 40}, Account: graph.Share{Known: true, Percent: 100, Regain: 3 * time.Minute}}
	for range 2 {
		var h heard
		_, err := w.meta.Group(graph.WithListener(ctx(), &h), creds, g.GroupID)
		if graph.CodeOf(err) != graph.CodeGroupRateLimit || graph.WaitOf(err) != 3*time.Minute || h.Usage != want {
			t.Errorf("the call gave %v and told %+v", err, h)
		}
	}
	var h heard
	if _, err := w.meta.Group(graph.WithListener(ctx(), &h), creds, g.GroupID); err != nil || h.Usage.Account.Percent != 7 || h.Usage.App.Known {
		t.Errorf("the call gave %v and told %+v", err, h)
	}
	if _, err := w.meta.Group(graph.WithListener(ctx(), &h), creds, g.GroupID); err != nil || h.Usage != (graph.Usage{}) {
		t.Errorf("the call gave %v and told %+v", err, h)
	}
	list, _ := w.expect(200, "GET", "/faults", nil)
	if rules := list["faults"].([]any); len(rules) != 3 || rules[0].(map[string]any)["hits"] != 2.0 || rules[2].(map[string]any)["hits"] != nil {
		t.Errorf("faults %v", rules)
	}
	journal, _ := w.expect(200, "GET", "/journal", nil)
	for _, e := range journal["entries"].([]any) {
		if e := e.(map[string]any); e["kind"] == "graph" && e["phone_number_id"] != testNumID {
			t.Errorf("the journal does not say whose call it was: %v", e)
		}
	}
	w.expect(200, "DELETE", "/faults", nil)
	if list, _ = w.expect(200, "GET", "/faults", nil); len(list["faults"].([]any)) != 0 {
		t.Errorf("faults %v", list)
	}
}

// A call hangs for its time, or until the faults are taken back.
func TestFaultsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openWorld(t)
		g := w.newGroup("ward")
		w.sim.Fail(Fault{Operation: "get_group", Times: 2, Hang: 10 * time.Second})
		began := time.Now()
		if _, err := w.meta.Group(ctx(), creds, g.GroupID); err != nil || time.Since(began) != 10*time.Second {
			t.Errorf("it took %s and gave %v", time.Since(began), err)
		}
		answered := make(chan error)
		began = time.Now()
		go func() {
			_, err := w.meta.Group(ctx(), creds, g.GroupID)
			answered <- err
		}()
		synctest.Wait()
		w.sim.Mend()
		if err := <-answered; err != nil || time.Since(began) != 0 {
			t.Errorf("it took %s and gave %v", time.Since(began), err)
		}
		if err := w.sim.Close(ctx()); err != nil {
			t.Error(err)
		}
	})
}

func TestFaultsRefused(t *testing.T) {
	w := newWorld(t)
	for _, body := range []fields{{"hang": "soon"}, {"hang": "-1s"}, {"times": -1}, {"status": 200, "code": 4}, {"status": 429},
		{"operation": "dance"}, {"probability": 0.5}, {"regain_minutes": -1}} {
		if _, code := w.expect(400, "POST", "/faults", body); code != "invalid_request" {
			t.Errorf("%v gives %q", body, code)
		}
	}
}
