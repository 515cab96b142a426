// Package group says what a WhatsApp business group is: its status, its participants, its invite link, the limits the
// network sets and the changes that are legal. It is pure: it does no input or output, reads no clock, and does not know the
// words of the network below. Of the callers above it knows only what its refusals need, which name parameters as callers
// know them.
package group

import "time"

// Status is where a group stands in its life. The names are those that callers see in GroupStatus.
type Status int8

// The states of a group. Inactive means that its creation failed; Deleted groups leave every list and stay in the audit.
const (
	Creating Status = iota + 1
	Active
	Updating
	Suspended
	Deleting
	Inactive
	Deleted
)

var statusNames = [...]string{Creating: "CREATING", Active: "ACTIVE", Updating: "UPDATING", Suspended: "SUSPENDED",
	Deleting: "DELETING", Inactive: "INACTIVE", Deleted: "DELETED"}

// String gives the official spelling, "" for a value that is none.
func (s Status) String() string {
	if s < Creating || s > Deleted {
		return ""
	}
	return statusNames[s]
}

// ParseStatus reads one of the six spellings that a list can be filtered by; false for anything else.
func ParseStatus(text string) (Status, bool) {
	for s := Creating; s <= Inactive; s++ {
		if statusNames[s] == text {
			return s, true
		}
	}
	return 0, false
}

// Group is one group as Rollcall knows it.
type Group struct {
	ID          int64 // ours, never shown
	AccountID   int64
	SpaceID     int64
	Number      Number // the business number that owns it
	NetworkID   string // the network's id, empty until it is known
	Status      Status
	Subject     string
	Description string
	Picture     string // the address the picture was fetched from
	InviteLink  string // the live link, "" when there is none
	CreatedAt   time.Time
	ModifiedAt  time.Time
}

// CheckReadable refuses a group that a caller can no longer see.
func (g *Group) CheckReadable() error {
	if g.Status == Deleted {
		return ErrNotFound
	}
	return nil
}

// CheckChangeable refuses a change to a group that cannot take one now.
func (g *Group) CheckChangeable() error {
	switch g.Status {
	case Active, Updating:
		return nil
	case Suspended:
		return ErrSuspended
	case Deleted:
		return ErrNotFound
	default:
		return Errorf(CodeNotActive, "The group is %s; wait until ListChatGroup shows it as ACTIVE.", g.Status)
	}
}

// CheckDeletable refuses to delete a group that is not there or is on its way out already.
func (g *Group) CheckDeletable() error {
	switch g.Status {
	case Active, Updating, Suspended:
		return nil
	case Deleted:
		return ErrNotFound
	default:
		return Errorf(CodeNotActive, "The group is %s and cannot be deleted now.", g.Status)
	}
}

// Found takes over the network's id of a group, and the link it was made with: it is there now.
func (g *Group) Found(networkID, link string) {
	g.NetworkID, g.InviteLink, g.Status = networkID, link, Active
}

// BeginUpdate notes that a change of settings is on its way, or refuses it.
func (g *Group) BeginUpdate(at time.Time) error {
	if err := g.CheckChangeable(); err != nil {
		return err
	}
	g.Status, g.ModifiedAt = Updating, at
	return nil
}

// BeginDelete notes that the group is on its way out, or refuses that.
func (g *Group) BeginDelete(at time.Time) error {
	if err := g.CheckDeletable(); err != nil {
		return err
	}
	g.Status, g.ModifiedAt = Deleting, at
	return nil
}

// End notes that the network has the group no more.
func (g *Group) End() { g.Status, g.InviteLink = Deleted, "" }

// AfterFailure puts a group back to where a change that failed had found it. suspended says that the change failed because
// the platform has suspended the group.
func (g *Group) AfterFailure(kind Kind, suspended bool) {
	switch {
	case kind == KindCreate:
		g.Status = Inactive
	case g.Status == Deleted: // meanwhile
	case suspended:
		g.Status = Suspended
	case kind == KindUpdate:
		g.Status = g.Status.AfterUpdate()
	case kind == KindDelete && g.Status == Deleting:
		g.Status = Active
	}
}

// AfterSuspend and AfterClear give the status that follows the platform's own acts; both are idempotent.
func (s Status) AfterSuspend() Status {
	if s == Active || s == Updating {
		return Suspended
	}
	return s
}

// AfterClear gives the status once a suspension has been lifted.
func (s Status) AfterClear() Status {
	if s == Suspended {
		return Active
	}
	return s
}

// AfterUpdate gives the status once a change of settings has ended, well or badly.
func (s Status) AfterUpdate() Status {
	if s == Updating {
		return Active
	}
	return s
}
