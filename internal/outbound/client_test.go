package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func serve(t *testing.T, handler http.HandlerFunc) *url.URL {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func client(t *testing.T, config Config) *Client {
	t.Helper()
	c := New(config)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("error is %v, want code %s", err, code)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "rollcall" {
			t.Errorf("User-Agent is %q", r.UserAgent())
		}
		w.Header().Set("Content-Type", "image/JPEG; x=y")
		fmt.Fprint(w, "picture")
	})
	body, kind, err := client(t, Config{Allow: Loopback}).Fetch(t.Context(), u.String(), 7)
	if err != nil || string(body) != "picture" || kind != "image/jpeg" {
		t.Fatalf("got %q, %q, %v", body, kind, err)
	}
}

func TestFetchRefusesBeforeConnecting(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	u := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	port := u.Port()
	c := client(t, Config{})
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "[::]", "169.254.169.254",
	} {
		_, _, err := c.Fetch(t.Context(), "http://"+host+":"+port+"/", 10)
		wantCode(t, err, CodeAddressRefused)
		if strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: the text tells where the name leads: %v", host, err)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests came through", hits.Load())
	}
}

func TestFetchRefusesURL(t *testing.T) {
	t.Parallel()
	c := client(t, Config{Allow: Loopback})
	for _, address := range []string{
		"", "/x", "//host/x", "file:///etc/passwd", "ftp://host/x", "gopher://host:70/_x", "http://", "http://:80/",
		"http://user@host/", "http://user:secret@host/", "http://a b/", "http://host:port/", "\x00",
	} {
		_, _, err := c.Fetch(t.Context(), address, 10)
		wantCode(t, err, CodeURLInvalid)
	}
}

func TestFetchPorts(t *testing.T) {
	t.Parallel()
	u := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := client(t, Config{Allow: Loopback, Ports: []int{443}})
	_, _, err := c.Fetch(t.Context(), u.String(), 10)
	wantCode(t, err, CodePortRefused)
	_, _, err = c.Fetch(t.Context(), "http://127.0.0.1/", 10)
	wantCode(t, err, CodePortRefused)
	_, _, err = c.Fetch(t.Context(), "https://10.0.0.1/", 10)
	wantCode(t, err, CodeAddressRefused)
}

func TestFetchRedirects(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Referer() != "" {
			t.Errorf("Referer is %q", r.Referer())
		}
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err == nil && n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d?signature=s", n-1), http.StatusFound)
			return
		}
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		fmt.Fprint(w, "there")
	})
	c := client(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if body, _, err := c.Fetch(t.Context(), u.String()+"/3", 10); err != nil || string(body) != "there" {
		t.Fatalf("three redirects: %q, %v", body, err)
	}
	_, _, err := c.Fetch(t.Context(), u.String()+"/4", 10)
	wantCode(t, err, CodeTooManyRedirects)
	for to, code := range map[string]string{
		"http://10.0.0.1/":                CodeAddressRefused,
		"http://127.0.0.2:" + u.Port():    CodeAddressRefused,
		"http://169.254.169.254/latest":   CodeAddressRefused,
		"file:///etc/passwd":              CodeURLInvalid,
		"http://user:secret@" + u.Host:    CodeURLInvalid,
		"http://[fd00:ec2::254]/metadata": CodeAddressRefused,
	} {
		_, _, err := c.Fetch(t.Context(), u.String()+"/?to="+url.QueryEscape(to), 10)
		wantCode(t, err, code)
	}
}

// A name that answers with a good address first and the loopback address afterwards must not get through, neither by a
// redirect to itself nor by listing both at once.
func TestFetchRebinding(t *testing.T) {
	t.Parallel()
	good, bad := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	var hits atomic.Int32
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	var lookups atomic.Int32
	c := client(t, Config{
		Allow: []netip.Prefix{netip.PrefixFrom(good, 32)},
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			if lookups.Add(1) == 1 {
				return []netip.Addr{good}, nil
			}
			return []netip.Addr{bad}, nil
		},
	})
	_, _, err := c.Fetch(t.Context(), "http://rebind.example:"+u.Port()+"/", 10)
	wantCode(t, err, CodeAddressRefused)
	if hits.Load() != 1 || lookups.Load() != 2 {
		t.Errorf("%d requests and %d lookups, want 1 and 2", hits.Load(), lookups.Load())
	}
}

func TestFetchTriesOnlyGoodAddresses(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	addrs := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("127.0.0.1")}
	lookup := func(context.Context, string) ([]netip.Addr, error) { return addrs, nil }
	c := client(t, Config{Allow: Loopback, Lookup: lookup})
	if body, _, err := c.Fetch(t.Context(), "http://two.example:"+u.Port()+"/", 10); err != nil || string(body) != "ok" {
		t.Fatalf("got %q, %v", body, err)
	}
	_, _, err := client(t, Config{Lookup: lookup}).Fetch(t.Context(), "http://two.example:"+u.Port()+"/", 10)
	wantCode(t, err, CodeAddressRefused)
}

// The last word is with the hook that sees the address being dialled, whatever the code above it believes.
func TestControlSeesDialledAddress(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := newDialer(Config{}).net.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err == nil {
		conn.Close()
	}
	wantCode(t, err, CodeAddressRefused)
}

func TestFetchNoName(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{nil, errors.New("no such host")} {
		c := client(t, Config{Lookup: func(context.Context, string) ([]netip.Addr, error) { return nil, failure }})
		_, _, err := c.Fetch(t.Context(), "https://nowhere.example/", 10)
		wantCode(t, err, CodeUnreachable)
	}
}

func TestFetchTooLarge(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := bytes.Repeat([]byte("x"), 1001)
		if r.URL.Path == "/chunked" {
			for i := range body {
				_, _ = w.Write(body[i : i+1])
				w.(http.Flusher).Flush()
			}
			return
		}
		_, _ = w.Write(body)
	})
	c := client(t, Config{Allow: Loopback})
	for _, path := range []string{"/", "/chunked"} {
		_, _, err := c.Fetch(t.Context(), u.String()+path, 1000)
		wantCode(t, err, CodeTooLarge)
		if body, _, err := c.Fetch(t.Context(), u.String()+path, 1001); err != nil || len(body) != 1001 {
			t.Errorf("%s: got %d bytes, %v", path, len(body), err)
		}
	}
}

func TestFetchStatus(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	_, _, err := client(t, Config{Allow: Loopback}).Fetch(t.Context(), u.String(), 10)
	wantCode(t, err, CodeStatus)
	if !strings.Contains(err.Error(), "403") {
		t.Errorf("the text does not tell the status: %v", err)
	}
}

func TestFetchSlow(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = w.Write([]byte("begin"))
			w.(http.Flusher).Flush()
		}
		<-release
	})
	t.Cleanup(func() { close(release) }) // runs before the server closes
	c := client(t, Config{Allow: Loopback})
	for _, path := range []string{"/head", "/body"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, _, err := c.Fetch(ctx, u.String()+path, 10)
		cancel()
		wantCode(t, err, CodeTimeout)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: the cause is lost: %v", path, err)
		}
	}
	_, _, err := client(t, Config{Allow: Loopback, Timeout: 50 * time.Millisecond}).Fetch(t.Context(), u.String()+"/body", 10)
	wantCode(t, err, CodeTimeout)
}

func TestHTTPClientIsGuarded(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	_, err := client(t, Config{}).HTTPClient().Post(u.String(), "application/json", strings.NewReader("{}"))
	wantCode(t, err, CodeAddressRefused)
	res, err := client(t, Config{Allow: Loopback}).HTTPClient().Post(u.String(), "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("status %d", res.StatusCode)
	}
	if New(Config{}).http.Transport.(*guard).next.Proxy != nil {
		t.Error("a proxy would be used")
	}
}
