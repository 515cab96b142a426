package ram

import (
	"strings"
	"unicode/utf8"
)

// wildcard is a pattern ready to be matched: * stands for any number of
// characters, also none, and ? for exactly one. There is no escape.
type wildcard struct {
	text     string
	fold     bool // ignore the case of ASCII letters; text is then lower case
	all      bool // stars alone: everything matches
	literal  bool // no wildcard in it
	shortest int  // fewer bytes than this cannot match
}

func compileWildcard(text string, fold bool) wildcard {
	if fold {
		text = lowerASCII(text)
	}
	stars := strings.Count(text, "*")
	return wildcard{
		text:     text,
		fold:     fold,
		all:      text != "" && stars == len(text),
		literal:  stars == 0 && !strings.Contains(text, "?"),
		shortest: len(text) - stars,
	}
}

func (w *wildcard) match(s string) bool {
	if w.all {
		return true
	}
	if len(s) < w.shortest {
		return false
	}
	if w.literal && !w.fold {
		return w.text == s
	}
	matched, _ := scan(w.text, s, w.fold)
	return matched
}

// scan matches s against pattern and counts its steps. On a mismatch it goes
// back to the last star alone: an earlier star never has to take more, since
// what follows it was already found at the leftmost place. That bounds the
// steps by the product of the lengths, with no recursion and no memory.
func scan(pattern, s string, fold bool) (matched bool, steps int) {
	p, i := 0, 0
	star, resume := -1, 0
	for ; i < len(s); steps++ {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, i
			p++
		case p < len(pattern) && pattern[p] == '?':
			i += width(s[i:])
			p++
		case p < len(pattern) && sameByte(pattern[p], s[i], fold):
			p++
			i++
		case star >= 0:
			resume += width(s[resume:])
			p, i = star+1, resume
		default:
			return false, steps
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
		steps++
	}
	return p == len(pattern), steps
}

// width is the length in bytes of the first character of s.
func width(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func sameByte(pattern, b byte, fold bool) bool {
	if fold && 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return pattern == b
}

// lowerASCII leaves letters outside ASCII as they are, for scan compares bytes.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func anyMatch(patterns []wildcard, s string) bool {
	for i := range patterns {
		if patterns[i].match(s) {
			return true
		}
	}
	return false
}
