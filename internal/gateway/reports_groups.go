package gateway

import (
	"errors"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// onCreate takes in that a group has been made, or that it has not.
func (g *Gateway) onCreate(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	holdNetworkID(tx, e.GroupID)
	if known, err := tx.KnowsGroup(e.GroupID); known || err != nil {
		return err // found in the network's list before, perhaps for a twin of the same subject; the twin then finds this one's
	}
	ref := creationRef(n.PhoneNumberID, e.RequestID)
	holdCreation(tx, ref)
	it, err := heldItem(tx, ref)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return g.park(tx, e, ref)
	case err != nil:
		return err
	}
	if gone, err := g.elsewhere(tx, fx, e, &it); gone || err != nil {
		return err
	}
	if len(e.Errors) > 0 {
		err = g.recordFailure(tx, fx, because(&it, e.Errors[0]))
	} else {
		err = g.recordCreated(tx, fx, it.OperationID, e.GroupID, e.Group.InviteLink)
	}
	if err != nil {
		return err
	}
	fx.settled(&it)
	return tx.Finish(&it)
}

// heldItem gives the item that a report about a creation belongs to, and holds its group.
func heldItem(tx *store.Tx, ref string) (store.Item, error) {
	it, err := tx.ItemByRef(ref)
	if err != nil {
		return it, err
	}
	if err := holdGroupOf(tx, it.Lane.ID); err != nil {
		return it, err
	}
	return tx.ItemByRef(ref) // it may be done since
}

// recordCreated gives a group the network's id and takes in what was reported about that id before.
func (g *Gateway) recordCreated(tx *store.Tx, fx *effects, operation int64, networkID, link string) error {
	holdNetworkID(tx, networkID)
	op, err := tx.Operation(operation)
	if err != nil {
		return err
	}
	err = g.recordDone(tx, fx, doneRecord{operation: operation, group: op.GroupID, result: networkID, event: group.EventCreated,
		change: func(gr *group.Group) { gr.Found(networkID, link) }})
	if err != nil {
		return err
	}
	fx.found = append(fx.found, op.GroupID)
	return g.replay(tx, fx, networkID, "")
}

func (g *Gateway) onSettings(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	was := *gr
	applySettings(gr, e.Settings)
	it, err := g.headOf(tx, fx, gr.ID, group.KindUpdate)
	if err != nil {
		return err
	}
	if it == nil || !g.mine(fx, it, e.RequestID) {
		fx.verify(gr.ID) // it may be an old one that comes again
		if picture := e.Settings.Picture; *gr == was && (picture == nil || !picture.Successful) {
			return nil // as it is
		}
		gr.ModifiedAt = g.now()
		if err := tx.UpdateGroup(gr); err != nil {
			return err
		}
		return g.tell(tx, fx, gr, happening{group.EventChanged, 0, nil})
	}
	if why := failedSetting(e); why != nil {
		if err := tx.UpdateGroup(gr); err != nil {
			return err
		}
		err = g.recordFailure(tx, fx, because(it, why))
	} else {
		var u update
		if u, err = readUpdate(it.Payload); err != nil {
			return err
		}
		err = g.recordDone(tx, fx, doneRecord{operation: it.OperationID, group: gr.ID, event: group.EventChanged, change: u.change})
	}
	if err != nil {
		return err
	}
	fx.reported(gr.ID, e.RequestID)
	fx.settled(it)
	return tx.Finish(it)
}

// applySettings takes over the parts that the network says have changed.
func applySettings(gr *group.Group, s graph.Settings) {
	if s.Subject != nil && s.Subject.Successful {
		gr.Subject = s.Subject.Text
	}
	if s.Description != nil && s.Description.Successful {
		gr.Description = s.Description.Text
	}
}

func failedSetting(e *graph.Event) *graph.Error {
	for _, part := range []*graph.SettingOutcome{e.Settings.Subject, e.Settings.Description, e.Settings.Picture} {
		if part == nil || part.Successful {
			continue
		}
		if why := graph.FirstReason(part.Errors, e.Errors); why != nil {
			return why
		}
		return &graph.Error{Title: "the network did not change the setting"}
	}
	return nil
}

// onDelete takes in that a group was deleted, whoever did it, or that a deletion failed, if it is the one that waits for that.
func (g *Gateway) onDelete(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	it, err := g.headOf(tx, fx, gr.ID, group.KindDelete)
	if err != nil {
		return err
	}
	failed := len(e.Errors) > 0
	switch {
	case failed && (it == nil || !g.mine(fx, it, e.RequestID)):
		return nil
	case it == nil:
		return g.lost(tx, fx, gr.ID)
	case failed:
		err = g.recordFailure(tx, fx, because(it, e.Errors[0]))
	default:
		err = g.recordDone(tx, fx, doneRecord{operation: it.OperationID, group: gr.ID, event: group.EventDeleted, change: (*group.Group).End})
	}
	if err != nil {
		return err
	}
	fx.reported(gr.ID, e.RequestID)
	fx.settled(it)
	return tx.Finish(it)
}

// onStatusChange takes over what the platform did. Reports of it cannot be ordered, so the group is read a while later.
func (g *Gateway) onStatusChange(tx *store.Tx, fx *effects, gr *group.Group, change statusChange) error {
	if gr.Status == change.to {
		return nil
	}
	fx.verify(gr.ID)
	gr.Status, gr.ModifiedAt = change.to, g.now()
	if err := tx.UpdateGroup(gr); err != nil {
		return err
	}
	return g.tell(tx, fx, gr, happening{change.event, 0, nil})
}

// statusChange is where a group stands after a report, and what that is called in the events.
type statusChange struct {
	to    group.Status
	event string
}
