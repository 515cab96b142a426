package store

// What a search asks of PostgreSQL's index of subjects stands here and nowhere else. The index holds the pieces of each subject
// together with its list, so that a search reads its own list alone; the function that takes a text to pieces is the
// database's, and is made by the migrations. It needs no extension.

// gramsQuery names the groups that have every piece of a text. It stands apart, so that nothing but the index can answer it.
const gramsQuery = `WITH found AS MATERIALIZED (SELECT list_no, status, subject_key FROM chat_group
		WHERE subject_grams(list_id, subject_key) @> subject_grams($1, $2) AND ` + living + ` LIMIT $3)
	SELECT list_no, CASE WHEN subject_key LIKE $4 ESCAPE '\' AND ($5 = 0 OR status = $5) THEN 1 ELSE 0 END FROM found ORDER BY list_no DESC`

func pgCandidates(s session, q *query, most int) (places []int64, all bool, err error) {
	if gramsOf(q.text) == "" {
		return nil, false, nil
	}
	named := 0
	err = s.each(gramsQuery, []any{q.list.id, q.text, most + 1, q.pattern, int64(q.status)}, func(row scanner) (bool, error) {
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

func (s *pgSession) candidates(q *query, most int) ([]int64, bool, error) {
	return pgCandidates(s, q, most)
}

func (s pgSnapshot) candidates(q *query, most int) ([]int64, bool, error) {
	return pgCandidates(s, q, most)
}
