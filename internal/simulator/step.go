package simulator

import (
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
)

type stepKind string

// The kinds of asynchronous work.
const (
	stepCreate   stepKind = "create"
	stepUpdate   stepKind = "update"
	stepDelete   stepKind = "delete"
	stepRemove   stepKind = "remove"
	stepMessage  stepKind = "message"
	stepAnnounce stepKind = "announce" // the change is made already, only its webhooks wait
)

// target is one person in a removal: the string that was sent, which the webhook echoes, and the phone it means ("" when
// nobody has it).
type target struct {
	Input string `json:"input"`
	Phone string `json:"phone"`
}

// step is one piece of asynchronous work of a group: accepted at once, carried out after the configured delay. The steps
// of one group are carried out one after another, in the order in which they were accepted.
type step struct {
	Kind        stepKind  `json:"kind"`
	Request     string    `json:"request,omitempty"`
	Due         time.Time `json:"due"`
	Subject     *string   `json:"subject,omitempty"`
	Description *string   `json:"description,omitempty"`
	Picture     *picture  `json:"picture,omitempty"`
	People      []target  `json:"people,omitempty"`
	Message     *message  `json:"message,omitempty"`

	webhooks []*webhook // of an announcement; the log holds them by themselves
}

// broken tells whether a step that was read back lacks what its kind needs.
func (st *step) broken() bool {
	if st == nil {
		return true
	}
	switch st.Kind {
	case stepCreate, stepUpdate, stepDelete:
		return false
	case stepRemove:
		return len(st.People) == 0
	case stepMessage:
		return st.Message == nil
	}
	return true
}

// outcome is how a step ended.
type outcome struct {
	Code   int   `json:"code,omitempty"`   // the whole step failed with it
	Failed []int `json:"failed,omitempty"` // code per person of a removal, 0 = removed; absent when all were
}

// accept takes a step into the group's queue. The caller holds g.mu.
func (s *Simulator) accept(g *group, st *step) error {
	st.Due = s.config.Now().Add(s.config.Delay)
	if err := s.commit(&stepAccepted{Group: g.id, Step: st}, nil); err != nil {
		return err
	}
	s.kick(g)
	return nil
}

// announce makes a change at once and lets its webhooks follow after the delay. The caller holds g.mu.
func (s *Simulator) announce(g *group, c change, webhooks []*webhook) error {
	if err := s.commit(c, webhooks); err != nil {
		return err
	}
	if len(webhooks) > 0 {
		due := s.config.Now().Add(s.config.Delay)
		g.pending = append(g.pending, &step{Kind: stepAnnounce, Due: due, webhooks: webhooks})
		s.kick(g)
	}
	return nil
}

// kick sees to it that somebody works at the group's steps. The caller holds g.mu.
func (s *Simulator) kick(g *group) {
	if !g.working && len(g.pending) > 0 {
		g.working = s.spawn(g)
	}
}

// work carries out the steps of a group until there are none. Then its goroutine is free to serve the lane of webhooks, if
// that is reported as unserved; while there are steps, another one does, since no step waits for a callback.
func (s *Simulator) work(g *group) (unserved bool) {
	for {
		g.mu.Lock()
		if len(g.pending) == 0 {
			g.working = false
			g.mu.Unlock()
			return unserved
		}
		st := g.pending[0]
		g.mu.Unlock()
		if unserved {
			unserved = false
			s.pump.launch(g.id)
		}
		if !s.waitUntil(st.Due) {
			return false
		}
		webhooks, err := s.finish(g, st)
		if err != nil {
			s.config.Logger.Error("a step of the simulator stopped", "group_id", g.id, "step", st.Kind, "error", err)
			return false
		}
		// Only this goroutine pushes webhooks of the group, so they keep their order without the group's lock.
		s.pump.push(webhooks, func(string) { unserved = true })
	}
}

// waitUntil waits for a moment and reports false when the simulator is closed first.
func (s *Simulator) waitUntil(due time.Time) bool {
	wait := due.Sub(s.config.Now())
	if wait <= 0 {
		return !s.isClosed()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stop:
		return false
	}
}

// finish carries a step out: what changed and the webhooks that tell of it are one entry of the log.
func (s *Simulator) finish(g *group, st *step) ([]*webhook, error) {
	codes := s.meddle(g, st) // may block, so not under the lock
	g.mu.Lock()
	defer g.mu.Unlock()
	if st.Kind == stepAnnounce {
		g.pending = g.pending[1:]
		return st.webhooks, nil
	}
	now := s.config.Now()
	out := g.outcomeOf(st, codes)
	webhooks := s.reportStep(g, st, out, now)
	return webhooks, s.commit(&stepDone{Group: g.id, At: now, Outcome: out}, webhooks)
}

// meddle asks the interference how a step shall end: one code for each person of a removal, one for any other step.
func (s *Simulator) meddle(g *group, st *step) []int {
	switch st.Kind {
	case stepAnnounce:
		return nil
	case stepRemove:
		codes := make([]int, len(st.People))
		for i, person := range st.People {
			codes[i] = s.interfereOutcome(Step{Kind: string(st.Kind), GroupID: g.id, Phone: person.Phone})
		}
		return codes
	}
	return []int{s.interfereOutcome(Step{Kind: string(st.Kind), GroupID: g.id})}
}

// outcomeOf judges a step by the state of the group at its completion: who left in the meantime cannot be removed.
func (g *group) outcomeOf(st *step, codes []int) outcome {
	if st.Kind != stepRemove {
		return outcome{Code: codes[0]}
	}
	failed := false
	for i, person := range st.People {
		if codes[i] == 0 && !g.isPresent(person.Phone) {
			codes[i] = graph.CodeNotInGroup
		}
		failed = failed || codes[i] != 0
	}
	if !failed {
		return outcome{}
	}
	return outcome{Failed: codes}
}
