package store

import (
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
)

// InsertGroup adds a group, newest in its list, and fills in its ID.
func (tx *Tx) InsertGroup(g *group.Group) error {
	tx.holdList(g) // first, so that keys grow with places
	g.ID = tx.NewID()
	p, stamp, err := tx.newPlace(g)
	if err != nil {
		return err
	}
	err = tx.run(`INSERT INTO chat_group (id, account_id, channel_id, number, list_id, list_no, network_id, status, subject, subject_key,
		description, picture, invite_link, created_at, modified_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		g.ID, g.AccountID, g.SpaceID, int64(g.Number), p.list, p.no, orNull(g.NetworkID), int64(p.status), g.Subject, p.subjectKey,
		g.Description, g.Picture, g.InviteLink, millis(g.CreatedAt), millis(g.ModifiedAt))
	if err != nil {
		return err
	}
	return tx.recount(nil, &p, stamp)
}

// UpdateGroup writes everything about a group that can change. What lists are made by comes second: the row is this
// transaction's own by then, so that what it held before is still true when the counts are changed.
func (tx *Tx) UpdateGroup(g *group.Group) error {
	err := tx.run(`UPDATE chat_group SET network_id = $1, subject = $2, description = $3, picture = $4, invite_link = $5,
		modified_at = $6 WHERE id = $7`,
		orNull(g.NetworkID), g.Subject, g.Description, g.Picture, g.InviteLink, millis(g.ModifiedAt), g.ID)
	if err != nil {
		return err
	}
	var was place
	err = tx.one(`SELECT list_id, list_no, status, subject_key FROM chat_group WHERE id = $1`, []any{g.ID},
		&was.list, &was.no, &was.status, &was.subjectKey)
	if err != nil {
		return err
	}
	is := place{list: was.list, no: was.no, status: g.Status, subjectKey: subjectKey(g.Subject)}
	if is == was {
		return nil
	}
	return tx.relist(g, &was, &is)
}

// maxKey is more characters than a subject has. Databases bound a key of an index, and a pattern.
const maxKey = 4 * group.MaxSubject

// subjectKey is a subject as it is searched for: without regard to case.
func subjectKey(subject string) string {
	if r := []rune(subject); len(r) > maxKey {
		subject = string(r[:maxKey])
	}
	return strings.ToLower(subject)
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

// GroupsAfter walks all groups that the network can be asked about, in the order of their keys.
func (tx *Tx) GroupsAfter(id int64, most int) ([]group.Group, error) {
	return all(tx, scanGroup, `SELECT `+groupColumns+` FROM chat_group WHERE id > $1 AND network_id IS NOT NULL AND status <> $2
		ORDER BY id LIMIT $3`, id, int64(group.Deleted), most)
}

// CountLiving tells how many groups GroupsAfter walks: the network has given an id to all but those that are being made and
// those that could not be.
func (tx *Tx) CountLiving() (int, error) {
	var n int
	err := tx.one(`SELECT CAST(coalesce(sum((SELECT sum(b.living) FROM group_block b
		WHERE b.list_id = l.id AND b.status IN ($1, $2, $3, $4) AND b.level = $5 AND b.block = 0)), 0) AS BIGINT) FROM group_list l`,
		[]any{int64(group.Active), int64(group.Updating), int64(group.Suspended), int64(group.Deleting), wholeList}, &n)
	return n, err
}

// CountNumberGroups tells how many living groups a business number has.
func (tx *Tx) CountNumberGroups(channelID int64, n group.Number) (int, error) {
	l, err := tx.listOf(channelID, n)
	if err != nil {
		return 0, err
	}
	all, err := tx.size(l, anyStatus)
	if err != nil {
		return 0, err
	}
	failed, err := tx.size(l, group.Inactive)
	return all - failed, err
}

// KnowsGroup tells whether this network id belongs to a group we know.
func (tx *Tx) KnowsGroup(networkID string) (bool, error) {
	var n int
	err := tx.one(`SELECT count(*) FROM chat_group WHERE network_id = $1`, []any{networkID}, &n)
	return n > 0, err
}

// orNull gives text that is kept as NULL when there is none.
func orNull(s string) any { return nullText(s) }
