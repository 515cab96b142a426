package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// clockSkew is how far the network's clock may be ahead of ours.
const clockSkew = 5 * time.Minute

// HandleReports takes in what the network reports. It returns once that is on disk; an error means that nothing of it was
// taken and that the network should report it again. Reports may come late, twice and in any order.
func (g *Gateway) HandleReports(ctx context.Context, reports []graph.Event) error {
	d, err := g.directory.current(ctx, g.store)
	if err != nil {
		return err
	}
	var fx *effects
	err = g.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		fx = &effects{}
		for i := range reports {
			n := d.byPhoneID[reports[i].PhoneNumberID]
			if n == nil {
				g.log.Warn("a report about a number that is not bound here was ignored", "phone_number_id", reports[i].PhoneNumberID)
				continue
			}
			if err := g.handle(tx, fx, n, &reports[i]); err != nil {
				return fmt.Errorf("take in %s: %w", reports[i].Type, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	g.apply(fx)
	return nil
}

func (g *Gateway) handle(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	if now := g.now(); e.Timestamp.After(now.Add(clockSkew)) { // or nothing that follows would count
		e.Timestamp = now.UTC().Truncate(time.Second)
	}
	switch e.Type {
	case graph.GroupCreate:
		return g.onCreate(tx, fx, n, e)
	case graph.MessageStatus, graph.MessageReceived:
		return g.handleMessage(tx, fx, n, e)
	case graph.GroupDelete, graph.ParticipantsAdd, graph.ParticipantsRemove, graph.SettingsUpdate, graph.Suspend, graph.SuspendCleared:
	default:
		return nil // not about what we keep
	}
	holdNetworkID(tx, e.GroupID)
	gr, err := tx.GroupByNetworkID(e.GroupID)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return g.park(tx, e, "")
	case err != nil:
		return err
	case gr.Number != n.Number || gr.Status == group.Deleted:
		return nil
	}
	if g.store.Shared() {
		if fx.head, err = headItem(tx, fx, lane(gr.ID)); err != nil {
			return err
		}
		if gone, err := g.elsewhere(tx, fx, e, fx.head); gone || err != nil {
			return err
		}
		fx.looked = gr.ID
		defer func() { fx.looked = 0 }() // the next report may find another one
	}
	return g.handleGroup(tx, fx, &gr, e)
}

// handleMessage takes in what the network says of a message, and has the customer told.
func (g *Gateway) handleMessage(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	if e.Type == graph.MessageStatus {
		m, err := g.onStatus(tx, fx, n, e)
		if err != nil {
			return err
		}
		return g.tellStatus(tx, fx, messageReport{n, e, m})
	}
	m, err := g.keepInbound(tx, n, e)
	if err != nil {
		return err
	}
	return g.tellInbound(tx, fx, messageReport{n, e, m})
}

func (g *Gateway) handleGroup(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	switch e.Type {
	case graph.ParticipantsAdd:
		return g.onJoin(tx, fx, gr, e)
	case graph.ParticipantsRemove:
		switch {
		case e.InitiatedBy == graph.ByParticipant:
			return g.onLeave(tx, fx, gr, e)
		case e.InitiatedBy == "" && e.RequestID == "": // by whom, the group has to tell
			return errors.Join(g.onLeave(tx, fx, gr, e), fx.doubt(tx, gr.ID))
		}
		return g.onRemoved(tx, fx, gr, e)
	case graph.SettingsUpdate:
		return g.onSettings(tx, fx, gr, e)
	case graph.GroupDelete:
		return g.onDelete(tx, fx, gr, e)
	case graph.Suspend:
		return g.onStatusChange(tx, fx, gr, statusChange{gr.Status.AfterSuspend(), group.EventSuspended})
	default:
		return g.onStatusChange(tx, fx, gr, statusChange{gr.Status.AfterClear(), group.EventCleared})
	}
}

// park keeps a report about a group or a request that we do not know, or not yet: a report can overtake the answer.
func (g *Gateway) park(tx *store.Tx, e *graph.Event, ref string) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return tx.Park(store.Report{NetworkID: e.GroupID, Ref: ref, Dedupe: e.Key(), ReceivedAt: g.now(), Body: body})
}

// replay takes in the parked reports about a group or a request that has become known.
func (g *Gateway) replay(tx *store.Tx, fx *effects, networkID, ref string) error {
	parked, err := tx.TakeParked(networkID, ref)
	if err != nil {
		return err
	}
	for _, r := range parked {
		var e graph.Event
		if err := json.Unmarshal(r.Body, &e); err != nil {
			g.log.Error("a parked report cannot be read and was dropped", "report", r.ID, "error", err)
			continue
		}
		if n := g.directory.latest().byPhoneID[e.PhoneNumberID]; n != nil {
			if err := g.handle(tx, fx, n, &e); err != nil {
				return err
			}
		}
	}
	return nil
}

// headOf gives the head of a group's lane if it is of the kind, nil otherwise.
func (g *Gateway) headOf(tx *store.Tx, fx *effects, groupID int64, kind group.Kind) (it *store.Item, err error) {
	if fx.looked == groupID {
		it = fx.head
	} else if it, err = headItem(tx, fx, lane(groupID)); err != nil {
		return nil, err
	}
	if it == nil || it.Kind != kind {
		return nil, nil
	}
	return it, nil
}

// headItem gives the head of a lane, nil when that is empty.
func headItem(tx *store.Tx, fx *effects, l store.Lane) (*store.Item, error) {
	it, alone, err := tx.HeadAlone(l)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if alone {
		fx.lonely = append(fx.lonely, it.ID)
	}
	return &it, nil
}
