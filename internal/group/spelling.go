package group

import "strconv"

// The countries where a mobile number is dialled with a digit that the network leaves out, or the other way round: Brazil's
// ninth digit, Mexico's former 1, Argentina's 9. WhatsApp knows such a person by one of the two, whichever was dialled
// (WhatsApp Business Platform, "Phone number formats").
var optionalDigits = []struct {
	country string
	at      int // place of the digit
	digit   byte
	length  int // of the number with the digit
}{
	{"55", 4, '9', 13},
	{"52", 2, '1', 13},
	{"54", 2, '9', 13},
}

// Other gives the second spelling of a number that has two; false for the others.
func (n Number) Other() (Number, bool) {
	var room [20]byte
	written := strconv.AppendInt(room[:0], int64(n), 10)
	for _, o := range optionalDigits {
		if len(written) < 2 || string(written[:2]) != o.country {
			continue
		}
		digits := string(written)
		switch {
		case len(digits) == o.length && digits[o.at] == o.digit:
			return parsed(digits[:o.at] + digits[o.at+1:])
		case len(digits) == o.length-1:
			return parsed(digits[:o.at] + string(o.digit) + digits[o.at:])
		}
	}
	return 0, false
}

// Spelt gives the listed numbers as we know their owners: somebody known by the other spelling is meant by either. Who is in
// the group goes before a namesake who is not, and who stands there because this spelling was once asked about in vain.
func Spelt(known []Participant, list []Number) []Number {
	out := make([]Number, len(list))
	for i, n := range list {
		other, _ := n.Other()
		mine, theirs := Find(known, n), Find(known, other)
		if out[i] = n; theirs != nil && (mine == nil || theirs.State.Present() && !mine.State.Present()) {
			out[i] = other
		}
	}
	return out
}

func parsed(digits string) (Number, bool) {
	n, err := strconv.ParseInt(digits, 10, 64)
	return Number(n), err == nil
}
