package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// failureMark marks the receipt that a message has failed as a whole.
func failureMark(message int64) string { return "failed/" + FormatID(message) }

// failMessage keeps that a message has failed, and tells it, unless a report of the network is told in its place: none comes of a message
// that the network has not taken.
func (g *Gateway) failMessage(tx *store.Tx, fx *effects, id int64, why store.MessageNews, told bool) error {
	m, err := tx.Message(id)
	if errors.Is(err, store.ErrNoRow) {
		return nil // it has been forgotten
	}
	if err == nil {
		err = tx.MoveMessage(id, why)
	}
	if err != nil || told || m.State > group.MessageFailed {
		return err
	}
	body, err := json.Marshal(g.failed(&m, why))
	if err != nil {
		return err
	}
	e := group.Event{AccountID: m.AccountID, Number: m.Number, GroupID: m.GroupID, Kind: group.EventStatus, At: why.At, Body: string(body)}
	return g.tellOnce(tx, fx, &e, failureMark(id))
}

// failed is the receipt that a message has failed.
func (g *Gateway) failed(m *store.Message, why store.MessageNews) receipt.Status {
	h := messageReport{message: m}
	sent := h.sent()
	out := receipt.Status{MessageID: sent.id, From: m.Number.String(), To: cmp.Or(m.Chat, m.Person.String()), Timestamp: why.At.UnixMilli(), Status: group.MessageFailed.String(),
		ErrorDescription: why.Reason, MsgFrameType: sent.frame, Type: sent.kind, TaskID: sent.task,
		TemplateCode: sent.template, TemplateName: sent.name, Language: sent.language, GroupID: m.Chat}
	if why.Code != 0 { // else it is not the network that says so
		out.ErrorCode = strconv.Itoa(why.Code)
		out.ErrorDescription = out.ErrorCode + ":" + why.Reason
	}
	if n := g.directory.latest().numbers[m.Number]; n != nil && n.AccountID == m.AccountID {
		out.CustSpaceID = n.SpaceID
	}
	return out
}
