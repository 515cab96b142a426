package gateway

import (
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// spreading is how long after a group was made parts of the network may not know of it.
const spreading = 2 * time.Minute

// existence is what is known in memory of whether groups are there: which ones are new, and which ones the network denies to
// have. It is asked because one denial alone may be a mistake of the network's, and believing it would hide a living group.
type existence struct {
	mu     sync.Mutex
	began  time.Time // of this process
	born   map[int64]time.Time
	recent []int64             // those in born, oldest first
	denied map[int64]time.Time // since when
}

// bear notes that a group's id has just become known.
func (e *existence) bear(groupID int64, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.recent) > 0 && now.Sub(e.born[e.recent[0]]) >= spreading {
		delete(e.born, e.recent[0])
		e.recent = e.recent[1:]
	}
	if _, known := e.born[groupID]; !known {
		e.recent = append(e.recent, groupID)
	}
	e.born[groupID] = now
}

// fresh tells whether a group is so new that the network may not know of it everywhere. A group that became known before this
// process began was changed then at the earliest.
func (e *existence) fresh(g *group.Group, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if born, ok := e.born[g.ID]; ok {
		return now.Sub(born) < spreading
	}
	return now.Sub(e.began) < spreading && now.Sub(g.ModifiedAt) < spreading
}

// deny notes that the network does not know a group, and tells whether it said so before, at least that long ago, and has not
// shown the group since.
func (e *existence) deny(groupID int64, now time.Time, apart time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	since, before := e.denied[groupID]
	if !before {
		e.denied[groupID] = now
	}
	return before && now.Sub(since) >= apart
}

// show notes that the network has shown a group, or that nobody need ask any more.
func (e *existence) show(groupID int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.denied, groupID)
}

// gone tells whether the network, which has just denied to know a group, is to be believed.
func (g *Gateway) gone(gr *group.Group) bool {
	return gr.Status == group.Deleted || !g.fresh(gr) && g.existence.deny(gr.ID, g.now(), g.cfg.Patience.Verify)
}

func (g *Gateway) fresh(gr *group.Group) bool { return g.existence.fresh(gr, g.now()) }
