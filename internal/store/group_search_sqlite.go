package store

import "strings"

// What a search asks of SQLite's index of subjects stands here and nowhere else. Another database has an index of its own kind.

// gram is how many characters in a row the index knows.
const gram = 3

// maxGrams bounds of how many pieces a text is looked for; the groups that have them are looked at anyway.
const maxGrams = 16

func (c *conn) candidates(q *query, most int) (places []int64, all bool, err error) {
	match := gramsOf(q.text)
	if match == "" {
		return nil, false, nil
	}
	named, first := 0, q.list.id<<32
	err = c.each(`SELECT g.list_no, g.subject_key LIKE $4 ESCAPE '\' AND ($5 = 0 OR g.status = $5)
		FROM (SELECT rowid AS place FROM subject_index WHERE subject_index MATCH $6 AND rowid BETWEEN $2 AND $3
			ORDER BY rowid DESC LIMIT $7) found
		CROSS JOIN chat_group g ON g.list_id = $1 AND g.list_no = found.place - $2 AND g.`+living,
		[]any{q.list.id, first, first + q.list.last, q.pattern, int64(q.status), match, most + 1}, func(row scanner) (bool, error) {
			var no int64
			var has bool
			err := row.Scan(&no, &has)
			if named++; has {
				places = append(places, no)
			}
			return true, err
		})
	return places, named <= most, err
}

// gramsOf gives the pieces of a text, side by side, as the index is asked for them; "" for a text that is shorter than one.
func gramsOf(text string) string {
	r := []rune(text)
	if len(r) < gram {
		return ""
	}
	r = r[:min(len(r), gram*maxGrams)]
	var b strings.Builder
	for i := 0; i < len(r); i += gram {
		if i > 0 {
			b.WriteString(" AND ")
		}
		at := min(i, len(r)-gram) // the last piece overlaps the one before
		b.WriteString(`"` + strings.ReplaceAll(string(r[at:at+gram]), `"`, `""`) + `"`)
	}
	return b.String()
}
