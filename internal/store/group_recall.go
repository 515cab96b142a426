package store

import (
	"fmt"
	"math/bits"
	"sync"

	"github.com/rollcall-im/rollcall/internal/group"
)

// maxRecall bounds the memory that remembered searches take together. One takes a bit for each place of its list.
const maxRecall = 16 << 20

// searches remembers what has been found. It can be lost at any moment.
type searches struct {
	limits
	slots chan struct{}

	mu      sync.Mutex
	byQuery map[searched]*recall
	bytes   int
	clock   int64
}

type searched struct {
	list   int64
	status group.Status
	text   string
}

// recall is which places a search has found, a bit for each, as of a stamp of the list. It is never changed, only replaced.
type recall struct {
	stamp int64
	total int
	words []uint64
	used  int64 // guarded by searches.mu
}

const wordPlaces = 64

func newSearches(parallel int) searches {
	return searches{limits: defaultLimits, slots: make(chan struct{}, parallel), byQuery: map[searched]*recall{}}
}

func (q *query) key() searched { return searched{q.list.id, q.status, q.text} }

func (s *searches) recall(q *query) *recall {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byQuery[q.key()]
	if r != nil {
		s.clock++
		r.used = s.clock
	}
	return r
}

// keep remembers a search, and forgets those that were not asked for the longest when it all takes too much memory.
func (s *searches) keep(q *query, r *recall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := q.key()
	if before := s.byQuery[key]; before != nil {
		s.bytes -= before.size(key)
	}
	s.clock++
	r.used = s.clock
	s.byQuery[key] = r
	for s.bytes += r.size(key); s.bytes > maxRecall && len(s.byQuery) > 1; {
		s.forgetOldest()
	}
}

func (s *searches) forgetOldest() {
	var oldest searched
	used := s.clock + 1
	for key, r := range s.byQuery {
		if r.used < used {
			oldest, used = key, r.used
		}
	}
	s.bytes -= s.byQuery[oldest].size(oldest)
	delete(s.byQuery, oldest)
}

func (r *recall) size(key searched) int { return 8*len(r.words) + len(key.text) + 200 }

// remembered gives what a search finds, from memory as far as nothing has changed.
func (tx *Tx) remembered(q *query) (*recall, error) {
	r := tx.store.searches.recall(q)
	switch {
	case r == nil:
		return tx.learn(q)
	case r.stamp == q.list.changes:
		return r, nil
	case r.stamp > q.list.changes:
		return nil, errOvertaken
	}
	dirty, err := tx.changedSince(q, r.stamp)
	if err != nil {
		return nil, err
	}
	if len(dirty) > tx.store.searches.dirty {
		return tx.learn(q)
	}
	return tx.refresh(q, r, dirty)
}

// stretch is how many places are read at once: what a database gives is in memory together.
const stretch = 1 << 16

// learn reads the whole list.
func (tx *Tx) learn(q *query) (*recall, error) {
	r := &recall{stamp: q.list.changes, words: make([]uint64, q.list.last/wordPlaces+1)}
	for from := int64(0); from <= q.list.last; from += stretch {
		if err := tx.eachMatch(q, from, from+stretch-1, r.add); err != nil {
			return nil, err
		}
	}
	tx.store.searches.keep(q, r)
	return r, nil
}

// changedSince gives the blocks of which something has changed since a stamp.
func (tx *Tx) changedSince(q *query, stamp int64) ([]int64, error) {
	blocks, err := all(tx, func(row scanner) (block int64, err error) { return block, row.Scan(&block) },
		`SELECT low.block FROM group_block high JOIN group_block low ON low.list_id = high.list_id AND low.status = high.status
			AND low.level = $3 AND low.block BETWEEN high.block * $4 AND high.block * $4 + $4 - 1
		WHERE high.list_id = $1 AND high.status = 0 AND high.level = $2 AND high.stamp > $5 AND low.stamp > $5 LIMIT $6`,
		q.list.id, highBlocks, lowBlocks, blockPlaces, stamp, tx.store.searches.dirty+1)
	if err != nil {
		return nil, fmt.Errorf("find changed blocks: %w", err)
	}
	return blocks, nil
}

// refresh reads the changed blocks again.
func (tx *Tx) refresh(q *query, before *recall, dirty []int64) (*recall, error) {
	const perBlock = blockPlaces / wordPlaces
	r := &recall{stamp: q.list.changes, total: before.total, words: make([]uint64, q.list.last/wordPlaces+1)}
	copy(r.words, before.words)
	for _, block := range dirty {
		for i := block * perBlock; i < min((block+1)*perBlock, int64(len(r.words))); i++ {
			r.total -= bits.OnesCount64(r.words[i])
			r.words[i] = 0
		}
		if err := tx.eachMatch(q, block<<blockShift, block<<blockShift+blockPlaces-1, r.add); err != nil {
			return nil, err
		}
	}
	tx.store.searches.keep(q, r)
	return r, nil
}

func (r *recall) add(no int64) {
	r.words[no/wordPlaces] |= 1 << (no % wordPlaces)
	r.total++
}

// page gives the places of a page, newest first.
func (r *recall) page(skip, most int) (places []int64) {
	for i := len(r.words) - 1; i >= 0 && len(places) < most; i-- {
		word := r.words[i]
		if here := bits.OnesCount64(word); skip >= here {
			skip -= here
			continue
		}
		for ; word != 0 && len(places) < most; skip-- {
			top := bits.Len64(word) - 1
			word &^= 1 << top
			if skip <= 0 {
				places = append(places, int64(i*wordPlaces+top))
			}
		}
	}
	return places
}
