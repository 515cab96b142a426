package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// bench is one run.
type bench struct {
	settings
	dir      string
	office   *office
	world    *world     // of the subjects
	few      *world     // of the small ones
	subjects []*subject // in the order in which they are measured
	small    []*subject // the accepted ones over again, with few groups
	samples  []sample
	ofSmall  []sample
	disks    []disk // by round
	figures  []figure
}

// fewGroups is what a million groups are compared with.
const fewGroups = 10_000

// note says on the terminal how far it is.
func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// prepare seeds the data and starts every subject.
func (b *bench) prepare(ctx context.Context) (err error) {
	if err := os.Chmod(b.dir, 0o711); err != nil { //nolint:gosec // PostgreSQL, which is another user's, passes through to its folder
		return err
	}
	if b.office, err = openOffice(ctx, b.binary, b.path("office")); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if b.world, err = b.seed(ctx, b.plan.groups, b.plan.needed(mostPeople)); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if b.plan.growth {
		if b.few, err = b.seed(ctx, fewGroups, 0); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	for _, name := range b.plan.subjects {
		note("starting %s", name)
		s, err := b.open(ctx, name, b.world)
		b.subjects = append(b.subjects, s)
		if err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
	}
	return b.openSmall(ctx)
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) seed(ctx context.Context, groups, full int) (*world, error) {
	w := newWorld(groups, full)
	note("seeding %d groups with %d people", groups, w.people)
	return w, b.office.settle(ctx, w, b.path(fmt.Sprintf("seed-%d", groups)))
}

// open starts a subject on a copy of a world's data. What it has opened is in the subject, also when it fails.
func (b *bench) open(ctx context.Context, name string, w *world) (*subject, error) {
	flags, want := flagsOf(name)
	s := &subject{name: name, want: []byte(want), world: w, next: map[int]int{}}
	var err error
	switch name {
	case "floor":
		s.server, err = startOwn(ctx, name)
		return s, err
	case "no-database":
		s.server, err = startOwn(ctx, name, b.office.dir)
		return s, err
	}
	if err := b.furnish(ctx, s); err != nil {
		return s, err
	}
	if err := b.measureStart(ctx, s); err != nil {
		return s, err
	}
	s.server, err = startRollcall(ctx, b.binary, s.dir, append(s.databaseFlags(), flags...)...)
	return s, err
}

// furnish gives a subject its data.
func (b *bench) furnish(ctx context.Context, s *subject) (err error) {
	s.dir = b.path(fmt.Sprintf("%s-%d", s.name, s.world.groups()))
	if engineOf(s.name) == postgres {
		if s.database, err = openDatabase(ctx, s.dir+"-pg"); err != nil {
			return err
		}
		err = b.fillDatabase(ctx, s)
	} else {
		err = copyData(s.dir, s.world.dir)
	}
	if err == nil && isConfirmed(s.name) {
		err = s.world.joinNetwork(ctx, s.dir, &b.plan, s.name)
	}
	return err
}

func (b *bench) fillDatabase(ctx context.Context, s *subject) error {
	if err := copyKeys(s.dir, s.world.dir); err != nil {
		return err
	}
	before, err := size(s.database.tables())
	if err != nil {
		return err
	}
	if err := s.database.take(ctx, b.binary, s.world.dir); err != nil {
		return err
	}
	after, err := size(s.database.tables())
	b.noteBytes(s, after-before)
	return err
}

func (s *subject) databaseFlags() []string {
	if s.database == nil {
		return nil
	}
	return []string{"--database", s.database.url}
}
