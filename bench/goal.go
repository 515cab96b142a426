package main

import (
	"errors"
	"fmt"
	"io"
)

// slack is what a gate lets pass beyond its goal, for the noise that is left in processor times.
const slack = 1.3

// goal is what a figure should be. A gate holds on any machine that is not overloaded; rates and times hang on its mood, so
// they are only told of.
type goal struct {
	subject     string
	connections int
	what        string
	value       func(*row) float64
	bound       float64
	atMost      bool
	gate        bool
}

// goals are for three people in a call.
var goals = []goal{
	rateGoal("no-database", 64, 0.80), rateGoal("no-database", 256, 0.80),
	rateGoal("sqlite-accepted", 64, 0.33), rateGoal("sqlite-accepted", 256, 0.38), rateGoal("sqlite-confirmed", 64, 0.15),
	rateGoal("postgres-accepted", 64, 0.22), rateGoal("postgres-accepted", 256, 0.35), rateGoal("postgres-confirmed", 64, 0.10),
	cpuGoal("sqlite-accepted", 3), cpuGoal("postgres-accepted", 6.5),
	p99Goal("sqlite-accepted"), p99Goal("postgres-accepted"),
}

const goalPeople = 3

func rateGoal(subject string, connections int, bound float64) goal {
	return goal{subject: subject, connections: connections, what: "rate of the floor's", value: func(r *row) float64 { return r.Ratio }, bound: bound}
}

func cpuGoal(subject string, bound float64) goal {
	return goal{subject: subject, connections: crowd, what: "server CPU of the floor's", value: func(r *row) float64 { return r.CPURatio },
		bound: bound, atMost: true, gate: true}
}

func p99Goal(subject string) goal {
	return goal{subject: subject, connections: crowd, what: "p99 of the floor's", value: func(r *row) float64 { return r.P99Ratio }, bound: 2, atMost: true}
}

// missed tells by how much, "" when the goal was reached.
func (g *goal) missed(rows []row) (text string, gate bool) {
	for i := range rows {
		r := &rows[i]
		if r.Subject != g.subject || r.Connections != g.connections || r.People != goalPeople {
			continue
		}
		value := g.value(r)
		if g.atMost && value <= g.bound || !g.atMost && value >= g.bound {
			return "", false
		}
		text := fmt.Sprintf("%s over %d connections: %s is %.2f, goal %.2f", g.subject, g.connections, g.what, value, g.bound)
		return text, g.gate && value > slack*g.bound
	}
	return "", false
}

var errGoals = errors.New("goals that do not hang on the machine's mood were missed")

// judge tells of every goal that was missed. It is an error only where that was asked for, and only for gates.
func (b *bench) judge(w io.Writer, rows []row, figures []figure) error {
	failed := false
	for i := range goals {
		text, gate := goals[i].missed(rows)
		failed = tell(w, text, gate) || failed
	}
	for i := range figures {
		text, gate := figures[i].missed()
		failed = tell(w, text, gate) || failed
	}
	if failed && b.output.goals {
		return errGoals
	}
	return nil
}

func tell(w io.Writer, text string, gate bool) bool {
	switch {
	case text == "":
		return false
	case gate:
		text += " (gate)"
	}
	fmt.Fprintln(w, "missed:", text)
	return gate
}
