package gateway_test

import (
	"context"
	"sync"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
)

// home is where the tests' groups live.
var home = gateway.Target{SpaceID: space, Number: business}

// at is the target of a group with this network id.
func at(groupID string) gateway.Target {
	return gateway.Target{SpaceID: space, Number: business, GroupID: groupID}
}

// made is a group that a test works with.
type made struct {
	gateway.Target
	id   int64 // the gateway's own key of it
	link string
}

// ended waits until an operation has ended.
func (w *world) ended(id int64) group.Operation {
	w.t.Helper()
	var op group.Operation
	w.until("operation "+gateway.FormatID(id)+" ends", func() bool {
		change, err := w.gateway().Operation(ctx, w.me(), id)
		w.must(err)
		op = change.Operation
		return !change.Pending()
	})
	return op
}

// done waits until an operation has ended well.
func (w *world) done(id int64) group.Operation {
	w.t.Helper()
	op := w.ended(id)
	if op.State != group.Done || op.Code != "" || op.DoneAt.IsZero() {
		w.t.Fatalf("%s is %v with code %q: %s", op.Kind, op.State, op.Code, op.Message)
	}
	return op
}

// failed waits until an operation has ended badly.
func (w *world) failed(id int64) group.Operation {
	w.t.Helper()
	op := w.ended(id)
	if op.State != group.Failed || op.DoneAt.IsZero() {
		w.t.Fatalf("%s is %v, want it failed", op.Kind, op.State)
	}
	return op
}

// group makes a group and has people join it.
func (w *world) group(subject string, people ...group.Number) made {
	w.t.Helper()
	change, err := w.gateway().AddGroup(ctx, w.me(), home, subject, "")
	w.must(err)
	op := w.done(change.Operation.ID)
	g := w.find(op.Result)
	w.join(g.link, people...)
	w.expect(g.Target, people...)
	return g
}

// row gives a group as the list shows it; it must be there.
func (w *world) row(groupID string) gateway.GroupRow {
	w.t.Helper()
	for _, r := range w.rows() {
		if r.NetworkID == groupID {
			return r
		}
	}
	w.t.Fatalf("the list does not show group %q", groupID)
	return gateway.GroupRow{}
}

// rows gives every group that the list shows, newest first.
func (w *world) rows() []gateway.GroupRow {
	w.t.Helper()
	var all []gateway.GroupRow
	for index := 1; ; index++ {
		rows, total, err := w.gateway().ListGroups(ctx, w.me(), home, gateway.GroupList{Index: index, Size: 100})
		w.must(err)
		all = append(all, rows...)
		if len(all) >= total {
			return all
		}
	}
}

func (w *world) find(groupID string) made {
	w.t.Helper()
	r := w.row(groupID)
	return made{Target: at(groupID), id: r.ID, link: r.InviteLink}
}

// statusOf tells where a group stands, Deleted when the list does not show it.
func (w *world) statusOf(groupID string) group.Status {
	w.t.Helper()
	for _, r := range w.rows() {
		if r.NetworkID == groupID {
			return r.Status
		}
	}
	return group.Deleted
}

// becomes waits until a group stands so.
func (w *world) becomes(groupID string, status group.Status) {
	w.t.Helper()
	w.until("the group is "+status.String(), func() bool { return w.statusOf(groupID) == status })
}

// remove takes people out and waits for the answer.
func (w *world) remove(t gateway.Target, people ...group.Number) gateway.Change {
	w.t.Helper()
	change, err := w.gateway().RemoveParticipants(ctx, w.me(), t, people)
	w.must(err)
	return change
}

// hasty is a caller who does not wait: the answer tells what was so when the command was accepted.
func hasty() context.Context {
	return &hastyContext{Context: context.Background(), left: make(chan struct{})}
}

// hastyContext is left as soon as a transaction has begun, and says so only to those who wait.
type hastyContext struct {
	context.Context
	left chan struct{}
	once sync.Once
}

func (c *hastyContext) Done() <-chan struct{} { return c.left }

// Err is what a transaction asks before it begins.
func (c *hastyContext) Err() error {
	c.once.Do(func() { close(c.left) })
	return nil
}

// accept has people removed without waiting for it.
func (w *world) accept(t gateway.Target, people ...group.Number) gateway.Change {
	w.t.Helper()
	change, err := w.gateway().RemoveParticipants(hasty(), w.me(), t, people)
	w.must(err)
	return change
}

// send has a text sent.
func (w *world) send(t gateway.Target, text string) gateway.Change {
	w.t.Helper()
	change, err := w.gateway().SendText(ctx, w.me(), t, text)
	w.must(err)
	return change
}

// people makes numbers nobody else in a test has.
func people(from, count int) []group.Number {
	out := make([]group.Number, count)
	for i := range out {
		out[i] = group.Number(4917600000000 + int64(from+i))
	}
	return out
}
