package simulator

import (
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// readable refuses a group that does not exist for the API yet or any more. The caller holds g.mu.
func (g *group) readable() error {
	if g.state == groupCreating || g.state == groupDeleted {
		return errGroupUnknown
	}
	return nil
}

// changeable refuses a change to a group that cannot take one. The caller holds g.mu.
func (g *group) changeable() error {
	switch g.state {
	case groupActive:
		return nil
	case groupSuspended:
		return errSuspended
	}
	return errGroupUnknown
}

type groupAnswer struct {
	MessagingProduct string         `json:"messaging_product"`
	ID               string         `json:"id"`
	Subject          *string        `json:"subject,omitempty"`
	CreatedAt        int64          `json:"creation_timestamp,omitempty"`
	Suspended        *bool          `json:"suspended,omitempty"`
	Description      *string        `json:"description,omitempty"`
	Total            *int           `json:"total_participant_count,omitempty"`
	Participants     *[]eventPerson `json:"participants,omitempty"`
	Mode             string         `json:"join_approval_mode,omitempty"`
}

// getGroup answers the fields that are asked for, and only the id when none are.
func (s *Simulator) getGroup(c *call) (any, error) {
	g := c.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.readable(); err != nil {
		return nil, err
	}
	answer := &groupAnswer{MessagingProduct: "whatsapp", ID: g.id}
	for field := range strings.SplitSeq(c.request.URL.Query().Get("fields"), ",") {
		if err := s.fillField(answer, g, strings.TrimSpace(field)); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func (s *Simulator) fillField(answer *groupAnswer, g *group, field string) error {
	switch field {
	case "", "id", "messaging_product":
	case "subject":
		answer.Subject = new(g.subject)
	case "description":
		answer.Description = new(g.description)
	case "suspended":
		answer.Suspended = new(g.state == groupSuspended)
	case "creation_timestamp":
		answer.CreatedAt = g.created.Unix()
	case "join_approval_mode":
		answer.Mode = g.mode
	case "total_participant_count":
		answer.Total = new(len(g.present))
	case "participants":
		answer.Participants = new(s.participants(g))
	default:
		return fail(graph.CodeInvalidParameter, "Tried accessing a nonexisting field of a group.")
	}
	return nil
}

func (s *Simulator) participants(g *group) []eventPerson {
	out := make([]eventPerson, 0, len(g.present))
	for _, m := range g.present {
		_, userID := s.findPhone(m.Phone).profile()
		out = append(out, eventPerson{WaID: m.Phone, UserID: userID})
	}
	return out
}

// deletionAnswer carries both what Meta's schema shows and the request_id that the webhook repeats.
type deletionAnswer struct {
	MessagingProduct string `json:"messaging_product"`
	Success          bool   `json:"success"`
	RequestID        string `json:"request_id"`
}

// deleteGroup also takes a suspended group, so that a business can rid itself of one.
func (s *Simulator) deleteGroup(c *call) (any, error) {
	g := c.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != groupActive && g.state != groupSuspended {
		return nil, errGroupUnknown
	}
	st := &step{Kind: stepDelete, Request: s.ids.request()}
	if err := s.accept(g, st); err != nil {
		return nil, err
	}
	return deletionAnswer{MessagingProduct: "whatsapp", Success: true, RequestID: st.Request}, nil
}

// setSuspended is the platform's own act. It does nothing when the group stands so already. The caller holds g.mu.
func (s *Simulator) setSuspended(g *group, on bool) error {
	state, kind := groupActive, "group_suspend_cleared"
	if on {
		state, kind = groupSuspended, "group_suspend"
	}
	if g.state == state {
		return nil
	}
	event := standingEvent{Timestamp: seconds(s.config.Now()), Type: kind, GroupID: g.id}
	return s.announce(g, &standingSet{Group: g.id, State: state}, s.groupWebhook(g, fieldStatus, kind, event))
}
