package gateway

import (
	"sync"

	"github.com/rollcall-im/rollcall/internal/group"
)

// maxPerNumber is how many commands of one business number run at once. Beyond it they wait for their like, so that a
// number whose groups hang does not hold up the groups of others.
const maxPerNumber = 64

// shares holds a place for each command that runs, by business number.
type shares struct {
	mu       sync.Mutex
	byNumber map[group.Number]*share
}

type share struct {
	places chan struct{}
	users  int // commands that run or wait; without any the share is forgotten
}

// enter waits for a place and gives what has to be called to leave it.
func (s *shares) enter(n group.Number) (leave func()) {
	s.mu.Lock()
	mine := s.byNumber[n]
	if mine == nil {
		mine = &share{places: make(chan struct{}, maxPerNumber)}
		s.byNumber[n] = mine
	}
	mine.users++
	s.mu.Unlock()
	mine.places <- struct{}{} // ends, because every call of the network does
	return func() {
		<-mine.places
		s.mu.Lock()
		defer s.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(s.byNumber, n)
		}
	}
}
