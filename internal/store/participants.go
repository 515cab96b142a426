package store

import (
	"github.com/rollcall-im/rollcall/internal/group"
)

// Participants gives everybody a group has a memory of, by number. That includes those who are out.
func (tx *Tx) Participants(groupID int64) ([]group.Participant, error) {
	return all(tx, scanParticipant, `SELECT number, state, since, operation_id FROM participant WHERE group_id = $1 ORDER BY number`, groupID)
}

func scanParticipant(row scanner) (group.Participant, error) {
	var p group.Participant
	var state, since int64
	err := row.Scan(&p.Number, &state, &since, &p.OperationID)
	p.State, p.Told = group.ParticipantState(state%told), state >= told
	p.Since = fromSeconds(since)
	return p, err
}

// told is added to the state of somebody who is out and was told as removed before the network reported it.
const told = 8

func storedState(p *group.Participant) int64 {
	if p.Told {
		return int64(p.State) + told
	}
	return int64(p.State)
}

// PutParticipants writes people of a group, new or known.
func (tx *Tx) PutParticipants(groupID int64, people []group.Participant) error {
	if len(people) == 0 {
		return nil
	}
	if c, file := tx.db.(*conn); file {
		return c.putParticipants(groupID, people)
	}
	rows := make([][]any, 0, len(people))
	values := make([]any, 0, 5*len(people))
	for i, p := range people {
		if again := group.Find(people[i+1:], p.Number); again != nil {
			continue // the later word counts
		}
		values = append(values, groupID, int64(p.Number), storedState(&people[i]), seconds(p.Since), p.OperationID)
		rows = append(rows, values[len(values)-5:len(values):len(values)])
	}
	return tx.db.putRows(putParticipants, rows)
}

// putParticipants writes one person after the other: in a file, a statement for all of them costs more, because it has to be
// able to undo half of itself.
func (c *conn) putParticipants(groupID int64, people []group.Participant) error {
	query := putParticipants.values(1)
	for i := range people {
		p := &people[i]
		err := c.put(query, []any{groupID, int64(p.Number), storedState(p), seconds(p.Since), p.OperationID})
		if err != nil {
			return err
		}
	}
	return nil
}

var putParticipants = &rowsQuery{width: 5, head: `INSERT INTO participant (group_id, number, state, since, operation_id)`,
	tail: `ON CONFLICT (group_id, number) DO UPDATE SET state = excluded.state, since = excluded.since, operation_id = excluded.operation_id`}
