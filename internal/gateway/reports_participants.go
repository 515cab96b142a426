package gateway

import (
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

func (g *Gateway) onJoin(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	return g.move(tx, fx, gr, movement{people: e.Added, at: e.Timestamp, event: group.EventJoined, by: e.Reason, step: (*group.Participant).Join})
}

func (g *Gateway) onLeave(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	return g.move(tx, fx, gr, movement{people: e.Removed, at: e.Timestamp, event: group.EventLeft, by: graph.ByParticipant, step: (*group.Participant).Leave})
}

// movement is people coming or going by their own act.
type movement struct {
	people []graph.Participant
	at     time.Time
	event  string
	by     string
	step   func(*group.Participant, time.Time) group.Effect
}

func (g *Gateway) move(tx *store.Tx, fx *effects, gr *group.Group, m movement) error {
	known, err := tx.Participants(gr.ID)
	if err != nil {
		return err
	}
	var changed []group.Participant
	var told []group.Number
	doubt := false
	for _, who := range m.people {
		n, ok := group.NetworkNumber(who.Number())
		if !ok {
			doubt = true // somebody whose number the network hides: the reading tells what it can
			continue
		}
		p := group.Participant{Number: n}
		if k := group.Find(known, n); k != nil {
			p = *k
		}
		before := p
		became := m.step(&p, m.at)
		if !p.State.Pending() {
			p.OperationID = 0
		}
		doubt = doubt || became.Reread()
		if p.State != before.State || !p.Since.Equal(before.Since) {
			changed = append(changed, p)
		}
		if became.Kept() {
			told = append(told, n)
		}
	}
	if err := tx.PutParticipants(gr.ID, changed); err != nil {
		return err
	}
	if len(told) > 0 {
		if err := g.tell(tx, fx, gr, happening{m.event, 0, receipt.News{People: told, By: m.by}}); err != nil {
			return err
		}
	}
	if doubt {
		return fx.doubt(tx, gr.ID)
	}
	return nil
}

// onRemoved takes in that the business removed people. The head of the group's lane is the removal it belongs to, if that
// names them; a report without one comes from another program of the same business.
func (g *Gateway) onRemoved(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	known, err := tx.Participants(gr.ID)
	if err != nil {
		return err
	}
	s := settlement{group: gr, people: known, at: e.Timestamp}
	it, err := g.headOf(tx, fx, gr.ID, group.KindRemove)
	if err != nil {
		return err
	}
	mine := it != nil && g.mine(fx, it, e.RequestID)
	s.item, s.late = it, !mine
	s.said = removedPeople(e, known)
	if mine {
		s.said = append(s.said, failedPeople(e, known)...)
	}
	if len(s.said) == 0 {
		return nil
	}
	ended, err := g.settlePeople(tx, fx, s)
	if ended {
		fx.reported(gr.ID, e.RequestID)
	}
	return err
}

func removedPeople(e *graph.Event, known []group.Participant) []verdictOn {
	said := make([]verdictOn, 0, len(e.Removed)+len(e.Failed))
	for _, p := range e.Removed {
		for _, n := range meant(p, known) {
			said = append(said, verdictOn{number: n, out: true})
		}
	}
	return said
}

// meant gives the numbers by which we know a person of a removal's report. It echoes what the network was sent, and the
// network may know its owner by another number, which it then names too.
func meant(p graph.Participant, known []group.Participant) []group.Number {
	var numbers []group.Number
	if n, ok := group.NetworkNumber(p.Input); ok {
		if group.Find(known, n) == nil { // what was sent is known by its own spelling
			n = group.Spelt(known, []group.Number{n})[0]
		}
		numbers = append(numbers, n)
	}
	n, ok := group.NetworkNumber(p.WaID)
	if ok && (len(numbers) == 0 || n != numbers[0] && group.Find(known, n) != nil) {
		numbers = append(numbers, n)
	}
	return numbers
}

// failedPeople gives those who were not removed, each with its own reason or, without one, with that of the whole.
func failedPeople(e *graph.Event, known []group.Participant) []verdictOn {
	var said []verdictOn
	for _, p := range e.Failed {
		why := graph.FirstReason(p.Errors, e.Errors)
		for _, n := range meant(p, known) {
			if why != nil && !joinedSince(known, n, e.Timestamp, why.Code) {
				said = append(said, verdictOn{number: n, code: why.Code, message: why.Reason()})
			}
		}
	}
	return said
}

// joinedSince tells whether somebody may have come in after the network found that they were not there. Both times are whole
// seconds, so within one second nobody can tell.
func joinedSince(known []group.Participant, n group.Number, at time.Time, code int) bool {
	p := group.Find(known, n)
	return code == graph.CodeNotInGroup && p != nil && p.State.Present() && !p.Since.Before(at)
}
