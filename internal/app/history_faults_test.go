package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// story is a sound history that tests plant a fault in. Anna and carla come into a group and stay, berta comes and is
// removed, doris is asked to be removed and never answered for.
type story struct {
	acts  []*act
	after *aftermath
}

const (
	team    = "the team's group"
	before  = "before the removal"
	between = "while it is pending"
	behind  = "behind the removal"
)

func at(second int) time.Duration { return time.Duration(second) * time.Second }

// tellStory tells it. Each call takes one second.
func tellStory() *story {
	s := &story{}
	second := 0
	add := func(a act) *act {
		second += 2
		a.sent, a.answered = at(second), at(second+1)
		if a.code == "" {
			a.answered = noAnswer
		}
		if a.action != actJoin {
			a.nonce = "nonce " + a.request
		}
		s.acts = append(s.acts, &a)
		return &a
	}
	add(act{action: actCreate, text: "Team", code: codeOK, request: "r1", operation: "o1"})
	add(act{action: actCreate, text: "Nobody knows", request: "r2"})
	add(act{action: actMakeLink, group: team, text: "old link", code: codeOK, request: "r3", operation: "o3"})
	for _, n := range []string{anna, berta, carla, doris} {
		add(act{action: actJoin, group: team, people: []string{n}, code: codeOK})
	}
	add(act{action: actDropLink, group: team, code: codeOK, request: "r4", operation: "o4"})
	add(act{action: actMakeLink, group: team, text: "link", code: codeOK, request: "r5", operation: "o5"})
	add(act{action: actSend, group: team, text: before, code: codeOK, request: "r6", operation: "o6"})
	add(act{action: actRemove, group: team, people: []string{berta}, code: codePending, request: "r7", operation: "o7"})
	add(act{action: actSend, group: team, text: between, code: codeOK, request: "r8", operation: "o8", node: 1})
	out := add(act{action: actRemove, group: team, people: []string{berta}, code: codeOK, request: "r9", operation: "o7", node: 2})
	out.seats = map[string]string{berta: "removed"}
	again := add(act{action: actRemove, group: team, people: []string{berta}, code: codeNonceUsed, node: 1})
	again.nonce = out.nonce
	add(act{action: actSend, group: team, text: behind, code: codeOK, request: "r10", operation: "o10", node: 1})
	add(act{action: actRemove, group: team, people: []string{doris}})
	s.after = aftermathOfStory()
	return s
}

func aftermathOfStory() *aftermath {
	asked := func(second int, operation, text string, people ...string) command {
		return command{group: team, operation: operation, text: text, people: people, start: at(second), end: at(second + 1), accepted: true}
	}
	done := ending{state: "DONE"}
	made := func(n, action string, people ...string) entry {
		e := entry{operation: "o" + n, request: "r" + n, action: action, principal: "acs:ram::1:root", key: "key", source: "127.0.0.1",
			people: map[string]string{}}
		for _, n := range people {
			e.people[n] = "REMOVED"
		}
		return e
	}
	joined := made("9", actRemove, berta)
	joined.operation = "a record of its own"
	return &aftermath{
		seats:   map[string]map[string]string{team: {anna: "member", berta: "removed", carla: "member", doris: "removed"}},
		founded: map[string][]string{"Team": {team}},
		links:   map[string]string{team: "link"},
		inboxes: map[string]map[string][]string{team: {anna: {before, between, behind}, berta: {before}, carla: {before, between, behind},
			doris: {before, between, behind}}},
		commands: []command{asked(20, "send_message", before), asked(22, "remove_participants", "", berta),
			asked(24, "send_message", between), asked(30, "send_message", behind), asked(32, "remove_participants", "", doris)},
		ends: map[string]ending{"o1": done, "o3": done, "o4": done, "o5": done, "o6": done, "o8": done, "o10": done,
			"o7": {state: "DONE", people: map[string]string{berta: "REMOVED"}}},
		lists:  []listing{{0, team, []string{carla, anna}}, {1, team, []string{anna, carla}}},
		events: []happening{{team, "joined", berta, ""}, {team, "removed", berta, "o7"}, {team, "removed", doris, "o12"}},
		audit: []entry{made("1", actCreate), made("3", actMakeLink), made("4", actDropLink), made("5", actMakeLink), made("6", actSend),
			made("7", actRemove, berta), made("8", actSend), joined, made("10", actSend), made("12", actRemove, doris)},
	}
}

// find gives the nth call of an action, counted from 0.
func (s *story) find(action string, n int) *act {
	for _, a := range s.acts {
		if a.action == action {
			if n == 0 {
				return a
			}
			n--
		}
	}
	panic("no such call in the story: " + action)
}

// TestJudgeSeesFaults plants one fault in a sound history for each thing that must not be, and what may be.
func TestJudgeSeesFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		plant func(*story)
		want  []string
	}{
		{"a sound history", func(*story) {}, nil},
		{"an answer that nothing explains", func(s *story) { s.find(actList, 0).code = "InternalError" }, []string{badAnswer}},
		{"a first use refused", func(s *story) { s.find(actList, 0).code = codeNonceUsed }, []string{badAnswer}},
		{"a request accepted again elsewhere", func(s *story) { s.find(actRemove, 2).code = codePending }, []string{nonceTwice}},
		{"OK while the person was in", func(s *story) { s.find(actRemove, 1).seats[berta] = "removing" }, []string{tooEarly}},
		{"a removal that was undone", func(s *story) { s.seat(berta, "member") }, []string{lostRemoval, lostRemoval}},
		{"a removal of somebody who came in meanwhile", func(s *story) {
			s.acts = append(s.acts, &act{action: actJoin, group: team, people: []string{berta}, sent: at(23), answered: at(27), code: codeOK})
			s.seat(berta, "member")
			s.after.inboxes[team][berta] = []string{before, between, behind}
		}, nil},
		{"a removal that does not end", func(s *story) { s.after.ends["o7"] = ending{state: "PENDING"} }, []string{unfinished, unfinished}},
		{"an operation that is forgotten", func(s *story) { delete(s.after.ends, "o8") }, []string{unfinished}},
		{"a removal that ends without them", func(s *story) {
			s.after.ends["o7"] = ending{state: "FAILED", people: map[string]string{berta: "REFUSED"}}
		}, []string{lostRemoval, lostRemoval, lostRemoval, lostRemoval}},
		{"a message behind an OK", func(s *story) { s.receives(berta, behind) }, []string{fenceBreach}},
		{"a message behind an OK, not answered itself", func(s *story) {
			s.find(actSend, 2).code = ""
			s.receives(berta, behind)
		}, []string{fenceBreach}},
		{"a message behind a pending removal", func(s *story) { s.receives(berta, between) }, nil}, // order tells whether it may
		{"a message that anna never gets", func(s *story) { s.after.inboxes[team][anna] = []string{before, behind} }, []string{lostMessage}},
		{"a message from before that berta never gets", func(s *story) { s.after.inboxes[team][berta] = nil }, []string{lostMessage}},
		{"a message that doris never gets, who may be out", func(s *story) {
			s.find(actRemove, 3).sent = s.find(actSend, 2).sent
			s.after.inboxes[team][doris] = []string{before, between}
		}, nil},
		{"a message not answered that nobody gets", func(s *story) {
			s.find(actSend, 1).code = ""
			for n := range s.after.inboxes[team] {
				s.after.inboxes[team][n] = slices.DeleteFunc(s.after.inboxes[team][n], func(text string) bool { return text == between })
			}
		}, nil},
		{"a message twice", func(s *story) { s.receives(carla, before) }, []string{twiceSent}},
		{"a message that was refused", func(s *story) { s.find(actSend, 1).code = codeNonceUsed },
			[]string{badAnswer, neverSent, neverSent, neverSent}},
		{"a group that is not there", func(s *story) { delete(s.after.founded, "Team") }, []string{lostGroup}},
		{"two groups for one call", func(s *story) { s.after.founded["Team"] = []string{team, "another"} }, []string{twiceMade}},
		{"two groups for a call that was not answered", func(s *story) { s.after.founded["Nobody knows"] = []string{"one", "two"} }, []string{twiceMade}},
		{"one group for a call that was not answered", func(s *story) { s.after.founded["Nobody knows"] = []string{"one"} }, nil},
		{"a link that is gone", func(s *story) { s.after.links[team] = "" }, []string{lostLink}},
		{"a link that was dropped", func(s *story) { s.after.links[team] = "old link" }, []string{deadLink, lostLink}},
		{"a link that may have been dropped", func(s *story) {
			s.find(actDropLink, 0).sent, s.find(actDropLink, 0).code = at(50), ""
			s.find(actDropLink, 0).answered = noAnswer
			s.after.links[team] = ""
		}, nil},
		{"a message before the removal it followed", func(s *story) { s.swap(1, 2) }, []string{disorder}},
		{"a removal before the message it followed", func(s *story) { s.swap(0, 1) }, []string{disorder}},
		{"calls at the same time in either order", func(s *story) {
			s.find(actSend, 1).sent = s.find(actRemove, 0).sent
			s.swap(1, 2)
		}, nil},
		{"an old message sent again", func(s *story) { s.repeats(0, 28) }, []string{disorder}},
		{"a removal sent again, asked for once", func(s *story) {
			s.find(actRemove, 3).sent = at(29)
			s.swap(3, 4)
			s.repeats(3, 36)
		}, []string{disorder}},
		{"a removal sent again, asked for twice", func(s *story) { s.repeats(1, 28) }, nil},
		{"a message sent again at once", func(s *story) { s.repeats(2, 26) }, nil},
		{"two commands at once", func(s *story) { s.after.commands[1].end = at(25) }, []string{notAlone}},
		{"a member whom a node does not list", func(s *story) { s.after.lists[1].members = []string{anna} }, []string{listDiffers}},
		{"somebody listed who is out", func(s *story) { s.after.lists[0].members = []string{anna, berta, carla} }, []string{listDiffers}},
		{"a removal that is not told", func(s *story) { s.after.events = s.after.events[:1] }, []string{untold, untold}},
		{"a removal that is told twice", func(s *story) { s.after.events = append(s.after.events, s.after.events[1]) }, []string{toldTwice}},
		{"a removal that is told again after they came back", func(s *story) {
			s.after.events = append(s.after.events, happening{team, "joined", berta, ""}, happening{team, "removed", berta, ""})
		}, nil},
		{"a removal that is not told, and none counts it", func(s *story) {
			s.after.events = s.after.events[:2]
			s.after.audit[9].people[doris] = "NOT_A_MEMBER"
		}, nil},
		{"a removal that is told of no operation", func(s *story) { s.after.events[1].operation = "" }, []string{toldOfNobody}},
		{"a removal that is told of another's operation", func(s *story) { s.after.events[1].operation = "o12" }, []string{toldOfNobody}},
		{"a removal told of no operation, and none counts it", func(s *story) {
			s.after.events[2].operation = ""
			s.after.audit[9].people[doris] = "NOT_A_MEMBER"
		}, nil},
		{"a change without a record", func(s *story) { s.after.audit = s.after.audit[1:] }, []string{unaudited}},
		{"a change with two records", func(s *story) { s.after.audit = append(s.after.audit, s.after.audit[0]) }, []string{auditedTwice}},
		{"a record without an address", func(s *story) { s.after.audit[4].source = "" }, []string{unaudited}},
		{"a creation repeated by its token", func(s *story) {
			s.acts = append(s.acts, &act{action: actCreate, text: "Team", code: codeOK, request: "r99", operation: "o1", sent: at(60), answered: at(61)})
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := tellStory()
			s.acts = append(s.acts, &act{action: actList, group: team, code: codeOK, nonce: "a look", sent: at(40), answered: at(41)})
			test.plant(s)
			found := complaints(s.acts, s.after)
			var names []string
			for _, c := range found {
				names = append(names, c.name)
			}
			if diff := cmp.Diff(test.want, names); diff != "" {
				t.Errorf("complaints (-want +got):\n%s\n%v", diff, found)
			}
		})
	}
}

// seat puts somebody onto a seat, and into the lists or out of them.
func (s *story) seat(number, state string) {
	s.after.seats[team][number] = state
	for i := range s.after.lists {
		s.after.lists[i].members = append(s.after.lists[i].members, number)
	}
}

func (s *story) receives(number, text string) {
	s.after.inboxes[team][number] = append(s.after.inboxes[team][number], text)
}

// swap changes what two commands ask for, not when.
func (s *story) swap(i, k int) {
	a, b := &s.after.commands[i], &s.after.commands[k]
	a.operation, b.operation = b.operation, a.operation
	a.people, b.people = b.people, a.people
	a.text, b.text = b.text, a.text
}

// repeats has the network called again as the nth time.
func (s *story) repeats(n, second int) {
	c := s.after.commands[n]
	c.start, c.end = at(second), at(second+1)
	s.after.commands = append(s.after.commands, c)
	slices.SortFunc(s.after.commands, func(a, b command) int { return int(a.start - b.start) })
}
