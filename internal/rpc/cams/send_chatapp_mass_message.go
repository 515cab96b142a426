package cams

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// sendChatappMassMessage sends a template to many recipients, each a person or a group. GroupMessageId is the id of the batch and has
// nothing to do with groups.
func (s *service) sendChatappMassMessage() rpc.Operation {
	op := operation("SendChatappMassMessage", rpc.AccessCreate, s.runSendChatappMassMessage,
		append(required("ChannelType", "From", "SenderList"), optional("CustSpaceId", "TemplateCode", "TemplateName", "Language", "TaskId")...)...)
	op.NoSuccess, op.PerSecond = true, 10
	op.Doc = rpc.Doc{
		Summary: "Sends a template to at most 1000 recipients: all of the rows are accepted, or none. Rows to a group go behind everything that the " +
			"group was asked to do before, and are part of the group beta.",
		Parameters: map[string]string{
			"ChannelType":  "whatsapp",
			"From":         "the business number, digits only",
			"CustSpaceId":  "the channel; taken from From when left out",
			"TemplateCode": "as in SendChatappMessage",
			"TemplateName": "as in SendChatappMessage",
			"Language":     "the language the template is approved in",
			"TaskId":       "a word of the caller's, at most 255 characters, that comes back in status receipts",
			"SenderList": "1 to 1000 rows, as JSON or in parts (SenderList.1.To): To, RecipientType (group or individual; individual when left out), " +
				"TemplateParams (an object, or a text that holds one), Payload (a list of texts)",
		},
		Answer: []rpc.Field{{Name: "GroupMessageId", Type: "string", About: "id of the batch, for ListChatappMessage. It names no group"}},
		Errors: append([]string{"InvalidParameter.SenderListInvalid"}, sendErrors...),
	}
	return op
}

func (s *service) runSendChatappMassMessage(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := readSender(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	list, err := readSenderList(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.SendMany(ctx, c.Caller, t, list)
	if err != nil {
		return rpc.Answer{}, err
	}
	a := outcome(&ch)
	a.Members = func(w *rpc.Writer) { w.Text("GroupMessageId", operationID(&ch)) }
	return a, nil
}

// senderRow is one row of SenderList.
type senderRow struct {
	To             loose           `json:"To"`
	RecipientType  loose           `json:"RecipientType"`
	TemplateParams json.RawMessage `json:"TemplateParams"`
	Payload        json.RawMessage `json:"Payload"`
}

// readSenderList reads the rows, each with the template that all have in common.
func readSenderList(c *rpc.Call) ([]gateway.Outgoing, error) {
	u, err := readTemplate(c)
	if err != nil {
		return nil, err
	}
	rows, err := senderRows(c)
	if err != nil {
		return nil, err
	}
	task := c.Params.Text("TaskId")
	if utf8.RuneCountInString(task) > group.MaxTaskID {
		return nil, rpc.Invalid("TaskId", "TaskId has at most 255 characters.")
	}
	list := make([]gateway.Outgoing, len(rows))
	for i := range rows {
		use := *u
		list[i] = gateway.Outgoing{TaskID: task, Content: group.Content{Kind: group.MessageTemplate, Template: &use}}
		if err := rows[i].read(&list[i]); err != nil {
			return nil, inRow(i, err)
		}
	}
	return list, nil
}

// senderRows reads SenderList as JSON, or in parts.
func senderRows(c *rpc.Call) ([]senderRow, error) {
	text := c.Params.Text("SenderList")
	if text == "" {
		return flatRows(c)
	}
	raw, _, err := c.Params.JSON("SenderList")
	if err != nil {
		return nil, badSenderList("SenderList cannot be read: " + err.Error())
	}
	var rows []senderRow
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, badSenderList("SenderList is not a list of such rows")
	}
	return rows, checkCount(len(rows))
}

// flatRows reads SenderList.1.To and so on, where a row's parameters are texts that hold JSON.
func flatRows(c *rpc.Call) ([]senderRow, error) {
	list, _, err := c.Params.List("SenderList")
	switch {
	case errors.Is(err, rpc.ErrManyEntries):
		return nil, checkCount(gateway.MaxMassRows + 1)
	case err != nil:
		return nil, badSenderList("SenderList cannot be read: " + err.Error())
	}
	rows := make([]senderRow, len(list))
	for i, o := range list {
		rows[i] = senderRow{To: loose(o.Text("To")), RecipientType: loose(o.Text("RecipientType")),
			TemplateParams: json.RawMessage(o.Text("TemplateParams")), Payload: json.RawMessage(o.Text("Payload"))}
		for _, raw := range []json.RawMessage{rows[i].TemplateParams, rows[i].Payload} {
			if err := checkPart(raw); err != nil {
				return nil, inRow(i, badSenderList("a member cannot be read: "+err.Error()))
			}
		}
	}
	return rows, checkCount(len(rows))
}

func checkPart(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	return rpc.CheckJSON(string(raw))
}

func checkCount(rows int) error {
	if rows < 1 || rows > gateway.MaxMassRows {
		return badSenderList("SenderList must have 1 to 1000 rows")
	}
	return nil
}

func badSenderList(what string) error {
	return group.Errorf(rpc.CodeBadSenderList, `%s; send it as JSON, for example [{"To":"8613900000001","TemplateParams":{"name":"Ann"}}].`, what)
}

// read puts a row into a message.
func (r *senderRow) read(o *gateway.Outgoing) (err error) {
	if err := readRecipient(string(r.RecipientType), string(r.To), o); err != nil {
		return err
	}
	u := o.Content.Template
	if u.Parameters, err = templateParams(r.TemplateParams); err != nil {
		return group.Errorf(group.CodeTemplateParams, `TemplateParams cannot be read: %s; send an object, for example {"name":"Ann"}.`, err)
	}
	if len(r.Payload) > 0 && json.Unmarshal(r.Payload, &u.Payload) != nil {
		return group.Errorf(group.CodeTemplateParams, `Payload must be a list of texts, for example ["yes","no"].`)
	}
	return nil
}

// inRow says which row a refusal is about, counted from 1.
func inRow(i int, err error) error {
	var refused *group.Error
	if !errors.As(err, &refused) {
		return err
	}
	if strings.HasPrefix(refused.Message, "Row ") {
		return refused
	}
	return group.Errorf(refused.Code, "Row %d of SenderList: %s", i+1, refused.Message)
}
