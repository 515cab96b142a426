package app

import (
	"container/list"
	"net"
	"net/http"
	"sync"

	"golang.org/x/sync/semaphore"
)

// maxConnections is how many connections one address serves at a time. Each costs memory before anybody has shown who it is.
const maxConnections = 4096

// crowd is a listener with a bound on its connections. When it is full it waits for one to end, and ends the one that has been
// idle for longest, so that nobody keeps others out by holding on to what he does not use.
type crowd struct {
	*net.TCPListener
	places chan struct{}
	room   *semaphore.Weighted // for headers
	closed chan struct{}
	close  func() error

	mu      sync.Mutex
	waiting bool                       // somebody may stand at the door
	idle    list.List                  // of net.Conn, longest first
	at      map[net.Conn]*list.Element // in idle
}

func newCrowd(listener *net.TCPListener, most int, room int64) *crowd {
	l := &crowd{TCPListener: listener, places: make(chan struct{}, most), room: semaphore.NewWeighted(room),
		closed: make(chan struct{}), at: map[net.Conn]*list.Element{}}
	l.close = sync.OnceValue(func() error {
		close(l.closed)
		return listener.Close()
	})
	return l
}

// Accept waits for a place first, and then for a connection.
func (l *crowd) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	default:
		if err := l.waitForPlace(); err != nil {
			return nil, err
		}
	}
	conn, err := l.AcceptTCP()
	if err != nil {
		<-l.places
		return nil, err
	}
	m := &member{TCPConn: conn, header: header{room: l.room}}
	m.leave = sync.OnceFunc(func() {
		m.header.leave()
		<-l.places
	})
	return m, nil
}

func (l *crowd) waitForPlace() error {
	l.wait(true)
	defer l.wait(false)
	select {
	case l.places <- struct{}{}:
		return nil
	case <-l.closed:
		return net.ErrClosed
	}
}

// wait notes whether somebody waits for a place, and makes one.
func (l *crowd) wait(waiting bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = waiting
	if longest := l.idle.Front(); waiting && longest != nil {
		l.end(longest)
	}
}

// Close takes no more connections; those that are open stay.
func (l *crowd) Close() error { return l.close() }

// watch is told by the server what becomes of each connection.
func (l *crowd) watch(conn net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.at[conn]; e != nil {
		l.idle.Remove(e)
		delete(l.at, conn)
	}
	if state != http.StateIdle {
		return
	}
	l.at[conn] = l.idle.PushBack(conn)
	if l.waiting {
		l.end(l.idle.Front())
	}
}

// end closes an idle connection.
func (l *crowd) end(e *list.Element) {
	if conn, ok := l.idle.Remove(e).(net.Conn); ok {
		delete(l.at, conn)
		go conn.Close() // over TLS it says goodbye first, which may take a while
	}
}

// member is a connection that gives its place back when it is closed.
type member struct {
	*net.TCPConn
	header header
	leave  func()
}

// Close implements net.Conn.
func (m *member) Close() error {
	defer m.leave()
	return m.TCPConn.Close()
}
