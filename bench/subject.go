package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// subjectNames are what is measured, in the order in which each round takes them.
var subjectNames = []string{"floor", "no-database", "sqlite-accepted", "sqlite-confirmed", "postgres-accepted", "postgres-confirmed"}

// The databases.
const (
	sqlite   = "sqlite"
	postgres = "postgres"
)

// engineOf gives the database that a subject works on, "" for one that works on none.
func engineOf(subject string) string {
	engine, _, _ := strings.Cut(subject, "-")
	if engine != sqlite && engine != postgres {
		return ""
	}
	return engine
}

// flagsOf gives what a subject is started with beside its data, and what each of its answers holds. Accepted is what acceptance
// costs by itself: what follows is held back, and measured in confirmed.
func flagsOf(subject string) (flags []string, want string) {
	switch {
	case isAccepted(subject):
		return []string{"--confirm-wait", "0s", "--hold"}, `"Code":"ChatGroup.OperationPending"`
	case isConfirmed(subject):
		return []string{"--confirm-wait", "30s"}, `"Code":"OK"`
	}
	return nil, `"Code":"OK"`
}

func acceptedOn(engine string) string { return engine + "-accepted" }

func isAccepted(subject string) bool  { return strings.HasSuffix(subject, "-accepted") }
func isConfirmed(subject string) bool { return strings.HasSuffix(subject, "-confirmed") }

// subject is a server under measurement, with its data.
type subject struct {
	name     string
	want     []byte
	world    *world
	dir      string    // its data folder, "" for none
	database *database // nil without PostgreSQL
	server   *server
	next     map[int]int // by size of groups, the first that has not been used up
}

// take gives the next groups of which so many people can be removed. Whoever keeps no groups may have the same ones again.
func (s *subject) take(count, people int) ([]int, error) {
	size := sizeFor(people)
	pool := s.world.bySize[size]
	if engineOf(s.name) == "" {
		if len(pool) == 0 {
			return nil, fmt.Errorf("no group of %d people was seeded", size)
		}
		groups := make([]int, count)
		for i := range groups {
			groups[i] = pool[i%len(pool)]
		}
		return groups, nil
	}
	first := s.next[size]
	if first+count > len(pool) {
		return nil, fmt.Errorf("%d groups of %d people are too few", len(pool), size)
	}
	s.next[size] += count
	return pool[first : first+count], nil
}

// time gives what its processes have computed for.
func (s *subject) time() (time.Duration, error) {
	u, err := usageOf(s.server.pid())
	if err != nil || s.database == nil {
		return u.own, err
	}
	below, err := s.database.time()
	return u.own + below, err
}

// checkpoint gives when a checkpoint last wrote: SQLite writes its main file then and never else, PostgreSQL notes its end.
func (s *subject) checkpoint() time.Time {
	switch engineOf(s.name) {
	case sqlite:
		return changed(filepath.Join(s.dir, databaseFile))
	case postgres:
		return changed(s.database.control())
	}
	return time.Time{}
}

// warm brings its data into memory.
func (s *subject) warm() error {
	switch engineOf(s.name) {
	case sqlite:
		return warm(s.dir)
	case postgres:
		return warm(s.database.tables())
	}
	return nil
}

// settle waits until the server has finished what it does in the background, some seconds at the most.
func (s *subject) settle(ctx context.Context) error { return settle(ctx, s.time) }

func settle(ctx context.Context, used func() (time.Duration, error)) error {
	last, err := used()
	if err != nil {
		return err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case <-tick.C:
		case <-deadline:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		now, err := used()
		if err != nil || now-last < 2*clockTick {
			return err
		}
		last = now
	}
}

func (s *subject) stop() error {
	if s.server != nil {
		s.server.stop()
	}
	if s.database == nil {
		return nil
	}
	return s.database.stop()
}

// stop ends everything that was started.
func (b *bench) stop() error {
	var errs []error
	for _, s := range slices.Concat(b.subjects, b.small) {
		if err := s.stop(); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", s.name, err))
		}
	}
	return errors.Join(errs...)
}
