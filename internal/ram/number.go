package ram

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// number is a decimal. Whole numbers are kept whole, since an account id has
// more digits than a float64 tells apart.
type number struct {
	whole   int64
	real    float64
	isWhole bool
}

// parseNumber reads decimal notation only: no hexadecimal, no NaN, no
// infinity, and nothing too large for a float64.
func parseNumber(text string) (number, bool) {
	const longest = 64
	if text == "" || len(text) > longest || strings.Trim(text, "0123456789+-.eE") != "" {
		return number{}, false
	}
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return number{whole: n, real: float64(n), isWhole: true}, true
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	return number{real: f}, err == nil
}

func (n number) compare(other number) int {
	if n.isWhole && other.isWhole {
		return cmp.Compare(n.whole, other.whole)
	}
	return cmp.Compare(n.real, other.real)
}

// dateLayouts are the forms of ISO 8601 that RAM's documents show, and the
// same without a zone, which then is UTC. Fractions of a second are read too.
var dateLayouts = []string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05",
	"2006-01-02",
}

func parseDate(text string) (time.Time, bool) {
	const longest = 40
	if len(text) > longest {
		return time.Time{}, false
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
