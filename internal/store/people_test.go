package store_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// TestPeople: what is kept of people is what encoding/json makes of them, letter by letter, and is read back as it was.
func TestPeople(t *testing.T) {
	t.Parallel()
	person := rapid.Custom(func(t *rapid.T) group.Person {
		p := group.Person{Number: group.Number(rapid.Int64().Draw(t, "number")), State: group.PersonState(rapid.Int8Range(0, 5).Draw(t, "state"))}
		if rapid.Bool().Draw(t, "with code") {
			p.Code = rapid.Int().Draw(t, "code")
		}
		if rapid.Bool().Draw(t, "with message") {
			p.Message = rapid.String().Draw(t, "message")
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(person, 1, 9).Draw(t, "people")
		text, err := store.EncodePeople(people)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(people)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("kept as %s, want %s", text, want)
		}
		back, err := store.DecodePeople(text)
		if diff := cmp.Diff(people, back); diff != "" || err != nil {
			t.Errorf("read back: %v, %s", err, diff)
		}
	})
}

// TestPeopleByOtherHands: text that we would not write so is read as JSON, or refused.
func TestPeopleByOtherHands(t *testing.T) {
	t.Parallel()
	got, err := store.DecodePeople(` [ {"s":2, "n":5} ] `)
	if diff := cmp.Diff([]group.Person{{Number: 5, State: 2}}, got); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	for _, text := range []string{`[`, `[{"n":5}`, `[{"n":5}]x`, `[{"n":5},]`, `[{"n":}]`, `[{"n":5,"s":}]`, `[{"n":99999999999999999999}]`, `[{"n":--5}]`, `nobody`} {
		if people, err := store.DecodePeople(text); err == nil {
			t.Errorf("%s is read as %v", text, people)
		}
	}
}
