package graph

import "errors"

// Limit says whose limit a refusal speaks of, from the narrowest to the widest.
type Limit int

// The limits of the network.
const (
	NoLimit      Limit = iota // it does not speak of one
	PairLimit                 // of messages from one number to one person
	NumberLimit               // of one business number, for the kind of call that was refused
	AccountLimit              // of the business account, with all its numbers
	AppLimit                  // of the app, or of the user whose token it is, with all accounts
)

// String names the limit in lower case.
func (l Limit) String() string {
	return [...]string{"none", "pair", "number", "account", "app"}[l]
}

// widerLimits holds the codes that speak of more than a number. Source: Meta, WhatsApp Cloud API error codes page; for 17 and
// 341 the Graph API guide to error handling; for 80008 the reference of the business account.
var widerLimits = map[int]Limit{
	CodeAppRateLimit:      AppLimit,
	CodeUserRateLimit:     AppLimit,
	CodeApplicationLimit:  AppLimit,
	CodeBusinessRateLimit: AccountLimit,
	CodeAccountRateLimit:  AccountLimit,
	CodePairRateLimit:     PairLimit,
}

// LimitOf gives the limit that an error speaks of. A throttling of an unknown kind is taken for the number's own.
func LimitOf(err error) Limit {
	if err == nil {
		return NoLimit // nearly always
	}
	var e *Error
	if !errors.As(err, &e) || e.Class() != Throttled {
		return NoLimit
	}
	if l, ok := widerLimits[e.Code]; ok {
		return l
	}
	return NumberLimit
}
