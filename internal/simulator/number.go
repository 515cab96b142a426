package simulator

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Number is a business phone number as it is registered with the simulator.
type Number struct {
	DisplayNumber string // as people write it; its digits are what other phones see
	PhoneNumberID string // decimal, chosen by the registrar
	WABAID        string // decimal; the WhatsApp Business Account that the number belongs to
	Token         string // bearer token for the Graph API; may serve several numbers
	Name          string // verified name; optional
	Subscribed    bool   // webhooks flow from the start, as if subscribed_apps had been called
}

// waba is a WhatsApp Business Account. Nothing is sent for one that no app has subscribed to.
type waba struct {
	id         string
	subscribed atomic.Bool
	warned     atomic.Bool // of the first webhook that nobody gets
}

// tokenHash stands for a bearer token, so that the token itself is never kept.
type tokenHash [sha256.Size]byte

type number struct {
	id, digits, display, name string
	waba                      *waba
	token                     atomic.Pointer[tokenHash]
	standing                  atomic.Pointer[standing]

	mu     sync.Mutex
	total  int      // groups, those being created included
	groups []*group // visible ones, by order

	windows map[string]time.Time // when persons last wrote outside of groups, by digits
}

// RegisterNumber makes a business number known. Registering the same number again, also after a restart, changes
// nothing but its token, and subscribes when Subscribed is set. A phone number id that belongs to another number is an error.
func (s *Simulator) RegisterNumber(n Number) error {
	digits, ok := digitsOf(n.DisplayNumber)
	if !ok || n.Token == "" || !isDecimal(n.PhoneNumberID) || !isDecimal(n.WABAID) || n.PhoneNumberID == n.WABAID {
		return errors.New("register number: display number, decimal ids that differ, and a token are needed")
	}
	s.registry.Lock()
	defer s.registry.Unlock()
	if err := s.checkFree(n.PhoneNumberID, digits); err != nil {
		return fmt.Errorf("register number %s: %w", n.PhoneNumberID, err)
	}
	change := &numberRegistered{ID: n.PhoneNumberID, Digits: digits, Display: n.DisplayNumber, WABA: n.WABAID,
		Name: n.Name, Token: sha256.Sum256([]byte(n.Token)), Subscribed: n.Subscribed}
	if err := s.commit(change, nil); err != nil {
		return fmt.Errorf("register number %s: %w", n.PhoneNumberID, err)
	}
	return nil
}

// checkFree refuses an id or digits that something else has taken.
func (s *Simulator) checkFree(id, digits string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, other := range s.numbers {
		if (other.id == id) != (other.digits == digits) {
			return fmt.Errorf("phone number id %s is registered with another number", other.id)
		}
	}
	if s.phones[digits] != nil {
		return errors.New("a phone has this number")
	}
	return nil
}

// addGroup makes a group visible in the number's list. The caller holds no number's lock.
func (n *number) addGroup(g *group) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, _ := slices.BinarySearchFunc(n.groups, g.order, byOrder)
	n.groups = slices.Insert(n.groups, at, g)
}

func (n *number) dropGroup(g *group) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.total--
	if at, ok := slices.BinarySearchFunc(n.groups, g.order, byOrder); ok {
		n.groups = slices.Delete(n.groups, at, at+1)
	}
}

// visible returns a copy of the number's groups in the order of their creation.
func (n *number) visible() []*group {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.groups)
}

func byOrder(g *group, order int64) int { return cmp.Compare(g.order, order) }

func (s *Simulator) findNumber(id string) *number {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.numbers[id]
}
