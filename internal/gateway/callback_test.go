package gateway_test

import (
	"io"
	"net/http"
	"sync"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
)

// callback is where the network's webhooks arrive. What a test wants to hold back is answered and kept.
type callback struct {
	world *world

	mu      sync.Mutex
	gateway *gateway.Gateway // nil while nobody is there
	inTurn  []*gateway.Gateway
	turn    int
	holding func(*graph.Event) bool
	held    []graph.Event
	failed  []string // what went wrong with webhooks that were handed on
	after   func(graph.Event)
}

// afterwards has f called with each report that the gateway has taken in; nil stops it.
func (c *callback) afterwards(f func(graph.Event)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = f
}

func (c *callback) open(g *gateway.Gateway) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gateway = g
}

// spread has reports arrive at several gateways in turn.
func (c *callback) spread(nodes ...*gateway.Gateway) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inTurn = nodes
}

// hold keeps the reports that fit; nil lets later ones pass.
func (c *callback) hold(fits func(*graph.Event) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = fits
}

// take gives the reports that are kept, once there are at least so many.
func (c *callback) take(atLeast int) []graph.Event {
	c.world.t.Helper()
	c.world.until("reports are held back", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.held) >= atLeast
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.held
	c.held = nil
	return held
}

// release lets everything pass again, what was kept first.
func (c *callback) release() {
	c.world.t.Helper()
	c.hold(nil)
	for _, e := range c.take(0) {
		c.deliver(e)
	}
}

// deliver hands reports to the gateway, as one delivery.
func (c *callback) deliver(reports ...graph.Event) {
	c.world.t.Helper()
	c.world.must(c.world.gateway().HandleReports(ctx, reports))
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		challenge, ok := graph.Handshake(r.URL.Query(), verify)
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, challenge)
		return
	}
	w.WriteHeader(c.receive(r))
}

func (c *callback) receive(r *http.Request) int {
	body, err := io.ReadAll(r.Body)
	if err != nil || !graph.VerifyHubSignature(appSecret, body, r.Header.Get(graph.HubSignatureHeader)) {
		return http.StatusForbidden
	}
	events, err := graph.ParseWebhook(body)
	if err != nil {
		return http.StatusBadRequest
	}
	g, rest := c.sift(events)
	if g == nil {
		return http.StatusServiceUnavailable
	}
	if err := g.HandleReports(r.Context(), rest); err != nil {
		c.mu.Lock()
		c.failed = append(c.failed, err.Error())
		c.mu.Unlock()
		return http.StatusServiceUnavailable
	}
	c.mu.Lock()
	after := c.after
	c.mu.Unlock()
	for _, e := range rest {
		if after != nil {
			after(e)
		}
	}
	return http.StatusOK
}

// sift keeps what is to be held back and gives the rest.
func (c *callback) sift(events []graph.Event) (*gateway.Gateway, []graph.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var rest []graph.Event
	for i := range events {
		if c.holding != nil && c.holding(&events[i]) {
			c.held = append(c.held, events[i])
		} else {
			rest = append(rest, events[i])
		}
	}
	if len(c.inTurn) > 0 {
		c.turn++
		return c.inTurn[c.turn%len(c.inTurn)], rest
	}
	return c.gateway, rest
}

// failures gives the errors of HandleReports so far.
func (c *callback) failures() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// kinds fits reports of any of the types.
func kinds(types ...graph.EventType) func(*graph.Event) bool {
	return func(e *graph.Event) bool {
		for _, t := range types {
			if e.Type == t {
				return true
			}
		}
		return false
	}
}
