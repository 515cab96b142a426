package cams

import (
	"context"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// sendChatappMessage sends a text to a group: Type message, MessageType text, RecipientType group, and the group's id in To.
// MessageId is the id of the operation. The other things that the official operation sends have nothing to do with groups
// and are refused.
func (s *service) sendChatappMessage() rpc.Operation {
	op := operation("SendChatappMessage", rpc.AccessCreate, s.runSendChatappMessage,
		append(required("ChannelType", "Type", "From", "To"), optional("CustSpaceId", "RecipientType", "MessageType", "Content")...)...)
	op.NoSuccess, op.Beta = true, true
	op.PerSecond = 250
	return op
}

func (s *service) runSendChatappMessage(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := readRecipient(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	text, err := readText(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.SendText(ctx, c.Caller, t, text)
	if err != nil {
		return rpc.Answer{}, err
	}
	a := outcome(&ch)
	if ch.Pending() { // that the message cannot be lost any more is all that this operation answers
		a.Code, a.Message = "", ""
	}
	a.Members = func(w *rpc.Writer) { w.Text("MessageId", operationID(&ch)) }
	return a, nil
}

// readRecipient reads who sends to which group.
func readRecipient(c *rpc.Call) (gateway.Target, error) {
	t := gateway.Target{SpaceID: c.Params.Text("CustSpaceId"), GroupID: c.Params.Text("To")}
	if err := checkChannelType(c); err != nil {
		return t, err
	}
	if err := checkOwner(c); err != nil {
		return t, err
	}
	from := c.Params.Text("From")
	if strings.Trim(from, "0123456789") != "" {
		return t, group.Errorf(rpc.CodeFromNotNumeric, "From must be the digits of a business number, without a plus sign.")
	}
	if !strings.EqualFold(c.Params.Text("Type"), "message") {
		return t, group.Errorf(rpc.CodeBadSendType, "Type must be message: templates are not sent to groups here.")
	}
	if !strings.EqualFold(c.Params.Text("RecipientType"), "group") {
		return t, group.Errorf(rpc.CodeBadRecipientType, "RecipientType must be group, with the GroupId in To: only groups are served here.")
	}
	if err := checkGroupID(t.GroupID); err != nil {
		return t, err
	}
	var err error
	t.Number, err = group.ParseNumber(from)
	return t, err
}

// readText reads what is to be sent.
func readText(c *rpc.Call) (string, error) {
	switch kind := c.Params.Text("MessageType"); {
	case kind == "":
		return "", group.Errorf(rpc.CodeMessageTypeEmpty, "MessageType is missing; it must be text.")
	case !strings.EqualFold(kind, "text"):
		return "", group.Errorf(rpc.CodeBadMessageType, "MessageType must be text: nothing else is sent to groups here.")
	}
	o, sent, err := c.Params.Object("Content")
	switch {
	case err != nil:
		return "", group.Errorf(rpc.CodeBadContent, `Content cannot be read: %s; send it as JSON, for example {"text":"Hello"}.`, err)
	case !sent:
		return "", group.Errorf(rpc.CodeContentEmpty, `Content is missing; send it as JSON, for example {"text":"Hello"}.`)
	}
	text := o.Text("text")
	if text == "" {
		return "", group.Errorf(rpc.CodeTextEmpty, `Content has no text; send it as JSON, for example {"text":"Hello"}.`)
	}
	return text, nil
}
