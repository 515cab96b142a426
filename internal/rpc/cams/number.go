package cams

import (
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// readNumber reads a phone number that was sent as text. Points and hyphens are separators there, and so a number that a
// program has printed with a fraction (`4915123456.0`) or a sign would become another person's: such texts are refused.
func readNumber(text string) (group.Number, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-") || hasFraction(text) {
		return 0, errNotDigits("A phone number has neither a sign nor a fraction")
	}
	return group.ParseNumber(text)
}

// hasFraction tells whether a text ends like a decimal number: one or two digits behind its only point. People who part the
// digits by points write more of them (`33.6.12.34.56.78`) or more digits behind (`(86) 139.00000002`).
func hasFraction(text string) bool {
	before, fraction, found := strings.Cut(text, ".")
	return found && before != "" && len(fraction) <= 2 && strings.Trim(fraction, "0123456789") == ""
}

// readMember reads a phone number that is a member of an object. One that was sent as a number of JSON must be whole and
// positive, in plain digits: no part of it is a separator.
func readMember(m rpc.Member) (group.Number, error) {
	if m.Number && strings.Trim(m.Value, "0123456789") != "" {
		return 0, errNotDigits("A phone number that is sent as a JSON number is a whole one, without sign, point or exponent")
	}
	return readNumber(m.Value)
}

func errNotDigits(why string) error {
	return group.Errorf(group.CodeBadNumber, "%s; give digits with the country code as text, for example %q.", why, "8613800000000")
}
