package store

import (
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
)

// InsertGroup adds a group and fills in its ID.
func (tx *Tx) InsertGroup(g *group.Group) error {
	g.ID = tx.NewID()
	return tx.run(`INSERT INTO chat_group (id, account_id, channel_id, number, network_id, status, subject, subject_key,
		description, picture, invite_link, created_at, modified_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		g.ID, g.AccountID, g.SpaceID, int64(g.Number), orNull(g.NetworkID), int64(g.Status), g.Subject, strings.ToLower(g.Subject),
		g.Description, g.Picture, g.InviteLink, millis(g.CreatedAt), millis(g.ModifiedAt))
}

// UpdateGroup writes everything about a group that can change.
func (tx *Tx) UpdateGroup(g *group.Group) error {
	return tx.run(`UPDATE chat_group SET network_id = $1, status = $2, subject = $3, subject_key = $4, description = $5,
		picture = $6, invite_link = $7, modified_at = $8 WHERE id = $9`,
		orNull(g.NetworkID), int64(g.Status), g.Subject, strings.ToLower(g.Subject), g.Description, g.Picture, g.InviteLink,
		millis(g.ModifiedAt), g.ID)
}

const groupColumns = `id, account_id, channel_id, number, coalesce(network_id, ''), status, subject, description, picture,
	invite_link, created_at, modified_at`

func scanGroup(row scanner) (group.Group, error) {
	var g group.Group
	var created, modified int64
	err := row.Scan(&g.ID, &g.AccountID, &g.SpaceID, &g.Number, &g.NetworkID, &g.Status, &g.Subject, &g.Description, &g.Picture,
		&g.InviteLink, &created, &modified)
	g.CreatedAt, g.ModifiedAt = fromMillis(created), fromMillis(modified)
	return g, err
}

// Group gives a group by our key.
func (tx *Tx) Group(id int64) (group.Group, error) {
	return tx.oneGroup(`SELECT `+groupColumns+` FROM chat_group WHERE id = $1`, id)
}

// GroupByNetworkID gives a group by the network's id.
func (tx *Tx) GroupByNetworkID(networkID string) (group.Group, error) {
	return tx.oneGroup(`SELECT `+groupColumns+` FROM chat_group WHERE network_id = $1`, networkID)
}

func (tx *Tx) oneGroup(query string, arg any) (group.Group, error) {
	groups, err := all(tx, scanGroup, query, arg)
	if err != nil {
		return group.Group{}, err
	}
	if len(groups) == 0 {
		return group.Group{}, ErrNoRow
	}
	return groups[0], nil
}

// GroupFilter says which groups of a business number a list is about. Zero values do not filter.
type GroupFilter struct {
	ChannelID int64
	Number    group.Number
	Status    group.Status
	Subject   string // substring, without regard to case
}

func (f GroupFilter) where() (string, []any) {
	return ` FROM chat_group WHERE channel_id = $1 AND number = $2 AND status <> $3
		AND ($4 = 0 OR status = $4) AND ($5 = '' OR subject_key LIKE $5 ESCAPE '\')`,
		[]any{f.ChannelID, int64(f.Number), int64(group.Deleted), int64(f.Status), likePattern(f.Subject)}
}

func likePattern(s string) string {
	const most = 4 * group.MaxSubject // databases bound a pattern; no subject is that long, so the front alone finds nothing either
	if s == "" {
		return ""
	}
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(s)) + "%"
}

// CountGroups tells how many groups a filter lets through.
func (tx *Tx) CountGroups(f GroupFilter) (int, error) {
	where, args := f.where()
	var n int
	err := tx.one(`SELECT count(*)`+where, args, &n)
	return n, err
}

// Groups gives a page of the groups a filter lets through, newest first.
func (tx *Tx) Groups(f GroupFilter, skip, most int) ([]group.Group, error) {
	where, args := f.where()
	return all(tx, scanGroup, `SELECT `+groupColumns+where+` ORDER BY id DESC LIMIT $6 OFFSET $7`, append(args, most, skip)...)
}

// GroupsAfter walks all groups that the network can be asked about, in the order of their keys.
func (tx *Tx) GroupsAfter(id int64, most int) ([]group.Group, error) {
	return all(tx, scanGroup, `SELECT `+groupColumns+` FROM chat_group WHERE id > $1 AND network_id IS NOT NULL AND status <> $2
		ORDER BY id LIMIT $3`, id, int64(group.Deleted), most)
}

// CountLiving tells how many groups GroupsAfter walks.
func (tx *Tx) CountLiving() (int, error) {
	var n int
	err := tx.one(`SELECT count(*) FROM chat_group WHERE network_id IS NOT NULL AND status <> $1`, []any{int64(group.Deleted)}, &n)
	return n, err
}

// CountNumberGroups tells how many living groups a business number has.
func (tx *Tx) CountNumberGroups(channelID int64, n group.Number) (int, error) {
	var count int
	err := tx.one(`SELECT count(*) FROM chat_group WHERE channel_id = $1 AND number = $2 AND status NOT IN ($3, $4)`,
		[]any{channelID, int64(n), int64(group.Deleted), int64(group.Inactive)}, &count)
	return count, err
}

// KnowsGroup tells whether this network id belongs to a group we know.
func (tx *Tx) KnowsGroup(networkID string) (bool, error) {
	var n int
	err := tx.one(`SELECT count(*) FROM chat_group WHERE network_id = $1`, []any{networkID}, &n)
	return n > 0, err
}

// orNull gives text that is kept as NULL when there is none.
func orNull(s string) any { return nullText(s) }
