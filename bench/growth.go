package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// figure is one line of the table about growth.
type figure struct {
	Database string  `json:"database"` // "" where it has none
	Measure  string  `json:"measure"`
	Groups   int     `json:"groups"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	Goal     float64 `json:"goal,omitempty"` // at most

	gate bool
}

func (f *figure) line() []string {
	goal := ""
	if f.Goal > 0 {
		goal = "≤ " + strconv.FormatFloat(f.Goal, 'f', -1, 64)
	}
	return []string{f.Database, f.Measure, fmt.Sprint(f.Groups), fmt.Sprintf("%.2f", f.Value), f.Unit, goal}
}

func (f *figure) missed() (text string, gate bool) {
	if f.Goal == 0 || f.Value <= f.Goal {
		return "", false
	}
	return fmt.Sprintf("%s %s with %d groups is %.2f %s, goal %.2f", f.Database, f.Measure, f.Groups, f.Value, f.Unit, f.Goal), f.gate
}

// Goals of starting and idling, with an empty database and with a million groups.
const (
	startEmpty, startFull   = 300, 1000 // ms
	memoryEmpty, memoryFull = 60, 120   // MB
	p50Growth               = 1.25
)

// starts is how often a start is measured.
const starts = 3

// measureStart measures how an accepted subject's data are started on and idled on, and the same without any group.
func (b *bench) measureStart(ctx context.Context, s *subject) error {
	if !b.plan.growth || !isAccepted(s.name) || s.world != b.world {
		return nil
	}
	if s.database == nil {
		if err := b.countBytes(s); err != nil {
			return err
		}
	}
	empty := start{engine: engineOf(s.name), dir: s.dir + "-empty", goal: startEmpty, memoryGoal: memoryEmpty}
	if s.database == nil {
		empty.dir = b.office.dir
	} else {
		url, err := s.database.server.NewDatabase(ctx)
		if err != nil {
			return err
		}
		if err := copyKeys(empty.dir, b.office.dir); err != nil {
			return err
		}
		empty.flags = []string{"--database", url}
	}
	full := start{engine: engineOf(s.name), dir: s.dir, flags: s.databaseFlags(), groups: s.world.groups(), goal: startFull, memoryGoal: memoryFull}
	if err := s.warm(); err != nil {
		return err
	}
	for _, st := range []start{empty, full} {
		figures, err := st.measure(ctx, b.binary)
		if err != nil {
			return err
		}
		b.figures = append(b.figures, figures...)
	}
	return nil
}

// start is a program to be started on some data.
type start struct {
	engine, dir      string
	flags            []string
	groups           int
	goal, memoryGoal float64
}

func (st *start) measure(ctx context.Context, binary string) ([]figure, error) {
	var took, memory []float64
	for i := range starts + 1 {
		server, err := startRollcall(ctx, binary, st.dir, st.flags...)
		if err == nil && i > 0 { // the first one may have tables to make
			took = append(took, ms(server.took))
			var bytes float64
			bytes, err = idleBytes(ctx, server)
			memory = append(memory, bytes/1e6)
		}
		if server != nil {
			server.stop()
		}
		if err != nil {
			return nil, err
		}
	}
	same := func(v float64) float64 { return v }
	return []figure{
		{Database: st.engine, Measure: "start to ready", Groups: st.groups, Value: median(took, same), Unit: "ms", Goal: st.goal},
		{Database: st.engine, Measure: "idle memory", Groups: st.groups, Value: median(memory, same), Unit: "MB", Goal: st.memoryGoal},
	}, nil
}

// idleBytes gives what a server holds when it has nothing to do.
func idleBytes(ctx context.Context, server *server) (float64, error) {
	err := settle(ctx, func() (time.Duration, error) {
		u, err := usageOf(server.pid())
		return u.own, err
	})
	if err != nil {
		return 0, err
	}
	bytes, err := residentBytes(server.pid())
	return float64(bytes), err
}

// countBytes compares the file with one without groups.
func (b *bench) countBytes(s *subject) error {
	full, err := os.Stat(filepath.Join(s.dir, databaseFile))
	if err != nil {
		return err
	}
	empty, err := os.Stat(filepath.Join(b.office.dir, databaseFile))
	if err != nil {
		return err
	}
	b.noteBytes(s, full.Size()-empty.Size())
	return nil
}

// noteBytes puts down what the people of an accepted subject's world take on disk, their share of the groups and of every
// index included.
func (b *bench) noteBytes(s *subject, bytes int64) {
	if b.plan.growth && isAccepted(s.name) && s.world == b.world {
		b.figures = append(b.figures, figure{Database: engineOf(s.name), Measure: "on disk for each member", Groups: s.world.groups(),
			Value: float64(bytes) / float64(s.world.people), Unit: "bytes"})
	}
}

// openSmall starts the accepted subjects over again on few groups.
func (b *bench) openSmall(ctx context.Context) error {
	if !b.plan.growth {
		return nil
	}
	for _, name := range b.plan.subjects {
		if !isAccepted(name) {
			continue
		}
		note("starting %s with %d groups", name, fewGroups)
		s, err := b.open(ctx, name, b.few)
		b.small = append(b.small, s)
		if err != nil {
			return fmt.Errorf("start %s with %d groups: %w", name, fewGroups, err)
		}
	}
	return nil
}

// grown tells whether a cell is compared with few groups: one connection waits for the disk, a crowd for the processor.
func (p *plan) grown(c cell) bool {
	return p.growth && c.people == p.cells[0].people && (c.connections == 1 || c.connections == crowd)
}

// fewCount shares the few groups out over the rounds, so that they last: an eighth for the single connection.
func (p *plan) fewCount(c cell) int {
	share := (fewGroups - warmup) / p.rounds / 8
	if c.connections > 1 {
		share *= 7
	}
	return min(share, p.count(acceptedOn(sqlite), c))
}

func (b *bench) measureSmall(ctx context.Context, round int, c cell) error {
	if !b.plan.grown(c) {
		return nil
	}
	for _, s := range b.small {
		m, err := s.measure(ctx, c, b.plan.fewCount(c))
		if err != nil {
			return fmt.Errorf("%s with %d groups over %d connections: %w", s.name, fewGroups, c.connections, err)
		}
		m.round = round
		b.ofSmall = append(b.ofSmall, m)
		m.note()
	}
	return nil
}

// finishFigures adds what could not be told before the rounds were over, and what needs no server.
func (b *bench) finishFigures() error {
	if !b.plan.growth {
		return nil
	}
	var grown []figure
	for _, s := range b.small {
		for _, c := range b.plan.cells {
			if b.plan.grown(c) {
				grown = append(grown, b.compareCell(s.name, c)...)
			}
		}
	}
	checks, err := checkFigures(b.world)
	b.figures = slices.Concat(grown, b.figures, nonceFigures(), checks)
	return err
}

// compareCell pairs the removals with many and with few groups by round, as the table does with the floor.
func (b *bench) compareCell(subject string, c cell) []figure {
	few := map[int]sample{}
	for _, m := range b.ofSmall {
		if m.subject == subject && m.cell == c {
			few[m.round] = m
		}
	}
	var all []pair // the few take the floor's place
	for _, p := range pairs(b.samples, subject, c) {
		all = append(all, pair{p.mine, few[p.mine.round]})
	}
	if len(all) == 0 {
		return nil
	}
	kept := quiet(all)
	over := fmt.Sprintf(" (connections: %d), of that with %d groups", c.connections, fewGroups)
	return []figure{
		{Database: engineOf(subject), Measure: "removal p50" + over, Groups: b.plan.groups, Unit: "times", Goal: p50Growth,
			Value: median(kept, func(p pair) float64 { return ms(p.mine.p50) / ms(p.floor.p50) })},
		{Database: engineOf(subject), Measure: "removal server CPU" + over, Groups: b.plan.groups, Unit: "times",
			Value: median(kept, func(p pair) float64 { return us(p.mine.server) / us(p.floor.server) })},
	}
}
