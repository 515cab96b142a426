package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const maxName = 200 // characters of a phone's name or user id

type phoneView struct {
	Number   string      `json:"number"`
	Name     string      `json:"name"`
	UserID   string      `json:"user_id,omitempty"`
	Groups   []phoneSeat `json:"groups"`
	Received int64       `json:"messages_received"`
	Sent     int64       `json:"messages_sent"`
}

// phoneSeat is the standing of a phone in one group: member, removing, left, removed or requested.
type phoneSeat struct {
	GroupID string      `json:"group_id"`
	Subject string      `json:"subject"`
	State   memberState `json:"state"`
	Since   time.Time   `json:"since"`
}

func viewPhone(p *phone) phoneView {
	p.mu.Lock()
	view := phoneView{Number: p.digits, Name: p.name, UserID: p.userID, Groups: []phoneSeat{}, Received: p.received, Sent: p.sent}
	groups := make([]*group, 0, len(p.groups))
	for g := range p.groups {
		groups = append(groups, g)
	}
	p.mu.Unlock()
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.order, b.order) })
	for _, g := range groups {
		g.mu.Lock()
		if m := g.members[p.digits]; m != nil && g.readable() == nil {
			view.Groups = append(view.Groups, phoneSeat{GroupID: g.id, Subject: g.subject, State: m.State, Since: m.Since.UTC()})
		}
		g.mu.Unlock()
	}
	return view
}

type phoneBody struct {
	Number string `json:"number"`
	Name   string `json:"name"`
	UserID string `json:"user_id"` // optional business-scoped user id
}

// addPhone answers 201 for a new phone, and 200 for one that exists, whose name and user id it updates.
func (s *Simulator) addPhone(r *http.Request) (int, any, error) {
	var body phoneBody
	if err := decodeControl(r, &body); err != nil {
		return 0, nil, err
	}
	digits, ok := digitsOf(body.Number)
	if !ok || utf8.RuneCountInString(body.Name) > maxName || utf8.RuneCountInString(body.UserID) > maxName {
		return 0, nil, invalid("invalid_number", "number must be 5 to 15 digits with the country code, name and user_id short")
	}
	s.registry.Lock()
	defer s.registry.Unlock()
	if err := s.checkPhoneFree(digits, body.UserID); err != nil {
		return 0, nil, err
	}
	status := http.StatusCreated
	if p := s.findPhone(digits); p != nil {
		status = http.StatusOK
		if name, userID := p.profile(); name == body.Name && userID == body.UserID {
			return status, viewPhone(p), nil
		}
	}
	if err := s.commit(&phoneSet{Digits: digits, Name: body.Name, UserID: body.UserID}, nil); err != nil {
		return 0, nil, fmt.Errorf("add phone: %w", err)
	}
	return status, viewPhone(s.findPhone(digits)), nil
}

func (s *Simulator) checkPhoneFree(digits, userID string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, n := range s.numbers {
		if n.digits == digits {
			return &refusal{http.StatusConflict, "number_in_use", "a business has this number"}
		}
	}
	if owner := s.userIDs[userID]; owner != "" && owner != digits {
		return &refusal{http.StatusConflict, "user_id_in_use", "another phone has this user id"}
	}
	return nil
}

type phoneList struct {
	Phones []phoneView `json:"phones"`
}

func (s *Simulator) listPhones(*http.Request) (int, any, error) {
	s.mu.RLock()
	phones := make([]*phone, 0, len(s.phones))
	for _, p := range s.phones {
		phones = append(phones, p)
	}
	s.mu.RUnlock()
	slices.SortFunc(phones, func(a, b *phone) int { return strings.Compare(a.digits, b.digits) })
	list := phoneList{Phones: make([]phoneView, 0, len(phones))}
	for _, p := range phones {
		list.Phones = append(list.Phones, viewPhone(p))
	}
	return http.StatusOK, list, nil
}

// pathPhone finds the phone that the path names.
func (s *Simulator) pathPhone(r *http.Request) (*phone, error) {
	digits, _ := digitsOf(r.PathValue("number"))
	if p := s.findPhone(digits); p != nil {
		return p, nil
	}
	return nil, errPhoneUnknown
}

func (s *Simulator) getPhone(r *http.Request) (int, any, error) {
	p, err := s.pathPhone(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, viewPhone(p), nil
}

type joinBody struct {
	InviteLink string `json:"invite_link"`
}

// seatAnswer says where a phone stands after it joined, asked to join, or left.
type seatAnswer struct {
	GroupID string      `json:"group_id"`
	State   memberState `json:"state"`
}

func (s *Simulator) joinGroup(r *http.Request) (int, any, error) {
	p, err := s.pathPhone(r)
	if err != nil {
		return 0, nil, err
	}
	var body joinBody
	if err := decodeControl(r, &body); err != nil {
		return 0, nil, err
	}
	link, ok := strings.CutPrefix(body.InviteLink, linkPrefix)
	if !ok {
		return 0, nil, errLinkDead
	}
	g, state, err := s.join(p, link)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, seatAnswer{GroupID: g.id, State: state}, nil
}

type leaveBody struct {
	GroupID string `json:"group_id"`
}

func (s *Simulator) leaveGroup(r *http.Request) (int, any, error) {
	p, err := s.pathPhone(r)
	if err != nil {
		return 0, nil, err
	}
	var body leaveBody
	if err := decodeControl(r, &body); err != nil {
		return 0, nil, err
	}
	if err := s.leave(p, body.GroupID); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, seatAnswer{GroupID: body.GroupID, State: memberLeft}, nil
}
