package graph

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Reason gives the network's own words for people to read: its details where it gives any, otherwise the title. They are at
// most 200 characters without control characters, and phone numbers in them have their middle digits masked. Error codes
// stay readable.
func (e *Error) Reason() string {
	for _, words := range []string{e.Details, e.title()} {
		if words = printable(maskNumbers(inOneLine(words))); words != "" {
			return words
		}
	}
	return "refused by the network"
}

// inOneLine makes a line of plain characters out of foreign words, before anything is looked for in them: a number must not
// be hidden by what is dropped later. What is behind the first thousand characters would be cut anyway.
func inOneLine(s string) string {
	const most = 1000
	count := 0
	return strings.Map(func(r rune) rune {
		count++
		switch {
		case count > most:
			return -1
		case r == '\n', r == '\t', r == '\r':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, s)
}

// longNumber is seven digits or more, with what people put between the digits of a phone number.
var longNumber = regexp.MustCompile(`\p{Nd}(?:[ ()./\x{2010}\x{2011}-]{0,3}\p{Nd}){6,}`)

func maskNumbers(s string) string {
	return longNumber.ReplaceAllStringFunc(s, func(number string) string {
		if onlyCodes(number) {
			return number
		}
		return maskDigits(number)
	})
}

// onlyCodes tells whether a run of digits is nothing but error codes with spaces between.
func onlyCodes(number string) bool {
	for _, piece := range strings.Fields(number) {
		code, err := strconv.Atoi(piece)
		if err != nil || !knownCode(code) {
			return false
		}
	}
	return true
}

func knownCode(code int) bool {
	_, named := titles[code]
	_, classed := classes[code]
	return named || classed || permanent[code]
}

// maskDigits leaves the first four and the last two digits.
func maskDigits(number string) string {
	left := 0
	for _, r := range number {
		if unicode.IsDigit(r) {
			left++
		}
	}
	const front, back = 4, 2
	seen := 0
	return strings.Map(func(r rune) rune {
		if !unicode.IsDigit(r) {
			return r
		}
		seen++
		if seen > front && seen <= left-back {
			return '*'
		}
		return r
	}, number)
}
