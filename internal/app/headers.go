package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"golang.org/x/sync/semaphore"
)

// What the headers of requests may take in memory before anybody has shown who it is.
const (
	headerRoom  = 32 << 20 // bytes, over all connections of an address
	smallHeader = 16 << 10 // bytes of one request that need no room, so that ordinary calls are not held up by large ones
)

var errNoHeaderRoom = errors.New("the headers of other requests take all the room")

// header counts what a connection sends while none of its requests is being answered: headers, that is. Bodies have a bound of
// their own.
type header struct {
	room *semaphore.Weighted

	mu      sync.Mutex
	running int   // requests that are being answered
	read    int64 // bytes since the last of them ended
	held    int64 // of the room
}

// take counts bytes that have come, and tells whether there is room for them.
func (h *header) take(bytes int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running > 0 {
		return true
	}
	h.read += bytes
	if h.read <= smallHeader {
		return true
	}
	if !h.room.TryAcquire(bytes) {
		return false
	}
	h.held += bytes
	return true
}

// begin says that the headers of a request have been read.
func (h *header) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running++
}

// end says that a request has been answered.
func (h *header) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running--; h.running == 0 {
		h.giveBack()
	}
}

// leave says that the connection is closed.
func (h *header) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.giveBack()
}

func (h *header) giveBack() {
	h.room.Release(h.held)
	h.held, h.read = 0, 0
}

// Read implements net.Conn. A connection for whose headers there is no room breaks off.
func (m *member) Read(p []byte) (int, error) {
	n, err := m.TCPConn.Read(p)
	if n > 0 && !m.header.take(int64(n)) {
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: errNoHeaderRoom} // net/http breaks off, with a 400 at most
	}
	return n, err
}

type headerKey struct{}

// remember lets the requests of a connection find its header.
func (l *crowd) remember(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secure.NetConn()
	}
	if m, ok := conn.(*member); ok {
		return context.WithValue(ctx, headerKey{}, &m.header)
	}
	return ctx
}

// attend notes when a request is being answered.
func attend(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := r.Context().Value(headerKey{}).(*header); ok {
			h.begin()
			defer h.end()
		}
		next.ServeHTTP(w, r)
	})
}
