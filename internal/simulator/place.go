package simulator

import (
	"fmt"
	"time"
)

// Placed is a group that has been there since before anybody looked.
type Placed struct {
	ID            string // as the Graph API is to hand it out
	PhoneNumberID string // of the registered number that made it
	Subject       string
	Created       time.Time
	People        []string // digits of the phones in it, made when they are not known
}

// Place puts a group with its people into the network without telling anybody: a network that is to have thousands of groups
// need not live through the making of each.
func (s *Simulator) Place(p Placed) error {
	s.registry.Lock()
	defer s.registry.Unlock()
	n := s.findNumber(p.PhoneNumberID)
	if n == nil || p.ID == "" || s.findGroup(p.ID) != nil || len(p.People) > maxMembers {
		return fmt.Errorf("place group %q: a registered number, an id that is free and at most %d people are needed", p.ID, maxMembers)
	}
	members, err := s.placePeople(p)
	if err != nil {
		return fmt.Errorf("place people of group %s: %w", p.ID, err)
	}
	fresh := &groupSet{ID: p.ID, GroupNumber: s.ids.groupNumber(), Number: n.id, Created: p.Created, State: groupCreating, Subject: p.Subject,
		Mode: modeAutoApprove, Link: s.ids.link(), Members: members, Pending: []*step{{Kind: stepCreate, Due: p.Created}}}
	if err := s.placeGroup(n, fresh); err != nil {
		return fmt.Errorf("place group %s: %w", p.ID, err)
	}
	return nil
}

// placePeople makes the phones that are missing, and seats all of them. The caller holds registry.
func (s *Simulator) placePeople(p Placed) ([]*membership, error) {
	members := make([]*membership, 0, len(p.People))
	for _, digits := range p.People {
		members = append(members, &membership{Phone: digits, State: memberIn, Since: p.Created})
		if s.findPhone(digits) != nil {
			continue
		}
		if err := s.checkPhoneFree(digits, ""); err != nil {
			return nil, err
		}
		if err := s.commit(&phoneSet{Digits: digits}, nil); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// placeGroup makes the group in the two changes that every group is made in.
func (s *Simulator) placeGroup(n *number, fresh *groupSet) error {
	n.mu.Lock()
	if n.total >= maxGroupsOfNumber {
		n.mu.Unlock()
		return fmt.Errorf("the number has %d groups, and that is as many as it may have", n.total)
	}
	fresh.Order = s.groupOrder.Add(1)
	err := s.commit(fresh, nil)
	n.mu.Unlock()
	if err != nil {
		return err
	}
	g := s.findGroup(fresh.ID)
	g.mu.Lock()
	defer g.mu.Unlock()
	return s.commit(&stepDone{Group: fresh.ID, At: fresh.Created}, nil)
}
