package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := parse([]string{"-groups", "500000"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(subjectNames, s.plan.subjects); diff != "" {
		t.Error("subjects:", diff)
	}
	want := []cell{{1, 3}, {16, 3}, {64, 3}, {256, 3}, {64, 1}, {64, 8}}
	if diff := cmp.Diff(want, s.plan.cells, cmp.AllowUnexported(cell{})); diff != "" {
		t.Error("cells:", diff)
	}
	if !s.plan.usesPostgres() {
		t.Error("PostgreSQL is not among the subjects")
	}
}

// TestParseSubjects has them in the order in which they are measured, and the floor always with them.
func TestParseSubjects(t *testing.T) {
	t.Parallel()
	s, err := parse([]string{"-subjects", "sqlite-confirmed, no-database"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"floor", "no-database", "sqlite-confirmed"}, s.plan.subjects); diff != "" || s.plan.usesPostgres() {
		t.Error(diff, s.plan.usesPostgres())
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-subjects mysql": "mysql",
		"-c 0":            "-c",
		"-c 1,x":          `"x"`,
		"-people 9":       "-people",
		"-also 1,9":       "-also",
		"-rounds 0":       "-rounds",
		"-n 10":           "-n",
		"-groups 1000":    "-groups must be at least",
	} {
		if _, err := parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestGroupsLast has no subject use up more groups than there are, of either size.
func TestGroupsLast(t *testing.T) {
	t.Parallel()
	s, err := parse([]string{"-rounds", "3", "-n", "1000", "-groups", "40000"})
	if err != nil {
		t.Fatal(err)
	}
	p := &s.plan
	w := newWorld(p.groups, p.needed(mostPeople))
	for _, name := range subjectNames {
		sub := &subject{name: name, world: w, next: map[int]int{}}
		take := func(count, people int) {
			groups, err := sub.take(count, people)
			if err != nil || len(groups) != count {
				t.Fatalf("%s: %d groups, %v", name, len(groups), err)
			}
		}
		take(warmup, p.cells[0].people)
		for range p.rounds {
			for _, c := range p.cells {
				take(p.count(name, c), c.people)
			}
		}
		if engineOf(name) == "" {
			continue
		}
		if diff := cmp.Diff(p.usedBy(name), sub.next); diff != "" {
			t.Errorf("%s: foretold (-) and used (+):\n%s", name, diff)
		}
	}
}

// TestFewGroupsLast has the comparison with few groups live within them.
func TestFewGroupsLast(t *testing.T) {
	t.Parallel()
	for _, rounds := range []string{"1", "5", "9"} {
		s, err := parse([]string{"-rounds", rounds})
		if err != nil {
			t.Fatal(err)
		}
		used := warmup
		for _, c := range s.plan.cells {
			if s.plan.grown(c) {
				used += s.plan.rounds * s.plan.fewCount(c)
			}
		}
		if used > fewGroups {
			t.Errorf("%s rounds use %d of %d groups", rounds, used, fewGroups)
		}
	}
}
