package store

import (
	"strconv"
	"strings"
	"sync"
)

// rowsQuery is a statement that inserts rows: what stands before VALUES, how many columns a row has, and what follows.
type rowsQuery struct {
	head, tail string
	width      int

	mu   sync.Mutex
	made []string // by number of rows
}

// maxMade bounds the statements that are kept, by their number of rows.
const maxMade = 16

// values gives the statement for so many rows.
func (q *rowsQuery) values(rows int) string {
	if rows >= maxMade {
		return q.build(rows)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.made == nil {
		q.made = make([]string, maxMade)
	}
	if q.made[rows] == "" {
		q.made[rows] = q.build(rows)
	}
	return q.made[rows]
}

func (q *rowsQuery) build(rows int) string {
	var b strings.Builder
	b.WriteString(q.head + " VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		for j := range q.width {
			b.WriteString([...]string{"(", ", "}[min(j, 1)] + "$" + strconv.Itoa(i*q.width+j+1))
		}
		b.WriteString(")")
	}
	b.WriteString(" " + q.tail)
	return b.String()
}
