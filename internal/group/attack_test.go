package group_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Whoever is listed is looked for as they are known, and who is in the group goes before a namesake who is not.
func TestSpelt(t *testing.T) {
	t.Parallel()
	const long, short, other = group.Number(5511987654321), group.Number(551187654321), group.Number(4915123456789)
	who := func(n group.Number, s group.ParticipantState) group.Participant {
		return group.Participant{Number: n, State: s}
	}
	for _, test := range []struct {
		name  string
		known []group.Participant
		list  []group.Number
		want  []group.Number
	}{
		{"nobody is known", nil, []group.Number{long, short, other}, []group.Number{long, short, other}},
		{"known by the short one", []group.Participant{who(short, group.Member)}, []group.Number{long, other}, []group.Number{short, other}},
		{"known by the long one", []group.Participant{who(long, group.Member)}, []group.Number{short}, []group.Number{long}},
		{"known as listed", []group.Participant{who(long, group.Member)}, []group.Number{long}, []group.Number{long}},
		{"known by both, in by neither", []group.Participant{who(short, group.Left), who(long, group.Left)}, []group.Number{long}, []group.Number{long}},
		{"known by both, in by the other", []group.Participant{who(long, group.Left), who(short, group.Member)}, []group.Number{long}, []group.Number{short}},
		{"barred by one, in by the other", []group.Participant{who(long, group.Removed), who(short, group.Removing)}, []group.Number{long}, []group.Number{short}},
		{"in by both", []group.Participant{who(short, group.Member), who(long, group.Member)}, []group.Number{long, short}, []group.Number{long, short}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, group.Spelt(test.known, test.list)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// P1: whoever is in the group is meant by either spelling of their number, and nobody is taken for somebody else.
func TestP1WhoeverIsInIsMeantByEitherSpelling(t *testing.T) {
	t.Parallel()
	states := []group.ParticipantState{group.Member, group.Removing, group.Removed, group.Left, group.Checking}
	rapid.Check(t, func(t *rapid.T) {
		n := group.Number(rapid.Int64Range(5511900000000, 5511999999999).Draw(t, "number"))
		other, ok := n.Other()
		if !ok {
			t.Fatalf("%d has one spelling only", n)
		}
		both := []group.Number{n, other}
		var known []group.Participant
		for _, spelling := range both {
			if rapid.Bool().Draw(t, "known") {
				known = append(known, group.Participant{Number: spelling, State: rapid.SampledFrom(states).Draw(t, "state")})
			}
		}
		got := group.Spelt(known, both)
		for i, spelling := range got {
			if !slices.Contains(both, spelling) {
				t.Fatalf("%d became %d", both[i], spelling)
			}
			in := slices.ContainsFunc(known, func(p group.Participant) bool { return p.State.Present() })
			if p := group.Find(known, spelling); in && (p == nil || !p.State.Present()) {
				t.Fatalf("%d is taken for %d, who is not in the group: %+v", both[i], spelling, known)
			}
			if len(known) > 0 && group.Find(known, spelling) == nil {
				t.Fatalf("%d is taken for a stranger: %+v", both[i], known)
			}
		}
	})
}
