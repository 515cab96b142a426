package store

import (
	"context"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
)

// GroupFilter says which groups of a business number a list is about. Zero values do not filter.
type GroupFilter struct {
	ChannelID int64
	Number    group.Number
	Status    group.Status
	Subject   string // substring, without regard to case
}

// GroupPage is a page of a list.
type GroupPage struct {
	Groups []ListedGroup // newest first
	Total  int           // on all pages
}

// ListedGroup is a group, and how many people are in it.
type ListedGroup struct {
	group.Group
	Participants int
}

// GroupPage gives a page of the groups a filter lets through, newest first: so many of them, after those that are skipped.
// What it costs does not depend on how many groups there are, unless many subjects have the text that is searched for.
func (s *Store) GroupPage(ctx context.Context, f GroupFilter, skip, most int) (p GroupPage, err error) {
	if f.Subject != "" {
		return s.searchPage(ctx, f, skip, most)
	}
	err = s.Snapshot(ctx, func(tx *Tx) (err error) {
		p, err = tx.page(f, skip, most)
		return err
	})
	return p, err
}

func (tx *Tx) page(f GroupFilter, skip, most int) (p GroupPage, err error) {
	l, err := tx.listOf(f.ChannelID, f.Number)
	if err != nil {
		return p, err
	}
	if p.Total, err = tx.size(l, f.Status); err != nil || skip >= p.Total {
		return p, err
	}
	at, err := tx.spotOf(l, f.Status, skip)
	if err != nil {
		return p, err
	}
	places, err := tx.placesFrom(l, f.Status, at, most)
	if err != nil {
		return p, err
	}
	p.Groups, err = tx.pageAt(l, places)
	return p, err
}

// listedColumns are those of a group that stands in a page, with a count of the people in it: one for each row of the page, which
// is as cheap as counting for all of them at once, and needs no question of its own.
const listedColumns = `g.id, g.account_id, g.channel_id, g.number, coalesce(g.network_id, ''), g.status, g.subject, g.description,
	g.picture, g.invite_link, g.created_at, g.modified_at,
	(SELECT count(*) FROM participant p WHERE p.group_id = g.id AND p.state IN ($1, $2))`

func scanListed(row scanner) (ListedGroup, error) {
	var g ListedGroup
	var created, modified int64
	err := row.Scan(&g.ID, &g.AccountID, &g.SpaceID, &g.Number, &g.NetworkID, &g.Status, &g.Subject, &g.Description, &g.Picture,
		&g.InviteLink, &created, &modified, &g.Participants)
	g.CreatedAt, g.ModifiedAt = fromMillis(created), fromMillis(modified)
	return g, err
}

// The places of a page of all living groups, and of those of one status, each read along its index and from nothing else. How many
// are read stands in the text, because a database that does not know it may think it quicker to sort the whole list.
const (
	placesOfAll    = `SELECT list_no FROM chat_group WHERE list_id = $1 AND ` + living + ` AND list_no <= $2 ORDER BY list_no DESC LIMIT `
	placesOfStatus = `SELECT list_no FROM chat_group WHERE list_id = $1 AND status = $3 AND ` + living + ` AND list_no <= $2 ORDER BY list_no DESC LIMIT `
)

// placesFrom gives the places of a page that begins at a spot.
func (tx *Tx) placesFrom(l list, status group.Status, at spot, most int) ([]int64, error) {
	query, args := placesOfAll, []any{l.id, at.top}
	if status != anyStatus {
		query, args = placesOfStatus, append(args, int64(status))
	}
	places, err := all(tx, func(row scanner) (no int64, err error) { return no, row.Scan(&no) },
		query+strconv.Itoa(roundUp(at.skip+most)), args...)
	if err != nil {
		return nil, fmt.Errorf("read the places of a page: %w", err)
	}
	return cut(places, at.skip, most), nil
}

// roundUp gives the next power of two, so that there are few different statements.
func roundUp(n int) int { return 1 << bits.Len(uint(max(n-1, 0))) }

// pageAt gives the groups at so many places, newest first.
func (tx *Tx) pageAt(l list, places []int64) ([]ListedGroup, error) {
	if len(places) == 0 {
		return nil, nil
	}
	n := roundUp(len(places)) // what is left over repeats the last place
	args := []any{int64(group.Member), int64(group.Removing), l.id}
	for i := range n {
		args = append(args, places[min(i, len(places)-1)])
	}
	groups, err := all(tx, scanListed, pageAt(n), args...)
	if err != nil {
		return nil, fmt.Errorf("read a page of groups: %w", err)
	}
	return groups, nil
}

func pageAt(places int) string {
	var b strings.Builder
	b.WriteString(`SELECT ` + listedColumns + ` FROM chat_group g WHERE g.list_id = $3 AND g.` + living + ` AND g.list_no IN (`)
	for i := range places {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(4+i))
	}
	b.WriteString(`) ORDER BY g.list_no DESC`)
	return b.String()
}
