package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

type settings struct {
	binary string
	dir    string        // where data are kept while it runs
	limit  time.Duration // for all of it
	plan   plan
	output output
}

// output says where the figures go besides the terminal.
type output struct {
	json, growth string
	goals        bool // exit 1 when a goal is missed
}

// plan says what is measured.
type plan struct {
	subjects []string
	cells    []cell
	rounds   int
	requests int // of an accepted removal in one cell at 16 connections and more
	groups   int // in the database
	growth   bool
}

// cell is what one measurement is made of, beside its subject and round.
type cell struct{ connections, people int }

// crowd is how many connections calls of another number of people are measured with: all of them with each would take hours.
const crowd = 64

func parse(args []string) (settings, error) {
	s := settings{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	subjects := flags.String("subjects", strings.Join(subjectNames, ","), "what is measured; floor always is")
	connections := flags.String("c", "1,16,64,256", "connections, with commas between")
	people := flags.Int("people", 3, "people in a removal, 1 to 8")
	also := flags.String("also", "1,8", "other numbers of people, at 64 connections alone")
	flags.StringVar(&s.binary, "binary", "bin/rollcall", "the program to measure")
	flags.StringVar(&s.dir, "dir", "", "a folder on the disk to measure; default the system's temporary one")
	flags.DurationVar(&s.limit, "limit", time.Hour, "time for all of it; no round begins that would not end in it")
	flags.IntVar(&s.plan.rounds, "rounds", 5, "rounds; each takes every subject in turn")
	flags.IntVar(&s.plan.requests, "n", 6000, "accepted removals in a cell; fewer at one connection and for slower subjects")
	flags.IntVar(&s.plan.groups, "groups", 1_000_000, "groups in the database")
	flags.BoolVar(&s.plan.growth, "growth", true, "measure also what grows with the number of groups")
	flags.StringVar(&s.output.json, "json", "", "file for the rows, as JSON")
	flags.StringVar(&s.output.growth, "growth-json", "", "file for the rows about growth, as JSON")
	flags.BoolVar(&s.output.goals, "goals", false, "exit 1 when a goal is missed that does not hang on the machine's mood")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(0)
		}
		flags.SetOutput(io.Discard)
		return s, err
	}
	if err := s.plan.choose(*subjects); err != nil {
		return s, err
	}
	return s, s.plan.lay(*connections, strconv.Itoa(*people), *also)
}

// choose takes the named subjects in the order in which they are measured.
func (p *plan) choose(names string) error {
	wanted := append(strings.Split(names, ","), "floor")
	for i, name := range wanted {
		wanted[i] = strings.TrimSpace(name)
		if !slices.Contains(subjectNames, wanted[i]) {
			return fmt.Errorf("-subjects: there is no %q; there are %s", wanted[i], strings.Join(subjectNames, ", "))
		}
	}
	for _, name := range subjectNames {
		if slices.Contains(wanted, name) {
			p.subjects = append(p.subjects, name)
		}
	}
	return nil
}

// lay makes the cells.
func (p *plan) lay(connections, people, also string) error {
	all, err := numbers("-c", connections, 1024)
	if err != nil {
		return err
	}
	usual, err := numbers("-people", people, mostPeople)
	if err != nil {
		return err
	}
	for _, c := range all {
		p.cells = append(p.cells, cell{c, usual[0]})
	}
	if also != "" {
		others, err := numbers("-also", also, mostPeople)
		if err != nil {
			return err
		}
		for _, n := range others {
			p.cells = append(p.cells, cell{crowd, n})
		}
	}
	switch {
	case p.rounds < 1 || p.requests < 400:
		return errors.New("-rounds must be at least 1, -n at least 400")
	case p.groups < p.needed(fewPeople)+p.needed(mostPeople):
		return fmt.Errorf("-groups must be at least %d: every removal takes a group of its own", p.needed(fewPeople)+p.needed(mostPeople))
	}
	return nil
}

func numbers(flag, text string, most int) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > most {
			return nil, fmt.Errorf("%s: %q is not a number from 1 to %d", flag, part, most)
		}
		out = append(out, n)
	}
	return out, nil
}

func (p *plan) usesPostgres() bool {
	return slices.ContainsFunc(p.subjects, func(name string) bool { return engineOf(name) == postgres })
}

// count gives how many requests a subject is sent in a cell. What is fast gets more of them, or its processor time could not
// be read: the system counts it in hundredths of a second.
func (p *plan) count(subject string, c cell) int {
	n, fast := p.requests, 2
	if c.connections < 16 {
		n, fast = n/8, 4
	}
	switch {
	case engineOf(subject) == "":
		return fast * n
	case isConfirmed(subject):
		return n / 2
	}
	return n
}

// warmup is how many removals a server does before the first round, so that nothing is measured that is done once.
const warmup = 200

// usedBy gives how many groups of which size a subject uses up.
func (p *plan) usedBy(subject string) map[int]int {
	used := map[int]int{sizeFor(p.cells[0].people): warmup}
	for _, c := range p.cells {
		used[sizeFor(c.people)] += p.rounds * p.count(subject, c)
	}
	return used
}

// needed gives how many groups of a size have to be there: accepted subjects use most.
func (p *plan) needed(size int) int { return p.usedBy(acceptedOn(sqlite))[size] }
