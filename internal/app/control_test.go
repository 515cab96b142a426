package app

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestControlKeepsPagesAway asks the simulator's control API as programs do, and as pages in a browser do that were not made for
// it. A page whose name points to this machine is of the same origin for the browser; only the Host tells.
func TestControlKeepsPagesAway(t *testing.T) {
	t.Parallel()
	p := start(t, devConfig(t))
	_, port, err := net.SplitHostPort(p.simAddr)
	must(t, err)
	for _, test := range []struct {
		name, method, host string
		header             map[string]string
		status             int
	}{
		{"a program", "GET", p.simAddr, nil, 200},
		{"by name", "GET", "localhost:" + port, nil, 200},
		{"without a port", "GET", "LOCALHOST", nil, 200},
		{"by IPv6", "GET", "[::1]:" + port, nil, 200},
		{"a name that points here", "GET", "evil.example.com:" + port, nil, 403},
		{"another address", "GET", "192.0.2.1:" + port, nil, 403},
		{"a name that points here, writing", "POST", "evil.example.com:" + port, nil, 403},
		{"another origin", "POST", p.simAddr, map[string]string{"Origin": "https://evil.example.com"}, 403},
		{"another site", "POST", p.simAddr, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, "http://"+p.simAddr+"/sim/v1/phones", strings.NewReader(`{}`))
		must(t, err)
		req.Host = test.host
		for name, value := range test.header {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != test.status {
			t.Errorf("%s: %d, want %d", test.name, res.StatusCode, test.status)
		}
	}
}

// TestOwnHost: the address that the connection came to and the name that was given are ours too, when the listener is open to
// others.
func TestOwnHost(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for host, want := range map[string]bool{
			"sim.example.com:8021": true, "SIM.example.com": true, "127.0.0.1": true, "127.9.9.9:1": true, r.Host: true,
			"sim.example.com.evil.example.com": false, "10.0.0.1:8021": false, "": false, ":8021": false, "[": false,
		} {
			r.Host = host
			if got := ownHost(r, "sim.example.com"); got != want {
				t.Errorf("%q: %t, want %t", host, got, want)
			}
		}
		r.Host = ""
		if ownHost(r, "") {
			t.Error("no host at all is ours where every address is listened on")
		}
	}))
	defer server.Close()
	fetch(t, http.MethodGet, server.URL, "")
}
