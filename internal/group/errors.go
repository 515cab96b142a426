package group

import "fmt"

// Code names one kind of refusal. The gateway's error table turns it into what callers see.
type Code string

// The kinds of refusal. Each has exactly one row in the error table of package rpc.
const (
	CodeNotFound         Code = "group not found"
	CodeSuspended        Code = "group suspended"
	CodeNotActive        Code = "group not active"
	CodeNotOwner         Code = "not the owner"
	CodeNotAllowlisted   Code = "not allowlisted"
	CodeBadNumber        Code = "bad number"
	CodeBadList          Code = "bad list"
	CodeBadSubject       Code = "bad subject"
	CodeBadDescription   Code = "bad description"
	CodeBadPicture       Code = "bad picture"
	CodeNothingToChange  Code = "nothing to change"
	CodeBadMessage       Code = "bad message"
	CodeBadKind          Code = "message kind not supported"
	CodeMessageUnknown   Code = "message not found"
	CodeWindowClosed     Code = "service window closed"
	CodeTemplateUnknown  Code = "template not found"
	CodeTemplateParams   Code = "template parameters invalid"
	CodeBadLanguage      Code = "template language not supported"
	CodeTokenReused      Code = "client token reused"
	CodeOperationUnknown Code = "operation not found"
	CodeUpstream         Code = "refused by the network"
	CodeConflict         Code = "already exists"
	CodeUnavailable      Code = "unavailable"
	CodeBadChannel       Code = "bad channel"
	CodeChannelInUse     Code = "channel in use"
	CodeTooManyChannels  Code = "too many channels"
	CodeBadCallback      Code = "bad callback"
	CodeBadCursor        Code = "bad cursor"
)

// Error is a refusal that a caller can act upon: a kind and a sentence that says what to do.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error of the given kind.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Refusals that need no detail.
var (
	ErrNotFound  = Errorf(CodeNotFound, "There is no such group in this channel; take the GroupId from ListChatGroup.")
	ErrSuspended = Errorf(CodeSuspended, "The platform has suspended this group; try again when it has been cleared.")
)
