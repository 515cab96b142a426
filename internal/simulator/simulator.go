// Package simulator is a stand-in for Meta: it speaks the Groups part of the WhatsApp Cloud API over HTTP, holds phones
// that join by link and receive messages, and pushes Meta's webhooks to a callback. It decides everything from Meta's
// published rules and from its own state log; it knows nothing of the gateway that talks to it, and shares no client
// code with it, so that the two can disagree where one of them is wrong.
package simulator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how a Simulator behaves. Every field has a usable zero value.
type Config struct {
	Path      string           // file of the state log; "" keeps everything in memory only
	Delay     time.Duration    // how long each asynchronous step takes; 0 = at once, on another goroutine
	Callback  Callback         // where webhooks go
	Now       func() time.Time // the clock for timestamps; nil = time.Now
	Templates []Template       // approved ones
	Rand      io.Reader        // source of ids and links; nil = crypto/rand
	Logger    *slog.Logger     // nil = slog.Default
}

// Simulator is one simulated WhatsApp platform. Its methods may be used from many goroutines.
//
// Locks are taken in this order: registry, group.mu, number.mu, mu, phone.mu, log. No lock is held while a webhook is
// being delivered.
type Simulator struct {
	config   Config
	log      stateLog
	ids      ids
	pump     *pump
	journal  journal
	meddling atomic.Pointer[Interference]
	faults   faults

	registry sync.Mutex // makes check-then-register of numbers, phones and subscriptions one act

	mu      sync.RWMutex // guards the maps, not what they point to
	numbers map[string]*number
	wabas   map[string]*waba
	tokens  map[tokenHash]int // how many numbers a token is good for
	groups  map[string]*group // by id, those being created included
	links   map[string]*group // by live link id
	phones  map[string]*phone // by digits
	userIDs map[string]string // business-scoped user id to digits

	groupOrder   atomic.Int64 // creation order, the key of list cursors
	messageOrder atomic.Int64

	lifeMu sync.RWMutex
	closed bool
	stop   chan struct{}
	steps  sync.WaitGroup
}

var errClosed = errors.New("simulator is closed")

// New opens a simulator. It replays the state log at config.Path and rewrites it compactly; steps that were pending and
// webhooks that were not delivered when the process ended are taken up again. A torn last line is dropped: nobody was
// told of it.
func New(config Config) (*Simulator, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	s := &Simulator{
		config: config, stop: make(chan struct{}),
		numbers: map[string]*number{}, wabas: map[string]*waba{}, tokens: map[tokenHash]int{},
		groups: map[string]*group{}, links: map[string]*group{}, phones: map[string]*phone{}, userIDs: map[string]string{},
	}
	s.ids.source = config.Rand
	if err := s.openPump(); err != nil {
		return nil, err
	}
	waiting, err := s.openLog()
	if err != nil {
		return nil, fmt.Errorf("open state log of the simulator: %w", err)
	}
	s.resume(waiting)
	return s, nil
}

// resume takes up what the last process left half done.
func (s *Simulator) resume(waiting []*webhook) {
	s.pump.push(waiting, s.pump.launch)
	for _, g := range s.allGroups() {
		g.mu.Lock()
		s.kick(g)
		g.mu.Unlock()
	}
}

// Graph serves the Graph API under /v{NN}.0/. Requests carry the bearer token of a registered number.
func (s *Simulator) Graph() http.Handler { return http.HandlerFunc(s.serveGraph) }

// Close stops the simulator in order: it takes no more changes, waits for the steps and deliveries that are running
// until ctx ends (then it cuts deliveries off), and closes the state log. Pending steps and undelivered webhooks stay in
// the log for the next start. Closing twice does nothing.
func (s *Simulator) Close(ctx context.Context) error {
	s.lifeMu.Lock()
	already := s.closed
	s.closed = true
	s.lifeMu.Unlock()
	if already {
		return nil
	}
	close(s.stop)
	s.steps.Wait() // a step never waits for anything but stop
	err := s.pump.close(ctx)
	return errors.Join(err, s.log.close())
}

// spawn starts work at a group's steps, which Close waits for; after Close it does nothing and reports false.
func (s *Simulator) spawn(g *group) bool {
	s.lifeMu.RLock()
	defer s.lifeMu.RUnlock()
	if s.closed {
		return false
	}
	s.steps.Add(1)
	start(func() {
		unserved := s.work(g)
		s.steps.Done() // Close waits for steps without a limit, but for deliveries with one
		if unserved {
			s.pump.serve(g.id)
		}
	})
	return true
}

func (s *Simulator) isClosed() bool {
	s.lifeMu.RLock()
	defer s.lifeMu.RUnlock()
	return s.closed
}

func (s *Simulator) allGroups() []*group {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*group, 0, len(s.groups))
	for _, g := range s.groups {
		all = append(all, g)
	}
	return all
}

func (s *Simulator) findGroup(id string) *group {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.groups[id]
}
