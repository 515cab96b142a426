package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

const businessNumber = group.Number(8613800000000)

// addGroup adds an active group of the number, with a subject and a network id of its own.
func addGroup(t *testing.T, s *store.Store, subject string, change ...func(*group.Group)) group.Group {
	t.Helper()
	g := group.Group{AccountID: 7, SpaceID: 3, Number: businessNumber, Status: group.Active, Subject: subject,
		NetworkID: "net/" + subject, CreatedAt: day, ModifiedAt: day}
	for _, c := range change {
		c(&g)
	}
	write(t, s, func(tx *store.Tx) error { return tx.InsertGroup(&g) })
	return g
}

func testGroups(t *testing.T, open opener) {
	s := open(t)
	g := group.Group{AccountID: 7, SpaceID: 3, Number: businessNumber, Status: group.Creating, Subject: "Straße",
		Description: "two\nlines", CreatedAt: day, ModifiedAt: day}
	other := g
	write(t, s, func(tx *store.Tx) error { return tx.InsertGroup(&g) })
	write(t, s, func(tx *store.Tx) error { return tx.InsertGroup(&other) }) // neither has a network id yet
	byKey := func(id int64) func(*store.Tx) (group.Group, error) {
		return func(tx *store.Tx) (group.Group, error) { return tx.Group(id) }
	}
	byNetwork := func(id string) func(*store.Tx) (group.Group, error) {
		return func(tx *store.Tx) (group.Group, error) { return tx.GroupByNetworkID(id) }
	}
	same(t, g, read(t, s, byKey(g.ID)))
	noRow(t, s, byNetwork(""))
	noRow(t, s, byKey(g.ID+other.ID))

	g.NetworkID, g.Status, g.Subject, g.Description, g.Picture, g.InviteLink, g.ModifiedAt = "net/1", group.Active, "New", "", "https://p", "https://l", day.Add(time.Minute)
	write(t, s, func(tx *store.Tx) error { return tx.UpdateGroup(&g) })
	same(t, g, read(t, s, byKey(g.ID)))
	same(t, g, read(t, s, byNetwork("net/1")))
	same(t, other, read(t, s, byKey(other.ID)))
	for id, want := range map[string]bool{"net/1": true, "net/2": false, "": false} {
		if got := read(t, s, func(tx *store.Tx) (bool, error) { return tx.KnowsGroup(id) }); got != want {
			t.Errorf("KnowsGroup(%q) = %v", id, got)
		}
	}
}

func subjects(groups []group.Group) []string {
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = g.Subject
	}
	return out
}

// find gives the subjects of one page and the count over all pages.
func find(t *testing.T, s *store.Store, f store.GroupFilter, skip, most int) ([]string, int) {
	t.Helper()
	page, err := s.GroupPage(t.Context(), f, skip, most)
	if err != nil {
		t.Fatal(err)
	}
	found := make([]string, len(page.Groups))
	for i := range page.Groups {
		found[i] = page.Groups[i].Subject
	}
	return found, page.Total
}

func testGroupLists(t *testing.T, open opener) {
	s := open(t, clock(day)) // all in one millisecond: the order must not hang on the clock
	for i := range 5 {
		addGroup(t, s, fmt.Sprint(i))
	}
	addGroup(t, s, "suspended", func(g *group.Group) { g.Status = group.Suspended })
	addGroup(t, s, "deleted", func(g *group.Group) { g.Status = group.Deleted })
	addGroup(t, s, "inactive", func(g *group.Group) { g.Status, g.NetworkID = group.Inactive, "" })
	addGroup(t, s, "other number", func(g *group.Group) { g.Number++ })
	addGroup(t, s, "other channel", func(g *group.Group) { g.SpaceID++ })

	everything := store.GroupFilter{ChannelID: 3, Number: businessNumber}
	newestFirst := []string{"inactive", "suspended", "4", "3", "2", "1", "0"}
	tests := []struct {
		filter     store.GroupFilter
		skip, most int
		want       []string
		total      int
	}{
		{everything, 0, 100, newestFirst, 7},
		{everything, 2, 3, newestFirst[2:5], 7},
		{everything, 6, 3, newestFirst[6:], 7},
		{everything, 7, 3, []string{}, 7},
		{store.GroupFilter{ChannelID: 3, Number: businessNumber, Status: group.Suspended}, 0, 100, []string{"suspended"}, 1},
		{store.GroupFilter{ChannelID: 3, Number: businessNumber, Status: group.Deleted}, 0, 100, []string{}, 0},
		{store.GroupFilter{ChannelID: 3, Number: businessNumber, Status: group.Active, Subject: "3"}, 0, 100, []string{"3"}, 1},
	}
	for _, tt := range tests {
		got, total := find(t, s, tt.filter, tt.skip, tt.most)
		if !slices.Equal(got, tt.want) || total != tt.total {
			t.Errorf("%+v from %d: %q of %d, want %q of %d", tt.filter, tt.skip, got, total, tt.want, tt.total)
		}
	}
	living := read(t, s, func(tx *store.Tx) (int, error) { return tx.CountNumberGroups(3, businessNumber) })
	if living != 6 {
		t.Errorf("the number has %d living groups, want 6", living)
	}
}

// A search finds the text as it stands, without regard to case in any script, and nothing in it is a wildcard.
func testGroupSearch(t *testing.T, open opener) {
	s := open(t)
	for _, subject := range []string{"100% Site_7", "100 Site-7", `C:\Site`, "ÄRZTE Übung", "БРИГАДА", "夜班 NIGHT"} {
		addGroup(t, s, subject)
	}
	tests := map[string][]string{
		"100%":                     {"100% Site_7"},
		"%":                        {"100% Site_7"},
		"e_7":                      {"100% Site_7"},
		"e-7":                      {"100 Site-7"},
		`:\s`:                      {`C:\Site`},
		`\`:                        {`C:\Site`},
		"ärzte":                    {"ÄRZTE Übung"},
		"ÜBUNG":                    {"ÄRZTE Übung"},
		"бриг":                     {"БРИГАДА"},
		"班 n":                      {"夜班 NIGHT"},
		"SITE":                     {`C:\Site`, "100 Site-7", "100% Site_7"},
		"nobody":                   {},
		"' OR 1=1 --":              {},
		strings.Repeat("x", 60000): {}, // longer than a pattern may be
		strings.Repeat("%", 60000): {},
	}
	for text, want := range tests {
		got, total := find(t, s, store.GroupFilter{ChannelID: 3, Number: businessNumber, Subject: text}, 0, 100)
		if !slices.Equal(got, want) || total != len(want) {
			t.Errorf("%.20q finds %q of %d, want %q", text, got, total, want)
		}
	}
}

// Whatever the characters, a search finds a subject if and only if the one contains the other without regard to case.
func TestLikePatternMeansContains(t *testing.T) {
	s := sqliteFile(t)(t)
	channel := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		channel++
		text := rapid.StringOfN(rapid.SampledFrom([]rune(`aAbB%_\É班é`)), 0, 6, -1)
		subject, search := text.Draw(t, "subject"), text.Draw(t, "search")
		g := group.Group{AccountID: 7, SpaceID: channel, Number: businessNumber, Status: group.Active, Subject: subject}
		if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertGroup(&g) }); err != nil {
			t.Fatal(err)
		}
		page, err := s.GroupPage(t.Context(), store.GroupFilter{ChannelID: g.SpaceID, Number: businessNumber, Subject: search}, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if found, want := page.Total == 1, strings.Contains(strings.ToLower(subject), strings.ToLower(search)); found != want {
			t.Fatalf("searching %q in %q as %q gives %v", search, subject, store.LikePattern(search), found)
		}
	})
}

func testGroupsWalked(t *testing.T, open opener) {
	s := open(t)
	a := addGroup(t, s, "a")
	addGroup(t, s, "without network id", func(g *group.Group) { g.Status, g.NetworkID = group.Creating, "" })
	addGroup(t, s, "deleted", func(g *group.Group) { g.Status = group.Deleted })
	b := addGroup(t, s, "b", func(g *group.Group) { g.AccountID, g.SpaceID = 8, 4 })
	walk := func(after int64, most int) []string {
		return subjects(read(t, s, func(tx *store.Tx) ([]group.Group, error) { return tx.GroupsAfter(after, most) }))
	}
	same(t, []string{"a", "b"}, walk(0, 10))
	same(t, []string{"a"}, walk(0, 1))
	same(t, []string{"b"}, walk(a.ID, 10))
	same(t, []string{}, walk(b.ID, 10))
	if n := read(t, s, (*store.Tx).CountLiving); n != 2 {
		t.Errorf("%d groups are walked, want 2", n)
	}
}

func testParticipants(t *testing.T, open opener) {
	s := open(t)
	var people []group.Participant
	for i, state := range []group.ParticipantState{group.Member, group.Removing, group.Removed, group.Left, group.Checking} {
		people = append(people, group.Participant{Number: group.Number(8613900000001 + i), State: state, Since: day.Add(time.Duration(i) * time.Second), OperationID: int64(i)})
	}
	people[4].Since = time.Time{} // of unknown age
	put := func(groupID int64, who ...group.Participant) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error { return tx.PutParticipants(groupID, who) })
	}
	in := func(groupID int64) []group.Participant {
		t.Helper()
		return read(t, s, func(tx *store.Tx) ([]group.Participant, error) { return tx.Participants(groupID) })
	}
	backwards := slices.Clone(people)
	slices.Reverse(backwards)
	put(1, backwards...)
	put(2, people[0])
	put(2) // nobody
	same(t, people, in(1))
	same(t, people[:1], in(2))
	same(t, []group.Participant(nil), in(3))
	people[0].State, people[0].OperationID, people[0].Told = group.Left, 99, true
	put(1, people[0])
	same(t, people, in(1))

	var crowd []group.Participant
	for i := range 150 { // more than there are statements made beforehand for
		crowd = append(crowd, group.Participant{Number: group.Number(8614000000000 + i), State: group.Member, Since: day})
	}
	put(4, crowd...)
	same(t, crowd, in(4))
}
