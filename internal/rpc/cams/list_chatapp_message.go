package cams

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/store"
)

// deepestMessage bounds how many messages are stepped over to come to a page. Whoever wants older ones narrows the time.
const deepestMessage = store.MostMessages

// listChatappMessage lists what was written to and by a business number, newest first. Data is a bare list, without a total.
func (s *service) listChatappMessage() rpc.Operation {
	op := operation("ListChatappMessage", rpc.AccessList, s.runListChatappMessage, onChannel(append(required("ChannelType", "Page"),
		optional("UserNumber", "EventAction", "MessageStatus", "ClientAcceptStatus", "GroupMessageId", "StartTime", "EndTime", "StartTimeStr",
			"EndTimeStr", "TemplateCode")...)...)...)
	op.Doc = rpc.Doc{
		Summary: "Lists messages of a business number, to it and from it, newest first, as long as they are kept (30 days by default). EventAction, " +
			"MessageStatus, ClientAcceptStatus and TemplateCode look, without UserNumber or GroupMessageId, through the 100,000 newest messages of the time asked for.",
		Parameters: map[string]string{
			"ChannelType":        "WHATSAPP",
			"Page":               `JSON with Index from 1 and Size from 1 to 100. Pages behind the 100,000th message are refused; narrow the time instead.`,
			"UserNumber":         "messages to or from this person, by either spelling of a number that has two: outside of groups, and what they wrote in groups",
			"EventAction":        "UP for what people wrote, DOWN for what the business did",
			"MessageStatus":      "sending (accepted), success (the network has it, or it came in), failed; or sent, delivered, read as in receipts",
			"ClientAcceptStatus": "success (delivered to the person, or to a member of the group), failed, waiting",
			"GroupMessageId":     "messages of this batch of SendChatappMassMessage",
			"StartTime":          "not before this time, in milliseconds since 1970",
			"EndTime":            "before this time, in milliseconds since 1970",
			"StartTimeStr":       "StartTime as text, 2006-01-02 15:04:05 in UTC, or with an offset as in RFC 3339",
			"EndTimeStr":         "EndTime as text, likewise",
			"TemplateCode":       "messages made of this template",
		},
		Answer: []rpc.Field{
			{Name: "Data[].MessageId", Type: "string", About: "key of the message, as SendChatappMessage and receipts tell it"},
			{Name: "Data[].UniqueMessageId", Type: "string", About: "the network's id, empty until it has taken the message"},
			{Name: "Data[].EventAction", Type: "string", About: "UP or DOWN. EventActionName is the same"},
			{Name: "Data[].BusinessNumber", Type: "string", About: "digits"},
			{Name: "Data[].UserNumber", Type: "string", About: "the other side; in a group who wrote it, empty for the business"},
			{Name: "Data[].GroupId", Type: "string", About: "the group, empty outside of groups. An extension"},
			{Name: "Data[].Type", Type: "string", About: "message or template"},
			{Name: "Data[].MessageType", Type: "string", About: "TEXT, IMAGE and so on. MessageTypeName is the same in lower case"},
			{Name: "Data[].Message", Type: "string", About: "a text as it is, anything else as JSON"},
			{Name: "Data[].MessageStatus", Type: "string", About: "sending, success or failed. MessageStatusName is Accepted, Sent, Failed, Delivered, Read or Received"},
			{Name: "Data[].ClientAcceptStatusName", Type: "string", About: "Success, Failed or Waiting; empty for what came in"},
			{Name: "Data[].ClientReadStatus", Type: "string", About: "success once read, waiting before, failed if it did not arrive; empty for what came in. In a group that is the first member to read it"},
			{Name: "Data[].FailReason", Type: "string", About: "why it failed, with the network's code in front"},
			{Name: "Data[].SendTime", Type: "string", About: "when it was accepted or written, 2006-01-02T15:04:05.000+00:00"},
			{Name: "Data[].TemplateCode", Type: "string", About: "with TemplateName and LanguageCode, of a template"},
		},
		Errors: []string{"InvalidParameter.PageInvalid", "InvalidParameter.ChannelTypeNotSupport", "InvalidParameter.PhoneNumberError",
			"Unknown.ResourceOwnerId"},
	}
	return op
}

func (s *service) runListChatappMessage(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	p, err := readPage(c, false)
	if err != nil {
		return rpc.Answer{}, err
	}
	if p.index > deepestMessage/p.size {
		return rpc.Answer{}, group.Errorf(rpc.CodeBadPage, "Pages behind the %dth message cannot be read; narrow StartTime and EndTime.", deepestMessage)
	}
	f, some, err := readMessageFilter(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	page := gateway.Page{Index: p.index, Size: p.size}
	if !some { // nothing can fulfil the filters together; whether the number is the caller's is asked all the same
		page.Size = 0
	}
	list, err := s.gateway.Messages(ctx, c.Caller, t, f, page)
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.List("Data", len(list), func(i int) { writeMessage(w, &list[i]) })
	}}, nil
}

// readMessageFilter reads the filters. some is false when no message can fulfil them all.
func readMessageFilter(c *rpc.Call) (f store.MessageFilter, some bool, err error) {
	if text := c.Params.Text("UserNumber"); text != "" {
		if f.Person, err = readNumber(text); err != nil {
			return f, false, err
		}
	}
	switch action := c.Params.Text("EventAction"); {
	case action == "":
	case strings.EqualFold(action, "UP"), strings.EqualFold(action, "DOWN"):
		f.Inbound = new(strings.EqualFold(action, "UP"))
	default:
		return f, false, rpc.Invalid("EventAction", "EventAction must be UP or DOWN.")
	}
	f.TemplateCode = c.Params.Text("TemplateCode")
	if err := readTimes(c, &f); err != nil {
		return f, false, err
	}
	batch := c.Params.Text("GroupMessageId")
	if f.BatchID, err = strconv.ParseInt(batch, 10, 64); batch != "" && err != nil || f.BatchID < 0 {
		return f, false, nil //nolint:nilerr // no batch has such an id
	}
	f.States, some, err = readStates(c)
	return f, some, err
}

// readTimes reads the time that messages are wanted of.
func readTimes(c *rpc.Call, f *store.MessageFilter) (err error) {
	if f.From, err = readTime(c, "StartTime"); err != nil {
		return err
	}
	f.Until, err = readTime(c, "EndTime")
	return err
}

func readTime(c *rpc.Call, name string) (time.Time, error) {
	ms, sent, err := c.Params.Integer(name)
	switch {
	case err != nil || ms < 0 || ms > 1<<50:
		return time.Time{}, rpc.Invalid(name, name+" must be milliseconds since 1970.")
	case sent:
		return time.UnixMilli(ms), nil
	}
	text := c.Params.Text(name + "Str")
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateTime, time.RFC3339, "2006-01-02T15:04:05.000-0700"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() > 0 {
			return at, nil
		}
	}
	return time.Time{}, rpc.Invalid(name, name+"Str must look like 2026-01-31 12:00:00.")
}

// What the words of the two status filters mean.
var (
	messageStatuses = map[string][]group.MessageState{
		"sending": {group.MessageAccepted}, "success": {group.MessageSent, group.MessageDelivered, group.MessageRead, group.MessageReceived},
		"failed": {group.MessageFailed}, "fail": {group.MessageFailed}, "sent": {group.MessageSent}, "delivered": {group.MessageDelivered},
		"read": {group.MessageRead},
	}
	acceptStatuses = map[string][]group.MessageState{
		"success": {group.MessageDelivered, group.MessageRead}, "failed": {group.MessageFailed}, "fail": {group.MessageFailed},
		"waiting": {group.MessageAccepted, group.MessageSent},
	}
)

func readStates(c *rpc.Call) (states []group.MessageState, some bool, err error) {
	status, accept := strings.ToLower(c.Params.Text("MessageStatus")), strings.ToLower(c.Params.Text("ClientAcceptStatus"))
	a, known := messageStatuses[status]
	if status != "" && !known {
		return nil, false, rpc.Invalid("MessageStatus", "MessageStatus must be sending, success, failed, sent, delivered or read.")
	}
	b, known := acceptStatuses[accept]
	switch {
	case accept != "" && !known:
		return nil, false, rpc.Invalid("ClientAcceptStatus", "ClientAcceptStatus must be success, failed or waiting.")
	case accept == "":
		return a, true, nil
	case status == "":
		return b, true, nil
	}
	for _, s := range a {
		if slices.Contains(b, s) {
			states = append(states, s)
		}
	}
	return states, len(states) > 0, nil
}

// standing is what a row says of a state. Of what came in there is nothing to accept or read.
type standing struct {
	status         string // MessageStatus
	accepted, read string // ClientAcceptStatusName and ClientReadStatusName
}

var standings = map[group.MessageState]standing{
	group.MessageAccepted:  {status: "sending", accepted: "Waiting", read: "Waiting"},
	group.MessageSent:      {status: "success", accepted: "Waiting", read: "Waiting"},
	group.MessageFailed:    {status: "failed", accepted: "Failed", read: "Failed"},
	group.MessageDelivered: {status: "success", accepted: "Success", read: "Waiting"},
	group.MessageRead:      {status: "success", accepted: "Success", read: "Success"},
	group.MessageReceived:  {status: "success"},
}

func writeMessage(w *rpc.Writer, m *store.Message) {
	action, stands, reason := "DOWN", standings[m.State], ""
	if m.Inbound {
		action = "UP"
	}
	if m.State == group.MessageFailed {
		reason = refusedBy(strconv.Itoa(m.Code), m.Reason)
	}
	user := ""
	if m.Person != 0 {
		user = m.Person.String()
	}
	at := m.At.UTC()
	for _, member := range [...][2]string{
		{"BusinessNumber", m.Number.String()}, {"ChannelType", "WHATSAPP"}, {"ClientAcceptStatusName", stands.accepted},
		{"ClientReadStatus", strings.ToLower(stands.read)},
		{"ClientReadStatusName", stands.read}, {"EventAction", action}, {"EventActionName", action}, {"FailBackFlag", "N"}, {"FailReason", reason},
		{"GroupId", m.Chat}, {"LanguageCode", m.Language}, {"Message", m.Content}, {"MessageId", strconv.FormatInt(m.ID, 10)},
		{"MessageSource", "api"}, {"MessageStatus", stands.status}, {"MessageStatusName", m.State.String()},
		{"MessageType", strings.ToUpper(m.Kind)}, {"MessageTypeName", strings.ToLower(m.Kind)}, {"Month", at.Format("200601")},
		{"SendTime", at.Format("2006-01-02T15:04:05.000-07:00")}, {"TemplateCode", m.TemplateCode}, {"TemplateName", m.TemplateName},
		{"Type", m.Frame()}, {"UniqueMessageId", m.WAMID}, {"UserNumber", user},
	} {
		w.Text(member[0], member[1])
	}
}
