package store

import (
	"context"
	"fmt"
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
	p.Groups, err = tx.pageFrom(l, f.Status, at, most)
	return p, err
}

// listedColumns are those of a group that stands in a page, with a count of the people in it: one for each row of the page, which
// is as cheap as asking for all of them at once, and needs no second question.
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

// The pages of all living groups and of those of one status, each read along its index. The people are counted outside, after
// the rows that are stepped over have gone.
const (
	pageOfAll = `SELECT ` + listedColumns + ` FROM (SELECT * FROM chat_group WHERE list_id = $3 AND ` + living + ` AND list_no <= $4
		ORDER BY list_no DESC LIMIT $5 OFFSET $6) g ORDER BY g.list_no DESC`
	pageOfStatus = `SELECT ` + listedColumns + ` FROM (SELECT * FROM chat_group WHERE list_id = $3 AND status = $7 AND ` + living + `
		AND list_no <= $4 ORDER BY list_no DESC LIMIT $5 OFFSET $6) g ORDER BY g.list_no DESC`
)

func (tx *Tx) pageFrom(l list, status group.Status, at spot, most int) ([]ListedGroup, error) {
	query, args := pageOfAll, []any{int64(group.Member), int64(group.Removing), l.id, at.top, most, at.skip}
	if status != anyStatus {
		query, args = pageOfStatus, append(args, int64(status))
	}
	groups, err := all(tx, scanListed, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read a page of groups: %w", err)
	}
	return groups, nil
}

// pageAt gives the groups at so many places, newest first.
func (tx *Tx) pageAt(l list, places []int64) ([]ListedGroup, error) {
	if len(places) == 0 {
		return nil, nil
	}
	n := 1
	for n < len(places) {
		n *= 2 // few different statements; what is left over repeats the last place
	}
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
