package group_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
)

var statuses = []group.Status{group.Creating, group.Active, group.Updating, group.Suspended, group.Deleting, group.Inactive, group.Deleted}

func TestStatusNames(t *testing.T) {
	want := []string{"CREATING", "ACTIVE", "UPDATING", "SUSPENDED", "DELETING", "INACTIVE", "DELETED"}
	for i, s := range statuses {
		if s.String() != want[i] {
			t.Errorf("%d is %q, want %q", s, s, want[i])
		}
		read, ok := group.ParseStatus(want[i])
		if ok != (s != group.Deleted) || ok && read != s {
			t.Errorf("ParseStatus(%q) = %d, %v", want[i], read, ok)
		}
	}
	for _, text := range []string{"", "active", "GONE"} {
		if s, ok := group.ParseStatus(text); ok {
			t.Errorf("ParseStatus(%q) = %s", text, s)
		}
	}
	if group.Status(0).String() != "" || group.Status(99).String() != "" {
		t.Error("a status that is none has a name")
	}
}

// What each status allows, in the order of statuses: reading, changing, deleting.
func TestWhatAStatusAllows(t *testing.T) {
	const ok = group.Code("")
	want := map[group.Status][3]group.Code{
		group.Creating:  {ok, group.CodeNotActive, group.CodeNotActive},
		group.Active:    {ok, ok, ok},
		group.Updating:  {ok, ok, ok},
		group.Suspended: {ok, group.CodeSuspended, ok},
		group.Deleting:  {ok, group.CodeNotActive, group.CodeNotActive},
		group.Inactive:  {ok, group.CodeNotActive, group.CodeNotActive},
		group.Deleted:   {group.CodeNotFound, group.CodeNotFound, group.CodeNotFound},
	}
	for _, s := range statuses {
		g := group.Group{Status: s}
		got := [3]group.Code{codeOf(g.CheckReadable()), codeOf(g.CheckChangeable()), codeOf(g.CheckDeletable())}
		if diff := cmp.Diff(want[s], got); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	}
}

// The platform's own acts and the end of an update lead from some statuses alone, and twice is once.
func TestWhatFollowsAStatus(t *testing.T) {
	tests := []struct {
		name string
		next func(group.Status) group.Status
		want map[group.Status]group.Status // the rest stays
	}{
		{"suspend", group.Status.AfterSuspend, map[group.Status]group.Status{group.Active: group.Suspended, group.Updating: group.Suspended}},
		{"clear", group.Status.AfterClear, map[group.Status]group.Status{group.Suspended: group.Active}},
		{"update", group.Status.AfterUpdate, map[group.Status]group.Status{group.Updating: group.Active}},
	}
	for _, tt := range tests {
		for _, s := range statuses {
			want, moves := tt.want[s]
			if !moves {
				want = s
			}
			if got := tt.next(s); got != want || tt.next(got) != got {
				t.Errorf("%s: %s becomes %s and then %s, want %s", tt.name, s, got, tt.next(got), want)
			}
		}
	}
}

// A change of settings and a deletion begin only where they may, and one that fails leaves no group in between.
func TestChangesBeginAndFail(t *testing.T) {
	for _, s := range statuses {
		update, del := group.Group{Status: s}, group.Group{Status: s}
		if err := update.BeginUpdate(epoch); (err == nil) != (update.Status == group.Updating && update.ModifiedAt.Equal(epoch)) {
			t.Errorf("%s: update refused with %v and then %+v", s, err, update)
		}
		if err := del.BeginDelete(epoch); (err == nil) != (del.ModifiedAt.Equal(epoch)) || err == nil && del.Status != group.Deleting {
			t.Errorf("%s: deletion refused with %v and then %+v", s, err, del)
		}
	}
	tests := []struct {
		from      group.Status
		kind      group.Kind
		suspended bool
		want      group.Status
	}{
		{group.Creating, group.KindCreate, false, group.Inactive},
		{group.Updating, group.KindUpdate, false, group.Active},
		{group.Updating, group.KindUpdate, true, group.Suspended},
		{group.Deleting, group.KindDelete, false, group.Active},
		{group.Suspended, group.KindDelete, false, group.Suspended},
		{group.Deleted, group.KindDelete, false, group.Deleted},
		{group.Deleted, group.KindRemove, true, group.Deleted},
		{group.Active, group.KindRemove, true, group.Suspended},
		{group.Active, group.KindSend, false, group.Active},
	}
	for _, tt := range tests {
		g := group.Group{Status: tt.from}
		if g.AfterFailure(tt.kind, tt.suspended); g.Status != tt.want {
			t.Errorf("%s after a failed %s (suspended: %v) is %s, want %s", tt.from, tt.kind, tt.suspended, g.Status, tt.want)
		}
	}
	g := group.Group{Status: group.Creating}
	if g.Found("id", "link"); g.Status != group.Active || g.NetworkID != "id" || g.InviteLink != "link" {
		t.Errorf("found: %+v", g)
	}
	if g.End(); g.Status != group.Deleted || g.NetworkID != "id" || g.InviteLink != "" {
		t.Errorf("ended: %+v", g)
	}
}
