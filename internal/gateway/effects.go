package gateway

import (
	"slices"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// effects are what has to be done in memory once a transaction is on disk.
type effects struct {
	operations []group.Operation
	items      []store.Item
	lonely     []int64 // items that were alone in their lanes
	reports    []report
	found      []int64      // groups whose id on the network has become known
	doubted    []int64      // groups to be read now
	unverified []int64      // groups to be read after a while
	left       []int64      // nodes that a report was left for
	told       []store.Lane // callbacks that have something to be told

	looked int64       // the group of the report that is taken in, when the head of its lane has been read
	head   *store.Item // which is this
}

// report names the report that has ended a command.
type report struct {
	group     int64
	requestID string
}

func (fx *effects) ended(op group.Operation) { fx.operations = append(fx.operations, op) }
func (fx *effects) settled(it *store.Item)   { fx.items = append(fx.items, *it) }

// followed notes that something was put behind an item.
func (fx *effects) followed(it *store.Item) {
	fx.lonely = slices.DeleteFunc(fx.lonely, func(id int64) bool { return id == it.ID })
}

func (fx *effects) verify(groupID int64) { fx.unverified = append(fx.unverified, groupID) }

func (fx *effects) reported(groupID int64, requestID string) {
	if requestID != "" {
		fx.reports = append(fx.reports, report{groupID, requestID})
	}
}

// mine tells whether a report can be about the item, also after what has come in the same delivery.
func (g *Gateway) mine(fx *effects, it *store.Item, requestID string) bool {
	groupID := it.Lane.ID
	if !g.flights.knows(groupID, it.ID) && !g.outbox.MayHaveRun(it) {
		return false // nobody has asked the network for it yet
	}
	return !slices.Contains(fx.reports, report{groupID, requestID}) && g.flights.mine(groupID, it.ID, requestID)
}

// doubt puts a group down for reading in the same transaction.
func (fx *effects) doubt(tx *store.Tx, groupID int64) error {
	fx.doubted = append(fx.doubted, groupID)
	return tx.EnqueueReread(lane(groupID))
}

// apply tells those who wait and lets lanes go on. It is called after the commit only. What the next command of a lane will
// ask of the memory comes first.
func (g *Gateway) apply(fx *effects) {
	for _, r := range fx.reports {
		g.flights.reported(r.group, r.requestID)
	}
	for _, id := range fx.found {
		g.existence.bear(id, g.now())
	}
	for _, it := range fx.items {
		g.flights.land(it.Lane.ID, it.ID)
	}
	for _, op := range fx.operations {
		g.waiters.wake(op)
	}
	g.tellEnded(fx.operations)
	for _, node := range fx.left {
		g.store.Signal(store.Signal{To: node, Inbox: true})
	}
	g.outbox.Wake(fx.told...)
	for _, it := range fx.items {
		if slices.Contains(fx.lonely, it.ID) {
			g.outbox.Emptied(it.Lane, it.ID)
		} else {
			g.outbox.Settled(it.Lane, it.ID)
		}
	}
	for _, id := range fx.doubted {
		g.outbox.Wake(lane(id))
	}
	for _, id := range fx.unverified {
		g.rereads.later(id, g.cfg.Patience.Verify, func() { g.rereadLogged(id) })
	}
}
