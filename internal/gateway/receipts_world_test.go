package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/outbound"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// pushing lets callbacks lead to this machine and has failed pushes repeated after these times.
func pushing(retries ...time.Duration) option {
	return func(w *world, _ *simulator.Config) {
		w.receipts = receipt.Config{Allow: outbound.Loopback, Timeout: 300 * time.Millisecond, Retries: retries}
		if retries == nil {
			w.receipts.Retries = []time.Duration{}
		}
	}
}

// told is what a receiver was told, of any kind.
type told struct {
	MessageID, EventID, Type, GroupID, Message, From, To, Status, By, Operator, OperationID, ErrorCode, ErrorDescription, TaskID, Operation string
	Sequence, Timestamp                                                                                                                     int64
	Participants                                                                                                                            []string
}

// receiver is a customer's server.
type receiver struct {
	*httptest.Server
	world *world

	mu      sync.Mutex
	answer  http.HandlerFunc // nil acknowledges
	taken   []told           // what was acknowledged, in order
	pushes  int
	headers []http.Header
}

const acknowledgement = `{"code":0,"msg":"success"}`

// newReceiver starts a receiver that acknowledges everything.
func (w *world) newReceiver() *receiver {
	r := &receiver{world: w}
	r.Server = httptest.NewServer(r)
	w.t.Cleanup(func() { r.CloseClientConnections(); r.Close() })
	return r
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var items []told
	if err != nil || json.Unmarshal(body, &items) != nil || len(items) == 0 || req.Method != http.MethodPost {
		r.world.t.Errorf("a push that is no array of items: %s %s", req.Method, body)
	}
	r.mu.Lock()
	r.pushes++
	answer := r.answer
	if answer == nil {
		r.taken, r.headers = append(r.taken, items...), append(r.headers, req.Header)
	}
	r.mu.Unlock()
	if answer != nil {
		answer(w, req)
		return
	}
	_, _ = io.WriteString(w, acknowledgement)
}

// answers has the receiver answer so from now on; nil acknowledges.
func (r *receiver) answers(how http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = how
}

func (r *receiver) got() []told {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]told{}, r.taken...)
}

func (r *receiver) pushed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pushes
}

// of gives what the receiver was told of one group, in order.
func (r *receiver) of(groupID string) (list []told) {
	for _, item := range r.got() {
		if item.GroupID == groupID {
			list = append(list, item)
		}
	}
	return list
}

// callbacks sets where the receipts of the tests' number go.
func (w *world) callbacks(status, up string) {
	w.t.Helper()
	change := gateway.WebhookChange{StatusURL: &status, UpURL: &up}
	_, err := w.gateway().UpdateWebhook(ctx, w.as(w.keyID, "UpdatePhoneWebhook"), home, change)
	w.must(err)
}

// stream gives all that there is to pull behind a cursor, in pages of a size.
func (w *world) stream(t gateway.Target, cursor string, size int) (all []gateway.Told, next string) {
	w.t.Helper()
	for {
		page, next, err := w.gateway().Events(ctx, w.me(), t, gateway.EventList{Cursor: cursor, Size: size})
		w.must(err)
		all = append(all, page...)
		if next == cursor {
			return all, next
		}
		cursor = next
	}
}

// numbered fails unless what was told of a group's changes is numbered from 1 without a gap, each event once.
func (w *world) numbered(what string, list []told) {
	w.t.Helper()
	next, seen := int64(1), map[string]bool{}
	for _, item := range list {
		if item.Sequence == 0 {
			continue
		}
		if item.Sequence != next || seen[item.EventID] || item.EventID == "" {
			w.t.Errorf("%s: %s comes with number %d, want %d", what, item.Type, item.Sequence, next)
		}
		next, seen[item.EventID] = item.Sequence+1, true
	}
}
