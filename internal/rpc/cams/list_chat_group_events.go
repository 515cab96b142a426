package cams

import (
	"context"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// defaultEvents is how many events are given when nothing is said.
const defaultEvents = 50

// listChatGroupEvents gives everything that is pushed, or would be if there were a callback: an extension, so that nothing is lost
// while a receiver is down, and that a machine without a public address can be told.
func (s *service) listChatGroupEvents() rpc.Operation {
	op := operation("ListChatGroupEvents", rpc.AccessList, s.runListChatGroupEvents, onChannel(optional("GroupId", "Cursor", "Size")...)...)
	op.Extension = true
	op.Doc = rpc.Doc{
		Summary: "Gives what there is to tell of a business number, oldest first: the same items that are pushed to callbacks. Call it again with " +
			"NextCursor to go on; nothing is passed over. Events are kept for as long as the operator says, 30 days by default.",
		Parameters: map[string]string{
			"GroupId": "only what is about this group, which may have been deleted; groups are part of the beta: the account has to be on the allowlist",
			"Cursor":  "NextCursor of the call before; left out, it begins with the oldest that is kept; latest gives no events, but the cursor of the end",
			"Size":    "the most events that are given, 1 to 100, 50 if left out; fewer are no sign of the end",
		},
		Answer: []rpc.Field{
			{Name: "Data.NextCursor", Type: "string", About: "where to go on; the same as before while nothing has happened"},
			{Name: "Data.List[].EventId", Type: "string", About: "the same however often the event is given"},
			{Name: "Data.List[].Kind", Type: "string", About: "ChatAppInbound, ChatAppStatus or ChatAppGroup"},
			{Name: "Data.List[].GroupId", Type: "string", About: "the group, if it is about one that is known here"},
			{Name: "Data.List[].Sequence", Type: "long", About: "of ChatAppGroup: its number among the events of its group, from 1 without a gap; otherwise 0"},
			{Name: "Data.List[].Timestamp", Type: "long", About: "when it was written down, in milliseconds since 1970"},
			{Name: "Data.List[].Item", Type: "string", About: "the item as it is pushed, as JSON text"},
		},
		Errors: []string{"InvalidParameter.CursorInvalid", "InvalidParameter.GroupNotExist", "InvalidParameter.PhoneNumberError", "Unknown.ResourceOwnerId",
			"Authentication.NoAuth"},
	}
	return op
}

func (s *service) runListChatGroupEvents(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	if t.GroupID != "" && !c.Caller.Principal.Beta { // persons can be written to without it
		return rpc.Answer{}, &group.Error{Code: group.CodeNotAllowlisted}
	}
	size, isSet, err := c.Params.Integer("Size")
	switch {
	case err != nil || isSet && (size < 1 || size > maxPageSize):
		return rpc.Answer{}, rpc.Invalid("Size", "Size must be a whole number from 1 to 100.")
	case !isSet:
		size = defaultEvents
	}
	events, next, err := s.gateway.Events(ctx, c.Caller, t, gateway.EventList{Cursor: c.Params.Text("Cursor"), Size: int(size)})
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("Data", func() {
			w.Text("NextCursor", next)
			w.List("List", len(events), func(i int) { writeEvent(w, &events[i]) })
		})
	}}, nil
}

func writeEvent(w *rpc.Writer, e *gateway.Told) {
	w.Text("EventId", strconv.FormatInt(e.ID, 10))
	w.Text("Kind", e.Kind)
	w.Text("GroupId", e.NetworkID)
	w.Number("Sequence", e.Seq)
	writeTime(w, "Timestamp", e.At)
	w.Text("Item", string(e.Item))
}
