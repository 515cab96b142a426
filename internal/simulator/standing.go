package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// standing is how a business number stands with the platform, in the platform's words.
type standing struct {
	Status           string `json:"status,omitempty"`
	Quality          string `json:"quality_rating,omitempty"`
	MessagingTier    string `json:"messaging_limit_tier,omitempty"`
	CodeVerification string `json:"code_verification_status,omitempty"`
	NameStatus       string `json:"name_status,omitempty"`
	NewNameStatus    string `json:"new_name_status,omitempty"`
	Official         *bool  `json:"is_official_business_account,omitempty"`
}

// newStanding is that of a number which lacks nothing.
func newStanding() *standing {
	yes := true
	return &standing{Status: "CONNECTED", Quality: "GREEN", MessagingTier: "TIER_10K", CodeVerification: "VERIFIED", NameStatus: "APPROVED",
		NewNameStatus: "NONE", Official: &yes}
}

// with gives the standing with what another one says put in.
func (st standing) with(other *standing) *standing {
	for _, text := range []struct {
		into *string
		from string
	}{
		{&st.Status, other.Status}, {&st.Quality, other.Quality}, {&st.MessagingTier, other.MessagingTier},
		{&st.CodeVerification, other.CodeVerification}, {&st.NameStatus, other.NameStatus}, {&st.NewNameStatus, other.NewNameStatus},
	} {
		if text.from != "" {
			*text.into = text.from
		}
	}
	if other.Official != nil {
		st.Official = other.Official
	}
	return &st
}

// standingOfNumber notes how a number stands from now on.
type standingOfNumber struct {
	Number   string   `json:"number"` // its id
	Standing standing `json:"standing"`
}

func (*standingOfNumber) kind() string { return "number_standing" }

func (c *standingOfNumber) apply(s *Simulator) {
	s.findNumber(c.Number).standing.Store(newStanding().with(&c.Standing))
}

// numbersOf gives the numbers of a business account, by id.
func (s *Simulator) numbersOf(wabaID string) []*number {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []*number
	for _, n := range s.numbers {
		if n.waba.id == wabaID {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, func(a, b *number) int { return strings.Compare(a.id, b.id) })
	return found
}

// Numbers gives the numbers of a business account as they were registered, without their tokens.
func (s *Simulator) Numbers(wabaID string) []Number {
	var found []Number
	for _, n := range s.numbersOf(wabaID) {
		found = append(found, Number{DisplayNumber: n.display, PhoneNumberID: n.id, WABAID: wabaID, Name: n.name, Subscribed: n.waba.subscribed.Load()})
	}
	return found
}

type numberView struct {
	Number        string `json:"number"`
	PhoneNumberID string `json:"phone_number_id"`
	WABAID        string `json:"waba_id"`
	standing
}

func viewNumber(n *number) numberView {
	return numberView{Number: n.digits, PhoneNumberID: n.id, WABAID: n.waba.id, standing: *n.standing.Load()}
}

type numberViews struct {
	Numbers []numberView `json:"numbers"`
}

func (s *Simulator) listBusinessNumbers(*http.Request) (int, any, error) {
	s.mu.RLock()
	views := numberViews{Numbers: make([]numberView, 0, len(s.numbers))}
	for _, n := range s.numbers {
		views.Numbers = append(views.Numbers, viewNumber(n))
	}
	s.mu.RUnlock()
	slices.SortFunc(views.Numbers, func(a, b numberView) int { return strings.Compare(a.Number, b.Number) })
	return http.StatusOK, views, nil
}

var errNumberUnknown = &refusal{http.StatusNotFound, "unknown_number", "no business has this number"}

// setStanding is the platform's own act: what the body names changes, the rest stays.
func (s *Simulator) setStanding(r *http.Request) (int, any, error) {
	digits, _ := digitsOf(r.PathValue("number"))
	var body standing
	if err := decodeControl(r, &body); err != nil {
		return 0, nil, err
	}
	s.registry.Lock()
	defer s.registry.Unlock()
	n := s.numberByDigits(digits)
	if n == nil {
		return 0, nil, errNumberUnknown
	}
	if err := s.commit(&standingOfNumber{Number: n.id, Standing: *n.standing.Load().with(&body)}, nil); err != nil {
		return 0, nil, fmt.Errorf("set standing of number: %w", err)
	}
	return http.StatusOK, viewNumber(n), nil
}

func (s *Simulator) numberByDigits(digits string) *number {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, n := range s.numbers {
		if n.digits == digits {
			return n
		}
	}
	return nil
}
