package outbox

import (
	"sync/atomic"
	"time"
)

// slots are the places of the handlers that run. They bound how much is computed at once, not how long is waited: while others
// want a place, that of a handler which takes long is given on, and the handler runs on without one. So handlers that wait for
// a slow network cannot hold up the rest.
type slots struct {
	free  chan int32     // the places that nobody has
	began []atomic.Int64 // by place: when its handler came in; 0 when there is none, or it has lost the place
	base  time.Time
	slow  time.Duration // from then on a handler waits rather than computes
	lost  atomic.Int64  // handlers that run without a place
	want  atomic.Int64  // lanes that wait for one
	guard atomic.Bool   // somebody looks for places to give on
}

// mostLost bounds how many handlers run without a place.
const mostLost = 1 << 14

func newSlots(count int, slow time.Duration) *slots {
	s := &slots{free: make(chan int32, count), began: make([]atomic.Int64, count), base: time.Now(), slow: slow}
	for i := range count {
		s.free <- int32(i)
	}
	return s
}

// ticket is the right to a place.
type ticket struct {
	place int32
	since int64
}

// now is never 0.
func (s *slots) now() int64 { return int64(time.Since(s.base)) + 1 }

// try takes a place if one is free.
func (s *slots) try() (ticket, bool) {
	select {
	case place := <-s.free:
		return s.seat(place), true
	default:
		return ticket{}, false
	}
}

func (s *slots) seat(place int32) ticket {
	t := ticket{place, s.now()}
	s.began[place].Store(t.since)
	return t
}

// wait takes a place as soon as there is one, and tells whether it has.
func (s *slots) wait(done <-chan struct{}) (ticket, bool) {
	s.want.Add(1)
	defer s.want.Add(-1)
	if s.guard.CompareAndSwap(false, true) {
		go s.relieve(done)
	}
	select {
	case place := <-s.free:
		return s.seat(place), true
	case <-done:
		return ticket{}, false
	}
}

func (s *slots) leave(t ticket) {
	if s.began[t.place].CompareAndSwap(t.since, 0) {
		s.free <- t.place
		return
	}
	s.lost.Add(-1)
}

// relieve gives places on as long as somebody wants one.
func (s *slots) relieve(done <-chan struct{}) {
	tick := time.NewTicker(s.slow / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.giveOn()
		case <-done:
			return
		}
		if s.want.Load() > 0 {
			continue
		}
		s.guard.Store(false)
		if s.want.Load() == 0 || !s.guard.CompareAndSwap(false, true) { // whoever came in between saw the guard
			return
		}
	}
}

func (s *slots) giveOn() {
	limit := s.now() - int64(s.slow)
	for place := range s.began {
		since := s.began[place].Load()
		if since == 0 || since > limit || s.lost.Load() >= mostLost || s.want.Load() == 0 {
			continue
		}
		if s.began[place].CompareAndSwap(since, 0) {
			s.lost.Add(1)
			s.free <- int32(place)
		}
	}
}
