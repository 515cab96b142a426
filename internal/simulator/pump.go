package simulator

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
)

const (
	deliveriesAtOnce = 64
	deliveryTimeout  = 10 * time.Second
	deliveryLifetime = 36 * time.Hour // then a webhook is given up
	callbackAnswer   = 64 << 10       // bytes of an answer that are read
)

// retryWaits are the waits before the second, third … attempt; the last one repeats. Meta publishes only that attempts
// become rarer.
var retryWaits = []time.Duration{0, 10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// Callback is the endpoint that webhooks are pushed to.
type Callback struct {
	URL         string            // http or https; "" = nobody listens
	VerifyToken string            // sent in the handshake before the first delivery
	AppSecret   string            // key of X-Hub-Signature-256
	Transport   http.RoundTripper // nil = a transport of its own; see InProcess
}

// pump delivers webhooks: those of one group one after another, those of different groups side by side. A webhook that
// fails twice steps aside and is retried later, so that those behind it overtake it, which Meta's do too.
type pump struct {
	sim       *Simulator
	url       *url.URL      // nil = nobody listens
	blank     *http.Request // of a delivery, without what differs from one to the next
	transport http.RoundTripper
	lastID    atomic.Int64
	slots     chan struct{}
	shaking   chan struct{} // held during a handshake
	verified  atomic.Bool
	ctx       context.Context
	cutOff    context.CancelFunc

	mu      sync.Mutex
	closed  bool
	lanes   map[string][]*webhook // by group; a lane exists as long as a goroutine serves it
	parked  map[*webhook]*time.Timer
	running sync.WaitGroup
}

func (s *Simulator) openPump() error {
	c := s.config.Callback
	p := &pump{sim: s, transport: c.Transport, slots: make(chan struct{}, deliveriesAtOnce), shaking: make(chan struct{}, 1),
		lanes: map[string][]*webhook{}, parked: map[*webhook]*time.Timer{}}
	p.ctx, p.cutOff = context.WithCancel(context.Background())
	s.pump = p
	if c.URL == "" {
		return nil
	}
	target, err := url.Parse(c.URL)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") || c.AppSecret == "" {
		return errors.New("callback of the simulator: an http or https URL and an app secret are needed")
	}
	p.url = target
	p.blank = &http.Request{Method: http.MethodPost, URL: target, Host: target.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if p.transport == nil {
		p.transport = &http.Transport{MaxIdleConnsPerHost: deliveriesAtOnce, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
	}
	return nil
}

func (p *pump) listens() bool       { return p.url != nil }
func (p *pump) nextID() int64       { return p.lastID.Add(1) }
func (p *pump) seen(id int64)       { p.lastID.Store(max(p.lastID.Load(), id)) }
func byWebhookID(a, b *webhook) int { return int(a.ID - b.ID) }

// push takes webhooks in for delivery, and names the lanes that somebody must begin to serve. It is the one place where the
// fate of a webhook is asked for.
func (p *pump) push(webhooks []*webhook, unserved func(group string)) {
	for _, w := range webhooks {
		fate := p.sim.interfereWebhook(Webhook{Field: w.Field, Type: w.Type, GroupID: w.Group, Body: w.Body})
		switch {
		case fate.Lose:
			p.settle(w)
		case fate.Delay > 0:
			p.park(w, fate.Delay)
		default:
			p.enqueue(w, unserved)
		}
		for range fate.Copies {
			twin := *w
			p.enqueue(&twin, unserved)
		}
	}
}

func (p *pump) enqueue(w *webhook, unserved func(group string)) {
	p.mu.Lock()
	delete(p.parked, w)
	if p.closed || !p.listens() {
		p.mu.Unlock()
		return
	}
	waiting, served := p.lanes[w.Group]
	p.lanes[w.Group] = append(waiting, w)
	if !served {
		p.running.Add(1)
	}
	p.mu.Unlock()
	if !served {
		unserved(w.Group)
	}
}

// launch serves a lane on a goroutine of its own.
func (p *pump) launch(group string) { start(func() { p.serve(group) }) }

func (p *pump) park(w *webhook, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.parked[w] = time.AfterFunc(wait, func() { p.enqueue(w, p.launch) })
	}
}

// serve delivers what waits for one group, and ends when nothing does. It is called once for each lane that enqueue found
// unserved.
func (p *pump) serve(group string) {
	defer p.running.Done()
	for {
		w := p.next(group)
		if w == nil {
			return
		}
		p.slots <- struct{}{}
		p.deliver(w)
		<-p.slots
	}
}

func (p *pump) next(group string) *webhook {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.lanes[group]
	if len(waiting) == 0 || p.closed {
		delete(p.lanes, group)
		return nil
	}
	w := waiting[0]
	p.lanes[group] = waiting[1:]
	return w
}

// deliver makes the attempts that are due now.
func (p *pump) deliver(w *webhook) {
	for {
		err := p.attempt(w)
		if err == nil {
			p.settle(w)
			return
		}
		if p.ctx.Err() != nil {
			return // closing: the log still has it
		}
		w.attempts++
		wait := retryWaits[min(w.attempts, len(retryWaits))-1]
		if p.sim.config.Now().Add(wait).Sub(w.At) > deliveryLifetime {
			p.sim.config.Logger.Warn("webhook given up", "group_id", w.Group, "type", w.Type, "attempts", w.attempts, "error", err)
			p.settle(w)
			return
		}
		if wait > 0 {
			p.sim.config.Logger.Info("webhook will be retried", "group_id", w.Group, "type", w.Type, "wait", wait, "error", err)
			p.park(w, wait)
			return
		}
	}
}

// settle writes down that a webhook needs no more attempts. If that fails it is delivered again after a restart, which
// its receiver must bear anyway.
func (p *pump) settle(w *webhook) {
	if err := p.sim.log.append(&webhookDone{ID: w.ID}, nil); err != nil && !errors.Is(err, errClosed) {
		p.sim.config.Logger.Error("write down the end of a webhook", "error", err)
	}
}

// attempt pushes a webhook once, after the handshake if that is still to come. Only status 200 counts.
func (p *pump) attempt(w *webhook) error {
	ctx, cancel := context.WithTimeout(p.ctx, deliveryTimeout)
	defer cancel()
	if err := p.handshake(ctx); err != nil {
		return fmt.Errorf("verify callback: %w", err)
	}
	request := p.blank.WithContext(ctx)
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(w.Body)), int64(len(w.Body))
	values := [...]string{"application/json", "facebookexternalua", graph.HubSignature(p.sim.config.Callback.AppSecret, w.Body)}
	request.Header = http.Header{"Content-Type": values[0:1:1], "User-Agent": values[1:2:2], graph.HubSignatureHeader: values[2:]}
	status, answer, err := p.roundTrip(request)
	p.note(record{kind: "webhook", operation: w.Field + "/" + w.Type, method: request.Method, attempt: w.attempts + 1,
		status: status, request: w.Body, response: answer}, p.url, err)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("callback answered status %d", status)
	}
	return nil
}

// handshake proves, once in the life of the process, that the callback knows the verify token.
func (p *pump) handshake(ctx context.Context) error {
	if p.verified.Load() {
		return nil
	}
	p.shaking <- struct{}{}
	defer func() { <-p.shaking }()
	if p.verified.Load() {
		return nil
	}
	challenge := p.sim.ids.challenge()
	target := *p.url
	query := target.Query()
	query.Set("hub.mode", "subscribe")
	query.Set("hub.challenge", challenge)
	query.Set("hub.verify_token", p.sim.config.Callback.VerifyToken)
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	status, answer, err := p.roundTrip(request)
	p.note(record{kind: "handshake", method: request.Method, status: status, response: answer}, &target, err)
	if err != nil {
		return err
	}
	if status != http.StatusOK || subtle.ConstantTimeCompare(bytes.TrimSpace(answer), []byte(challenge)) != 1 {
		return fmt.Errorf("callback answered status %d and not the challenge", status)
	}
	p.verified.Store(true)
	return nil
}

// roundTrip follows no redirects: a webhook goes where it was registered to go.
func (p *pump) roundTrip(request *http.Request) (status int, answer []byte, err error) {
	response, err := p.transport.RoundTrip(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	if response.ContentLength == 0 {
		return response.StatusCode, nil, nil
	}
	answer, err = io.ReadAll(io.LimitReader(response.Body, callbackAnswer))
	return response.StatusCode, answer, err
}

func (p *pump) note(r record, target *url.URL, err error) {
	r.at, r.path = p.sim.config.Now(), maskedPath(target)
	if err != nil {
		r.failure = err.Error()
	}
	p.sim.journal.add(r)
}

// close lets the deliveries that are under way end, until ctx does; then it cuts them off.
func (p *pump) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	for _, timer := range p.parked {
		timer.Stop()
	}
	p.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		p.running.Wait()
		close(ended)
	}()
	defer p.cutOff()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		p.cutOff()
		<-ended
		return fmt.Errorf("wait for webhooks under way: %w", ctx.Err())
	}
}
