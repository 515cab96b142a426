package simulator

import (
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

type removalBody struct {
	product
	Participants []participantItem `json:"participants"`
}

// participantItem names a person by phone number or by business-scoped user id, never by both.
type participantItem struct {
	User   string `json:"user"`
	UserID string `json:"user_id"`
}

// removeParticipants accepts a removal. When nobody on the list is in the group it is refused at once; a mixed list is
// accepted, and the webhook tells who failed.
func (s *Simulator) removeParticipants(c *call) (any, error) {
	var body removalBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	people, err := s.targets(body.Participants)
	if err != nil {
		return nil, err
	}
	g := c.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.changeable(); err != nil {
		return nil, err
	}
	if !g.anyPresent(people) {
		return nil, fail(graph.CodeNotInGroup, "The participant is not in the group.")
	}
	st := &step{Kind: stepRemove, Request: s.ids.request(), People: people}
	if err := s.accept(g, st); err != nil {
		return nil, err
	}
	return accepted{MessagingProduct: "whatsapp", RequestID: st.Request}, nil
}

// addParticipants refuses: the business cannot add people, whatever the schema of this endpoint suggests.
func (s *Simulator) addParticipants(*call) (any, error) {
	return nil, fail(graph.CodeNotEligible, "Participants cannot be added; they join by the invite link.")
}

func (g *group) anyPresent(people []target) bool {
	for _, person := range people {
		if g.isPresent(person.Phone) {
			return true
		}
	}
	return false
}

// targets checks the list and finds the phone behind each item.
func (s *Simulator) targets(items []participantItem) ([]target, error) {
	if len(items) == 0 {
		return nil, fail(graph.CodeParameterMissing, "The parameter participants is required.")
	}
	if len(items) > maxRemovals {
		return nil, fail(graph.CodeParameterValue, "At most 8 participants can be removed at once.")
	}
	people, seen := make([]target, len(items)), make(map[string]bool, len(items))
	for i, item := range items {
		person, key, err := s.target(item)
		if err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, fail(graph.CodeDuplicateParticipants, "The same participant is listed twice.")
		}
		people[i], seen[key] = person, true
	}
	return people, nil
}

// target also gives the key by which the same person is recognised, however they are named.
func (s *Simulator) target(item participantItem) (person target, key string, err error) {
	switch {
	case (item.User == "") == (item.UserID == ""):
		return target{}, "", fail(graph.CodeParameterValue, "Each participant needs either user or user_id.")
	case item.User != "":
		digits, ok := digitsOf(item.User)
		if !ok {
			return target{}, "", fail(graph.CodeParameterValue, "user must be a phone number.")
		}
		return target{Input: item.User, Phone: digits}, digits, nil
	}
	if digits := s.findUserID(item.UserID); digits != "" {
		return target{Input: item.UserID, Phone: digits}, digits, nil
	}
	return target{Input: item.UserID}, strings.ToLower(item.UserID), nil
}
