package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// roster is what a list has to show, kept without any cleverness.
type roster struct {
	channel int64
	groups  []store.ListedGroup // oldest first
}

var errUndone = errors.New("undone")

// testGroupPages changes the groups of a list at random, and compares every page, total and search with a list that is read
// through. Places are left out, so that few groups fill many blocks.
func testGroupPages(t *testing.T, open opener) {
	s := open(t)
	s.Strain()
	channel := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		channel++
		r := &roster{channel: channel}
		searches := rapid.SliceOfN(rapid.Custom(r.drawFilter), 3, 3).Draw(t, "searches") // the same again and again: they are remembered
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			r.change(t, s)
			for _, f := range searches {
				r.compare(t, s, f)
			}
		}
	})
}

// edit is one change, drawn before it is made: a transaction may run more than once.
type edit struct {
	act    string
	group  int // which one, modulo how many there are
	text   string
	status group.Status
	people int
	places int64
}

func drawEdit(t *rapid.T) edit {
	return edit{
		act:    rapid.SampledFrom([]string{"add", "add", "rename", "status", "status", "describe", "people", "leave places"}).Draw(t, "act"),
		group:  rapid.IntRange(0, 50).Draw(t, "group"),
		text:   drawText(t, "text"),
		status: rapid.SampledFrom(statuses).Draw(t, "status"),
		people: rapid.IntRange(0, 3).Draw(t, "people"),
		places: rapid.SampledFrom([]int64{1, 63, 255, 256, 300, 70000}).Draw(t, "places"),
	}
}

// statuses are all that a group can have. Deleted groups may come back here, which none does in life.
var statuses = []group.Status{group.Creating, group.Active, group.Active, group.Updating, group.Suspended, group.Deleting, group.Inactive, group.Deleted}

// change makes some changes in one transaction, which may come to nothing.
func (r *roster) change(t *rapid.T, s *store.Store) {
	edits := rapid.SliceOfN(rapid.Custom(drawEdit), 1, 12).Draw(t, "edits")
	undone := rapid.IntRange(0, 5).Draw(t, "undone") == 0
	var next roster
	err := s.Write(context.Background(), func(tx *store.Tx) error {
		next = roster{channel: r.channel, groups: slices.Clone(r.groups)}
		for _, e := range edits {
			if err := next.apply(tx, e); err != nil {
				return err
			}
		}
		if undone {
			return errUndone
		}
		return nil
	})
	if undone && errors.Is(err, errUndone) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	*r = next
}

func (r *roster) apply(tx *store.Tx, e edit) error {
	if e.act == "add" || len(r.groups) == 0 {
		g := group.Group{AccountID: 7, SpaceID: r.channel, Number: businessNumber, Status: e.status, Subject: e.text, CreatedAt: day, ModifiedAt: day}
		err := tx.InsertGroup(&g)
		r.groups = append(r.groups, store.ListedGroup{Group: g})
		return err
	}
	g := &r.groups[e.group%len(r.groups)]
	switch e.act {
	case "leave places":
		return tx.LeavePlaces(r.channel, businessNumber, e.places)
	case "people":
		g.Participants = e.people
		return tx.PutParticipants(g.ID, crowd(e.people))
	case "rename":
		g.Subject = e.text
	case "status":
		g.Status = e.status
	case "describe":
		g.Description = e.text
	}
	return tx.UpdateGroup(&g.Group)
}

// crowd is so many people who are in a group, and one who has left.
func crowd(in int) []group.Participant {
	people := []group.Participant{{Number: 8613900000000, State: group.Left, Since: day}}
	for i := range 3 {
		p := group.Participant{Number: group.Number(8613900000001 + i), State: group.Removed, Since: day}
		if i < in {
			p.State = []group.ParticipantState{group.Member, group.Removing}[i%2]
		}
		people = append(people, p)
	}
	return people
}

// drawText gives texts that often have pieces in common.
func drawText(t *rapid.T, label string) string {
	pieces := rapid.SampledFrom([]string{"aba", "ABA", "ab", "夜班", "É%", `_\`, `"' `, "b"})
	return strings.Join(rapid.SliceOfN(pieces, 0, 4).Draw(t, label), "")
}

func (r *roster) drawFilter(t *rapid.T) store.GroupFilter {
	text := drawText(t, "search")
	return store.GroupFilter{ChannelID: r.channel, Number: businessNumber, Status: rapid.SampledFrom(append(statuses, 0, 0, 0, 0)).Draw(t, "filter"),
		Subject: text[:min(len(text), rapid.IntRange(0, 5).Draw(t, "length"))]}
}

func (r *roster) compare(t *rapid.T, s *store.Store, f store.GroupFilter) {
	skip, most := rapid.IntRange(0, 12).Draw(t, "skip"), rapid.IntRange(1, 10).Draw(t, "most")
	got, err := s.GroupPage(context.Background(), f, skip, most)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.page(f, skip, most), got); diff != "" {
		t.Fatalf("%+v from %d: -want +got\n%s", f, skip, diff)
	}
}

func (r *roster) page(f store.GroupFilter, skip, most int) (p store.GroupPage) {
	for _, g := range slices.Backward(r.groups) {
		if g.Status == group.Deleted || f.Status != 0 && g.Status != f.Status ||
			!strings.Contains(strings.ToLower(g.Subject), strings.ToLower(f.Subject)) {
			continue
		}
		if p.Total >= skip && len(p.Groups) < most {
			p.Groups = append(p.Groups, g)
		}
		p.Total++
	}
	return p
}

// Counts of lists hold while many write at once.
func testGroupPagesTogether(t *testing.T, open opener) {
	s := open(t)
	const writers, each = 8, 20
	errs := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := range each {
				g := group.Group{AccountID: 7, SpaceID: 3, Number: businessNumber + group.Number(w%2), Status: group.Active, Subject: "together", CreatedAt: day}
				err := s.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertGroup(&g) })
				if err == nil && i%2 == 0 {
					g.Status = group.Deleted
					err = s.Write(context.Background(), func(tx *store.Tx) error { return tx.UpdateGroup(&g) })
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"", "gethe", "to"} {
		for n := range group.Number(2) {
			f := store.GroupFilter{ChannelID: 3, Number: businessNumber + n, Subject: text}
			whole := page(t, s, f, 0, 100)
			if whole.Total != writers*each/4 || len(whole.Groups) != whole.Total {
				t.Errorf("%q finds %d of %d", text, len(whole.Groups), whole.Total)
			}
			var parts []store.ListedGroup
			for skip := 0; skip < whole.Total; skip += 7 {
				parts = append(parts, page(t, s, f, skip, 7).Groups...)
			}
			same(t, whole.Groups, parts)
		}
	}
}

func page(t *testing.T, s *store.Store, f store.GroupFilter, skip, most int) store.GroupPage {
	t.Helper()
	p, err := s.GroupPage(t.Context(), f, skip, most)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Searches leave readers for the calls that are quick, and one that is given up while others run does not wait for them.
func testGroupSearchGivenUp(t *testing.T, open opener) {
	s := open(t)
	release := s.OccupySearches()
	f := store.GroupFilter{ChannelID: 3, Number: businessNumber}
	page(t, s, f, 0, 1)
	f.Subject = "x"
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.GroupPage(gone, f, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	page(t, s, f, 0, 1)
}

// A database from before there were lists has them after its update, and goes on with them.
func testListsOfOldDatabases(t *testing.T, open opener) {
	ctx := context.Background()
	var cfg store.Config
	s := open(t, func(c *store.Config) { cfg = *c })
	var filters []store.GroupFilter
	for n := range group.Number(3) {
		for i := range 30 {
			addGroup(t, s, fmt.Sprintf("%d Site %d", n, i), func(g *group.Group) {
				g.Number, g.Status = businessNumber+n, statuses[i%len(statuses)]
			})
		}
		for _, text := range []string{"", "site", "e 1", "2"} {
			for _, status := range []group.Status{0, group.Active, group.Suspended, group.Deleted} {
				filters = append(filters, store.GroupFilter{ChannelID: 3, Number: businessNumber + n, Status: status, Subject: text})
			}
		}
	}
	pages := func() (all []store.GroupPage) {
		for _, f := range filters {
			all = append(all, page(t, s, f, 3, 10))
		}
		return all
	}
	before := pages()
	_, want, err := store.Versions(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), store.MigrateTo(ctx, cfg, 1), store.MigrateTo(ctx, cfg, want)); err != nil {
		t.Fatal(err)
	}
	s = open(t)
	s.Strain()
	same(t, before, pages())
	g := addGroup(t, s, "Site new")
	g.Status = group.Deleted
	write(t, s, func(tx *store.Tx) error { return tx.UpdateGroup(&g) })
	same(t, before, pages())
}
