package simulator

import "net/http"

// refusal is an error of the control API.
type refusal struct {
	status  int
	code    string
	message string
}

func (r *refusal) Error() string { return r.message }

var (
	errPhoneUnknown   = &refusal{http.StatusNotFound, "unknown_phone", "no phone has this number"}
	errNoSuchGroup    = &refusal{http.StatusNotFound, "unknown_group", "no group has this id"}
	errNoSuchMessage  = &refusal{http.StatusNotFound, "unknown_message", "the phone has received no such message from a business"}
	errNoSuchBusiness = &refusal{http.StatusNotFound, "unknown_business", "no business has this number"}
	errLinkDead       = &refusal{http.StatusConflict, "link_dead", "the invite link is not valid"}
	errGroupFull      = &refusal{http.StatusConflict, "group_full", "the group has as many members as it may have"}
	errBarred         = &refusal{http.StatusConflict, "barred", "the business removed this phone from the group"}
	errGroupStopped   = &refusal{http.StatusConflict, "suspended", "the group is suspended"}
	errNotMember      = &refusal{http.StatusConflict, "not_member", "the phone is not in the group"}
	errGroupEnding    = &refusal{http.StatusConflict, "deleting", "the group is being deleted"}
)

// join lets a phone open an invite link: it comes in, asks to come in, or is refused. Refusals make no webhook. Whoever is
// in stays in.
func (s *Simulator) join(p *phone, link string) (*group, memberState, error) {
	s.mu.RLock()
	g := s.links[link]
	s.mu.RUnlock()
	if g == nil {
		return nil, "", errLinkDead
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	state := g.memberState(p.digits)
	switch {
	case g.link != link || (g.state != groupActive && g.state != groupSuspended):
		return nil, "", errLinkDead
	case g.isPresent(p.digits):
		return g, memberIn, nil
	case state == memberRemoved:
		return nil, "", errBarred
	case g.state == groupSuspended:
		return nil, "", errGroupStopped
	case state == memberRequested:
		return g, state, nil
	case len(g.present) >= maxMembers:
		return nil, "", errGroupFull
	}
	state, err := s.admit(g, p)
	return g, state, err
}

// admit takes a person in, or their request where the business decides.
func (s *Simulator) admit(g *group, p *phone) (memberState, error) {
	now := s.config.Now()
	_, userID := p.profile()
	event := participantsEvent{Timestamp: seconds(now), GroupID: g.id, Type: typeAdd, Reason: "invite_link",
		Added: []eventPerson{{WaID: p.digits, UserID: userID}}}
	state := memberIn
	if g.mode == modeApprovalNeeded {
		state = memberRequested
		event = participantsEvent{Timestamp: seconds(now), GroupID: g.id, Type: typeRequest, Reason: "invite_link",
			JoinRequestID: joinRequestID(p.digits, g.groupNumber), WaID: p.digits, UserID: userID}
	}
	change := &memberSet{Group: g.id, Phone: p.digits, State: state, At: now}
	return state, s.announce(g, change, s.groupWebhook(g, fieldParticipants, event.Type, event))
}

// leave lets a phone leave a group, or withdraw its request to come in. Leaving does not bar.
func (s *Simulator) leave(p *phone, id string) error {
	g := s.findGroup(id)
	if g == nil {
		return errNoSuchGroup
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.readable() != nil {
		return errNoSuchGroup
	}
	now := s.config.Now()
	_, userID := p.profile()
	event := participantsEvent{Timestamp: seconds(now), GroupID: g.id, Type: typeRemove, InitiatedBy: "participant",
		Removed: []eventPerson{{WaID: p.digits, UserID: userID}}}
	switch state := g.memberState(p.digits); {
	case state == memberRequested:
		event = participantsEvent{Timestamp: seconds(now), GroupID: g.id, Type: typeRevoke,
			JoinRequestID: joinRequestID(p.digits, g.groupNumber), WaID: p.digits, UserID: userID}
	case !g.isPresent(p.digits):
		return errNotMember
	}
	change := &memberSet{Group: g.id, Phone: p.digits, State: memberLeft, At: now}
	return s.announce(g, change, s.groupWebhook(g, fieldParticipants, event.Type, event))
}
