package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// messageReport is what the network says of a message.
type messageReport struct {
	number  *group.BusinessNumber
	event   *graph.Event
	message *store.Message // nil where the report did not lead to it
}

// tellInbound tells of a message that came in, once, however often the network reports it.
func (g *Gateway) tellInbound(tx *store.Tx, fx *effects, h messageReport) error {
	n, e, m := h.number, h.event, h.event.Message
	if m == nil {
		return nil
	}
	in := receipt.Inbound{MessageID: m.ID, CustSpaceID: n.SpaceID, WABAID: n.WABAID, From: graph.Digits(m.From), FromUserID: m.FromUserID, Name: m.Name,
		To: n.Number.String(), Timestamp: g.reportedAt(e).UnixMilli(), NoticeType: "inbound", GroupID: e.GroupID}
	if h.message != nil { // the key by which lists and replies know it
		in.MessageID = FormatID(h.message.ID)
	}
	in.Type, in.Message = receipt.Content(m)
	return g.tellMessage(tx, fx, h, group.EventInbound, in)
}

// tellStatus tells what has become of a message, once for each person and status. What is said of a whole group has the group in To.
func (g *Gateway) tellStatus(tx *store.Tx, fx *effects, h messageReport) error {
	n, e, s := h.number, h.event, h.event.Status
	if s == nil {
		return nil
	}
	state, ok := statuses[s.Status]
	if !ok {
		return nil // such as that a voice message was played, or one was deleted: the official service does not push these
	}
	if err := h.findSent(tx); err != nil {
		return err
	}
	sent := h.sent()
	out := receipt.Status{MessageID: sent.id, CustSpaceID: n.SpaceID, From: n.Number.String(), To: graph.Digits(s.Participant), UserID: s.UserID,
		Timestamp: g.reportedAt(e).UnixMilli(), Status: state.String(), MsgFrameType: sent.frame, Type: sent.kind, TaskID: sent.task,
		TemplateCode: sent.template, TemplateName: sent.name, Language: sent.language, GroupID: e.GroupID}
	if out.To == "" && s.UserID == "" {
		out.To = e.GroupID
	}
	if len(s.Errors) > 0 {
		why := s.Errors[0]
		out.ErrorCode = strconv.Itoa(why.Code)
		out.ErrorDescription = out.ErrorCode + ":" + why.Reason()
		out.StatusDescription = why.Title
	}
	return g.tellMessage(tx, fx, h, group.EventStatus, out)
}

// sentOne is what is known of a message that was sent.
type sentOne struct {
	id, task                 string
	frame, kind              string // message or template; what it carries
	template, name, language string // of a template
}

// findSent finds the message that a status is about, where the report did not lead to it.
func (h *messageReport) findSent(tx *store.Tx) error {
	if h.message != nil {
		return nil
	}
	m, err := messageOf(tx, h.number, h.event.Status)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return nil
	case err != nil:
		return err
	}
	h.message = &m
	return nil
}

// sent gives what is known of the message that a status is about. One that another program of the same business sent is known by the
// network's id alone.
func (h *messageReport) sent() sentOne {
	m := h.message
	if m == nil {
		id := h.event.Status.MessageID
		return sentOne{id: id, task: id}
	}
	id := FormatID(m.ID)
	return sentOne{id: id, task: cmp.Or(m.TaskID, id), frame: m.Frame(), kind: strings.ToUpper(m.Kind),
		template: m.TemplateCode, name: m.TemplateName, language: m.Language}
}

// messageOf finds a message by the key that went out with it, or else by the network's id.
func messageOf(tx *store.Tx, n *group.BusinessNumber, s *graph.Status) (store.Message, error) {
	if key, err := strconv.ParseInt(s.CallbackData, 10, 64); err == nil {
		m, err := tx.Message(key)
		if err == nil && m.Number == n.Number && m.AccountID == n.AccountID || err != nil && !errors.Is(err, store.ErrNoRow) {
			return m, err
		}
	}
	m, err := tx.MessageByWAMID(n.Number, s.MessageID)
	if err == nil && m.AccountID != n.AccountID { // the number was another's then
		err = store.ErrNoRow
	}
	return m, err
}

// tellMessage writes a receipt down in the form in which it is pushed.
func (g *Gateway) tellMessage(tx *store.Tx, fx *effects, h messageReport, kind string, item any) error {
	body, err := json.Marshal(item)
	if err != nil {
		return err
	}
	event := group.Event{AccountID: h.number.AccountID, Number: h.number.Number, Kind: kind, At: g.now(), Body: string(body)}
	if event.GroupID, err = h.groupID(tx); err != nil {
		return err
	}
	return g.tellOnce(tx, fx, &event, h.dedupe())
}

// tellOnce writes a receipt down and has it pushed, unless there is one of the same mark.
func (g *Gateway) tellOnce(tx *store.Tx, fx *effects, e *group.Event, dedupe string) error {
	fresh, err := tx.InsertReceipt(e, dedupe)
	if err != nil || !fresh {
		return err
	}
	return g.enqueueReceipt(tx, fx, e)
}

// dedupe tells a receipt from all others. That a message of ours has failed as a whole is told once, whether the network refuses it or
// reports it later.
func (h *messageReport) dedupe() string {
	m, s := h.message, h.event.Status
	if m != nil && s != nil && statuses[s.Status] == group.MessageFailed && (m.GroupID == 0 || s.Participant == "" && s.UserID == "") {
		return failureMark(m.ID)
	}
	return h.number.PhoneNumberID + "/" + h.event.Key()
}

// groupID gives our key of the group that a message is of, 0 for none. The message knows it, where there is one.
func (h *messageReport) groupID(tx *store.Tx) (int64, error) {
	if h.message != nil {
		return h.message.GroupID, nil
	}
	if h.event.GroupID == "" {
		return 0, nil
	}
	gr, err := tx.GroupByNetworkID(h.event.GroupID)
	if errors.Is(err, store.ErrNoRow) || err == nil && gr.Number != h.number.Number {
		return 0, nil
	}
	return gr.ID, err
}

// reportedAt is when the network says that it happened, or now if it does not say.
func (g *Gateway) reportedAt(e *graph.Event) time.Time {
	if e.Timestamp.IsZero() {
		return g.now()
	}
	return e.Timestamp
}
