package group_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
)

func TestSettle(t *testing.T) {
	op := group.Operation{State: group.Pending, People: []group.Person{{Number: first}, {Number: first + 1}}}
	if !op.Settle(first, group.PersonOut, 0, "") {
		t.Fatal("nothing changed for one who was pending")
	}
	if op.Settle(first, group.PersonRefused, 131215, "no") {
		t.Error("what was settled changed")
	}
	if op.Settle(first+9, group.PersonOut, 0, "") {
		t.Error("somebody changed who is not part of it")
	}
	if op.Close(epoch) || op.State != group.Pending || !op.DoneAt.IsZero() {
		t.Error("it ended with somebody pending")
	}
	if !op.Settle(first+1, group.PersonRefused, 131215, "no") || !op.Close(epoch) {
		t.Fatal("it did not end")
	}
	want := group.Operation{State: group.Failed, DoneAt: epoch,
		People: []group.Person{{Number: first, State: group.PersonOut}, {Number: first + 1, State: group.PersonRefused, Code: 131215, Message: "no"}}}
	if diff := cmp.Diff(want, op); diff != "" {
		t.Error(diff)
	}
}

// P1 and P5: however often and in whichever order the network speaks of people, its first word on each one counts, the
// operation ends with the last of them, and it ends well if and only if nobody was refused.
func TestAnOperationEndsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := group.Operation{State: group.Pending}
		for i := range rapid.IntRange(1, 10).Draw(t, "people") {
			op.People = append(op.People, group.Person{Number: number(i)})
		}
		firstWord := map[group.Number]group.PersonState{}
		for range rapid.IntRange(0, 40).Draw(t, "words") {
			n := number(rapid.IntRange(0, 11).Draw(t, "who"))
			word := rapid.SampledFrom([]group.PersonState{group.PersonOut, group.PersonWasOut, group.PersonRefused}).Draw(t, "word")
			part := int(n-first) < len(op.People)
			_, spoken := firstWord[n]
			if changed := op.Settle(n, word, 0, ""); changed != (part && !spoken) {
				t.Fatalf("settling %s changed %v", n, changed)
			}
			if part && !spoken {
				firstWord[n] = word
			}
		}
		ended := op.Close(epoch)
		if ended != (len(firstWord) == len(op.People)) || ended != (op.State != group.Pending) || ended == op.DoneAt.IsZero() {
			t.Fatalf("ended %v with %d of %d settled, state %s", ended, len(firstWord), len(op.People), op.State)
		}
		counts := map[group.PersonState]int{}
		for _, s := range firstWord {
			counts[s]++
		}
		for s, n := range counts {
			if op.Count(s) != n {
				t.Fatalf("%d people are %s, want %d", op.Count(s), s, n)
			}
		}
		if ended && (op.State == group.Failed) != (counts[group.PersonRefused] > 0) {
			t.Fatalf("it ended %s with %d refused", op.State, counts[group.PersonRefused])
		}
	})
}

func TestOnlyKeepsTheCallersOrder(t *testing.T) {
	op := group.Operation{People: []group.Person{{Number: first}, {Number: first + 1, State: group.PersonOut}, {Number: first + 2}}}
	want := []group.Person{{Number: first + 2}, {Number: first + 8, State: group.PersonWasOut}, {Number: first}, {Number: first + 1, State: group.PersonOut}}
	if diff := cmp.Diff(want, op.Only([]group.Number{first + 2, first + 9, first + 8, first, first + 1}, []group.Number{first + 8, first + 1})); diff != "" {
		t.Error(diff)
	}
}

// What has ended keeps its time and its state, whatever is said of it later.
func TestWhatHasEndedIsNotClosedAgain(t *testing.T) {
	op := group.Operation{State: group.Pending, People: []group.Person{{Number: first}, {Number: first + 1, State: group.PersonOut}}}
	op.Fail(epoch, 131041, "gone")
	want := group.Operation{State: group.Failed, DoneAt: epoch, Code: "131041", Message: "gone", People: []group.Person{
		{Number: first, State: group.PersonRefused, Code: 131041, Message: "gone"}, {Number: first + 1, State: group.PersonOut}}}
	if op.Close(epoch.Add(time.Hour)) {
		t.Error("it was ended once more")
	}
	if diff := cmp.Diff(want, op); diff != "" {
		t.Error(diff)
	}
}

// The numbers of kinds and states are on disk: they cannot move.
func TestStoredNumbersStay(t *testing.T) {
	kinds := map[int]string{1: "create", 2: "update", 3: "delete", 4: "make-link", 5: "drop-link", 6: "remove", 7: "send", 8: "reread",
		9: "account", 0: "unknown", 10: "unknown"}
	for n, want := range kinds {
		if got := group.Kind(n).String(); got != want {
			t.Errorf("kind %d is %q, want %q", n, got, want)
		}
	}
	states := map[int]string{0: "", 1: "PENDING", 2: "DONE", 3: "FAILED", 4: "REFUSED", 5: ""}
	for n, want := range states {
		if got := group.OperationState(n).String(); got != want {
			t.Errorf("state %d is %q, want %q", n, got, want)
		}
	}
	people := map[int]string{0: "PENDING", 1: "REMOVED", 2: "NOT_A_MEMBER", 3: "REFUSED", 4: "", -1: ""}
	for n, want := range people {
		if got := group.PersonState(n).String(); got != want {
			t.Errorf("a person's state %d is %q, want %q", n, got, want)
		}
	}
	participants := []group.ParticipantState{group.Member, group.Removing, group.Removed, group.Left, group.Checking}
	for i, s := range participants {
		if int(s) != i+1 {
			t.Errorf("participant state %d has the number %d", i+1, s)
		}
	}
}
