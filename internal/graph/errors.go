package graph

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Class says what a caller can do about an error.
type Class int

// The classes of errors.
const (
	Permanent Class = iota // the request was refused and the same request will be refused again
	Throttled              // nothing was done; the same request may pass after a wait
	Temporary              // something broke on the way or behind it; see [Error.OutcomeUnknown]
	Auth                   // token, permission or standing of the account; nothing was done, an operator must act
)

// String names the class in lower case.
func (c Class) String() string {
	return [...]string{"permanent", "throttled", "temporary", "auth"}[c]
}

// Error is one error of the Graph API, from an answer or from a webhook, or the failure to get an answer at all.
// Its text is `code: title` and may be shown to users; Details and the wrapped cause are for logs, since they can
// hold numbers and addresses. It never holds a token.
type Error struct {
	HTTPStatus int    // 0 in a webhook, and when no answer came
	Code       int    // 0 when the other side named none
	Subcode    int    // optional even where a page shows one
	Title      string // short words without the "(#code)" in front
	Message    string // as it came
	Details    string // error_data.details
	TraceID    string // fbtrace_id, which Meta's support asks for
	Transient  bool   // is_transient as it came

	RetryAfter time.Duration // how long to wait, where the usage headers say it; whole minutes
	Unreadable bool          // an answer came, but not one that could be understood (truncated, HTML, empty)
	Err        error         // the cause when no answer came or it was unreadable
}

// Error returns `code: title`, or only the title where there is no code.
func (e *Error) Error() string {
	title := e.title()
	if e.Code == 0 {
		return title
	}
	return strconv.Itoa(e.Code) + ": " + title
}

// Unwrap returns the cause of a missing or unreadable answer, so that errors.Is finds context errors.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) title() string {
	for _, s := range []string{e.Title, e.Message, titles[e.Code]} {
		if s = printable(s); s != "" {
			return s
		}
	}
	switch {
	case e.Unreadable:
		return "the network gave an answer that cannot be read"
	case e.HTTPStatus != 0:
		return "the network answered status " + strconv.Itoa(e.HTTPStatus)
	case e.Code == 0:
		return "the network did not answer"
	}
	return "error of the network"
}

// Class classifies by code, and by HTTP status only where the code is unknown or absent.
func (e *Error) Class() Class {
	if c, ok := classes[e.Code]; ok {
		return c
	}
	switch {
	case permanent[e.Code]:
		return Permanent
	case e.Code >= CodePermissionMissing && e.Code <= 299:
		return Auth
	case e.HTTPStatus == http.StatusTooManyRequests:
		return Throttled
	case e.HTTPStatus >= 500, e.Unreadable, e.Transient, e.HTTPStatus == 0 && e.Err != nil:
		return Temporary
	case e.HTTPStatus == http.StatusUnauthorized, e.HTTPStatus == http.StatusForbidden:
		return Auth
	case e.HTTPStatus >= 300 && e.HTTPStatus < 400:
		return Temporary
	}
	return Permanent
}

// OutcomeUnknown reports whether the request may have been carried out all the same, so that a caller who repeats it
// must first look, or be ready to find it done.
func (e *Error) OutcomeUnknown() bool {
	if e.Class() != Temporary {
		return false
	}
	var op *net.OpError
	neverSent := errors.As(e.Err, &op) && op.Op == "dial"
	return !neverSent
}

// CodeOf returns the code of the first *Error in err's chain, 0 if there is none.
func CodeOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// ClassOf returns the class of the first *Error in err's chain. An error of any other kind is Permanent: it comes from
// the caller's own arguments.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class()
	}
	return Permanent
}

// printable keeps at most 200 characters of s and no control characters, so that foreign words cannot break a log line,
// a terminal or a header.
func printable(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > 200 {
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}
