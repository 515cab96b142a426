package gateway

import (
	"errors"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Transactions about the same group run one after the other, on whatever node, because each holds the group before it looks at it
// or at its lane. A group is held by the network's id, which callers and reports name it by; while it has none, by ours.

func holdNetworkID(tx *store.Tx, networkID string) { tx.Hold("group/" + networkID) }

func holdGroup(tx *store.Tx, gr *group.Group) {
	if gr.NetworkID == "" {
		tx.Hold("making/" + FormatID(gr.ID))
		return
	}
	holdNetworkID(tx, gr.NetworkID)
}

// holdAccount holds an account, so that changes of it, of its users and of its channels come one after the other: most of them look
// before they write.
func holdAccount(tx *store.Tx, account int64) { tx.Hold("account/" + FormatID(account)) }

// holdGroupOf holds a group of which our key is known. One that is gone is nobody's to hold.
func holdGroupOf(tx *store.Tx, groupID int64) error {
	gr, err := tx.Group(groupID)
	if errors.Is(err, store.ErrNoRow) {
		return nil
	}
	if err == nil {
		holdGroup(tx, &gr)
	}
	return err
}

// holdCreation holds the name by which the report about a group that is being made will be known: the report may come before the
// answer that tells this name has been written down.
func holdCreation(tx *store.Tx, ref string) { tx.Hold("creation/" + ref) }

// holdToken holds a caller's idempotency token, so that two calls with it do not both begin.
func holdToken(tx *store.Tx, op *group.Operation) {
	tx.Hold("token/" + FormatID(op.AccountID) + "/" + op.ClientToken)
}

// holdConversation holds what a business number and a person write to each other outside of groups, under whichever of their spellings.
func holdConversation(tx *store.Tx, number, person group.Number) {
	tx.Hold("direct/" + number.String() + "/" + eitherSpelling(person).String())
}

// eitherSpelling gives the same number for both spellings of one.
func eitherSpelling(n group.Number) group.Number {
	if other, two := n.Other(); two {
		return min(n, other)
	}
	return n
}

// holdMessage holds a message by the network's id, so that two reports of it do not both count as the first.
func holdMessage(tx *store.Tx, wamid string) { tx.Hold("message/" + wamid) }
