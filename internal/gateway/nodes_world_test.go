package gateway_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"sync"

	"github.com/rollcall-im/rollcall/internal/gateway"
)

// withNodes tells whether a test is to run that several nodes take part in: a file has one process.
func withNodes() bool { return onPostgres }

// beside begins another node on the same database and in front of the same network. Reports arrive at the one before it.
func (w *world) beside() *world {
	w.t.Helper()
	w.nodes++
	n := &world{t: w.t, node: w.node + w.nodes, database: w.database, sim: w.sim, hooks: &callback{world: w}, over: w.over,
		patience: w.patience, receipts: w.receipts, parallel: w.parallel, keyID: w.keyID}
	n.open()
	w.t.Cleanup(n.shut)
	return n
}

// trio begins two more nodes.
func (w *world) trio() (a, b, c *world) { return w, w.beside(), w.beside() }

// arriveAt has the network's reports arrive at these nodes in turn.
func (w *world) arriveAt(nodes ...*world) {
	gateways := make([]*gateway.Gateway, len(nodes))
	for i, n := range nodes {
		gateways[i] = n.gateway()
	}
	w.hooks.spread(gateways...)
}

// occupy has the node run the group's lane from now on, held up by a message that the network does not answer until it is opened.
func (w *world) occupy(n *world, g made) (open func()) {
	w.t.Helper()
	reached, open := w.slow("send_message")
	n.send(g.Target, "first")
	w.wait("the message has reached the network", reached)
	return open
}

// severed is a way to the database that can be cut and mended, while the process knows nothing of it: what was sent is not lost,
// it only does not arrive.
type severed struct {
	listener net.Listener
	to       string

	mu   sync.Mutex
	flow *sync.Cond
	cut  bool
	over bool
	all  []net.Conn
}

// sever puts such a way in front of a database and gives its address.
func (w *world) sever() *severed {
	w.t.Helper()
	u, err := url.Parse(w.database.URL)
	w.must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	s := &severed{listener: listener, to: u.Host}
	s.flow = sync.NewCond(&s.mu)
	u.Host = listener.Addr().String()
	w.database.URL = u.String()
	go s.accept()
	w.t.Cleanup(s.close)
	return s
}

func (s *severed) accept() {
	for {
		in, err := s.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", s.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		s.mu.Lock()
		s.all = append(s.all, in, out)
		s.mu.Unlock()
		go s.carry(in, out)
		go s.carry(out, in)
	}
}

func (s *severed) carry(from, to net.Conn) {
	room := make([]byte, 32<<10)
	for {
		n, err := from.Read(room)
		if n > 0 && s.open() {
			_, e := to.Write(room[:n])
			err = errors.Join(err, e)
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				s.open() // the end does not arrive either
			}
			_ = to.Close()
			return
		}
	}
}

// open waits until the way is open.
func (s *severed) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.cut && !s.over {
		s.flow.Wait()
	}
	return !s.over
}

func (s *severed) set(cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = cut
	s.flow.Broadcast()
}

func (s *severed) close() {
	_ = s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.flow.Broadcast()
	for _, c := range s.all {
		_ = c.Close()
	}
}
