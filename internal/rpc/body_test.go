package rpc

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/signature"
)

func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// TestBadParameters: what cannot be read is refused before anything else is looked at.
func TestBadParameters(t *testing.T) {
	w := newWorld(t)
	cases := []struct{ name, query, body string }{
		{"value not UTF-8", "GroupId=%ff", ""},
		{"name not UTF-8", "%ff=1", ""},
		{"form not UTF-8", "", "GroupId=%c3%28"},
		{"broken escape", "GroupId=%g1", ""},
		{"escape cut off", "", "GroupId=%4"},
		{"value without a name", "=1", ""},
		{"twice in the query", "GroupId=1&GroupId=1", ""},
		{"twice in the form", "", "GroupId=1&GroupId=2"},
		{"in query and form", "GroupId=1", "GroupId=1"},
		{"twice, but for the case", "GroupId=1&groupId=1", ""},
		{"twice in parts", "List.1.A=1&List.1.a=1", ""},
		{"too many", strings.Repeat("&a=", 1), many(2049)},
		{"far too many", "", many(100_000)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "http://x/", strings.NewReader(c.body))
			r.URL.RawQuery = c.query
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			a := w.send(r)
			if a.status() != 400 || a.Code != "InvalidParameter" {
				t.Errorf("answered %d %s: %s", a.status(), a.Code, a.Message)
			}
		})
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&p%d=", i)
	}
	return b.String()
}

func TestTooLarge(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.BodyBytes, c.Limits.QueryBytes = 100, 1000 })
	long := url.Values{"GroupId": {strings.Repeat("x", 101)}}.Encode()
	w.expect(w.call(request{action: "DeleteThing", body: long, form: true}), 413, "RequestTooLarge")
	w.expect(w.call(request{action: "DeleteThing", body: long, form: true, raw: func(r *http.Request) { r.ContentLength = -1 }}), 413, "RequestTooLarge")
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=" + strings.Repeat("x", 1000)}), 413, "RequestTooLarge")
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1", body: "A=" + strings.Repeat("x", 98), form: true}), 200, "OK")
}

func TestContentMD5(t *testing.T) {
	w := newWorld(t)
	const body = "GroupId=1"
	sum := md5.Sum([]byte(body))
	q := request{action: "DeleteThing", body: body, form: true, header: http.Header{"Content-Md5": {base64.StdEncoding.EncodeToString(sum[:])}}}
	w.expect(w.call(q), 200, "OK")
	q.header = http.Header{"Content-Md5": {"nonsense"}}
	w.expect(w.call(q), 400, "ContentMD5NotMatched")
}

// TestOtherBodies: a body that is no form is signed, and holds no parameters.
func TestOtherBodies(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1", body: `{"GroupId":"2"}`,
		header: http.Header{"Content-Type": {"application/json"}}}), 200, "OK")
	w.expect(w.call(request{action: "DeleteThing", body: `GroupId=1`, header: http.Header{"Content-Type": {"text/plain"}}}), 400, "MissingGroupId")
}

// TestTruncatedBody: the client announces more than it sends, and stops.
func TestTruncatedBody(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w)
	defer server.Close()
	for name, request := range map[string]string{
		"by length": "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\nAction=DeleteThing",
		"in chunks": "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n32\r\nAction=",
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if tcp, ok := conn.(*net.TCPConn); !ok || tcp.CloseWrite() != nil {
			t.Fatal("the connection cannot be closed half")
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 400 || !strings.Contains(string(body), `"ContentLengthDoesNotMatch"`) {
			t.Errorf("%s: answered %d %s", name, res.StatusCode, body)
		}
		_ = res.Body.Close()
		_ = conn.Close()
	}
}

// TestNeverRedirects asks a real server, the way net/http would redirect.
func TestNeverRedirects(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w)
	defer server.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"//", "/a//b", "/./", "/index.html", "/x/", "/%2e%2e/"} {
		res, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// TestEchoIsBounded: a request that nobody has signed is not answered with many times its bytes.
func TestEchoIsBounded(t *testing.T) {
	w := newWorld(t)
	form := "GroupId=" + strings.Repeat("\x01", 512<<10)
	for _, c := range []struct {
		q    request
		most int
		told string
	}{
		{request{scheme: signature.RPCHMACSHA1, body: form, form: true}, 1 << 10, "too many to be repeated"},
		{request{scheme: signature.RPCHMACSHA1, query: "GroupId=" + strings.Repeat("%01", 20<<10)}, 1 << 10, "too many to be repeated"},
		{request{scheme: signature.RPCHMACSHA1, query: "GroupId=" + strings.Repeat("x", 60<<10)}, 64 << 10, "xxx"},
		{request{query: "GroupId=" + strings.Repeat("%01", 200<<10)}, 10 << 10, "the first 8192 are repeated"},
		{request{query: "GroupId=" + strings.Repeat("x", 7<<10)}, 10 << 10, "xxx"},
	} {
		c.q.action, c.q.secret = "DeleteThing", "guessed"
		a := w.call(c.q)
		w.expect(a, 400, "SignatureDoesNotMatch")
		if a.Body.Len() > c.most || !strings.Contains(a.Message, c.told) || !strings.Contains(a.Message, ":") && c.q.scheme != 0 {
			t.Errorf("%d bytes are answered with %d: %.200s … %s", len(c.q.query)+len(c.q.body), a.Body.Len(), a.Message, a.Message[max(0, len(a.Message)-100):])
		}
	}
}
