package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// MaxMassRows is how many messages can be sent with one call.
const MaxMassRows = 1000

// SendMany has many messages sent from one number, each in the lane of its recipient, as Send would: all of them or, when one is refused, none.
// Its operation is done when all are accepted, and its key is the id of the batch; each message has an operation of its own besides.
// Refusals are Send's, with the row that they are about in front.
func (g *Gateway) SendMany(ctx context.Context, c Caller, t Target, list []Outgoing) (Change, error) {
	n, err := g.sender(c, t)
	if err != nil {
		return Change{}, err
	}
	for i := range list {
		list[i].Target.SpaceID, list[i].Target.Number = t.SpaceID, t.Number
		if err := g.checkOutgoing(c, &list[i]); err != nil {
			return Change{}, inRow(i, err)
		}
	}
	var lanes []store.Lane
	s, err := g.change(ctx, c, group.KindSend, func(tx *store.Tx, batch *group.Operation) error {
		batch.State, batch.DoneAt, batch.Result = group.Done, batch.At, strconv.Itoa(len(list))+" messages"
		if err := tx.InsertOperation(batch); err != nil {
			return err
		}
		lanes, err = g.acceptAll(tx, n, list, batch)
		return err
	})
	if err != nil {
		return Change{}, err
	}
	g.outbox.Wake(lanes...)
	return Change{Operation: s.op, Rows: int64(len(list))}, nil
}

// acceptAll accepts the messages in the order of their recipients: whoever sends two lists at once must not have one wait for the other in
// a circle. Messages to the same recipient keep their order.
func (g *Gateway) acceptAll(tx *store.Tx, n *group.BusinessNumber, list []Outgoing, batch *group.Operation) ([]store.Lane, error) {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return list[a].compare(&list[b]) })
	known, err := lookUp(tx, n, list, order)
	if err != nil {
		return nil, err
	}
	var lanes []store.Lane
	for _, i := range order {
		op := *batch
		op.State, op.DoneAt, op.Result, op.ClientToken, op.ParamsDigest, op.NonceHash = group.Pending, time.Time{}, "", "", "", 0
		l, err := g.accept(tx, n, &list[i], accepted{op: &op, batch: batch.ID, talks: known})
		if err != nil {
			return nil, inRow(i, err)
		}
		if len(lanes) == 0 || lanes[len(lanes)-1] != l {
			lanes = append(lanes, l)
		}
	}
	return lanes, nil
}

// talks are conversations by their persons.
type talks map[group.Number]group.Conversation

// lookUp finds or makes the conversations with those whom messages go to: one after the other would take too long. Those whose numbers have two
// spellings are left to be looked up by themselves.
func lookUp(tx *store.Tx, n *group.BusinessNumber, list []Outgoing, order []int) (talks, error) {
	var people []group.Number
	for _, i := range order {
		p := list[i].Person
		if _, two := p.Other(); p == 0 || two || len(people) > 0 && people[len(people)-1] == p {
			continue
		}
		people = append(people, p)
		holdConversation(tx, n.Number, p)
	}
	found, err := tx.ConversationsWith(n.Number, people)
	if err != nil {
		return nil, err
	}
	known := make(talks, len(people))
	for _, c := range found {
		known[c.Person] = c
	}
	for _, p := range people {
		if _, there := known[p]; there {
			continue
		}
		c := group.Conversation{AccountID: n.AccountID, Number: n.Number, Person: p}
		if err := tx.InsertConversation(&c); err != nil {
			return nil, err
		}
		known[p] = c
	}
	return known, nil
}

// compare orders messages by their recipients, each person as they are held.
func (o *Outgoing) compare(other *Outgoing) int {
	return cmp.Or(cmp.Compare(eitherSpelling(o.Person), eitherSpelling(other.Person)), cmp.Compare(o.Target.GroupID, other.Target.GroupID))
}

// inRow says which message of many a refusal is about, counted from 1.
func inRow(i int, err error) error {
	var refused *group.Error
	if !errors.As(err, &refused) {
		return fmt.Errorf("send message %d: %w", i+1, err)
	}
	text := refused.Message
	if text == "" {
		text = "The account is not on the allowlist of the group operations, so nothing can be sent to a group."
	}
	return group.Errorf(refused.Code, "Row %d of SenderList: %s", i+1, text)
}
