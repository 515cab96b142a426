package store

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/group"
)

// A list holds the groups of one business number in a channel. Each group gets a place in it, a number that grows by one, and
// for every block of places it is known how many living groups of each status it holds. So a page deep down is found by adding
// up blocks, and a total is one row. Whoever changes a group's status or subject keeps these counts in the same transaction;
// people who come and go change nothing here.

// The levels of blocks: 256 places, 256 of these, and the whole list.
const (
	lowBlocks = iota
	highBlocks
	wholeList
)

const (
	blockShift  = 8 // a block of a level is 256 of the level below
	blockPlaces = 1 << blockShift
)

// anyStatus stands for all living groups where a status is asked for.
const anyStatus group.Status = 0

// living is the condition of the indexes that lists are read by. It stands as text in the statements, because an index
// with a condition serves only those that repeat it.
const living = `status <> 7`

// place is what lists know of a group.
type place struct {
	list, no   int64
	status     group.Status
	subjectKey string
}

// holdList keeps other changes of a list waiting: places, stamps and counts are read and then written.
func (tx *Tx) holdList(g *group.Group) {
	tx.Hold("list/" + strconv.FormatInt(g.SpaceID, 10) + "/" + g.Number.String())
}

// newPlace gives a new group the next place in its list, which has to be held, and the stamp of that change.
func (tx *Tx) newPlace(g *group.Group) (p place, stamp int64, err error) {
	p = place{status: g.Status, subjectKey: subjectKey(g.Subject)}
	l, err := tx.listOf(g.SpaceID, g.Number)
	if err != nil {
		return p, 0, fmt.Errorf("find the list of a group: %w", err)
	}
	if p.no, stamp = l.last+1, l.changes+1; l.id != 0 {
		p.list = l.id
		return p, stamp, tx.run(`UPDATE group_list SET last_no = $2, changes = $3 WHERE id = $1`, p.list, p.no, stamp)
	}
	tx.Hold("lists")
	if err := tx.one(`SELECT coalesce(max(id), 0) + 1 FROM group_list`, nil, &p.list); err != nil {
		return p, 0, fmt.Errorf("begin a list: %w", err)
	}
	return p, stamp, tx.run(`INSERT INTO group_list (id, channel_id, number, last_no, changes) VALUES ($1, $2, $3, $4, $5)`,
		p.list, g.SpaceID, int64(g.Number), p.no, stamp)
}

// relist takes over what has changed about a group that has a place in a list.
func (tx *Tx) relist(g *group.Group, was, is *place) error {
	tx.holdList(g)
	var stamp int64
	if err := tx.one(`SELECT changes + 1 FROM group_list WHERE id = $1`, []any{is.list}, &stamp); err != nil {
		return fmt.Errorf("stamp the list of a group: %w", err)
	}
	if err := tx.run(`UPDATE group_list SET changes = $2 WHERE id = $1`, is.list, stamp); err != nil {
		return err
	}
	err := tx.run(`UPDATE chat_group SET status = $2, subject_key = $3 WHERE id = $1`, g.ID, int64(is.status), is.subjectKey)
	if err != nil {
		return err
	}
	return tx.recount(was, is, stamp)
}

// recount brings the counts up to date. was is nil for a new group.
func (tx *Tx) recount(was, is *place, stamp int64) error {
	left, came := was != nil && was.status != group.Deleted, is.status != group.Deleted
	if !left && !came {
		return nil
	}
	if err := tx.count(is, anyStatus, one(came)-one(left), stamp); err != nil {
		return err
	}
	if left && came && was.status == is.status {
		return nil
	}
	if left {
		if err := tx.count(is, was.status, -1, stamp); err != nil {
			return err
		}
	}
	if came {
		return tx.count(is, is.status, 1, stamp)
	}
	return nil
}

func one(yes bool) int { return int(boolInt(yes)) }

// count adds to the blocks that a place is in, or with nothing to add stamps them. A row a statement: SQLite keeps a journal for
// those that write several.
func (tx *Tx) count(p *place, status group.Status, more int, stamp int64) error {
	for level, block := range []int64{lowBlocks: p.no >> blockShift, highBlocks: p.no >> (2 * blockShift), wholeList: 0} {
		err := tx.add(`INSERT INTO group_block (list_id, status, level, block, living, stamp) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (list_id, status, level, block) DO UPDATE SET living = group_block.living + excluded.living, stamp = excluded.stamp`,
			p.list, int64(status), level, block, more, stamp)
		if err != nil {
			return fmt.Errorf("count the groups of a list: %w", err)
		}
	}
	return nil
}

// list is what a list says of itself.
type list struct{ id, last, changes int64 }

// listOf gives the list of a number; one that never had a group has the zero list, in which nothing is found.
func (tx *Tx) listOf(channelID int64, n group.Number) (l list, err error) {
	err = tx.one(`SELECT id, last_no, changes FROM group_list WHERE channel_id = $1 AND number = $2`,
		[]any{channelID, int64(n)}, &l.id, &l.last, &l.changes)
	if errors.Is(err, ErrNoRow) {
		err = nil
	}
	return l, err
}

// size tells how many living groups of a status a list has.
func (tx *Tx) size(l list, status group.Status) (n int, err error) {
	err = tx.one(`SELECT living FROM group_block WHERE list_id = $1 AND status = $2 AND level = $3 AND block = 0`,
		[]any{l.id, int64(status), wholeList}, &n)
	if errors.Is(err, ErrNoRow) {
		err = nil
	}
	return n, err
}

// spot is where a page begins: the newest place of a block, and how many groups to step over from there.
type spot struct {
	top  int64
	skip int
}

// spotOf finds where the group stands that so many newer ones come before; there must be one. It adds up a row for each 65536
// groups and 256 more at the most.
func (tx *Tx) spotOf(l list, status group.Status, skip int) (spot, error) {
	s := spot{top: l.last, skip: skip}
	if skip < tx.store.searches.skip {
		return s, nil
	}
	from, to := int64(0), l.last>>(2*blockShift)
	for _, level := range []int{highBlocks, lowBlocks} {
		block := int64(-1)
		err := tx.each(`SELECT block, living FROM group_block WHERE list_id = $1 AND status = $2 AND level = $3 AND block BETWEEN $4 AND $5
			ORDER BY block DESC`, []any{l.id, int64(status), level, from, to}, func(row scanner) (bool, error) {
			var here int
			if err := row.Scan(&block, &here); err != nil || s.skip < here {
				return false, err
			}
			s.skip -= here
			return true, nil
		})
		if err != nil {
			return s, fmt.Errorf("add up blocks: %w", err)
		}
		from, to = block<<blockShift, block<<blockShift+blockPlaces-1
	}
	s.top = to
	return s, nil
}
