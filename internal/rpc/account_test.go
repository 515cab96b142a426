package rpc

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// TestAccessLog: one line for each request, with what helps to find it and nothing that should not be there.
func TestAccessLog(t *testing.T) {
	w := newWorld(t)
	a := w.call(request{action: "DeleteThing", query: "GroupId=8613800000001&ClientToken=tok"})
	w.call(request{action: "ListSilently", secret: "guessed-secret"})
	w.call(request{action: "Nothing" + strings.Repeat("x", 1000)})
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %s", len(lines), w.log)
	}
	for _, want := range []string{"request_id=" + a.RequestID, "action=DeleteThing", "code=OK", "status=200", "duration=", "access_key_id=" + rootKey, "source=192.0.2.1", "level=INFO"} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("no %q in %s", want, lines[0])
		}
	}
	for _, leak := range []string{"8613800000001", secretOf(rootKey), "guessed-secret", "Signature=", "tok", "xxx"} {
		if strings.Contains(w.log.String(), leak) {
			t.Errorf("%q is in the log", leak)
		}
	}
	w.call(request{action: "ListBroken"})
	if !strings.Contains(w.log.String(), "level=ERROR msg=call ") {
		t.Error("a fault of ours is not an error in the log")
	}
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.call(request{action: "ListSilently"})
	w.call(request{action: "ListSilently"})
	w.call(request{action: "ListRefused"})
	w.call(request{action: "made up by somebody"})
	families, err := w.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	calls, seconds, nonces := map[string]float64{}, map[string]uint64{}, 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "rollcall_rpc_calls_total":
				calls[label(m, "action")+" "+label(m, "code")] = m.GetCounter().GetValue()
			case "rollcall_rpc_call_duration_seconds":
				seconds[label(m, "action")] = m.GetHistogram().GetSampleCount()
			case "rollcall_rpc_nonces":
				nonces = m.GetGauge().GetValue()
			}
		}
	}
	if calls["ListSilently OK"] != 2 || calls["ListRefused InvalidParameter.GroupNotExist"] != 1 || calls["unknown InvalidAction.NotFound"] != 1 || len(calls) != 3 {
		t.Errorf("calls are %v", calls)
	}
	if seconds["ListSilently"] != 2 || nonces != 3 {
		t.Errorf("durations %v, nonces %v", seconds, nonces)
	}
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// TestNewRefuses: a server that could not keep its promises is not made.
func TestNewRefuses(t *testing.T) {
	good := func() Config { return Config{Operations: testOperations(), Keys: testKeys()} }
	taken := prometheus.NewRegistry()
	if _, err := New(Config{Operations: testOperations(), Keys: testKeys(), Telemetry: Telemetry{Metrics: taken}}); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"short nonce key":      func(c *Config) { c.Keys.Nonce = make([]byte, 15) },
		"short diagnostic key": func(c *Config) { c.Keys.Diagnostic = make([]byte, 16) },
		"no operations":        func(c *Config) { c.Operations = nil },
		"twice":                func(c *Config) { c.Operations = append(c.Operations, c.Operations[0]) },
		"incomplete":           func(c *Config) { c.Operations[0].Run = nil },
		"metrics taken":        func(c *Config) { c.Telemetry.Metrics = taken },
	} {
		c := good()
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(good()); err != nil {
		t.Error(err)
	}
}
