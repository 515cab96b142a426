package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
)

const (
	testToken  = "token-of-the-tests"
	testSecret = "app secret"
	testVerify = "verify token"
	testNumber = "8613800000000"
	testNumID  = "106540352242922"
	testWABA   = "102290129340398"
)

var creds = graph.Credentials{PhoneNumberID: testNumID, Token: testToken}

// quiet drops the log; the tests look at effects.
var quiet = slog.New(slog.DiscardHandler)

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// callback is the receiver of webhooks: it verifies each, and hands on its events in the order in which they came.
type callback struct {
	events   chan graph.Event
	answer   atomic.Pointer[func(http.ResponseWriter, *http.Request) bool] // true = it has answered
	patience time.Duration
	attempts atomic.Int64
	shakes   atomic.Int64

	mu      sync.Mutex
	waiting []graph.Event // came, but nobody has asked for them
	faults  []string
}

func newCallback() *callback {
	return &callback{events: make(chan graph.Event, 100_000), patience: 20 * time.Second}
}

// instead lets f answer the next requests; f returns false to let one through.
func (c *callback) instead(f func(http.ResponseWriter, *http.Request) bool) { c.answer.Store(&f) }

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		c.attempts.Add(1)
	}
	if f := c.answer.Load(); f != nil && *f != nil && (*f)(w, r) {
		return
	}
	if r.Method == http.MethodGet {
		c.shakes.Add(1)
		challenge, ok := graph.Handshake(r.URL.Query(), testVerify)
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, challenge)
		return
	}
	body, _ := io.ReadAll(r.Body)
	events, err := graph.ParseWebhook(body)
	if err != nil || !graph.VerifyHubSignature(testSecret, body, r.Header.Get(graph.HubSignatureHeader)) {
		c.mu.Lock()
		c.faults = append(c.faults, string(body))
		c.mu.Unlock()
		w.WriteHeader(http.StatusForbidden)
		return
	}
	for _, e := range events {
		c.events <- e
	}
	w.WriteHeader(http.StatusOK)
}

// wait returns the first event that fits and that no wait has returned yet.
func (c *callback) wait(t tester, fits func(graph.Event) bool) graph.Event {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.waiting {
		if fits(e) {
			c.waiting = append(c.waiting[:i:i], c.waiting[i+1:]...)
			return e
		}
	}
	limit := time.After(c.patience)
	for {
		select {
		case e := <-c.events:
			if fits(e) {
				return e
			}
			c.waiting = append(c.waiting, e)
		case <-limit:
			t.Fatalf("the event did not come; faults %q; others: %+v", c.faults, c.waiting)
		}
	}
}

func (c *callback) request(t tester, id string) graph.Event {
	t.Helper()
	return c.wait(t, func(e graph.Event) bool { return e.RequestID == id })
}

func (c *callback) kind(t tester, kind graph.EventType, groupID string) graph.Event {
	t.Helper()
	return c.wait(t, func(e graph.Event) bool { return e.Type == kind && e.GroupID == groupID })
}

// world is a simulator with a business number, a client of the business, and a callback.
type world struct {
	t      tester
	sim    *Simulator
	meta   *graph.Client
	hooks  *callback
	config Config
}

func newWorld(t *testing.T, adjust ...func(*Config)) *world {
	t.Helper()
	w := openWorld(t, adjust...)
	t.Cleanup(func() { _ = w.sim.Close(context.Background()) })
	return w
}

func openWorld(t tester, adjust ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, hooks: newCallback()}
	w.config = Config{Logger: quiet, Callback: Callback{URL: "http://gateway.test/meta/webhook?tenant=1",
		VerifyToken: testVerify, AppSecret: testSecret, Transport: InProcess(w.hooks)}}
	for _, f := range adjust {
		f(&w.config)
	}
	w.hooks.patience += 10 * w.config.Delay
	w.open()
	return w
}

// open starts the simulator, also a second time.
func (w *world) open() {
	w.t.Helper()
	var err error
	if w.sim, err = New(w.config); err != nil {
		w.t.Fatalf("New: %v", err)
	}
	if err := w.sim.RegisterNumber(Number{DisplayNumber: "+86 138-0000-0000", PhoneNumberID: testNumID, WABAID: testWABA,
		Token: testToken, Name: "Rollcall Test", Subscribed: true}); err != nil {
		w.t.Fatalf("RegisterNumber: %v", err)
	}
	if w.meta, err = graph.New(graph.Config{BaseURL: "http://graph.test", Transport: InProcess(w.sim.Graph())}); err != nil {
		w.t.Fatalf("graph.New: %v", err)
	}
}

func ctx() context.Context { return context.Background() }

// newGroup makes a group and returns its creation event.
func (w *world) newGroup(subject string) graph.Event {
	w.t.Helper()
	got, err := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: subject})
	if err != nil {
		w.t.Fatalf("create group: %v", err)
	}
	return w.hooks.request(w.t, got.RequestID)
}

// control calls the control API and returns status and decoded answer.
func (w *world) control(method, path string, body any) (int, map[string]any) {
	w.t.Helper()
	var reader io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			w.t.Fatalf("encode: %v", err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, "http://sim.test/sim/v1"+path, reader)
	if err != nil {
		w.t.Fatalf("request: %v", err)
	}
	response, err := InProcess(w.sim.Control()).RoundTrip(request)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	answer := map[string]any{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		w.t.Fatalf("%s %s: answer is not JSON: %v", method, path, err)
	}
	return response.StatusCode, answer
}

// expect calls the control API and fails unless the status is the expected one; it returns the error code too.
func (w *world) expect(status int, method, path string, body any) (answer map[string]any, code string) {
	w.t.Helper()
	got, answer := w.control(method, path, body)
	if got != status {
		w.t.Fatalf("%s %s: status %d, want %d: %v", method, path, got, status, answer)
	}
	if e, ok := answer["error"].(map[string]any); ok {
		code, _ = e["code"].(string)
	}
	return answer, code
}

type fields map[string]any

func (w *world) addPhones(numbers ...string) {
	w.t.Helper()
	for _, n := range numbers {
		w.expect(http.StatusCreated, "POST", "/phones", fields{"number": n, "name": "Phone " + n})
	}
}

func (w *world) join(number, link string) {
	w.t.Helper()
	w.expect(http.StatusOK, "POST", "/phones/"+number+"/join", fields{"invite_link": link})
}

// refuseJoin expects a join to fail with the code.
func (w *world) refuseJoin(code, number, link string) {
	w.t.Helper()
	if _, got := w.expect(http.StatusConflict, "POST", "/phones/"+number+"/join", fields{"invite_link": link}); got != code {
		w.t.Fatalf("join of %s refused with %q, want %q", number, got, code)
	}
}

// groupWith makes a group with members and waits until the webhooks have told of all of them.
func (w *world) groupWith(subject string, numbers ...string) graph.Event {
	w.t.Helper()
	g := w.newGroup(subject)
	for _, n := range numbers {
		if w.sim.findPhone(n) == nil {
			w.addPhones(n)
		}
		w.join(n, g.Group.InviteLink)
		w.hooks.kind(w.t, graph.ParticipantsAdd, g.GroupID)
	}
	return g
}

// inbox returns the texts that a phone has received.
func (w *world) inbox(number string) []string {
	w.t.Helper()
	answer, _ := w.expect(http.StatusOK, "GET", "/phones/"+number+"/messages", nil)
	texts := []string{}
	for _, m := range answer["messages"].([]any) {
		texts = append(texts, m.(map[string]any)["text"].(string))
	}
	return texts
}

// members returns the numbers that the Graph API lists.
func (w *world) members(groupID string) []string {
	w.t.Helper()
	g, err := w.meta.Group(ctx(), creds, groupID)
	if err != nil {
		w.t.Fatalf("read group: %v", err)
	}
	if g.TotalParticipantCount != len(g.Participants) {
		w.t.Errorf("total_participant_count %d, but %d participants", g.TotalParticipantCount, len(g.Participants))
	}
	numbers := []string{}
	for _, p := range g.Participants {
		numbers = append(numbers, p.WaID)
	}
	return numbers
}

// remove removes people and returns the event that tells of it.
func (w *world) remove(groupID string, people ...string) graph.Event {
	w.t.Helper()
	got, err := w.meta.RemoveParticipants(ctx(), creds, groupID, people)
	if err != nil {
		w.t.Fatalf("remove: %v", err)
	}
	return w.hooks.request(w.t, got.RequestID)
}

// send sends a text and waits until it is delivered to one phone at least.
func (w *world) send(groupID, text string) {
	w.t.Helper()
	id, err := w.meta.Send(ctx(), creds, graph.Outgoing{Group: true, To: groupID, Body: graph.TextBody{Body: text}, CallbackData: "data of " + text})
	if err != nil {
		w.t.Fatalf("send: %v", err)
	}
	w.hooks.wait(w.t, func(e graph.Event) bool {
		return e.Type == graph.MessageStatus && e.Status.MessageID == id && e.Status.Status == "delivered"
	})
}

// raw makes a Graph call with a chosen body and returns status, body and error code.
func (w *world) raw(method, path, body string, headers ...string) (status int, answer map[string]any, code int) {
	w.t.Helper()
	request, err := http.NewRequest(method, "http://graph.test/v25.0/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatalf("request: %v", err)
	}
	request.Header.Set("Authorization", "Bearer "+testToken)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := InProcess(w.sim.Graph()).RoundTrip(request)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		w.t.Fatalf("%s %s: answer is not JSON: %v", method, path, err)
	}
	if e, ok := answer["error"].(map[string]any); ok {
		code = int(e["code"].(float64))
	}
	return response.StatusCode, answer, code
}
