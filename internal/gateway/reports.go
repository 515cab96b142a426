package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// parkedFor is how long a report about something unknown is kept: as long as the network repeats reports.
const parkedFor = 7 * 24 * time.Hour

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
	switch e.Type {
	case graph.GroupCreate:
		return g.onCreate(tx, fx, n, e)
	case graph.MessageStatus:
		return g.onStatus(tx, fx, n, e)
	case graph.GroupDelete, graph.ParticipantsAdd, graph.ParticipantsRemove, graph.SettingsUpdate, graph.Suspend, graph.SuspendCleared:
	default:
		return nil // not about what we keep
	}
	gr, err := tx.GroupByNetworkID(e.GroupID)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return g.park(tx, e, "")
	case err != nil:
		return err
	case gr.Number != n.Number || gr.Status == group.Deleted:
		return nil
	}
	return g.handleGroup(tx, fx, &gr, e)
}

func (g *Gateway) handleGroup(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	switch e.Type {
	case graph.ParticipantsAdd:
		return g.onJoin(tx, fx, gr, e)
	case graph.ParticipantsRemove:
		if e.InitiatedBy == graph.ByParticipant {
			return g.onLeave(tx, fx, gr, e)
		}
		return g.onRemoved(tx, fx, gr, e)
	case graph.SettingsUpdate:
		return g.onSettings(tx, fx, gr, e)
	case graph.GroupDelete:
		return g.onDelete(tx, fx, gr, e)
	case graph.Suspend:
		return g.onStatusChange(tx, fx, gr, statusChange{gr.Status.AfterSuspend(), "suspended"})
	default:
		return g.onStatusChange(tx, fx, gr, statusChange{gr.Status.AfterClear(), "cleared"})
	}
}

// park keeps a report about a group or a request that we do not know, or not yet: a report can overtake the answer.
func (g *Gateway) park(tx *store.Tx, e *graph.Event, ref string) error {
	if _, err := tx.DropParked(g.now().Add(-parkedFor)); err != nil {
		return err
	}
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

// onCreate takes in that a group has been made, or that it has not.
func (g *Gateway) onCreate(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	if known, err := tx.KnowsGroup(e.GroupID); known || err != nil {
		return err // found in the network's list before, perhaps for a twin of the same subject; the twin then finds this one's
	}
	ref := creationRef(n.PhoneNumberID, e.RequestID)
	it, err := tx.ItemByRef(ref)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return g.park(tx, e, ref)
	case err != nil:
		return err
	}
	if len(e.Errors) > 0 {
		why := e.Errors[0]
		err = g.recordFailure(tx, fx, failure{operation: it.OperationID, group: it.Lane.ID, code: why.Code, message: reason(why)})
	} else {
		err = g.recordCreated(tx, fx, it.OperationID, e.GroupID, e.Group.InviteLink)
	}
	if err != nil {
		return err
	}
	fx.settled(&it)
	return tx.Finish(&it)
}

// recordCreated gives a group the network's id and takes in what was reported about that id before.
func (g *Gateway) recordCreated(tx *store.Tx, fx *effects, operation int64, networkID, link string) error {
	op, err := tx.Operation(operation)
	if err != nil {
		return err
	}
	err = g.recordDone(tx, fx, doneRecord{operation: operation, group: op.GroupID, result: networkID, event: "created",
		change: func(gr *group.Group) { gr.NetworkID, gr.InviteLink, gr.Status = networkID, link, group.Active }})
	if err != nil {
		return err
	}
	return g.replay(tx, fx, networkID, "")
}

func (g *Gateway) onJoin(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	return g.move(tx, fx, gr, movement{people: e.Added, at: e.Timestamp, event: "joined", by: e.Reason, step: (*group.Participant).Join})
}

func (g *Gateway) onLeave(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	return g.move(tx, fx, gr, movement{people: e.Removed, at: e.Timestamp, event: "left", by: graph.ByParticipant, step: (*group.Participant).Leave})
}

// movement is people coming or going by their own act.
type movement struct {
	people []graph.Participant
	at     time.Time
	event  string
	by     string
	step   func(*group.Participant, time.Time) group.Verdict
}

func (g *Gateway) move(tx *store.Tx, fx *effects, gr *group.Group, m movement) error {
	known, err := tx.Participants(gr.ID)
	if err != nil {
		return err
	}
	var changed []group.Participant
	var told []group.Number
	doubt := false
	for _, who := range m.people {
		n, ok := group.NetworkNumber(who.Number())
		if !ok {
			doubt = true // somebody whose number the network hides: the reading tells what it can
			continue
		}
		p := group.Participant{Number: n}
		if k := group.Find(known, n); k != nil {
			p = *k
		}
		v := m.step(&p, m.at)
		if !p.State.Pending() {
			p.OperationID = 0
		}
		doubt = doubt || v.Reread()
		if v.Kept() {
			changed, told = append(changed, p), append(told, n)
		}
	}
	if err := tx.PutParticipants(gr.ID, changed); err != nil {
		return err
	}
	if len(told) > 0 {
		if err := g.tell(tx, gr, m.event, 0, peopleEvent{told, m.by}); err != nil {
			return err
		}
	}
	if doubt {
		return fx.doubt(tx, gr.ID)
	}
	return nil
}

// onRemoved takes in that the business removed people. The head of the group's lane is the removal it belongs to, if that
// names them; a report without one comes from another program of the same business.
func (g *Gateway) onRemoved(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	known, err := tx.Participants(gr.ID)
	if err != nil {
		return err
	}
	s := settlement{group: gr, people: known, at: e.Timestamp}
	it, err := g.headOf(tx, gr.ID, group.KindRemove)
	if err != nil {
		return err
	}
	mine := it != nil && g.flights.mine(gr.ID, it.ID, e.RequestID)
	s.item = it
	s.said = removedPeople(e)
	if mine {
		s.said = append(s.said, failedPeople(e)...)
	}
	if len(s.said) == 0 {
		return nil
	}
	ended, err := g.settlePeople(tx, fx, s)
	if ended {
		g.flights.reported(gr.ID, e.RequestID)
	}
	return err
}

// headOf gives the head of a group's lane if it is of the kind, nil otherwise.
func (g *Gateway) headOf(tx *store.Tx, groupID int64, kind group.Kind) (*store.Item, error) {
	it, err := tx.Head(lane(groupID))
	switch {
	case errors.Is(err, store.ErrNoRow):
		return nil, nil
	case err != nil:
		return nil, err
	case it.Kind != kind:
		return nil, nil
	}
	return &it, nil
}

func removedPeople(e *graph.Event) []verdictOn {
	said := make([]verdictOn, 0, len(e.Removed)+len(e.Failed))
	for _, p := range e.Removed {
		if n, ok := group.NetworkNumber(p.Number()); ok {
			said = append(said, verdictOn{number: n, out: true})
		}
	}
	return said
}

// failedPeople gives those who were not removed, each with its own reason or, without one, with that of the whole.
func failedPeople(e *graph.Event) []verdictOn {
	var said []verdictOn
	for _, p := range e.Failed {
		n, ok := group.NetworkNumber(p.Number())
		why := firstError(p.Errors, e.Errors)
		if ok && why != nil {
			said = append(said, verdictOn{number: n, code: why.Code, message: reason(why)})
		}
	}
	return said
}

func firstError(lists ...[]*graph.Error) *graph.Error {
	for _, l := range lists {
		if len(l) > 0 && l[0].Code != graph.CodePartialSuccess {
			return l[0]
		}
	}
	return nil
}

func (g *Gateway) onSettings(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	applySettings(gr, e.Settings)
	it, err := g.headOf(tx, gr.ID, group.KindUpdate)
	if err != nil {
		return err
	}
	if it == nil || !g.flights.mine(gr.ID, it.ID, e.RequestID) {
		fx.verify(gr.ID) // it may be an old one that comes again
		gr.ModifiedAt = g.now()
		if err := tx.UpdateGroup(gr); err != nil {
			return err
		}
		return g.tell(tx, gr, "changed", 0, nil)
	}
	if why := failedSetting(e); why != nil {
		if err := tx.UpdateGroup(gr); err != nil {
			return err
		}
		err = g.recordFailure(tx, fx, failure{operation: it.OperationID, group: gr.ID, code: why.Code, message: reason(why)})
	} else {
		var u update
		if u, err = readUpdate(it.Payload); err != nil {
			return err
		}
		err = g.recordDone(tx, fx, doneRecord{operation: it.OperationID, group: gr.ID, event: "changed", change: u.change})
	}
	if err != nil {
		return err
	}
	g.flights.reported(gr.ID, e.RequestID)
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
		if why := firstError(part.Errors, e.Errors); why != nil {
			return why
		}
		return &graph.Error{Title: "the network did not change the setting"}
	}
	return nil
}

func (g *Gateway) onDelete(tx *store.Tx, fx *effects, gr *group.Group, e *graph.Event) error {
	it, err := g.headOf(tx, gr.ID, group.KindDelete)
	if err != nil {
		return err
	}
	failed := len(e.Errors) > 0
	switch {
	case it == nil && failed:
		return nil
	case it == nil:
		return g.lost(tx, gr.ID)
	case failed:
		why := e.Errors[0]
		err = g.recordFailure(tx, fx, failure{operation: it.OperationID, group: gr.ID, code: why.Code, message: reason(why)})
	default:
		err = g.recordDone(tx, fx, doneRecord{operation: it.OperationID, group: gr.ID, event: "deleted", change: deleted})
	}
	if err != nil {
		return err
	}
	g.flights.reported(gr.ID, e.RequestID)
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
	return g.tell(tx, gr, change.event, 0, nil)
}

// statusChange is where a group stands after a report, and what that is called in the events.
type statusChange struct {
	to    group.Status
	event string
}

// onStatus ends a message of ours whose answer was lost: a status shows that the network has it.
func (g *Gateway) onStatus(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	operation, err := strconv.ParseInt(e.Status.CallbackData, 10, 64)
	if err != nil {
		return nil //nolint:nilerr // a message that was not sent from here
	}
	op, err := tx.Operation(operation)
	if errors.Is(err, store.ErrNoRow) {
		return nil
	}
	if err != nil || op.State != group.Pending || op.Kind != group.KindSend || op.AccountID != n.AccountID {
		return err
	}
	it, err := g.headOf(tx, op.GroupID, group.KindSend)
	if err != nil || it == nil || it.OperationID != op.ID {
		return err
	}
	if len(e.Status.Errors) > 0 && e.Status.Status == "failed" {
		why := e.Status.Errors[0]
		err = g.recordFailure(tx, fx, failure{operation: op.ID, group: op.GroupID, code: why.Code, message: reason(why)})
	} else {
		err = g.recordDone(tx, fx, doneRecord{operation: op.ID, group: op.GroupID, result: e.Status.MessageID})
	}
	if err != nil {
		return err
	}
	fx.settled(it)
	return tx.Finish(it)
}
