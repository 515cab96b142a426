package app_test

import (
	"fmt"
	"slices"
)

// The names of what can be wrong.
const (
	badAnswer    = "unexpected answer"
	tooEarly     = "OK before the person was out"
	lostRemoval  = "lost removal"
	unfinished   = "unfinished operation"
	fenceBreach  = "breach of the fence"
	lostMessage  = "lost message"
	twiceSent    = "message twice"
	neverSent    = "message from nowhere"
	lostGroup    = "lost group"
	twiceMade    = "group twice"
	lostLink     = "lost link"
	deadLink     = "dropped link lives"
	nonceTwice   = "nonce accepted twice"
	disorder     = "out of order"
	notAlone     = "two commands at once"
	listDiffers  = "list differs"
	untold       = "removal not told"
	toldTwice    = "removal told twice"
	toldOfNobody = "removal told of no operation"
	unaudited    = "not in the audit"
	auditedTwice = "twice in the audit"
)

// complaint is one thing that must not be.
type complaint struct{ name, detail string }

func (c complaint) String() string { return c.name + ": " + c.detail }

// judge holds a history against its aftermath.
type judge struct {
	acts  []*act
	after *aftermath
	found []complaint
}

// complaints gives everything that is wrong with a history.
func complaints(acts []*act, after *aftermath) []complaint {
	j := &judge{acts: acts, after: after}
	for _, check := range []func(){j.answers, j.nonces, j.removals, j.operations, j.messages, j.inboxes, j.groups, j.links, j.order,
		j.alone, j.lists, j.events, j.audit} {
		check()
	}
	return j.found
}

func (j *judge) complain(name, format string, args ...any) {
	j.found = append(j.found, complaint{name, fmt.Sprintf(format, args...)})
}

// of gives the calls of an action.
func (j *judge) of(action string) []*act {
	return slices.DeleteFunc(slices.Clone(j.acts), func(a *act) bool { return a.action != action })
}

// answers: nothing is wrong with any request, so there is no other answer than yes, not yet, not now, and (to the same bytes
// again) not twice.
func (j *judge) answers() {
	sent := map[string]int{}
	for _, a := range j.acts {
		sent[a.nonce]++
	}
	for _, a := range j.acts {
		waits := a.action == actRemove || a.action == actDropLink || a.action == actMakeLink
		switch {
		case a.action == actJoin, a.code == codeOK, a.code == "", a.code == codeUnavailable:
		case a.code == codePending && waits, a.code == codeNonceUsed && sent[a.nonce] > 1:
		default:
			j.complain(badAnswer, "%s for %s of client %d at node %d: %q", a.action, a.group, a.client, a.node, a.code)
		}
	}
}

// nonces: of requests with the same nonce one is accepted, wherever they go.
func (j *judge) nonces() {
	accepted := map[string][]int{}
	for _, a := range j.acts {
		if a.nonce != "" && a.promised() {
			accepted[a.nonce] = append(accepted[a.nonce], a.node)
		}
	}
	for nonce, nodes := range accepted {
		if len(nodes) > 1 {
			j.complain(nonceTwice, "%s at nodes %v", nonce, nodes)
		}
	}
}

// mayBeBack tells whether somebody may have joined after a removal was asked for: who is not in the group is not barred by it.
func (j *judge) mayBeBack(removal *act, number string) bool {
	return slices.ContainsFunc(j.acts, func(a *act) bool {
		return a.action == actJoin && a.maybe() && a.names(removal.group, number) && a.answered > removal.sent
	})
}

func present(seat string) bool { return seat == "member" || seat == "removing" }

// removals (P1, P3): who was answered to be out was out right then and still is; who was answered to be going is out at the end.
func (j *judge) removals() {
	for _, r := range j.of(actRemove) {
		if !r.promised() {
			continue
		}
		for _, n := range r.people {
			if j.mayBeBack(r, n) {
				continue
			}
			if r.code == codeOK && present(r.seats[n]) {
				j.complain(tooEarly, "%s in %s, operation %s of node %d", n, r.group, r.operation, r.node)
			}
			if present(j.after.seats[r.group][n]) {
				j.complain(lostRemoval, "%s is in %s, answered %s in operation %s of node %d", n, r.group, r.code, r.operation, r.node)
			}
		}
	}
}

// operations (P3): what was promised has come to a good end.
func (j *judge) operations() {
	for _, a := range j.acts {
		if !a.promised() || a.operation == "" {
			continue
		}
		end, known := j.after.ends[a.operation]
		switch {
		case !known || end.state == "PENDING":
			j.complain(unfinished, "%s %s for %s of node %d, answered %s: %q", a.action, a.operation, a.group, a.node, a.code, end.state)
		case end.state != "DONE" && a.action == actRemove:
			j.complain(lostRemoval, "operation %s for %s of node %d, answered %s, ended %s", a.operation, a.group, a.node, a.code, end.state)
		}
		for _, n := range a.people {
			if s, ok := end.people[n]; ok && a.action == actRemove && s != "REMOVED" && s != "NOT_A_MEMBER" {
				j.complain(lostRemoval, "operation %s for %s says of %s: %s", a.operation, a.group, n, s)
			}
		}
	}
}

// messages (P2, P3): who surely was in the group has each message once, and who was answered to be out has none that was sent
// after that.
func (j *judge) messages() {
	removals, joins := j.of(actRemove), j.of(actJoin)
	for _, m := range j.of(actSend) {
		for number, texts := range j.after.inboxes[m.group] {
			has := slices.Contains(texts, m.text)
			if has && m.maybe() && j.isOutBefore(removals, m, number) {
				j.complain(fenceBreach, "%s has %q of %s, sent through node %d", number, m.text, m.group, m.node)
			}
			if !has && m.code == codeOK && isInThroughout(removals, joins, m, number) {
				j.complain(lostMessage, "%s lacks %q of %s, accepted by node %d", number, m.text, m.group, m.node)
			}
		}
	}
}

// isOutBefore tells whether somebody was answered to be out before a message was sent.
func (j *judge) isOutBefore(removals []*act, m *act, number string) bool {
	return slices.ContainsFunc(removals, func(r *act) bool {
		return r.code == codeOK && r.names(m.group, number) && r.answered < m.sent && !j.mayBeBack(r, number)
	})
}

// isInThroughout tells whether somebody had joined before a message was sent, and nobody had asked for their removal when it
// was accepted.
func isInThroughout(removals, joins []*act, m *act, number string) bool {
	joined := slices.ContainsFunc(joins, func(a *act) bool {
		return a.code == codeOK && a.names(m.group, number) && a.answered < m.sent
	})
	return joined && !slices.ContainsFunc(removals, func(r *act) bool {
		return r.names(m.group, number) && r.sent < m.answered
	})
}

// inboxes: nobody has a text twice, or one that nobody can have sent.
func (j *judge) inboxes() {
	sent := map[string]bool{}
	for _, m := range j.of(actSend) {
		sent[m.group+m.text] = sent[m.group+m.text] || m.maybe()
	}
	for group, phones := range j.after.inboxes {
		for number, texts := range phones {
			seen := map[string]int{}
			for _, text := range texts {
				if seen[text]++; seen[text] == 2 {
					j.complain(twiceSent, "%s has %q of %s", number, text, group)
				}
				if !sent[group+text] {
					j.complain(neverSent, "%s has %q of %s", number, text, group)
				}
			}
		}
	}
}

// groups (P3): each creation that was promised made one group, and the others at most one.
func (j *judge) groups() {
	promised := map[string]bool{}
	for _, a := range j.of(actCreate) {
		promised[a.text] = promised[a.text] || a.promised()
	}
	for subject, was := range promised {
		switch made := j.after.founded[subject]; {
		case len(made) > 1:
			j.complain(twiceMade, "%q: %v", subject, made)
		case len(made) == 0 && was:
			j.complain(lostGroup, "%q", subject)
		}
	}
}

// links (P3): a link that was given lives unless somebody may have dropped it, and one that was dropped does not.
func (j *judge) links() {
	drops := j.of(actDropLink)
	for _, made := range j.of(actMakeLink) {
		if made.code != codeOK {
			continue
		}
		lives := j.after.links[made.group] == made.text
		dropped := func(surely bool) bool {
			return slices.ContainsFunc(drops, func(d *act) bool {
				return d.group == made.group && (surely && d.code == codeOK && d.sent > made.answered || !surely && d.maybe() && d.answered > made.sent)
			})
		}
		if lives && dropped(true) {
			j.complain(deadLink, "%s of %s, given by node %d", made.text, made.group, made.node)
		}
		if !lives && !dropped(false) {
			j.complain(lostLink, "%s of %s, given by node %d", made.text, made.group, made.node)
		}
	}
}

// lists (P7): every node lists whom the network has.
func (j *judge) lists() {
	for _, l := range j.after.lists {
		in := []string{}
		for n, seat := range j.after.seats[l.group] {
			if present(seat) {
				in = append(in, n)
			}
		}
		slices.Sort(in)
		if got := slices.Sorted(slices.Values(l.members)); !slices.Equal(in, got) {
			j.complain(listDiffers, "%s at node %d: %v, on the network %v", l.group, l.node, got, in)
		}
	}
}

// events (P8): of everybody whom an operation counts among those it took out it is told, with such an operation, and once, unless
// it is told in between that they came back. Somebody whose joining is reported late may have been taken for nobody; then no
// operation counts them.
func (j *judge) events() {
	told := map[string][]happening{}
	for _, e := range j.after.events {
		told[e.group+" "+e.number] = append(told[e.group+" "+e.number], e)
	}
	for group, seats := range j.after.seats {
		for number, seat := range seats {
			if seat == "removed" {
				j.eventsOf(group, number, told[group+" "+number])
			}
		}
	}
}

func (j *judge) eventsOf(group, number string, events []happening) {
	var removals []happening
	out := false
	for _, e := range events {
		if e.kind == "removed" && out {
			j.complain(toldTwice, "%s in %s: %v", number, group, events)
		}
		if e.kind == "removed" {
			removals = append(removals, e)
		}
		out = e.kind == "removed" || out && e.kind != "joined"
	}
	known := slices.ContainsFunc(removals, func(e happening) bool { return j.audited(e.operation, number) })
	switch {
	case known || !j.removedBySomeone(number):
	case len(removals) == 0:
		j.complain(untold, "%s in %s: %v", number, group, events)
	default:
		j.complain(toldOfNobody, "%s in %s: %v", number, group, events)
	}
}

// audited tells whether the audit has an operation that names somebody for removal.
func (j *judge) audited(operation, number string) bool {
	return slices.ContainsFunc(j.after.audit, func(e entry) bool {
		return e.operation == operation && e.action == actRemove && e.people[number] != ""
	})
}

// removedBySomeone tells whether an operation counts somebody among those it took out. Nobody is in two groups.
func (j *judge) removedBySomeone(number string) bool {
	return slices.ContainsFunc(j.after.audit, func(e entry) bool { return e.people[number] == "REMOVED" })
}

// audit (P8): every change that was promised is there once, with who asked for it, and from where.
func (j *judge) audit() {
	rows := map[string][]entry{}
	for _, e := range j.after.audit {
		rows[e.request] = append(rows[e.request], e)
	}
	for _, a := range j.acts {
		if !a.promised() || a.action == actJoin || a.action == actList || a.request == "" {
			continue
		}
		switch found := rows[a.request]; {
		case len(found) == 0 && !j.tokenRepeated(a):
			j.complain(unaudited, "%s for %s, request %s of node %d, answered %s", a.action, a.group, a.request, a.node, a.code)
		case len(found) > 1:
			j.complain(auditedTwice, "%s for %s, request %s of node %d", a.action, a.group, a.request, a.node)
		case len(found) == 1 && (found[0].action != a.action || found[0].principal == "" || found[0].key == "" || found[0].source == ""):
			j.complain(unaudited, "%s for %s, request %s of node %d: only %+v", a.action, a.group, a.request, a.node, found[0])
		}
	}
}

// tokenRepeated tells whether a creation was sent before with the same token: then only the first leaves a record.
func (j *judge) tokenRepeated(a *act) bool {
	return a.action == actCreate && slices.ContainsFunc(j.of(actCreate), func(b *act) bool {
		return b != a && b.text == a.text && b.maybe()
	})
}
