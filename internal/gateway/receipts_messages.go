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

// tellInbound tells of a message that came in, once, however often the network reports it.
func (g *Gateway) tellInbound(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	m := e.Message
	if m == nil {
		return nil
	}
	in := receipt.Inbound{MessageID: m.ID, CustSpaceID: n.SpaceID, WABAID: n.WABAID, From: digits(m.From), FromUserID: m.FromUserID, Name: m.Name,
		To: n.Number.String(), Timestamp: g.reportedAt(e).UnixMilli(), NoticeType: "inbound", GroupID: e.GroupID}
	if fx.message != nil { // the key by which lists and replies know it
		in.MessageID = FormatID(fx.message.ID)
	}
	in.Type, in.Message = receipt.Content(m)
	return g.tellMessage(tx, fx, n, e, group.EventInbound, in)
}

// statusWords are the official service's words for the network's.
var statusWords = map[string]string{"sent": "Sent", "delivered": "Delivered", "read": "Read", "failed": "Failed"}

// tellStatus tells what has become of a message, once for each person and status. What is said of a whole group has the group in To.
func (g *Gateway) tellStatus(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event) error {
	s := e.Status
	if s == nil {
		return nil
	}
	word, ok := statusWords[s.Status]
	if !ok {
		return nil // such as that a voice message was played, or one was deleted: the official service does not push these
	}
	sent, err := sentMessage(tx, fx, n, s)
	if err != nil {
		return err
	}
	out := receipt.Status{MessageID: sent.id, CustSpaceID: n.SpaceID, From: n.Number.String(), To: digits(s.Participant), UserID: s.UserID,
		Timestamp: g.reportedAt(e).UnixMilli(), Status: word, MsgFrameType: sent.frame, Type: sent.kind, TaskID: sent.task,
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
	return g.tellMessage(tx, fx, n, e, group.EventStatus, out)
}

// sentOne is what is known of a message that was sent.
type sentOne struct {
	id, task                 string
	frame, kind              string // message or template; what it carries
	template, name, language string // of a template
}

// sentMessage gives what is known of the message that a status is about. One that another program of the same business sent is known by
// the network's id alone.
func sentMessage(tx *store.Tx, fx *effects, n *group.BusinessNumber, s *graph.Status) (sentOne, error) {
	m := fx.message
	if m == nil {
		found, err := messageOf(tx, n, s)
		switch {
		case errors.Is(err, store.ErrNoRow):
			return sentOne{id: s.MessageID, task: s.MessageID}, nil
		case err != nil:
			return sentOne{}, err
		}
		m = &found
	}
	id := FormatID(m.ID)
	return sentOne{id: id, task: cmp.Or(m.TaskID, id), frame: m.Frame(), kind: strings.ToUpper(m.Kind),
		template: m.TemplateCode, name: m.TemplateName, language: m.Language}, nil
}

// messageOf finds a message by the key that went out with it, or else by the network's id.
func messageOf(tx *store.Tx, n *group.BusinessNumber, s *graph.Status) (store.Message, error) {
	if key, err := strconv.ParseInt(s.CallbackData, 10, 64); err == nil {
		m, err := tx.Message(key)
		if err == nil && m.Number == n.Number || err != nil && !errors.Is(err, store.ErrNoRow) {
			return m, err
		}
	}
	return tx.MessageByWAMID(n.Number, s.MessageID)
}

// tellMessage writes a receipt down in the form in which it is pushed.
func (g *Gateway) tellMessage(tx *store.Tx, fx *effects, n *group.BusinessNumber, e *graph.Event, kind string, item any) error {
	body, err := json.Marshal(item)
	if err != nil {
		return err
	}
	event := group.Event{AccountID: n.AccountID, Number: n.Number, Kind: kind, At: g.now(), Body: string(body)}
	if e.GroupID != "" {
		gr, err := tx.GroupByNetworkID(e.GroupID)
		switch {
		case err == nil && gr.Number == n.Number:
			event.GroupID = gr.ID
		case err != nil && !errors.Is(err, store.ErrNoRow):
			return err
		}
	}
	fresh, err := tx.InsertReceipt(&event, n.PhoneNumberID+"/"+e.Key())
	if err != nil || !fresh {
		return err
	}
	return g.send(tx, fx, &event)
}

// reportedAt is when the network says that it happened, or now if it does not say.
func (g *Gateway) reportedAt(e *graph.Event) time.Time {
	if e.Timestamp.IsZero() {
		return g.now()
	}
	return e.Timestamp
}

// digits takes everything but digits out of a number.
func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}
