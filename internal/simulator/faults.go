package simulator

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Fault makes calls go wrong, a given number of times and never by chance. A field that is empty fits every call.
type Fault struct {
	Number    string // phone number id
	Operation string // one of the names in calls.go
	GroupID   string
	Times     int // so many calls; then it is over

	Fate CallFate
	Hang time.Duration // how long the call is held up before it takes effect
}

// faults are the rules in force, oldest first. The first one that fits decides on a call.
type faults struct {
	mu    sync.Mutex
	last  int64
	rules []*rule
}

type rule struct {
	id int64
	Fault
	hits  int
	ended chan struct{} // closed when it is taken back: what hangs goes on
}

func (r *rule) fits(c *Call) bool {
	return r.hits < r.Times && (r.Number == "" || r.Number == c.Number) && (r.Operation == "" || r.Operation == c.Operation) &&
		(r.GroupID == "" || r.GroupID == c.Object)
}

// Fail adds a fault and gives its id.
func (s *Simulator) Fail(f Fault) int64 {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.last++
	s.faults.rules = append(s.faults.rules, &rule{id: s.faults.last, Fault: f, ended: make(chan struct{})})
	return s.faults.last
}

// Mend takes all faults back.
func (s *Simulator) Mend() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, r := range s.faults.rules {
		close(r.ended)
	}
	s.faults.rules = nil
}

// strike gives the rule that decides on a call, nil if it is to pass.
func (f *faults) strike(c *Call) *rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.fits(c) {
			r.hits++
			return r
		}
	}
	return nil
}

func (f *faults) list() []rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules := make([]rule, 0, len(f.rules))
	for _, r := range f.rules {
		rules = append(rules, *r)
	}
	return slices.Clip(rules)
}

// fault lets a call meet the fault that fits it, after having held it up. It ends early with the caller, with the fault and
// with the simulator.
func (s *Simulator) fault(ctx context.Context, c *Call) CallFate {
	r := s.faults.strike(c)
	if r == nil {
		return CallFate{}
	}
	if r.Hang > 0 {
		held := time.NewTimer(r.Hang)
		defer held.Stop()
		select {
		case <-held.C:
		case <-r.ended:
		case <-ctx.Done():
		case <-s.stop:
		}
	}
	return r.Fate
}
