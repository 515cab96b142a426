package gateway_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// An address that takes nothing holds up nothing that goes to the other, neither of a number nor of a group.
func TestADeadAddressHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	for _, dead := range []string{"up", "status"} {
		t.Run(dead, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pushing(time.Hour))
			g := w.group("ward", anna, berta)
			status, up := w.newReceiver(), w.newReceiver()
			w.callbacks(status.URL, up.URL)
			map[string]*receiver{"up": up, "status": status}[dead].answers(refuse)
			w.writes(anna, map[string]any{"text": "hi"})
			w.comesTo(w.post(toPerson(anna, "hello")).Operation.ID, group.MessageDelivered)
			w.writes(anna, map[string]any{"text": "again"})
			w.writes(anna, map[string]any{"text": "in the group", "group_id": g.GroupID})
			w.isOut(w.remove(g.Target, berta), 1)
			w.writes(anna, map[string]any{"text": "and again", "group_id": g.GroupID})
			if dead == "up" {
				w.until("the removal was told", func() bool { return len(status.of(g.GroupID)) == 1 })
				w.until("the statuses were told", func() bool { return len(status.of("")) >= 2 })
				return
			}
			w.until("the messages were told", func() bool { return len(up.got()) == 4 })
			for id, texts := range map[string][]string{"": {"hi", "again"}, g.GroupID: {"in the group", "and again"}} {
				if got := up.of(id); len(got) != 2 || got[0].Message != texts[0] || got[1].Message != texts[1] {
					t.Errorf("told %+v, want %v", got, texts)
				}
			}
		})
	}
}

// choosy is a customer's server that chokes on one receipt.
type choosy struct {
	*httptest.Server

	mu     sync.Mutex
	taken  []string
	pushes int
	bodies map[string]string // by the names of the requests
	twice  []string          // names that had two bodies
}

func newChoosy(t *testing.T) *choosy {
	c := &choosy{bodies: map[string]string{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// ServeHTTP implements http.Handler.
func (c *choosy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushes++
	name := r.Header.Get("Webhook-Id")
	if was, known := c.bodies[name]; known && was != string(body) {
		c.twice = append(c.twice, name)
	}
	c.bodies[name] = string(body)
	var items []told
	if err != nil || strings.Contains(string(body), "indigestible") || json.Unmarshal(body, &items) != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	for _, item := range items {
		c.taken = append(c.taken, item.Message)
	}
	_, _ = io.WriteString(w, acknowledgement)
}

// One receipt that the receiver chokes on is given up, and none of those that it went out with; they stay in their order, and no name
// stands for two requests.
func TestOneBadReceiptIsGivenUpAlone(t *testing.T) {
	t.Parallel()
	for name, retries := range map[string][]time.Duration{"none": nil, "one": {time.Millisecond}, "two": {time.Millisecond, 2 * time.Millisecond},
		"six": {1, 2, 3, 4, 5, 6}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pushing(retries...))
			c, secret := newChoosy(t), "whsec_"+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
			_, err := w.gateway().UpdateWebhook(ctx, w.as(w.keyID, "UpdatePhoneWebhook"), home, gateway.WebhookChange{UpURL: &c.URL, Secret: &secret})
			w.must(err)
			const all, bad = 30, 17
			var reports []graph.Event
			var want []string
			for i := range all {
				text := fmt.Sprint("message ", i)
				if i == bad {
					text = "indigestible"
				} else {
					want = append(want, text)
				}
				reports = append(reports, graph.Event{Type: graph.MessageReceived, PhoneNumberID: phoneID, Timestamp: w.clock.now(),
					Message: &graph.Message{ID: fmt.Sprint("wamid.", i), Kind: "text", From: anna.String(), Text: text}})
			}
			w.hooks.deliver(reports...)
			w.idle()
			dead, err := w.gateway().DeadReceipts(ctx, store.Range{Most: 100})
			w.must(err)
			if len(dead) != 1 || !strings.Contains(dead[0].Receipt.Body, "indigestible") {
				t.Errorf("%d receipts were given up", len(dead))
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			if got := strings.Join(c.taken, ","); got != strings.Join(want, ",") {
				t.Errorf("taken: %s", got)
			}
			if len(c.twice) > 0 || len(c.bodies) < 2 {
				t.Errorf("of %d names these stood for two requests: %v", len(c.bodies), c.twice)
			}
			if c.pushes > all+len(retries)+1 {
				t.Errorf("%d pushes for %d receipts", c.pushes, all)
			}
			if n := w.gateway().CountReceipts(receipt.GivenUp); n != 1 {
				t.Errorf("%d are counted as given up", n)
			}
		})
	}
}
