package graph

import (
	"encoding/json"
	"strings"
)

// deepestSkip is how deep a value may nest that is passed over: with the levels around it, it stays within the bounds of a
// webhook.
const deepestSkip = 16

// cursor reads JSON in one pass. It is as strict as the types of loose.go are lenient: at a broken body, and at anything
// that may be read in more than one way, it becomes odd, every loop over it ends, and what it gave so far is void.
type cursor struct {
	in    string
	at    int
	fresh bool   // a list or object was just opened
	name  string // of the member whose value is next
	odd   bool
}

// open begins an object or a list, whose members or items are then looped over with member or item.
func (c *cursor) open(bracket byte) {
	c.space()
	c.take(bracket)
	c.fresh = true
}

// member goes to the next member of an object, whose value the caller must read or skip; false at the end.
func (c *cursor) member() bool {
	if !c.next('}') {
		return false
	}
	c.space()
	c.take('"')
	start := c.at
	for c.at < len(c.in) && isPlain(c.in[c.at]) {
		c.at++
	}
	c.name = c.in[start:c.at]
	c.take('"')
	c.space()
	c.take(':')
	return !c.odd
}

// isPlain allows the letters of every name we know. Others could be names that encoding/json takes for the same.
func isPlain(b byte) bool { return b >= 'a' && b <= 'z' || b == '_' || b >= '0' && b <= '9' }

// item goes to the next item of a list; false at the end.
func (c *cursor) item() bool { return c.next(']') }

// next steps over what stands between two elements, or over the closing bracket.
func (c *cursor) next(closing byte) bool {
	c.space()
	first := c.fresh
	c.fresh = false
	if c.at < len(c.in) && c.in[c.at] == closing {
		c.at++
		return false
	}
	if !first {
		c.take(',')
	}
	return !c.odd
}

func (c *cursor) take(b byte) {
	if c.odd || c.at >= len(c.in) || c.in[c.at] != b {
		c.odd = true
		return
	}
	c.at++
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func (c *cursor) space() {
	for c.at < len(c.in) && isSpace(c.in[c.at]) {
		c.at++
	}
}

// text reads a string. A member that was set before is odd: which of the two counts is not decided here.
func (c *cursor) text(into *text) {
	c.odd = c.odd || *into != ""
	*into = text(c.string())
}

// number reads a natural number, or one in a string.
func (c *cursor) number(into *number) {
	c.odd = c.odd || *into != 0
	c.space()
	var digits string
	if c.at < len(c.in) && c.in[c.at] == '"' {
		digits = c.string()
	} else {
		digits = c.digits()
	}
	c.odd = c.odd || digits == "" || len(digits) > 18
	for i := 0; i < len(digits) && !c.odd; i++ {
		c.odd = digits[i] < '0' || digits[i] > '9'
		*into = *into*10 + number(digits[i]-'0')
	}
}

// digits reads a number without sign, point and exponent.
func (c *cursor) digits() string {
	start := c.at
	for c.at < len(c.in) && c.in[c.at] >= '0' && c.in[c.at] <= '9' {
		c.at++
	}
	digits := c.in[start:c.at]
	c.odd = c.odd || len(digits) > 1 && digits[0] == '0' // not JSON
	return digits
}

// string reads a string, which is a part of the whole input unless something in it is escaped or needs repair.
func (c *cursor) string() string {
	c.space()
	start, plain := c.at, true
	c.take('"')
	for ; c.at < len(c.in) && !c.odd; c.at++ {
		switch b := c.in[c.at]; {
		case b == '"' && plain:
			c.at++
			return c.in[start+1 : c.at-1]
		case b == '"':
			c.at++
			return c.decoded(c.in[start:c.at])
		case b == '\\':
			c.at++
			plain = false
		case b < ' ' || b >= 0x80:
			plain = false
		}
	}
	c.odd, c.at = true, len(c.in) // a backslash at the end leads past it
	return ""
}

func (c *cursor) decoded(literal string) string {
	var s string
	if json.Unmarshal([]byte(literal), &s) != nil {
		c.odd = true
	}
	return s
}

// skip passes over a value of any kind.
func (c *cursor) skip() {
	c.space()
	start := c.at
	if c.at < len(c.in) && c.in[c.at] == '"' {
		c.string()
		return
	}
	for depth := 0; c.at < len(c.in) && !c.odd; c.at++ {
		switch c.in[c.at] {
		case '"':
			if c.string(); c.odd {
				return
			}
			c.at--
		case '{', '[':
			depth++
			c.odd = c.odd || depth > deepestSkip
		case '}', ']':
			depth--
		}
		atEnd := c.at+1 == len(c.in) || strings.IndexByte(",}] \t\r\n", c.in[c.at+1]) >= 0
		if depth == 0 && atEnd {
			c.at++
			break
		}
	}
	c.odd = c.odd || !json.Valid([]byte(c.in[start:c.at]))
}
