package group

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// Number is a phone number as digits with the country code, 7 to 15 of them (ITU-T E.164).
type Number int64

// String gives the digits.
func (n Number) String() string { return strconv.FormatInt(int64(n), 10) }

// Masked gives the number with its middle digits hidden, for logs.
func (n Number) Masked() string { return Mask(n.String()) }

// Mask hides the middle of anything that looks like a number.
func Mask(digits string) string {
	if len(digits) <= 6 {
		return strings.Repeat("*", len(digits))
	}
	return digits[:4] + strings.Repeat("*", len(digits)-6) + digits[len(digits)-2:]
}

// ParseNumber reads a number as people write them (`8613800000000`, `+86 138-0000-0000`). It asks whether such a number
// is possible, not whether it has been given out: the network knows numbers that no table lists yet.
func ParseNumber(text string) (Number, error) {
	digits, ok := digitsOf(text)
	if !ok {
		return 0, Errorf(CodeBadNumber, "%q is not a phone number; give digits with the country code, for example 8613800000000.", clip(text))
	}
	if !possible(digits) {
		return 0, Errorf(CodeBadNumber, "%q is not a possible phone number; give digits with the country code, for example 8613800000000.", clip(text))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, Errorf(CodeBadNumber, "%q is not a phone number.", clip(text))
	}
	return Number(n), nil
}

// possible asks the table of lengths first, because the library's own reading of a number costs more than all else that is
// done to it, and the library where the table does not know.
func possible(digits string) bool {
	for size := 1; size <= 3; size++ {
		code, _ := strconv.Atoi(digits[:size])
		if lengths()[code]&(1<<(len(digits)-size)) != 0 {
			return true
		}
	}
	parsed, err := phonenumbers.Parse("+"+digits, "")
	return err == nil && phonenumbers.IsPossibleNumber(parsed)
}

// lengths holds, for each calling code, the lengths that a number behind it can have, as bits. It is made by asking the
// library about one number of each length; possible means no more to it either.
var lengths = sync.OnceValue(func() map[int]uint16 {
	table := map[int]uint16{}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		prefix := int32(code)
		national := uint64(1)
		for n := 1; n < 15; n++ {
			if phonenumbers.IsPossibleNumber(&phonenumbers.PhoneNumber{CountryCode: &prefix, NationalNumber: &national}) {
				table[code] |= 1 << n
			}
			national *= 10
		}
	}
	return table
})

// NetworkNumber reads a number that the network itself wrote (a wa_id, or the echo of what it was sent): digits are taken
// as they are, since the network knows its own people.
func NetworkNumber(text string) (Number, bool) {
	digits, ok := digitsOf(text)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return Number(n), err == nil
}

// digitsOf drops the leading plus and the separators that people use; 7 to 15 digits without a leading zero must remain.
func digitsOf(text string) (string, bool) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "+")
	if strings.Trim(text, "0123456789") == "" { // nothing to drop, as nearly always
		return text, 7 <= len(text) && len(text) <= 15 && text[0] != '0'
	}
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			b.WriteByte(c)
		case strings.IndexByte(" -().", c) < 0:
			return "", false
		}
		if b.Len() > 15 {
			return "", false
		}
	}
	digits := b.String()
	return digits, len(digits) >= 7 && digits[0] != '0'
}

// clip keeps an error message short and printable whatever was sent.
func clip(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
