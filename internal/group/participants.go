package group

import "time"

// ParticipantState is where one person stands towards one group.
type ParticipantState int8

// The states of a person. Left and Removed people are kept: the network bars whom the business removed, and an old
// webhook must not bring anybody back.
const (
	Member   ParticipantState = iota + 1
	Removing                  // a member whose removal the network has not confirmed yet; still in the group
	Removed                   // taken out by the business and barred by the network
	Left                      // gone by their own act, or never there when the network was asked
	Checking                  // not known as a member, yet a removal is on its way, to be sure
)

// Present tells whether the person is in the group as far as the network has said.
func (s ParticipantState) Present() bool { return s == Member || s == Removing }

// SurelyOut tells whether the network need not be asked about a person: the business removed them, the network bars them, and
// no report has spoken against it since (such a report takes the time away).
func (p *Participant) SurelyOut() bool { return p.State == Removed && !p.Since.IsZero() }

// Pending tells whether a removal of the person is on its way.
func (s ParticipantState) Pending() bool { return s == Removing || s == Checking }

// Participant is one person of one group.
type Participant struct {
	Number      Number
	State       ParticipantState
	Since       time.Time // when the network says it came to be so, to the second
	OperationID int64     // the removal that concerns the person, 0 if none
	Told        bool      // of who is out: told as removed before the network reported it, which it may still do
}

// Removal is what has to be done so that the listed people are out.
type Removal struct {
	Out    []Number // known to be out for good: nothing to do
	Remove []Number // to be sent to the network, in the order of the list
	Joined int64    // the one pending removal that covers everybody but those, when nothing new has to be sent
}

// Remove decides what a removal of the listed people means for a group with these participants. Only those whom the business
// removed before are surely out, since the network bars them; everybody else is named to the network, so that a person whose
// joining we have not heard of is taken out too. A list that a single pending removal covers joins it, unless there is somebody on
// it who was not known as a member: that they are not in the group may be said of the time of the first request, and they may
// have come in since.
func Remove(g *Group, known []Participant, list []Number) (Removal, error) {
	if err := checkList(list); err != nil {
		return Removal{}, err
	}
	plan := sortOut(known, list)
	if len(plan.Remove) == 0 {
		return plan, nil
	}
	if err := g.CheckChangeable(); err != nil {
		return Removal{}, err
	}
	return plan, nil
}

func checkList(list []Number) error {
	switch {
	case len(list) == 0:
		return Errorf(CodeBadList, "List is empty; name at least one participant to remove.")
	case len(list) > MaxPeoplePerCall:
		return Errorf(CodeBadList, "List names %d people; at most %d can be removed in one call.", len(list), MaxPeoplePerCall)
	}
	return nil
}

func sortOut(known []Participant, list []Number) Removal {
	var plan Removal
	joined, same := int64(0), true
	for _, n := range list {
		p := Find(known, n)
		switch {
		case p != nil && p.SurelyOut():
			plan.Out = append(plan.Out, n)
			continue
		case p != nil && p.State == Removing:
			same = same && (joined == 0 || joined == p.OperationID)
			joined = p.OperationID
		default:
			same = false
		}
		plan.Remove = append(plan.Remove, n)
	}
	if same && joined != 0 {
		plan.Remove, plan.Joined = nil, joined
	}
	return plan
}

// MarkRemoval gives a person, of whom we know what is given (nil if nothing), as they stand while the operation is to remove
// them.
func MarkRemoval(known *Participant, n Number, operation int64) Participant {
	p := Participant{Number: n, State: Checking, OperationID: operation}
	if known != nil {
		p.Since, p.Told = known.Since, known.Told
		if known.State.Present() {
			p.State = Removing
		}
	}
	return p
}

// Find gives the person with this number, or nil.
func Find(people []Participant, n Number) *Participant {
	for i := range people {
		if people[i].Number == n {
			return &people[i]
		}
	}
	return nil
}

// Distinct keeps the first of each number.
func Distinct(list []Number) []Number {
	seen := make(map[Number]bool, len(list))
	out := make([]Number, 0, len(list))
	for _, n := range list {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
