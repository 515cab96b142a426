package gateway

import (
	"encoding/json"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// effects are what has to be done in memory once a transaction is on disk.
type effects struct {
	operations []group.Operation
	items      []store.Item
	reread     []int64
	doubted    []int64
}

func (fx *effects) ended(op group.Operation) { fx.operations = append(fx.operations, op) }
func (fx *effects) settled(it *store.Item)   { fx.items = append(fx.items, *it) }
func (fx *effects) verify(groupID int64)     { fx.doubted = append(fx.doubted, groupID) }

// doubt puts a group down for reading in the same transaction.
func (fx *effects) doubt(tx *store.Tx, groupID int64) error {
	fx.reread = append(fx.reread, groupID)
	return tx.EnqueueReread(lane(groupID))
}

// apply tells those who wait and lets lanes go on. It is called after the commit only.
func (g *Gateway) apply(fx *effects) {
	for _, op := range fx.operations {
		g.waiters.wake(op)
	}
	for _, it := range fx.items {
		g.outbox.Settled(it.Lane, it.ID)
	}
	for _, id := range fx.reread {
		g.outbox.Wake(lane(id))
	}
	for _, id := range fx.doubted {
		g.rereads.later(id, g.cfg.Patience.Verify, func() { g.rereadLogged(id) })
	}
}

// peopleEvent is the body of an event that is about people.
type peopleEvent struct {
	People []group.Number `json:"people"`
	By     string         `json:"by"`
}

// tell writes an event.
func (g *Gateway) tell(tx *store.Tx, gr *group.Group, kind string, operation int64, body any) error {
	e := group.Event{AccountID: gr.AccountID, GroupID: gr.ID, Kind: kind, OperationID: operation, At: g.now()}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		e.Body = string(text)
	}
	return tx.InsertEvent(&e)
}
