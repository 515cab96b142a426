package store

import (
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Participants gives everybody a group has a memory of, by number. That includes those who are out.
func (tx *Tx) Participants(groupID int64) ([]group.Participant, error) {
	return all(tx, scanParticipant, `SELECT number, state, since, operation_id FROM participant WHERE group_id = $1 ORDER BY number`, groupID)
}

func scanParticipant(row *statement) (group.Participant, error) {
	var p group.Participant
	var since int64
	err := row.Scan(&p.Number, &p.State, &since, &p.OperationID)
	p.Since = fromSeconds(since)
	return p, err
}

// PutParticipants writes people of a group, new or known, in one statement.
func (tx *Tx) PutParticipants(groupID int64, people []group.Participant) error {
	if len(people) == 0 {
		return nil
	}
	args := make([]any, 0, 1+4*len(people))
	args = append(args, groupID)
	for _, p := range people {
		args = append(args, int64(p.Number), int64(p.State), seconds(p.Since), p.OperationID)
	}
	return tx.run(putParticipants(len(people)), args...)
}

// putQueries holds the statement for each number of people that a command can hold, made once.
var putQueries = func() (q [group.MaxPeoplePerCommand + 1]string) {
	for n := 1; n < len(q); n++ {
		q[n] = buildPut(n)
	}
	return q
}()

func putParticipants(n int) string {
	if n < len(putQueries) {
		return putQueries[n]
	}
	return buildPut(n)
}

func buildPut(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO participant (group_id, number, state, since, operation_id) VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($1")
		for j := range 4 {
			b.WriteString(", $" + strconv.Itoa(2+4*i+j))
		}
		b.WriteString(")")
	}
	b.WriteString(` ON CONFLICT (group_id, number) DO UPDATE SET state = excluded.state, since = excluded.since, operation_id = excluded.operation_id`)
	return b.String()
}

// CountPresent tells how many people are in a group.
func (tx *Tx) CountPresent(groupID int64) (int, error) {
	var n int
	err := tx.one(`SELECT count(*) FROM participant WHERE group_id = $1 AND state IN ($2, $3)`,
		[]any{groupID, int64(group.Member), int64(group.Removing)}, &n)
	return n, err
}
