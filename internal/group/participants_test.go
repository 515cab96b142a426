package group_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
)

const first = group.Number(8613800000001)

func TestRemove(t *testing.T) {
	who := func(n group.Number, s group.ParticipantState, operation int64) group.Participant {
		return group.Participant{Number: n, State: s, Since: at(1), OperationID: operation}
	}
	a, b, c := first, first+1, first+2
	tests := []struct {
		name  string
		known []group.Participant
		list  []group.Number
		want  group.Removal
	}{
		{"nobody is known", nil, []group.Number{b, a}, group.Removal{Remove: []group.Number{b, a}}},
		{"a member", []group.Participant{who(a, group.Member, 0)}, []group.Number{a}, group.Removal{Remove: []group.Number{a}}},
		{"one who left may be back", []group.Participant{who(a, group.Left, 0)}, []group.Number{a}, group.Removal{Remove: []group.Number{a}}},
		{"one who is barred", []group.Participant{who(a, group.Removed, 4)}, []group.Number{a}, group.Removal{Out: []group.Number{a}}},
		{"a repeated call joins", []group.Participant{who(a, group.Removing, 4), who(b, group.Removing, 4)}, []group.Number{b, a},
			group.Removal{Joined: 4}},
		{"a call about somebody who may have come in since does not", []group.Participant{who(a, group.Removing, 4), who(b, group.Checking, 4)},
			[]group.Number{b, a}, group.Removal{Remove: []group.Number{b, a}}},
		{"part of a pending removal joins it", []group.Participant{who(a, group.Removing, 4), who(b, group.Removing, 4)}, []group.Number{b},
			group.Removal{Joined: 4}},
		{"the barred one is no reason not to join", []group.Participant{who(a, group.Removed, 3), who(b, group.Removing, 4)}, []group.Number{a, b},
			group.Removal{Joined: 4, Out: []group.Number{a}}},
		{"two pending removals cannot be joined at once", []group.Participant{who(a, group.Removing, 4), who(b, group.Removing, 5)}, []group.Number{a, b},
			group.Removal{Remove: []group.Number{a, b}}},
		{"one more person is not covered", []group.Participant{who(a, group.Removing, 4)}, []group.Number{a, c}, group.Removal{Remove: []group.Number{a, c}}},
		{"one more person in front is not covered", []group.Participant{who(a, group.Removing, 4)}, []group.Number{c, a}, group.Removal{Remove: []group.Number{c, a}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := group.Remove(&group.Group{Status: group.Active}, tt.known, tt.list)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, plan); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// P1 and P5: a plan covers the list exactly once; nobody barred is sent; a pending removal is joined if and only if it covers
// everybody who is not out, and all of them were members; and the order is the caller's.
func TestARemovalCoversTheListExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := drawPeople(t)
		list := group.Distinct(rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 11), number), 1, 12).Draw(t, "list"))
		plan, err := group.Remove(&group.Group{Status: group.Active}, known, list)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Concat(plan.Out, plan.Remove)
		if plan.Joined != 0 { // which covers everybody else
			all = slices.Clone(list)
		}
		slices.Sort(all)
		if diff := cmp.Diff(slices.Sorted(slices.Values(list)), all); diff != "" {
			t.Fatal(diff)
		}
		inOrder := func(part []group.Number) bool {
			return slices.IsSortedFunc(part, func(a, b group.Number) int { return slices.Index(list, a) - slices.Index(list, b) })
		}
		if !inOrder(plan.Out) || !inOrder(plan.Remove) {
			t.Fatalf("the order of %v became %+v", list, plan)
		}
		checkJoined(t, known, list, plan)
	})
}

func checkJoined(t *rapid.T, known []group.Participant, list []group.Number, plan group.Removal) {
	covering := map[int64]bool{}
	for _, n := range list {
		p := group.Find(known, n)
		barred := p != nil && p.SurelyOut()
		if barred != slices.Contains(plan.Out, n) {
			t.Fatalf("%s: barred %v, and the plan is %+v", n, barred, plan)
		}
		switch {
		case barred:
		case p != nil && p.State == group.Removing:
			covering[p.OperationID] = true
		default:
			covering[0] = true // no removal is on its way, or one that may have asked too early
		}
	}
	want := int64(0)
	if len(covering) == 1 {
		for operation := range covering {
			want = operation
		}
	}
	if plan.Joined != want || plan.Joined != 0 && len(plan.Remove) > 0 {
		t.Fatalf("joined %d, want %d; the plan is %+v", plan.Joined, want, plan)
	}
}

func number(i int) group.Number { return first + group.Number(i) }

func drawPeople(t *rapid.T) []group.Participant {
	var people []group.Participant
	for i := range 10 {
		p := group.Participant{Number: number(i), State: group.ParticipantState(rapid.IntRange(0, int(group.Checking)).Draw(t, "state"))}
		if rapid.Bool().Draw(t, "dated") {
			p.Since = at(1)
		}
		if p.State == 0 {
			continue // not known
		}
		if p.State.Pending() {
			p.OperationID = int64(rapid.IntRange(1, 2).Draw(t, "operation"))
		}
		people = append(people, p)
	}
	return people
}

func TestRemoveRefuses(t *testing.T) {
	many := make([]group.Number, group.MaxPeoplePerCall+1)
	for i := range many {
		many[i] = number(i)
	}
	barred := []group.Participant{{Number: first, State: group.Removed, Since: at(1)}}
	pending := []group.Participant{{Number: first, State: group.Removing, OperationID: 4}}
	tests := []struct {
		name   string
		status group.Status
		known  []group.Participant
		list   []group.Number
		want   group.Code
	}{
		{"nobody listed", group.Active, nil, nil, group.CodeBadList},
		{"too many listed", group.Active, nil, many, group.CodeBadList},
		{"as many as may be", group.Active, nil, many[1:], ""},
		{"while updating", group.Updating, nil, many[:1], ""},
		{"while creating", group.Creating, nil, many[:1], group.CodeNotActive},
		{"creation failed", group.Inactive, nil, many[:1], group.CodeNotActive},
		{"on its way out", group.Deleting, nil, many[:1], group.CodeNotActive},
		{"suspended", group.Suspended, nil, many[:1], group.CodeSuspended},
		{"suspended, but all are out", group.Suspended, barred, many[:1], ""},
		{"suspended, but the removal is on its way", group.Suspended, pending, many[:1], ""},
		{"deleted", group.Deleted, nil, many[:1], group.CodeNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := group.Remove(&group.Group{Status: tt.status}, tt.known, tt.list)
			if got := codeOf(err); got != tt.want {
				t.Fatalf("refused with %q, want %q", got, tt.want)
			}
			if err != nil && !cmp.Equal(plan, group.Removal{}) {
				t.Errorf("a refused removal still has a plan: %+v", plan)
			}
		})
	}
}

func codeOf(err error) group.Code {
	var refused *group.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func TestDistinctKeepsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Map(rapid.IntRange(0, 5), number)).Draw(t, "list")
		got := group.Distinct(list)
		var want []group.Number
		for _, n := range list {
			if !slices.Contains(want, n) {
				want = append(want, n)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Distinct(%v) = %v, want %v", list, got, want)
		}
	})
}

func TestWhoIsPresentAndPending(t *testing.T) {
	tests := []struct {
		state            group.ParticipantState
		present, pending bool
	}{
		{0, false, false}, {group.Member, true, false}, {group.Removing, true, true},
		{group.Removed, false, false}, {group.Left, false, false}, {group.Checking, false, true},
	}
	for _, tt := range tests {
		if tt.state.Present() != tt.present || tt.state.Pending() != tt.pending {
			t.Errorf("state %d: present %v, pending %v", tt.state, tt.state.Present(), tt.state.Pending())
		}
	}
}
