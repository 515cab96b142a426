package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// groupView is a group as the platform itself sees it, the people who are out included.
type groupView struct {
	ID            string     `json:"id"`
	PhoneNumberID string     `json:"phone_number_id"`
	Subject       string     `json:"subject"`
	Description   string     `json:"description"`
	State         groupState `json:"state"`
	InviteLink    string     `json:"invite_link"`
	CreatedAt     time.Time  `json:"created_at"`
	People        []seatView `json:"people"`
	Pending       int        `json:"pending_steps"`
	Pinned        []string   `json:"pinned"` // ids of messages, the oldest first
}

type seatView struct {
	Number string      `json:"number"`
	State  memberState `json:"state"`
	Since  time.Time   `json:"since"`
}

// view returns false for a group that nobody can see. The caller holds g.mu.
func (g *group) view(now time.Time) (groupView, bool) {
	if g.readable() != nil {
		return groupView{}, false
	}
	view := groupView{ID: g.id, PhoneNumberID: g.number.id, Subject: g.subject, Description: g.description, State: g.state,
		CreatedAt: g.created.UTC(), People: make([]seatView, 0, len(g.members)), Pending: len(g.pending), Pinned: g.pinnedAt(now)}
	if g.link != "" {
		view.InviteLink = linkPrefix + g.link
	}
	for _, m := range g.members {
		view.People = append(view.People, seatView{Number: m.Phone, State: m.State, Since: m.Since.UTC()})
	}
	slices.SortFunc(view.People, func(a, b seatView) int { return strings.Compare(a.Number, b.Number) })
	return view, true
}

type groupViews struct {
	Groups []groupView `json:"groups"`
}

func (s *Simulator) listAllGroups(*http.Request) (int, any, error) {
	all := s.allGroups()
	slices.SortFunc(all, func(a, b *group) int { return cmp.Compare(a.order, b.order) })
	views := groupViews{Groups: make([]groupView, 0, len(all))}
	for _, g := range all {
		g.mu.Lock()
		if view, ok := g.view(s.config.Now()); ok {
			views.Groups = append(views.Groups, view)
		}
		g.mu.Unlock()
	}
	return http.StatusOK, views, nil
}

func (s *Simulator) showGroup(r *http.Request) (int, any, error) {
	return s.withGroup(r, func(*group) error { return nil })
}

func (s *Simulator) suspendGroup(r *http.Request) (int, any, error) { return s.standGroup(r, true) }
func (s *Simulator) clearGroup(r *http.Request) (int, any, error)   { return s.standGroup(r, false) }

// standGroup suspends a group or lifts its suspension; doing so twice changes nothing.
func (s *Simulator) standGroup(r *http.Request, suspended bool) (int, any, error) {
	return s.withGroup(r, func(g *group) error {
		if g.state == groupDeleting {
			return errGroupEnding
		}
		if err := s.setSuspended(g, suspended); err != nil {
			return fmt.Errorf("change standing of %s: %w", g.id, err)
		}
		return nil
	})
}

// withGroup acts on the group that the path names and answers how it stands then.
func (s *Simulator) withGroup(r *http.Request, act func(*group) error) (int, any, error) {
	g := s.findGroup(r.PathValue("id"))
	if g == nil {
		return 0, nil, errNoSuchGroup
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.readable() != nil {
		return 0, nil, errNoSuchGroup
	}
	if err := act(g); err != nil {
		return 0, nil, err
	}
	view, _ := g.view(s.config.Now())
	return http.StatusOK, view, nil
}
