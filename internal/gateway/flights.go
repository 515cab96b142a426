package gateway

import (
	"slices"
	"sync"
	"time"
)

// flight is what is known in memory of a change that the network has been asked for: by which name its report will come,
// whether it may have been asked before, and since when we know that it has accepted the change.
type flight struct {
	item      int64
	requestID string
	again     bool
	since     time.Time
}

type flights struct {
	mu      sync.Mutex
	byGroup map[int64]flight
	heard   heard
}

// start notes that the network is asked, perhaps once more.
func (f *flights) start(groupID int64, fl flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before, ok := f.byGroup[groupID]; ok && before.item == fl.item {
		fl.since = before.since
	}
	f.byGroup[groupID] = fl
}

// accepted notes the request id that the answer carried, if the flight is still the same.
func (f *flights) accepted(groupID, item int64, requestID string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl, ok := f.byGroup[groupID]; ok && fl.item == item {
		fl.requestID = requestID
		if fl.since.IsZero() {
			fl.since = now
		}
		f.byGroup[groupID] = fl
	}
}

func (f *flights) of(groupID, item int64) flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl, ok := f.byGroup[groupID]; ok && fl.item == item {
		return fl
	}
	return flight{item: item, again: true} // a process before this one may have asked
}

// knows tells whether this process has asked the network for what the item wants.
func (f *flights) knows(groupID, item int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl, ok := f.byGroup[groupID]
	return ok && fl.item == item
}

// waited tells for how long the network has had a request. One that a process before this one made counts from the first
// time that this is asked.
func (f *flights) waited(groupID, item int64, now time.Time) time.Duration {
	fl := f.of(groupID, item)
	if fl.since.IsZero() {
		f.start(groupID, fl)
		f.accepted(groupID, item, fl.requestID, now)
		return 0
	}
	return now.Sub(fl.since)
}

// land ends a flight. The report about it may come all the same, or once more.
func (f *flights) land(groupID, item int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl, ok := f.byGroup[groupID]
	if !ok || fl.item != item {
		return
	}
	delete(f.byGroup, groupID)
	f.heard.add(groupID, fl.requestID)
}

// reported notes that the report with this request id has ended a command.
func (f *flights) reported(groupID int64, requestID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard.add(groupID, requestID)
}

// mine tells whether a report with this request id can be about the item. One that has ended a command before is not about
// the next.
func (f *flights) mine(groupID, item int64, requestID string) bool {
	fl := f.of(groupID, item)
	f.mu.Lock()
	defer f.mu.Unlock()
	if requestID == "" || fl.requestID == requestID {
		return true
	}
	return fl.requestID == "" && !f.heard.has(groupID, requestID)
}

// heard remembers, for the groups that had changes last, the requests that have come to an end: their reports may come again.
// It forgets by generations, so that what it holds is bounded.
type heard struct {
	recent, older map[int64][]string
}

const (
	heardPerGroup = 8
	heardGroups   = 4096 // in each generation
)

func (h *heard) has(groupID int64, requestID string) bool {
	return slices.Contains(h.recent[groupID], requestID) || slices.Contains(h.older[groupID], requestID)
}

func (h *heard) add(groupID int64, requestID string) {
	if requestID == "" || slices.Contains(h.recent[groupID], requestID) {
		return
	}
	ids, known := h.recent[groupID]
	if !known {
		if h.recent == nil || len(h.recent) >= heardGroups {
			h.older, h.recent = h.recent, map[int64][]string{}
		}
		ids = slices.Clone(h.older[groupID])
	}
	ids = append(ids, requestID)
	h.recent[groupID] = ids[max(0, len(ids)-heardPerGroup):]
}
