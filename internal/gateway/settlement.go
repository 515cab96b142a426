package gateway

import (
	"maps"
	"slices"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// settlement is what has to be recorded when the network has spoken about people of a group.
type settlement struct {
	group  *group.Group
	people []group.Participant
	item   *store.Item // the removal they are part of, nil if none of ours is
	said   []verdictOn
	at     time.Time // when the network says it happened; zero when that was read off the group
	late   bool      // it is said by a report that is not about the item
}

// settlePeople records what the network said, in the members, in the operation and in the events, and tells whether the
// command has ended with it.
func (g *Gateway) settlePeople(tx *store.Tx, fx *effects, s settlement) (ended bool, err error) {
	var op *group.Operation
	again := false
	if s.item != nil {
		found, err := tx.Operation(s.item.OperationID)
		if err != nil {
			return false, err
		}
		op, again = &found, g.flights.of(s.group.ID, s.item.ID).again || s.item.Attempts > 0
	}
	told := news{taken: map[int64][]group.Number{}}
	changed := make([]group.Participant, 0, len(s.said))
	for _, v := range s.said {
		p, old := s.record(op, v, again, &told)
		if old {
			if err := fx.doubt(tx, s.group.ID); err != nil {
				return false, err
			}
		}
		if p != nil {
			changed = append(changed, *p)
		}
	}
	if err := tx.PutParticipants(s.group.ID, changed); err != nil {
		return false, err
	}
	if len(told.left) > 0 {
		fx.verify(s.group.ID) // a surprise: they were members
	}
	if err := g.tellNews(tx, fx, &s, &told); err != nil || op == nil {
		return false, err
	}
	return g.closeShare(tx, fx, op, &s, changed)
}

// record notes what was said of one person in the operation, if it is one of ours, and in what is to be told. It gives the person when
// something changes. old says that it is an old word about somebody who has come in since.
func (s *settlement) record(op *group.Operation, v verdictOn, again bool, told *news) (p *group.Participant, old bool) {
	was := s.known(v.number)
	p, state := s.judge(v, again)
	if state == group.PersonPending {
		return nil, true
	}
	ours := op != nil && op.Settle(v.number, state, v.code, v.message)
	if ours && state == group.PersonRefused {
		told.refuse(v)
	}
	if p != nil {
		p.Told = p.Told || state == group.PersonOut && v.code != 0 // the report may come after all
		told.add(&was, state, ours, s)
	}
	return p, false
}

// operation gives the operation that the settlement is about, 0 if none of ours.
func (s *settlement) operation() int64 {
	if s.item == nil {
		return 0
	}
	return s.item.OperationID
}

// known gives what is known of a person, zero for a stranger.
func (s *settlement) known(n group.Number) group.Participant {
	if p := group.Find(s.people, n); p != nil {
		return *p
	}
	return group.Participant{Number: n}
}

// after gives the people of the group as the settlement leaves them.
func (s *settlement) after(changed []group.Participant) []group.Participant {
	people := slices.Clone(s.people)
	for _, p := range changed {
		if known := group.Find(people, p.Number); known != nil {
			*known = p
		} else {
			people = append(people, p)
		}
	}
	return people
}

// news is what a settlement has to tell of people.
type news struct {
	taken   map[int64][]group.Number // by the operation whose work it was, 0 if none of ours
	left    []group.Number
	refused []receipt.News // to the operation the settlement is about; one for each reason
}

// add notes one person who stood as was before. Whom we found gone because of a removal was told as removed then; the report
// that comes late tells nothing new, also when they are being removed once more.
func (n *news) add(was *group.Participant, state group.PersonState, ours bool, s *settlement) {
	switch {
	case state == group.PersonWasOut && was.State.Present():
		n.left = append(n.left, was.Number)
	case state != group.PersonOut, was.Told && (s.late || !was.State.Present()):
	case ours:
		n.taken[s.item.OperationID] = append(n.taken[s.item.OperationID], was.Number)
	case was.State.Pending(): // the report has come while something else is at the head of the lane
		n.taken[was.OperationID] = append(n.taken[was.OperationID], was.Number)
	default:
		n.taken[0] = append(n.taken[0], was.Number)
	}
}

// refuse notes one person whom the network did not take out.
func (n *news) refuse(v verdictOn) {
	for i := range n.refused {
		if r := &n.refused[i]; r.Code == v.code && r.Message == v.message {
			r.People = append(r.People, v.number)
			return
		}
	}
	n.refused = append(n.refused, receipt.News{People: []group.Number{v.number}, Operation: group.KindRemove.String(), Code: v.code, Message: v.message})
}

// judge gives the participant after the network's word, nil when nothing changes, and what it means for the operation. A
// person whom an earlier try may have taken out already counts as taken out, though we cannot be sure of the bar.
func (s *settlement) judge(v verdictOn, again bool) (*group.Participant, group.PersonState) {
	p := s.known(v.number)
	was := p.State
	switch {
	case v.out && v.code == 0: // the network's own word for it
		effect := p.TakeOut(s.at)
		if effect == group.Refused {
			return nil, group.PersonPending
		}
		return kept(&p, effect), group.PersonOut
	case v.out: // read off the group
		return kept(&p, p.Absent(s.at)), group.PersonOut
	case v.code == graph.CodeNotInGroup:
		state := group.PersonWasOut
		if again && was == group.Removing {
			state = group.PersonOut
		}
		return kept(&p, p.Absent(s.at)), state
	default:
		return kept(&p, p.Stay(s.operation())), group.PersonRefused
	}
}

func kept(p *group.Participant, e group.Effect) *group.Participant {
	if e.Kept() {
		return p
	}
	return nil
}

func (g *Gateway) tellNews(tx *store.Tx, fx *effects, s *settlement, n *news) error {
	gr := s.group
	for _, operation := range slices.Sorted(maps.Keys(n.taken)) {
		if err := g.tell(tx, fx, gr, happening{group.EventRemoved, operation, receipt.News{People: n.taken[operation], By: graph.ByBusiness}}); err != nil {
			return err
		}
	}
	for _, refused := range n.refused {
		if err := g.tell(tx, fx, gr, happening{group.EventRefused, s.operation(), refused}); err != nil {
			return err
		}
	}
	if len(n.left) == 0 {
		return nil
	}
	return g.tell(tx, fx, gr, happening{group.EventLeft, 0, receipt.News{People: n.left, By: graph.ByParticipant}})
}

// closeShare writes the operation, takes the command out of its lane when its people are settled, and tells so.
func (g *Gateway) closeShare(tx *store.Tx, fx *effects, op *group.Operation, s *settlement, changed []group.Participant) (bool, error) {
	it := s.item
	ended := len(shareOf(op, it)) == 0 // before anybody goes back, who is another command's work
	if err := g.writeShare(tx, fx, op, s, changed); err != nil {
		return false, err
	}
	if !ended {
		return false, nil
	}
	fx.settled(it)
	return true, tx.Finish(it)
}

// writeShare writes an operation that has not ended, and ends it if all of its people are settled.
func (g *Gateway) writeShare(tx *store.Tx, fx *effects, op *group.Operation, s *settlement, changed []group.Participant) error {
	if op.State != group.Pending {
		return nil
	}
	back, err := reopen(tx, op, s.after(changed))
	if err != nil {
		return err
	}
	if back {
		fx.followed(s.item)
	}
	if op.Close(g.now()) {
		fx.ended(*op)
	}
	return tx.UpdateOperation(op)
}

// reopen looks, before a removal of several people ends, whether everybody who was found out earlier, by another command or by
// this one, is out still: somebody may have come in by the link meanwhile. Whoever is in goes back into the lane.
func reopen(tx *store.Tx, op *group.Operation, people []group.Participant) (anybody bool, err error) {
	if len(op.People) == 1 || op.Count(group.PersonPending) > 0 {
		return false, nil
	}
	var back []group.Participant
	commands := map[int]bool{}
	for i, p := range op.People {
		known := group.Find(people, p.Number)
		if known == nil || !known.State.Present() || p.State == group.PersonRefused {
			continue
		}
		op.People[i] = group.Person{Number: p.Number}
		back = append(back, group.MarkRemoval(known, p.Number, op.ID))
		commands[i-i%group.MaxPeoplePerCommand] = true
	}
	for first := range commands {
		if err := enqueueRemoval(tx, op, first); err != nil {
			return false, err
		}
	}
	return len(back) > 0, tx.PutParticipants(op.GroupID, back)
}

// refusePeople ends a command whose people the network will not remove.
func (g *Gateway) refusePeople(tx *store.Tx, fx *effects, c *command, code int, message string) error {
	people, err := tx.Participants(c.group.ID)
	if err != nil {
		return err
	}
	var said []verdictOn
	for _, n := range c.share() {
		said = append(said, verdictOn{number: n, code: code, message: message})
	}
	gr, err := tx.Group(c.group.ID)
	if err != nil {
		return err
	}
	before := gr.Status
	if gr.AfterFailure(group.KindRemove, code == graph.CodeSuspended); gr.Status != before {
		gr.ModifiedAt = g.now()
		if err := tx.UpdateGroup(&gr); err != nil {
			return err
		}
		if err := g.tellSuspended(tx, fx, &gr, before); err != nil {
			return err
		}
	}
	if code == graph.CodeGroupUnknown {
		if err := fx.doubt(tx, gr.ID); err != nil {
			return err
		}
	}
	_, err = g.settlePeople(tx, fx, settlement{group: &gr, people: people, item: &c.job.Item, said: said, at: g.now()})
	return err
}
