package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/group"
)

// A search goes one of three ways. A list that is short is read through. Otherwise the database's index of subjects names the
// groups that may have the text, and each is looked at. Where there would be too many of these, or the text is too short for
// the index, the whole list is read through once, and which places it found is remembered: later searches for the same text read
// only the blocks of which something has changed since.

// limits say when which way is gone.
type limits struct {
	skip       int // groups that a page may step over one by one
	short      int // groups that are read through as quickly as an index is asked
	candidates int // groups that an index may name
	dirty      int // changed blocks that are read one by one, each with a question of its own
}

var defaultLimits = limits{skip: blockPlaces, short: 2048, candidates: 512, dirty: 256}

// errOvertaken is given when a search was remembered from a newer state than the one that is read.
var errOvertaken = errors.New("a newer search is remembered")

// query is one search.
type query struct {
	list    list
	status  group.Status
	text    string // without case
	pattern string // for LIKE
}

// searchPage gives a page of the groups with a text in their subject. Few searches run at a time, so that readers are left for
// the calls that are quick.
func (s *Store) searchPage(ctx context.Context, f GroupFilter, skip, most int) (p GroupPage, err error) {
	if !utf8.ValidString(f.Subject) || strings.ContainsRune(f.Subject, 0) {
		return p, nil // no subject has that, and databases differ in what they make of it
	}
	select {
	case s.searches.slots <- struct{}{}:
		defer func() { <-s.searches.slots }()
	case <-ctx.Done():
		return p, fmt.Errorf("search groups: %w", ctx.Err())
	}
	for range 3 {
		err = s.Snapshot(ctx, func(tx *Tx) (err error) {
			p, err = tx.search(f, skip, most)
			return err
		})
		if !errors.Is(err, errOvertaken) {
			break
		}
	}
	if err != nil {
		return GroupPage{}, fmt.Errorf("search groups: %w", err)
	}
	return p, nil
}

func (tx *Tx) search(f GroupFilter, skip, most int) (p GroupPage, err error) {
	q := query{status: f.Status, text: subjectKey(f.Subject), pattern: likePattern(f.Subject)}
	if q.list, err = tx.listOf(f.ChannelID, f.Number); err != nil {
		return p, err
	}
	var places []int64
	if places, p.Total, err = tx.find(&q, skip, most); err != nil {
		return p, err
	}
	p.Groups, err = tx.pageAt(q.list, places)
	return p, err
}

// find gives the places of a page of what is searched for, and how many there are in all.
func (tx *Tx) find(q *query, skip, most int) (places []int64, total int, err error) {
	size, err := tx.size(q.list, q.status)
	if err != nil || size == 0 {
		return nil, 0, err
	}
	if size <= tx.store.searches.short {
		places, err = tx.readThrough(q, 0, q.list.last)
		return cut(places, skip, most), len(places), err
	}
	if r := tx.store.searches.recall(q); r == nil {
		places, all, err := tx.db.candidates(q, tx.store.searches.candidates)
		if err != nil || all {
			return cut(places, skip, most), len(places), err
		}
	}
	r, err := tx.remembered(q)
	if err != nil {
		return nil, 0, err
	}
	return r.page(skip, most), r.total, nil
}

func cut(places []int64, skip, most int) []int64 {
	skip = min(skip, len(places))
	return places[skip:min(skip+most, len(places))]
}

// readList reads a list, or a stretch of it, for a text; newest first.
const readList = `SELECT list_no FROM chat_group WHERE list_id = $1 AND ` + living + ` AND list_no BETWEEN $2 AND $3
	AND subject_key LIKE $4 ESCAPE '\'%s ORDER BY list_no DESC`

// readStatus does so for one status each. The status stands in the text, so that a database can tell how seldom it is.
var readStatus = func() (queries [group.Deleted + 1]string) {
	queries[anyStatus] = fmt.Sprintf(readList, "")
	for s := anyStatus + 1; s <= group.Deleted; s++ {
		queries[s] = fmt.Sprintf(readList, " AND status = "+strconv.Itoa(int(s)))
	}
	return queries
}()

func (tx *Tx) readThrough(q *query, from, to int64) (places []int64, err error) {
	err = tx.eachMatch(q, from, to, func(no int64) { places = append(places, no) })
	return places, err
}

func (tx *Tx) eachMatch(q *query, from, to int64, see func(no int64)) error {
	err := tx.each(readStatus[q.status], []any{q.list.id, from, to, q.pattern}, func(row scanner) (bool, error) {
		var no int64
		err := row.Scan(&no)
		see(no)
		return true, err
	})
	if err != nil {
		return fmt.Errorf("read a list of groups: %w", err)
	}
	return nil
}

func likePattern(s string) string {
	if s == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(subjectKey(s)) + "%"
}
