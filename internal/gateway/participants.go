package gateway

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// RemoveParticipants takes people out of a group and waits until the network has confirmed it, as long as callers are made to
// wait. list holds distinct numbers. A list that a pending removal covers joins that one. Refusals are *group.Error with the
// codes NotOwner, NotFound, Suspended, NotActive, BadList.
func (g *Gateway) RemoveParticipants(ctx context.Context, c Caller, t Target, list []group.Number) (Change, error) {
	n, err := g.owned(c, t)
	if err != nil {
		return Change{}, err
	}
	var out []group.Number // of those who need not be removed; a pending removal that is joined may not know them
	op, err := g.run(ctx, c, group.KindRemove, func(tx *store.Tx, op *group.Operation) (err error) {
		out, err = g.planRemoval(tx, n, t, &list, op)
		return err
	})
	if err != nil {
		return Change{}, err
	}
	people := op.Only(list, out)
	return Change{Operation: op, People: people, Rows: countOut(people)}, nil
}

func countOut(people []group.Person) int64 {
	var rows int64
	for _, p := range people {
		if p.State == group.PersonOut {
			rows++
		}
	}
	return rows
}

// planRemoval writes down what the rule says has to be done, and gives those who were out before. The list is spelt as its
// people are known.
func (g *Gateway) planRemoval(tx *store.Tx, n *group.BusinessNumber, t Target, list *[]group.Number, op *group.Operation) ([]group.Number, error) {
	gr, err := find(tx, n, t)
	if err != nil {
		return nil, err
	}
	known, err := tx.Participants(gr.ID)
	if err != nil {
		return nil, err
	}
	*list = group.Spelt(known, *list)
	plan, err := group.Remove(&gr, known, group.Distinct(*list))
	if err != nil {
		return nil, err
	}
	op.GroupID = gr.ID
	if plan.Joined != 0 {
		return plan.Out, g.joinRemoval(tx, plan, op)
	}
	op.People = people(plan)
	op.Close(op.At)
	if err := tx.InsertOperation(op); err != nil || op.State != group.Pending {
		return plan.Out, err
	}
	pending := marked(known, plan.Remove, op.ID)
	if err := tx.PutParticipants(gr.ID, pending); err != nil {
		return nil, err
	}
	g.handovers.put(&command{op: *op, group: gr, people: pending, creds: credentials(n)})
	return plan.Out, enqueueRemovals(tx, op, len(plan.Remove))
}

// joinRemoval leaves an audit record of the repeated call and hands the pending operation over to be waited for.
func (g *Gateway) joinRemoval(tx *store.Tx, plan group.Removal, op *group.Operation) error {
	pending, err := tx.Operation(plan.Joined)
	if err != nil {
		return err
	}
	repeat := *op
	repeat.State, repeat.DoneAt, repeat.ClientToken = group.Done, op.At, ""
	repeat.Result = "joined"
	repeat.Message = "joined operation " + FormatID(pending.ID)
	if err := tx.InsertOperation(&repeat); err != nil {
		return err
	}
	*op = pending
	return nil
}

// people lists everybody the plan is about: first those to be removed, in the order in which they will be.
func people(plan group.Removal) []group.Person {
	out := make([]group.Person, 0, len(plan.Remove)+len(plan.Out))
	for _, n := range plan.Remove {
		out = append(out, group.Person{Number: n})
	}
	for _, n := range plan.Out {
		out = append(out, group.Person{Number: n, State: group.PersonWasOut})
	}
	return out
}

// marked gives the people of a removal as they stand while it is pending.
func marked(known []group.Participant, list []group.Number, operation int64) []group.Participant {
	out := make([]group.Participant, 0, len(list))
	for _, n := range list {
		out = append(out, group.MarkRemoval(group.Find(known, n), n, operation))
	}
	return out
}

// enqueueRemovals puts one command for each eight people into the group's lane.
func enqueueRemovals(tx *store.Tx, op *group.Operation, people int) error {
	for first := 0; first < people; first += group.MaxPeoplePerCommand {
		if err := enqueueRemoval(tx, op, first); err != nil {
			return err
		}
	}
	return nil
}

// enqueueRemoval puts one command into the lane, for those of the operation's people who begin at first.
func enqueueRemoval(tx *store.Tx, op *group.Operation, first int) error {
	return tx.Enqueue(&store.Item{Lane: lane(op.GroupID), Kind: group.KindRemove, OperationID: op.ID, Payload: []byte{byte(first)}}) //nolint:gosec // below 100
}

// ListParticipants gives those who are in a group as far as the network has said, and how many they are. size 0 gives all;
// index counts pages from 1.
func (g *Gateway) ListParticipants(ctx context.Context, c Caller, t Target, index, size int) ([]group.Participant, int, error) {
	n, err := g.owned(c, t)
	if err != nil {
		return nil, 0, err
	}
	var present []group.Participant
	err = g.store.Snapshot(ctx, func(tx *store.Tx) error {
		gr, err := find(tx, n, t)
		if err != nil {
			return err
		}
		everybody, err := tx.Participants(gr.ID)
		for _, p := range everybody {
			if p.State.Present() {
				present = append(present, p)
			}
		}
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return page(present, index, size), len(present), nil
}

func page[T any](rows []T, index, size int) []T {
	if size <= 0 {
		return rows
	}
	if index > len(rows) { // no page can begin there, and the product could overflow
		return nil
	}
	from := min(len(rows), (index-1)*size)
	return rows[from:min(len(rows), from+size)]
}
