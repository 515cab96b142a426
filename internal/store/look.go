package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// looks gathers look-ups that come at the same time, so that they share what a reading costs by itself: a connection, and
// taking and giving back the lock of a reader.
type looks struct {
	mu   sync.Mutex
	next *looking // one that has not begun
}

// looking is one common reading.
type looking struct {
	fns  []func(*Tx) error
	errs []error
	done chan struct{}
}

// Look is Read for a look-up or two that take no time. Those that come together run one after the other on one state, which
// is no older than any of them.
func (s *Store) Look(fn func(*Tx) error) error {
	if s.postgres != nil { // it gathers readers anyway
		return s.Read(context.Background(), fn)
	}
	s.looks.mu.Lock()
	mine := s.looks.next
	first := mine == nil
	if first {
		mine = &looking{done: make(chan struct{})}
		s.looks.next = mine
	}
	place := len(mine.fns)
	mine.fns = append(mine.fns, fn)
	s.looks.mu.Unlock()
	if first {
		s.look(mine)
	}
	<-mine.done
	return mine.errs[place]
}

// look runs a common reading. Those who are ready to join are let go first; nobody is waited for.
func (s *Store) look(l *looking) {
	defer close(l.done)
	runtime.Gosched()
	s.looks.mu.Lock()
	s.looks.next = nil // who comes from now on may have seen what this reading does not
	s.looks.mu.Unlock()
	l.errs = make([]error, len(l.fns))
	read := s.Snapshot
	if len(l.fns) == 1 {
		read = s.Read
	}
	err := read(context.Background(), func(tx *Tx) error {
		for i, fn := range l.fns {
			l.errs[i] = s.guardLook(tx, fn)
		}
		return nil
	})
	for i := range l.errs {
		if l.errs[i] == nil {
			l.errs[i] = err
		}
	}
}

// guardLook keeps a mistake in one look-up from stopping everybody's.
func (s *Store) guardLook(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("look-up panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("internal error in a look-up")
		}
	}()
	return fn(tx)
}
