package store

import (
	"slices"
	"sync"
	"time"
)

// pgEnough is how many transactions have to wait before another batch is begun beside one that is under way. With fewer, it is cheaper
// that they wait for that one to end: what a batch costs hardly depends on how many are in it. Nobody ever waits for more to come.
const (
	pgEnough = 16
	pgSlow   = 50 * time.Millisecond // a batch that takes longer is in trouble of its own, and waited for no more
)

// pgQueue is where transactions wait for a worker.
type pgQueue struct {
	mu      sync.Mutex
	change  sync.Cond
	waiting []*job
	busy    int // batches under way
	closed  bool
}

func newPgQueue() *pgQueue {
	q := &pgQueue{}
	q.change.L = &q.mu
	return q
}

func (q *pgQueue) put(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.waiting = append(q.waiting, j)
	if q.ready() {
		q.change.Signal()
	}
	return nil
}

func (q *pgQueue) ready() bool {
	return len(q.waiting) > 0 && len(q.waiting) >= pgEnough*q.busy
}

// take gives a batch when it is time for one, without those whose callers have given up, and what has to be called when it has ended.
// Once the queue is closed and empty there are no more.
func (q *pgQueue) take() (batch []*job, done func(), more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ready() {
		if q.closed && len(q.waiting) == 0 {
			q.change.Broadcast() // to those who have waited for what was left
			return nil, nil, false
		}
		q.change.Wait()
	}
	n := min(len(q.waiting), pgGathered)
	batch = slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.busy++
	if q.ready() {
		q.change.Signal()
	}
	return slices.DeleteFunc(batch, func(j *job) bool { return !j.taken.CompareAndSwap(false, true) }), q.counted(), true
}

// counted gives what ends the counting of a batch as one under way: its end, or that it is slow.
func (q *pgQueue) counted() (done func()) {
	ended := sync.OnceFunc(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.busy--
		q.change.Signal()
	})
	slow := time.AfterFunc(pgSlow, ended)
	return func() {
		slow.Stop()
		ended()
	}
}

// close lets nobody in any more. What waits is still served.
func (q *pgQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.change.Broadcast()
}

func (q *pgQueue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}
