package rpc

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

func TestNoPermission(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call(request{action: "ListSilently", key: readerKey}), 200, "OK")
	a := w.call(request{action: "DeleteThing", key: readerKey})
	w.expect(a, 403, "Forbidden.RAM")
	if !strings.Contains(a.Message, "cams:DeleteThing") {
		t.Errorf("Message is %q", a.Message)
	}
	detail, _ := a.Members["AccessDeniedDetail"].(map[string]any)
	opened, err := OpenDiagnostic(testKeys().Diagnostic, detail["EncodedDiagnosticMessage"].(string))
	if err != nil {
		t.Fatal(err)
	}
	delete(detail, "EncodedDiagnosticMessage")
	want := map[string]any{
		"AuthAction": "cams:DeleteThing", "AuthPrincipalType": "SubUser", "AuthPrincipalDisplayName": "200000000000000001",
		"AuthPrincipalOwnerId": "1000000000000001", "PolicyType": "AccountLevelIdentityBasedPolicy", "NoPermissionType": "ImplicitDeny",
	}
	if diff := cmp.Diff(want, detail); diff != "" {
		t.Errorf("AccessDeniedDetail (-want +got):\n%s", diff)
	}
	wantOpened := Diagnostic{Action: "cams:DeleteThing", Resource: "*", Principal: "acs:ram::1000000000000001:user/reader",
		Kind: "SubUser", Name: "200000000000000001", Owner: "1000000000000001",
		Source: "192.0.2.1", Effect: "ImplicitDeny", PolicyType: "AccountLevelIdentityBasedPolicy", RequestID: a.RequestID, Time: testEpoch}
	if diff := cmp.Diff(wantOpened, opened); diff != "" {
		t.Errorf("diagnostic message (-want +got):\n%s", diff)
	}
}

// TestDiagnosticIsOpaque: who has not the key can neither read nor make one, and two for the same refusal differ.
func TestDiagnosticIsOpaque(t *testing.T) {
	key := testKeys().Diagnostic
	seal, err := newDiagnosticSeal(key)
	if err != nil {
		t.Fatal(err)
	}
	d := Diagnostic{Policy: "secret-policy"}
	first, err := sealDiagnostic(seal, &d)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := sealDiagnostic(seal, &d)
	if first == second || !regexp.MustCompile(`^[A-Za-z0-9+/]+=*$`).MatchString(first) {
		t.Errorf("%s and %s", first, second)
	}
	for _, text := range []string{"", "!", "AAAA", first[:len(first)-8], "B" + first[1:], first[:40] + strings.ToLower(first[40:])} {
		if _, err := OpenDiagnostic(key, text); !errors.Is(err, ErrDiagnostic) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := OpenDiagnostic(make([]byte, 32), first); !errors.Is(err, ErrDiagnostic) {
		t.Errorf("with another key: %v", err)
	}
}

// TestChangeOfPolicyHoldsAtOnce: the next request after a change sees it.
func TestChangeOfPolicyHoldsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call(request{action: "ListSilently", key: readerKey}), 200, "OK")
	w.write(func(tx *store.Tx) error {
		return errors.Join(tx.Detach(store.Attachment{AccountID: testAccount, UserID: otherUser, Kind: "System", Policy: "AliyunCamsReadOnlyAccess"}), tx.Raise())
	})
	w.expect(w.call(request{action: "ListSilently", key: readerKey}), 403, "Forbidden.RAM")
	w.write(func(tx *store.Tx) error {
		return errors.Join(tx.SetAccessKeyActive(testAccount, readerKey, false), tx.Raise())
	})
	w.expect(w.call(request{action: "ListSilently", key: readerKey}), 400, "InvalidAccessKeyId.Inactive")
}

// TestConditions: a policy sees where the request came from, and what proxies say of that only if they are trusted.
func TestConditions(t *testing.T) {
	proxy := netip.MustParsePrefix("192.0.2.0/24")
	forwarded := http.Header{"X-Forwarded-For": {"203.0.113.7"}, "X-Forwarded-Proto": {"https"}}
	cases := []struct {
		name    string
		trusted []netip.Prefix
		header  http.Header
		peer    string
		tls     bool
		status  int
	}{
		{name: "plain", peer: "203.0.113.7:1", status: 403},
		{name: "directly by TLS", peer: "203.0.113.7:1", tls: true, status: 200},
		{name: "another address", peer: "203.0.113.8:1", tls: true, status: 403},
		{name: "made up", header: forwarded, peer: "192.0.2.1:1", status: 403},
		{name: "through the proxy", header: forwarded, peer: "192.0.2.1:1", trusted: []netip.Prefix{proxy}, status: 200},
		{name: "made up before the proxy", header: http.Header{"X-Forwarded-For": {"203.0.113.7, 198.51.100.1"}, "X-Forwarded-Proto": {"https"}},
			peer: "192.0.2.1:1", trusted: []netip.Prefix{proxy}, status: 403},
		{name: "hidden by a proxy at the address itself", header: http.Header{"X-Forwarded-For": {"unknown"}, "X-Forwarded-Proto": {"https"}},
			peer: "203.0.113.7:1", trusted: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, status: 403},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(cfg *Config) { cfg.TrustForwarded = c.trusted })
			a := w.call(request{action: "ListSilently", key: officeKey, header: c.header, raw: func(r *http.Request) {
				r.RemoteAddr = c.peer
				if c.tls {
					r.TLS = &tls.ConnectionState{}
				}
			}})
			if a.status() != c.status {
				t.Errorf("answered %d, want %d: %s", a.status(), c.status, a.Body)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	cases := []struct {
		peer, proto string
		hops        []string
		want        string
		secure      bool
	}{
		{peer: "10.0.0.1:5", want: "10.0.0.1"},
		{peer: "198.51.100.1:5", hops: []string{"1.1.1.1"}, proto: "https", want: "198.51.100.1"},
		{peer: "10.0.0.1:5", hops: []string{"1.1.1.1"}, proto: "https", want: "1.1.1.1", secure: true},
		{peer: "10.0.0.1:5", hops: []string{"9.9.9.9, 1.1.1.1", "10.2.3.4"}, proto: "HTTPS, https", want: "1.1.1.1", secure: true},
		{peer: "10.0.0.1:5", hops: []string{"1.1.1.1:80"}, proto: "https, http", want: "1.1.1.1"},
		{peer: "10.0.0.1:5", hops: []string{"1.1.1.1, unknown"}, want: "unknown"},
		{peer: "10.0.0.1:5", hops: []string{"1.1.1.1, unknown, 10.1.1.1"}, want: "unknown"},
		{peer: "10.0.0.1:5", hops: []string{"10.9.9.9, _hidden"}, want: "unknown"},
		{peer: "10.0.0.1:5", hops: []string{"unknown, 1.1.1.1"}, want: "1.1.1.1"},
		{peer: "10.0.0.1:5", hops: []string{"10.1.1.1, 10.1.1.2"}, want: "10.1.1.1"},
		{peer: "10.0.0.1:5", hops: []string{""}, want: "unknown"},
		{peer: "[fd00::1]:5", hops: []string{"::ffff:1.1.1.1"}, want: "1.1.1.1"},
		{peer: "[fd00::1]:5", hops: []string{"[2001:db8::1]:443"}, want: "2001:db8::1"},
		{peer: "[::ffff:10.0.0.1]:5", hops: []string{"1.1.1.1"}, want: "1.1.1.1"},
		{peer: "@", hops: []string{"1.1.1.1"}, want: "unknown"},
	}
	for _, c := range cases {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.hops}}
		if c.proto != "" {
			r.Header["X-Forwarded-Proto"] = []string{c.proto}
		}
		if o := originOf(r, trusted); o.String() != c.want || o.secure != c.secure {
			t.Errorf("%+v: %s, secure %t", c, o, o.secure)
		}
	}
}

// TestThrottle: the headers are those that official clients wait by.
func TestThrottle(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.CallsPerSecond = 2.5 })
	call := func() answered { return w.call(request{action: "ListSilently"}) }
	for range 2 {
		w.expect(call(), 200, "OK")
	}
	a := call()
	w.expect(a, 400, "Throttling.User")
	if got := a.Header().Get("X-Acs-Retry-After"); got != "200" {
		t.Errorf("X-Acs-Retry-After is %q, want 200", got)
	}
	if got := a.Header().Get("X-Ratelimit-User-Api"); got != "Limit:3,Remain:0,TimeLeft:200" {
		t.Errorf("X-Ratelimit-User-Api is %q", got)
	}
	w.expect(w.call(request{action: "DeletePending"}), 200, "ChatGroup.OperationPending") // another action
	w.clock.add(200 * 1e6)
	w.expect(call(), 200, "OK")
	w.expect(call(), 400, "Throttling.User")
	w.clock.add(-3600 * 1e9) // a clock that goes back gives nothing and takes nothing
	w.expect(w.call(request{action: "ListSilently", scheme: signature.RPCHMACSHA1}), 400, "Throttling.User")
}

// TestFloodStaysOutOfTheAudit: a refusal is written down within the limit and not beyond it, whoever is refused, and what
// is refused takes nothing from those who may.
func TestFloodStaysOutOfTheAudit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.CallsPerSecond = 3 })
	flood := func(key string, account int64, code string) {
		t.Helper()
		before := len(w.operations(account))
		counted := map[string]int{}
		for range 10 {
			counted[w.call(request{action: "DeleteThing", key: key}).Code]++
		}
		if diff := cmp.Diff(map[string]int{code: 3, "Throttling.User": 7}, counted); diff != "" {
			t.Errorf("%s (-want +got):\n%s", code, diff)
		}
		if rows := len(w.operations(account)) - before; rows != 3 {
			t.Errorf("%s: %d records, want 3", code, rows)
		}
	}
	flood(readerKey, testAccount, "Forbidden.RAM")
	flood(strangerKey, testAccount+1, "Authentication.NoAuth")
	flood(rootKey, testAccount, "MissingGroupId")
	w.clock.add(time.Second)
	flood(readerKey, testAccount, "Forbidden.RAM")
}

func TestNoThrottleByDefault(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.expect(w.call(request{action: "ListSilently"}), 200, "OK")
	}
}
