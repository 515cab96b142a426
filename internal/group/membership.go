package group

import "time"

// Effect says what a report of the network did to what we knew.
type Effect int8

// What became of a report. A Doubtful one cannot be placed in time for certain (the network stamps whole seconds, and
// its reports come late, twice and out of order), so the group has to be read again.
const (
	Ignored Effect = iota
	Applied
	Doubtful // kept as the better guess
	Refused  // not kept, but worth reading the group again
)

// Reread tells whether the group should be read again.
func (e Effect) Reread() bool { return e == Doubtful || e == Refused }

// Kept tells whether the participant changed.
func (e Effect) Kept() bool { return e == Applied || e == Doubtful }

// Join applies the report that the person came in at that time.
func (p *Participant) Join(at time.Time) Effect {
	switch p.State {
	case Removed:
		// The network bars whom the business removed, so this is either old or something we do not understand. Then nobody
		// may go on being sure that the person is out.
		if at.After(p.Since) {
			p.Since = time.Time{}
			return Refused
		}
		return Ignored
	case Member, Removing:
		return p.confirm(at)
	case Checking:
		return p.become(Removing, at)
	}
	return p.become(Member, at)
}

// Leave applies the report that the person left by their own act at that time. A pending removal is not ended by it.
func (p *Participant) Leave(at time.Time) Effect {
	switch p.State {
	case Removed:
		return Ignored
	case Left, Checking:
		return p.confirm(at)
	}
	return p.become(Left, at)
}

// confirm notes that what we knew was still, or again, so at that later time: a report from in between that comes after this
// one is then known to be old. A state of unknown age stays so, and whatever contradicts it is looked into.
func (p *Participant) confirm(at time.Time) Effect {
	if p.Since.IsZero() || !at.After(p.Since) {
		return Ignored
	}
	p.Since = at
	return Applied
}

// TakeOut applies the network's word that the business removed the person. It is final, unless the person is known to have
// come in later.
func (p *Participant) TakeOut(at time.Time) Effect {
	switch {
	case p.State == Removed:
		return Ignored
	case p.State.Present() && at.Before(p.Since):
		return Refused
	}
	p.State, p.Since, p.Told = Removed, at, false
	return Applied
}

// Absent applies the network's word, given in answer to a removal, that the person is not in the group.
func (p *Participant) Absent(at time.Time) Effect {
	if p.State == Removed || p.State == Left {
		return Ignored
	}
	p.State, p.Since, p.OperationID = Left, at, 0
	return Applied
}

// Stay applies the end of a removal that the network refused: a member remains one, and of anybody else we know again only
// what we knew before. While another removal of the person is on its way, nothing changes yet.
func (p *Participant) Stay(operation int64) Effect {
	switch {
	case p.OperationID != operation:
		return Ignored
	case p.State == Removing:
		p.State, p.OperationID = Member, 0
	case p.State == Checking:
		p.State, p.OperationID = Left, 0
	default:
		return Ignored
	}
	return Applied
}

// become places a report in time. A state of unknown age (read from the network without a time) gives way, doubtfully.
func (p *Participant) become(s ParticipantState, at time.Time) Effect {
	switch fresh := p.State == 0; {
	case fresh, at.After(p.Since) && !p.Since.IsZero():
		p.State, p.Since, p.Told = s, at, false
		return Applied
	case p.Since.IsZero(), at.Equal(p.Since):
		p.State, p.Since, p.Told = s, at, false
		return Doubtful
	default:
		return Ignored
	}
}

// Seen compares one person with a fresh reading of the group and gives the state that follows. present says whether the
// network lists the person now.
func (p *Participant) Seen(present bool) Effect {
	switch {
	case present && (p.State == Member || p.State == Removing):
		return Ignored
	case present && p.State == Checking:
		p.State, p.Told = Removing, false
	case present:
		p.State, p.Since, p.Told = Member, time.Time{}, false
	case p.State == Member:
		p.State, p.Since = Left, time.Time{}
	default:
		return Ignored // whom a pending removal concerns is that removal's business
	}
	return Applied
}
