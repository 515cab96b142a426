package app_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// unit is what the network is asked for once: a message, or the removal of a person. Removals of the same person join.
type unit struct {
	name      string
	firstSent time.Duration
	firstYes  time.Duration // when somebody was first told that it is accepted
	asked     int           // by how many calls
	calls     []int         // places among the group's commands
}

// units gives what was asked for a group, with the places at which the network was asked.
func (j *judge) units(group string, commands []command) []*unit {
	units := map[string]*unit{}
	note := func(name string, a *act) {
		u := units[name]
		if u == nil {
			u = &unit{name: name, firstSent: a.sent, firstYes: noAnswer}
			units[name] = u
		}
		u.asked++
		u.firstSent = min(u.firstSent, a.sent)
		if a.promised() {
			u.firstYes = min(u.firstYes, a.answered)
		}
	}
	for _, a := range j.acts {
		switch {
		case a.group != group || !a.maybe():
		case a.action == actSend:
			note("message "+a.text, a)
		case a.action == actRemove:
			for _, n := range a.people {
				note("removal of "+n, a)
			}
		}
	}
	for i, c := range commands {
		for _, name := range c.units() {
			if u := units[name]; u != nil && c.accepted {
				u.calls = append(u.calls, i)
			}
		}
	}
	for name, u := range units {
		if len(u.calls) == 0 || j.stranger(group, u) {
			delete(units, name)
		}
	}
	return slices.SortedFunc(maps.Values(units), func(a, b *unit) int { return cmp.Compare(a.name, b.name) })
}

// stranger tells whether a unit removes somebody who was not surely in the group when that was first asked: the removal may
// have been done without the network, and again when they were in.
func (j *judge) stranger(group string, u *unit) bool {
	return strings.HasPrefix(u.name, "removal") && !slices.ContainsFunc(j.acts, func(a *act) bool {
		return a.action == actJoin && a.code == codeOK && len(a.people) == 1 && "removal of "+a.people[0] == u.name &&
			a.group == group && a.answered < u.firstSent
	})
}

// units gives the names of what a command asks for.
func (c *command) units() []string {
	if c.operation == "send_message" {
		return []string{"message " + c.text}
	}
	var names []string
	if c.operation == "remove_participants" {
		for _, n := range c.people {
			names = append(names, "removal of "+n)
		}
	}
	return names
}

// byGroup parts the commands by group, in order.
func (j *judge) byGroup() map[string][]command {
	groups := map[string][]command{}
	for _, c := range j.after.commands {
		if c.operation == "send_message" || c.operation == "remove_participants" {
			groups[c.group] = append(groups[c.group], c)
		}
	}
	return groups
}

// order (P4): what was accepted before something else was asked for reached the network before it, and what had to be sent
// again was sent again before anything else.
func (j *judge) order() {
	for group, commands := range j.byGroup() {
		units := j.units(group, commands)
		for _, u := range units {
			for _, v := range units {
				if u.firstYes < v.firstSent && u.calls[0] > v.calls[0] {
					j.complain(disorder, "%s: %s was accepted before %s was asked for, and reached the network after it", group, u.name, v.name)
				}
			}
			j.orderOfRepeats(u, commands)
		}
	}
}

// orderOfRepeats: where a removal was asked for twice, the second may have had to be sent again, if nobody was sure of the first.
func (j *judge) orderOfRepeats(u *unit, commands []command) {
	if u.asked > 1 {
		return
	}
	for _, between := range commands[u.calls[0]:u.calls[len(u.calls)-1]] {
		if between.accepted && !slices.Contains(between.units(), u.name) {
			j.complain(disorder, "%s: %s was sent again after %v", between.group, u.name, between.units())
			return
		}
	}
}

// alone (P4): no command of a group begins before the one before it has ended.
func (j *judge) alone() {
	for group, commands := range j.byGroup() {
		slices.SortFunc(commands, func(a, b command) int { return cmp.Compare(a.start, b.start) })
		for i := 1; i < len(commands); i++ {
			if a, b := commands[i-1], commands[i]; b.start < a.end {
				j.complain(notAlone, "%s: %v of node %d and %v of node %d", group, a.units(), a.node, b.units(), b.node)
			}
		}
	}
}
