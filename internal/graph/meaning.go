package graph

import (
	"errors"
	"time"
)

// What an error means for the group it is about. Whoever decides on it asks here and need not know the codes.

// GroupUnknown tells whether the network denies that there is such a group with this number in it. One such answer proves
// little: not every part of the network knows a new group at once.
func GroupUnknown(err error) bool { return CodeOf(err) == CodeGroupUnknown }

// NotInGroup tells whether a removal was refused because somebody it names is not in the group.
func NotInGroup(err error) bool { return CodeOf(err) == CodeNotInGroup }

// TokenExpired tells whether the call lacked a valid token. Nothing was done, and the same call passes once an operator has
// given a good one.
func TokenExpired(err error) bool {
	code := CodeOf(err)
	return code == CodeTokenInvalid || code == CodeTokenMissing
}

// OutcomeUnknown tells whether the network may have done what it was asked in spite of the error.
func OutcomeUnknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.OutcomeUnknown()
}

// WaitOf gives how long the network asks to be left alone, 0 if it does not say.
func WaitOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// FirstReason gives the first error of the first list that has one, and nil when the lists only say that not all succeeded:
// that is no reason.
func FirstReason(lists ...[]*Error) *Error {
	for _, l := range lists {
		if len(l) > 0 && l[0] != nil && l[0].Code != CodePartialSuccess {
			return l[0]
		}
	}
	return nil
}

// FormatNumber gives digits with the country code as calls send them.
func FormatNumber(digits string) string { return "+" + digits }
