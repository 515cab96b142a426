package ram

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// operator compares a value of a request with a value of a policy. A Not…
// operator is its positive twin with negate set.
type operator struct {
	compile func(value) (operand, error)
	match   func(*operand, subject) bool
	negate  bool
}

// operand is a value of a policy, in the form its operator compares.
type operand struct {
	text    string
	pattern wildcard
	number  number
	time    time.Time
	prefix  netip.Prefix
}

// operators are all that RAM knows (RAM, "Conditional operators").
var operators = map[string]operator{
	"StringEquals":              {compileText, equalText, false},
	"StringNotEquals":           {compileText, equalText, true},
	"StringEqualsIgnoreCase":    {compileText, equalFoldText, false},
	"StringNotEqualsIgnoreCase": {compileText, equalFoldText, true},
	"StringLike":                {compilePattern, likeText, false},
	"StringNotLike":             {compilePattern, likeText, true},

	"NumericEquals":            {compileNumber, compareNumber(isEqual), false},
	"NumericNotEquals":         {compileNumber, compareNumber(isEqual), true},
	"NumericLessThan":          {compileNumber, compareNumber(isLess), false},
	"NumericLessThanEquals":    {compileNumber, compareNumber(isLessEqual), false},
	"NumericGreaterThan":       {compileNumber, compareNumber(isGreater), false},
	"NumericGreaterThanEquals": {compileNumber, compareNumber(isGreaterEqual), false},

	"DateEquals":            {compileDate, compareDate(isEqual), false},
	"DateNotEquals":         {compileDate, compareDate(isEqual), true},
	"DateLessThan":          {compileDate, compareDate(isLess), false},
	"DateLessThanEquals":    {compileDate, compareDate(isLessEqual), false},
	"DateGreaterThan":       {compileDate, compareDate(isGreater), false},
	"DateGreaterThanEquals": {compileDate, compareDate(isGreaterEqual), false},

	"Bool": {compileBool, equalFoldText, false},

	"IpAddress":    {compilePrefix, containsAddr, false},
	"NotIpAddress": {compilePrefix, containsAddr, true},
}

// These take the sign of "request compared with policy".
func isEqual(c int) bool        { return c == 0 }
func isLess(c int) bool         { return c < 0 }
func isLessEqual(c int) bool    { return c <= 0 }
func isGreater(c int) bool      { return c > 0 }
func isGreaterEqual(c int) bool { return c >= 0 }

func compileText(v value) (operand, error) { return operand{text: v.text}, nil }

func equalText(o *operand, s subject) bool { return s.asText() == o.text }

func equalFoldText(o *operand, s subject) bool { return strings.EqualFold(s.asText(), o.text) }

func compilePattern(v value) (operand, error) {
	return operand{pattern: compileWildcard(v.text, false)}, nil
}

func likeText(o *operand, s subject) bool { return o.pattern.match(s.asText()) }

func compileBool(v value) (operand, error) {
	text := strings.ToLower(v.text)
	if v.kind == numberValue || text != "true" && text != "false" {
		return operand{}, fmt.Errorf("%s is neither true nor false", quote(v.text))
	}
	return operand{text: text}, nil
}

func compileNumber(v value) (operand, error) {
	n, ok := parseNumber(v.text)
	if !ok || v.kind == boolValue {
		return operand{}, fmt.Errorf("%s is not a number", quote(v.text))
	}
	return operand{number: n}, nil
}

func compareNumber(holds func(int) bool) func(*operand, subject) bool {
	return func(o *operand, s subject) bool {
		n, ok := parseNumber(s.asText())
		return ok && holds(n.compare(o.number))
	}
}

func compileDate(v value) (operand, error) {
	t, ok := parseDate(v.text)
	if !ok || v.kind != stringValue {
		return operand{}, fmt.Errorf("%s is not an ISO 8601 date", quote(v.text))
	}
	return operand{time: t}, nil
}

func compareDate(holds func(int) bool) func(*operand, subject) bool {
	return func(o *operand, s subject) bool {
		t, ok := s.asTime()
		return ok && holds(t.Compare(o.time))
	}
}

// compilePrefix takes an address or a CIDR block, IPv4 or IPv6.
func compilePrefix(v value) (operand, error) {
	p, err := parsePrefix(v.text)
	if err != nil || v.kind != stringValue {
		return operand{}, fmt.Errorf("%s is neither an IP address nor a CIDR block", quote(v.text))
	}
	return operand{prefix: p}, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, errors.New("not an address")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if !p.Addr().Is4In6() {
		return p.Masked(), nil
	}
	// Requests are compared in IPv4 form, so a block of IPv4-mapped addresses
	// must be too; a wider one would be IPv6 that no mapped address is in.
	const mappedBits = 96
	if p.Bits() < mappedBits {
		return netip.Prefix{}, errors.New("a block of IPv4-mapped addresses is at least /96")
	}
	return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits).Masked(), nil
}

func containsAddr(o *operand, s subject) bool {
	addr, ok := s.asAddr()
	return ok && o.prefix.Contains(addr)
}
