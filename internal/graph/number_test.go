package graph

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDigits(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"+17865347866": "17865347866", "17865347866": "17865347866", "+1 (786) 534-7866": "17865347866", " +86 138.0013": "861380013",
		"": "", "+": "", "US.13491208655302741918": "", "1+2": "", "１２３": "", "12x": "", "@name": "",
	} {
		if got := Digits(number); got != want {
			t.Errorf("Digits(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestDigitsIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := Digits(rapid.StringMatching(`[+0-9 ().a-]{0,20}`).Draw(t, "number"))
		if Digits(d) != d || Digits("+"+d) != d {
			t.Fatalf("%q changes", d)
		}
	})
}

func TestSamePerson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"+17865347866", "17865347866", true}, {"US.1", "US.1", true}, {"US.1", "1", false}, {"", "", false},
		{"+", "-", false}, {"1", "2", false}, {"US.1", "CA.1", false},
	} {
		if SamePerson(c.a, c.b) != c.want || SamePerson(c.b, c.a) != c.want {
			t.Errorf("SamePerson(%q, %q) is not %v", c.a, c.b, c.want)
		}
	}
	if (Participant{WaID: "1", Input: "+2"}).Number() != "1" || (Participant{Input: "+2"}).Number() != "2" || (Participant{UserID: "US.1"}).Number() != "" {
		t.Error("Number takes the wrong member")
	}
}
