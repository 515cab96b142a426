package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/simulator"
)

// platform is the one network below several nodes. Each node reaches it at an address of its own, so that it is known
// whose call it was; its webhooks go to the balancer.
type platform struct {
	simulator *simulator.Simulator
	souths    []*httptest.Server // by node
	control   *httptest.Server
	balancer  *balancer
	began     time.Time
	loses     atomic.Pointer[func() bool] // tells whether an answer shall be lost

	mu       sync.Mutex
	commands []*command
	heard    map[string]chan struct{} // closed when a command of that name has been answered
}

func openPlatform(t *testing.T, nodes int, delay time.Duration) *platform {
	t.Helper()
	p := &platform{began: time.Now(), balancer: newBalancer(t), heard: map[string]chan struct{}{}}
	for i := range nodes {
		south := httptest.NewServer(p.south(i))
		t.Cleanup(south.Close)
		p.souths = append(p.souths, south)
	}
	p.control = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.simulator.Control().ServeHTTP(w, r) }))
	t.Cleanup(p.control.Close)
	var err error
	p.simulator, err = simulator.New(simulator.Config{Delay: delay, Logger: warnings(t.Output()), Callback: simulator.Callback{
		URL: p.balancer.server.URL + "/meta/webhook", AppSecret: appSecret, VerifyToken: verifyToken}})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.simulator.Close(ctx) // what is still to be delivered has no taker any more
	})
	must(t, p.simulator.RegisterNumber(simulator.Number{DisplayNumber: businessNumber, PhoneNumberID: "11", WABAID: "12", Token: "token",
		Subscribed: true}))
	return p
}

// now is the one clock of a history.
func (p *platform) now() time.Duration { return time.Since(p.began) }

// south is the network as one node sees it. It writes down what the node asks.
func (p *platform) south(node int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the node died in the middle of its call
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		c := parseCommand(r, body)
		if c == nil {
			p.simulator.Graph().ServeHTTP(w, r)
			return
		}
		c.node = node
		p.begin(c)
		answer := httptest.NewRecorder()
		p.simulator.Graph().ServeHTTP(answer, r)
		p.end(c, answer.Code == http.StatusOK)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		if lose := p.loses.Load(); lose != nil && (*lose)() {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // a node that died needs no answer
	})
}

func (p *platform) begin(c *command) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.start, c.end = p.now(), noAnswer
	p.commands = append(p.commands, c)
}

func (p *platform) end(c *command, accepted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.end, c.accepted = p.now(), accepted
	for _, name := range c.units() {
		if heard := p.heard[name]; heard != nil && accepted {
			close(heard)
			delete(p.heard, name)
		}
	}
}

// listen gives a channel that is closed when the network accepts something, by the name that command.units gives it.
func (p *platform) listen(name string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	heard := make(chan struct{})
	p.heard[name] = heard
	return heard
}

// journal gives the commands so far.
func (p *platform) journal() []command {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []command
	for _, c := range p.commands {
		all = append(all, *c)
	}
	return all
}

// parseCommand reads the calls that a history is about, nil for others.
func parseCommand(r *http.Request, body []byte) *command {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // v25.0, object, edge
	if len(parts) != 3 {
		return nil
	}
	var said struct {
		Participants []struct{ User string }
		To           string
		Text         struct{ Body string }
	}
	if json.Unmarshal(body, &said) != nil {
		return nil
	}
	switch r.Method + " " + parts[2] {
	case "DELETE participants":
		c := &command{group: parts[1], operation: "remove_participants"}
		for _, person := range said.Participants {
			c.people = append(c.people, strings.TrimPrefix(person.User, "+"))
		}
		return c
	case "POST messages":
		return &command{group: said.To, operation: "send_message", text: said.Text.Body}
	}
	return nil
}

// balancer stands before the nodes' webhook address, as the one that Meta is told: each webhook goes to one living node, in turn.
type balancer struct {
	server *httptest.Server
	http   *http.Client
	nodes  atomic.Pointer[[]*node]
	turn   atomic.Int64
}

// nodePatience is how long a node may take for a webhook before another one gets it.
const nodePatience = 1500 * time.Millisecond

var errNobodyThere = errors.New("no node took the webhook")

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{http: &http.Client{Timeout: nodePatience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	b.send()
	b.server = httptest.NewServer(b)
	t.Cleanup(func() {
		b.send() // to nobody, so that nothing is tried any more
		b.server.Close()
		b.http.CloseIdleConnections()
	})
	return b
}

// send says which nodes get the webhooks.
func (b *balancer) send(to ...*node) { b.nodes.Store(&to) }

// ServeHTTP tries nodes until one has answered, or the sender gives up and tries again later.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender gave up
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		nodes := *b.nodes.Load()
		if len(nodes) == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		n := nodes[int(b.turn.Add(1))%len(nodes)]
		if res, err := b.pass(r, body, n); err == nil {
			w.WriteHeader(res.status)
			_, _ = w.Write(res.body) // as above
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// passed is the answer of a node.
type passed struct {
	status int
	body   []byte
}

func (b *balancer) pass(r *http.Request, body []byte, n *node) (passed, error) {
	address, up := n.at()
	if !up {
		return passed{}, errNobodyThere
	}
	req, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+address+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return passed{}, err
	}
	req.Header = r.Header.Clone()
	res, err := b.http.Do(req)
	if err != nil {
		return passed{}, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusInternalServerError {
		err = errNobodyThere
	}
	return passed{res.StatusCode, answer}, err
}
