package receipt

import (
	"slices"
	"sync"

	"github.com/rollcall-im/rollcall/internal/store"
)

// gates let only so many pushes to one callback run at the same time, so that one that is slow or dead takes no more than its
// part of what all share. Lanes that have to wait do so without a goroutine.
type gates struct {
	most int

	mu   sync.Mutex
	byTo map[string]*gate
}

type gate struct {
	inside  int
	waiting []store.Lane
	known   map[store.Lane]bool // that wait
}

// enter tells whether a lane may push now. If not, it will be called.
func (g *gates) enter(to string, lane store.Lane) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byTo == nil {
		g.byTo = map[string]*gate{}
	}
	at := g.byTo[to]
	if at == nil {
		at = &gate{known: map[store.Lane]bool{}}
		g.byTo[to] = at
	}
	if at.inside < g.most {
		at.inside++
		if at.known[lane] { // it did not wait to be called
			delete(at.known, lane)
			at.waiting = slices.DeleteFunc(at.waiting, func(other store.Lane) bool { return other == lane })
		}
		return true
	}
	if !at.known[lane] {
		at.known[lane], at.waiting = true, append(at.waiting, lane)
	}
	return false
}

// leave calls as many of the waiting as there is room for now, by a function that tells whether they come.
func (g *gates) leave(to string, call func(store.Lane) bool) {
	g.mu.Lock()
	at := g.byTo[to]
	at.inside--
	for room := g.most - at.inside; room > 0 && len(at.waiting) > 0; {
		next := at.waiting[0]
		at.waiting = at.waiting[1:]
		delete(at.known, next)
		g.mu.Unlock()
		came := call(next)
		g.mu.Lock()
		if came {
			room--
		}
	}
	if at.inside == 0 && len(at.waiting) == 0 {
		delete(g.byTo, to)
	}
	g.mu.Unlock()
}
