package app

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hall is a server with few places. Requests to /hold are told of in held and answered when release is closed.
type hall struct {
	t       *testing.T
	crowd   *crowd
	addr    string
	held    chan struct{}
	release chan struct{}

	running, most atomic.Int32
}

func newHall(t *testing.T, places int, room int64) *hall {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l := newCrowd(listener, places, room)
	h := &hall{t: t, crowd: l, addr: listener.Addr().String(), held: make(chan struct{}, 16), release: make(chan struct{})}
	server := &http.Server{ConnState: l.watch, ConnContext: l.remember, ReadHeaderTimeout: time.Minute, Handler: attend(&front{rpc: http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/hold" {
				h.most.Store(max(h.most.Load(), h.running.Add(1)))
				h.held <- struct{}{}
				<-h.release
				h.running.Add(-1)
			}
		})})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; err != http.ErrServerClosed { //nolint:errorlint // it is returned as it is
			t.Errorf("serving ended with %v", err)
		}
	})
	return h
}

// guest is a connection of a client.
type guest struct {
	net.Conn
	answers *bufio.Reader
}

func (h *hall) enter(request string) *guest {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		h.t.Fatal(err)
	}
	return &guest{conn, bufio.NewReader(conn)}
}

func (h *hall) answered(g *guest) *http.Response {
	h.t.Helper()
	res, err := http.ReadResponse(g.answers, nil)
	if err != nil {
		h.t.Fatalf("no answer: %v", err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res
}

const ask, hold = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"

// TestIdleMakeRoom: connections that only idle keep nobody out; the one that idles longest goes first.
func TestIdleMakeRoom(t *testing.T) {
	t.Parallel()
	h := newHall(t, 2, headerRoom)
	first := h.enter(ask)
	h.answered(first)
	for range 5 {
		h.answered(h.enter(ask))
	}
	if _, err := first.answers.ReadByte(); err == nil {
		t.Error("the connection that was idle longest is still open")
	}
}

// TestCrowdIsBounded: with all places taken by requests that run, further connections wait, and all are served in the end.
func TestCrowdIsBounded(t *testing.T) {
	t.Parallel()
	h := newHall(t, 2, headerRoom)
	var guests []*guest
	for range 12 {
		guests = append(guests, h.enter(hold))
	}
	for range guests {
		<-h.held
		h.release <- struct{}{}
	}
	for _, g := range guests {
		h.answered(g)
	}
	if most := h.most.Load(); most > 2 {
		t.Errorf("%d requests ran at a time in two places", most)
	}
}

// TestClosedWhileFull: a listener that waits for a place can be closed.
func TestClosedWhileFull(t *testing.T) {
	t.Parallel()
	h := newHall(t, 1, headerRoom)
	h.enter(hold)
	<-h.held
	close(h.release) // the server is closed in the clean-up
}

// TestChunkedIsTheLast: what follows a request that came in chunks on the same connection is not taken for a request, for
// a proxy may have taken it for part of the body.
func TestChunkedIsTheLast(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"", "Content-Length: 4\r\n"} {
		h := newHall(t, 2, headerRoom)
		g := h.enter("POST / HTTP/1.1\r\nHost: x\r\n" + length + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + strings.Replace(hold, "GET", "POST", 1))
		if res := h.answered(g); !res.Close {
			t.Errorf("with %q, the connection stays open", length)
		}
		if _, err := g.answers.ReadByte(); err == nil {
			t.Errorf("with %q, a second request is answered", length)
		}
		if len(h.held) > 0 {
			t.Errorf("with %q, a second request was served", length)
		}
	}
}

// TestHeadersAreBounded: headers that are begun and not ended take no more than there is room for; ordinary ones need none, and
// the room is free again when the others have gone.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	const room = 1 << 20
	h := newHall(t, 64, room)
	begun := "GET /?" + strings.Repeat("a", 300<<10)
	broken := make(chan struct{}, 16)
	var guests []*guest
	for range 16 {
		g := h.enter("GET /?a")
		guests = append(guests, g)
		go func() {
			_, _ = io.WriteString(g, begun)
			_, _ = g.answers.ReadByte() // the end, or net/http's own 400 where a line was read in part
			broken <- struct{}{}
		}()
	}
	for range len(guests) - 3 { // three have room: 16 KiB of each need none
		<-broken
	}
	h.answered(h.enter(ask))
	for _, g := range guests {
		_ = g.Close()
	}
	if err := h.crowd.room.Acquire(t.Context(), room); err != nil { // as soon as the server has noticed
		t.Fatal(err)
	}
	h.crowd.room.Release(room)
	large := "GET /?" + strings.Repeat("a", 200<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n"
	for range 20 { // one connection, many requests: each gives back what it took
		g := h.enter(large)
		h.answered(g)
		_, _ = io.WriteString(g, large)
		h.answered(g)
	}
}
