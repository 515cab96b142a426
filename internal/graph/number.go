package graph

import "strings"

// Digits returns a phone number as plain digits, so that "+1 786 534-7866" and the wa_id "17865347866" compare equal.
// What is not a phone number, such as a business-scoped user id, gives the empty string.
func Digits(number string) string {
	if strings.Trim(number, "0123456789") == "" {
		return number
	}
	var b strings.Builder
	for _, r := range number {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0, strings.ContainsRune(" -().\u00a0\u2010\u2011", r):
		default:
			return ""
		}
	}
	return b.String()
}

// SamePerson reports whether two spellings of a phone number, or two user ids, name the same person.
func SamePerson(a, b string) bool {
	if a == b {
		return a != ""
	}
	da, db := Digits(a), Digits(b)
	return da != "" && da == db
}
