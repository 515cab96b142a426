package signature

import "time"

// timestampLayout is how clients write a time, in UTC.
const timestampLayout = "2006-01-02T15:04:05Z"

// parseTimestamp reads a time as clients send it. Fractional seconds of up to nine digits are taken too: some
// clients send milliseconds and the official service lets them pass. time.Parse alone is laxer than that.
func parseTimestamp(s string) (time.Time, bool) {
	const shape = "0000-00-00T00:00:00"
	if len(s) <= len(shape) || s[len(s)-1] != 'Z' {
		return time.Time{}, false
	}
	for i := range len(shape) {
		if digit := '0' <= s[i] && s[i] <= '9'; digit != (shape[i] == '0') || !digit && s[i] != shape[i] {
			return time.Time{}, false
		}
	}
	if !isFraction(s[len(shape) : len(s)-1]) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// isFraction accepts nothing, or a point and one to nine digits.
func isFraction(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != '.' || len(s) < 2 || len(s) > 10 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
