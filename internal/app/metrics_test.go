package app

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// serveConfig is a production server on a free port, for a network that is never asked.
func serveConfig(t *testing.T) Config {
	t.Helper()
	dir := t.TempDir()
	return Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: filepath.Join(dir, "data"), Logger: testLogger(t),
		Meta: Meta{AppSecretFile: writeSecret(t, dir, "app-secret", "secret"), VerifyTokenFile: writeSecret(t, dir, "verify-token", "word")}}
}

// TestMetricsStayOnThisMachine: in production only a program on this machine reads them, and not what a proxy here passes on.
func TestMetricsStayOnThisMachine(t *testing.T) {
	t.Parallel()
	p := start(t, serveConfig(t))
	if got := fetch(t, http.MethodGet, "http://"+p.Addr()+"/metrics", ""); !strings.Contains(got, "go_goroutines") {
		t.Errorf("from this machine: %.200s", got)
	}
	for _, test := range []struct {
		name, from, header string
		status             int
	}{
		{"IPv4 loopback", "127.0.0.1:1234", "", 200},
		{"IPv6 loopback", "[::1]:1234", "", 200},
		{"another machine", "192.0.2.1:1234", "", 403},
		{"nowhere", "", "", 403},
		{"a proxy here", "127.0.0.1:1234", "X-Forwarded-For", 403},
		{"another proxy here", "127.0.0.1:1234", "Via", 403},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.RemoteAddr = test.from
		if test.header != "" {
			r.Header.Set(test.header, "192.0.2.1")
		}
		w := httptest.NewRecorder()
		p.front.ServeHTTP(w, r)
		if w.Code != test.status || w.Code != 200 && strings.Contains(w.Body.String(), "go_goroutines") {
			t.Errorf("%s: %d %.100s, want %d", test.name, w.Code, w.Body, test.status)
		}
	}
}

// TestMetricsOnAnAddressOfTheirOwn: there they are, and nothing else; where callers are served they are not.
func TestMetricsOnAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{"serve": serveConfig(t), "dev": devConfig(t)} {
		cfg.Listen.MetricsAddress = "127.0.0.1:0"
		p := start(t, cfg)
		if got := fetch(t, http.MethodGet, "http://"+p.metricsAddr+"/metrics", ""); !strings.Contains(got, "rollcall_rpc_nonces") {
			t.Errorf("%s: %.200s", name, got)
		}
		for _, address := range []string{p.Addr() + "/metrics", p.metricsAddr + "/", p.metricsAddr + "/readyz"} {
			if got := fetch(t, http.MethodGet, "http://"+address, ""); !strings.HasPrefix(got, "404") {
				t.Errorf("%s, %s: %.200s, want 404", name, address, got)
			}
		}
	}
}

// TestThrottlingIsCounted: the network refuses a number, and whoever watches sees it, without being told which.
func TestThrottlingIsCounted(t *testing.T) {
	t.Parallel()
	p := start(t, devConfig(t))
	p.sim.Fail(simulator.Fault{Operation: "create_group", Times: 1, Fate: simulator.CallFate{Code: graph.CodeGroupRateLimit,
		Usage: simulator.Usage{RegainMinutes: 1}}})
	page := func() string { return fetch(t, http.MethodGet, "http://"+p.Addr()+"/metrics", "") }
	if got := page(); !strings.Contains(got, "rollcall_graph_numbers_paced 0") {
		t.Errorf("before: %.200s", got)
	}
	r := p.Ready()
	parameters := r.Target()
	parameters.Set("Subject", "ward")
	if _, err := r.Client().Call(t.Context(), "AddChatGroup", parameters); err != nil {
		t.Fatal(err)
	}
	for limit := time.After(20 * time.Second); ; {
		got := page()
		if strings.Contains(got, "rollcall_graph_numbers_paced 1") && strings.Contains(got, `rollcall_graph_throttled_total{limit="number"} 1`) {
			if strings.Contains(got, p.Ready().BusinessNumber) {
				t.Error("the number is named")
			}
			return
		}
		select {
		case <-limit:
			t.Fatal("the refusal is not counted")
		default:
		}
	}
}
