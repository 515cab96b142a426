package store

import "sync/atomic"

// Stats counts what has been written since Open.
type Stats struct {
	Commits int64 // common commits, each one wait for the disk
	Writes  int64 // transactions that were kept, of those that were gathered into these commits

	Checkpoints int64 // how often the log was copied into the file
}

type stats struct{ commits, writes, checkpoints atomic.Int64 }

func (s *stats) committed(batch []*job) {
	kept := int64(0)
	for _, j := range batch {
		if j.err == nil {
			kept++
		}
	}
	s.commits.Add(1)
	s.writes.Add(kept)
}

// Stats gives the counters; Writes divided by Commits tells how well commits are shared.
func (s *Store) Stats() Stats {
	return Stats{Commits: s.stats.commits.Load(), Writes: s.stats.writes.Load(), Checkpoints: s.stats.checkpoints.Load()}
}
