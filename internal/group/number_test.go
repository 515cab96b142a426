package group_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
)

func TestParseNumber(t *testing.T) {
	tests := []struct {
		text string
		want group.Number // 0 when it is refused
	}{
		{"8613800000000", 8613800000000},
		{"+86 138-0000-0000", 8613800000000},
		{"+1 (415) 555.2671", 14155552671},
		{" 447911123456\t", 447911123456},
		{"6591234567", 6591234567},
		{"", 0},
		{"+", 0},
		{"++8613800000000", 0},
		{"13800000000000000", 0},     // too long
		{"861380", 0},                // too short
		{"008613800000000", 0},       // a prefix for dialling, not a country
		{"8613800000000x2", 0},       // an extension
		{"86138000 000 00 00", 0},    // a separator of no keyboard, and too many digits
		{"٨٦١٣٨٠٠٠٠٠٠٠٠", 0},         // digits of another script
		{"9991234567", 0},            // a country code that nobody has
		{strings.Repeat("-", 99), 0}, // separators alone
	}
	for _, tt := range tests {
		got, err := group.ParseNumber(tt.text)
		if got != tt.want || (err != nil) != (tt.want == 0) {
			t.Errorf("ParseNumber(%q) = %d, %v; want %d", tt.text, got, err, tt.want)
		}
		if err != nil && codeOf(err) != group.CodeBadNumber {
			t.Errorf("ParseNumber(%q) is refused with %q", tt.text, codeOf(err))
		}
	}
}

// However a person writes a number, it is the same number.
func TestSeparatorsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := "861" + rapid.StringMatching(`[3-9][0-9]{9}`).Draw(t, "digits")
		plain, err := group.ParseNumber(digits)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		b.WriteString(rapid.SampledFrom([]string{"", "+", " +"}).Draw(t, "front"))
		for _, d := range digits {
			b.WriteRune(d)
			b.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "-", ".", "(", ")"}).Draw(t, "separator"))
		}
		written, err := group.ParseNumber(b.String())
		if err != nil || written != plain || written.String() != digits {
			t.Fatalf("ParseNumber(%q) = %s, %v; want %s", b.String(), written, err, digits)
		}
		if again, ok := group.NetworkNumber(b.String()); !ok || again != plain {
			t.Fatalf("NetworkNumber(%q) = %s, %v", b.String(), again, ok)
		}
	})
}

// The network may use numbers that no table lists; they are taken as they are.
func TestNetworkNumber(t *testing.T) {
	if _, err := group.ParseNumber("9991234567"); err == nil {
		t.Fatal("the example is a possible number; take another")
	}
	if n, ok := group.NetworkNumber("9991234567"); !ok || n != 9991234567 {
		t.Errorf("got %d, %v", n, ok)
	}
	for _, text := range []string{"", "US.13491208655302741918", "1234567890123456", "0123456789"} {
		if n, ok := group.NetworkNumber(text); ok {
			t.Errorf("NetworkNumber(%q) = %d", text, n)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"8613800000000", "+86 138-0000-0000", "", "+", "٨٦", "\xff\xfe", strings.Repeat("9", 400), "+0", "(+86)1380000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := group.ParseNumber(text)
		if err != nil {
			if n != 0 || codeOf(err) != group.CodeBadNumber {
				t.Fatalf("%d, %v", n, err)
			}
			if !utf8.ValidString(err.Error()) || len(err.Error()) > 1000 {
				t.Fatalf("the message is not fit to be shown: %q", err)
			}
			return
		}
		if n < 1_000_000 || n > 999_999_999_999_999 {
			t.Fatalf("%q gives %d", text, n)
		}
		if again, err := group.ParseNumber("+" + n.String()); err != nil || again != n {
			t.Fatalf("%q gives %d, and that gives %d, %v", text, n, again, err)
		}
	})
}

func TestMask(t *testing.T) {
	tests := map[string]string{"8613800000042": "8613*******42", "": "", "12": "**", "123456": "******", "1234567": "1234*67"}
	for digits, want := range tests {
		if got := group.Mask(digits); got != want {
			t.Errorf("Mask(%q) = %q, want %q", digits, got, want)
		}
	}
	if got := group.Number(8613800000042).Masked(); got != "8613*******42" {
		t.Errorf("Masked gives %q", got)
	}
}

// The quick look at the table of lengths refuses and lets through what the library itself does.
func TestPossibleAgreesWithTheLibrary(t *testing.T) {
	var codes []int
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	rapid.Check(t, func(t *rapid.T) {
		digits := strconv.Itoa(rapid.SampledFrom(codes).Draw(t, "calling code")) + rapid.StringMatching(`[0-9]{6,14}`).Draw(t, "digits")
		if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
			digits = rapid.StringMatching(`[1-9][0-9]{6,14}`).Draw(t, "any digits")
		}
		digits = digits[:min(len(digits), 15)]
		parsed, err := phonenumbers.Parse("+"+digits, "")
		want := err == nil && phonenumbers.IsPossibleNumber(parsed)
		if _, err := group.ParseNumber(digits); (err == nil) != want {
			t.Fatalf("%s: possible %v, and the library says %v", digits, err == nil, want)
		}
	})
}
