// Package group says what a WhatsApp business group is: its status, its participants, its invite link, the limits the
// network sets and the changes that are legal. It is pure: it does no input or output, reads no clock, and knows neither
// the words of the callers above nor those of the network below.
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
