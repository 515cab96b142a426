package ram

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWildcard(t *testing.T) {
	tests := []struct {
		pattern, s string
		fold, want bool
	}{
		{"*", "", false, true},
		{"**", "anything", false, true},
		{"", "", false, true},
		{"", "a", false, false},
		{"abc", "abc", false, true},
		{"abc", "abC", false, false},
		{"ABC", "aBc", true, true},
		{"abc", "abcd", false, false},
		{"abcd", "abc", false, false},
		{"a*c", "ac", false, true},
		{"a*c", "abbbc", false, true},
		{"a*c", "abbbcd", false, false},
		{"a?c", "abc", false, true},
		{"a?c", "ac", false, false},
		{"a?c", "abbc", false, false},
		{"?", "群", false, true},
		{"??", "群", false, false},
		{"*é", "aéé", false, true},
		{"a*b*c", "axxbyyc", false, true},
		{"a*b*c", "axxcyyb", false, false},
		{"*aab", "aaaab", false, true},
		{"*?", "", false, false},
		{"?*", "x", false, true},
		{"a*", "*", false, false},
		{"cams:Get*", "CAMS:getChatGroup", true, true},
		{"cams:Get*", "CAMS:getChatGroup", false, false},
		{"x?", "x\xff", false, true},
	}
	for _, tt := range tests {
		w := compileWildcard(tt.pattern, tt.fold)
		if got := w.match(tt.s); got != tt.want {
			t.Errorf("match(%q, %q, fold %v) = %v, want %v", tt.pattern, tt.s, tt.fold, got, tt.want)
		}
	}
}

// naiveWildcard is the reference: the same pattern as a regular expression.
func naiveWildcard(pattern, s string, fold bool) bool {
	flags := "(?s)"
	if fold {
		flags = "(?si)"
	}
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(quoted, `\*`, ".*")
	quoted = strings.ReplaceAll(quoted, `\?`, ".")
	return regexp.MustCompile(flags + `\A` + quoted + `\z`).MatchString(s)
}

func TestWildcardAgreesWithReference(t *testing.T) {
	pattern := rapid.StringOfN(rapid.SampledFrom([]rune("abAB*?é群")), 0, 12, -1)
	subject := rapid.StringOfN(rapid.SampledFrom([]rune("abAB*?é群")), 0, 16, -1)
	rapid.Check(t, func(t *rapid.T) {
		p, s, fold := pattern.Draw(t, "pattern"), subject.Draw(t, "subject"), rapid.Bool().Draw(t, "fold")
		if rapid.Bool().Draw(t, "derived") {
			s = expand(t, p)
		}
		w := compileWildcard(p, fold)
		if got, want := w.match(s), naiveWildcard(p, s, fold); got != want {
			t.Fatalf("match(%q, %q, fold %v) = %v, want %v", p, s, fold, got, want)
		}
	})
}

// expand makes a string that the pattern matches, so that matches are not rare.
func expand(t *rapid.T, pattern string) string {
	var b strings.Builder
	for _, c := range pattern {
		switch c {
		case '*':
			b.WriteString(rapid.StringOfN(rapid.SampledFrom([]rune("abé")), 0, 3, -1).Draw(t, "star"))
		case '?':
			b.WriteRune(rapid.SampledFrom([]rune("abé")).Draw(t, "one"))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func TestScanStepsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringOfN(rapid.SampledFrom([]rune("ab*?")), 0, 60, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 120, -1).Draw(t, "subject")
		_, steps := scan(p, s, false)
		if most := (len(p) + 1) * (len(s) + 1); steps > most {
			t.Fatalf("scan(%q, %q) took %d steps, more than %d", p, s, steps, most)
		}
	})
}

// Patterns that make a backtracking matcher exponential take about as many
// steps here as the two strings are long.
func TestManyStarsStayLinear(t *testing.T) {
	subject := strings.Repeat("a", 100_000)
	patterns := map[string]string{
		"stars and letters":       strings.Repeat("*a", 2000) + "*b",
		"stars and any character": strings.Repeat("*?", 2000) + "b",
		"a run of stars":          strings.Repeat("*", 4000) + "b",
		"letters between stars":   strings.Repeat("a*", 2000) + "b",
		"stars and pairs":         strings.Repeat("*a?", 1300) + "*b",
	}
	for name, pattern := range patterns {
		matched, steps := scan(pattern, subject, false)
		if matched {
			t.Errorf("%s: matched", name)
		}
		if most := 4 * (len(pattern) + len(subject)); steps > most {
			t.Errorf("%s: %d steps, more than %d", name, steps, most)
		}
	}
}
