package cams

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// sendChatappMessage sends a message to a group or to a person. MessageId is the key of the message everywhere: in receipts, in
// ListChatappMessage, and as the id of the operation that GetChatGroupOperation reads.
func (s *service) sendChatappMessage() rpc.Operation {
	op := operation("SendChatappMessage", rpc.AccessCreate, s.runSendChatappMessage,
		append(required("ChannelType", "Type", "From", "To"), optional("CustSpaceId", "RecipientType", "MessageType", "Content", "TemplateCode",
			"TemplateName", "Language", "TemplateParams", "Payload", "ContextMessageId", "TaskId")...)...)
	op.NoSuccess, op.PerSecond = true, 250
	op.Doc = rpc.Doc{
		Summary: "Sends a message to a group or to a person, of a template or, within 24 hours of the person's last message, of any kind. " +
			"To a group it goes behind everything that the group was asked to do before. Sending to groups is part of the group beta.",
		Parameters: map[string]string{
			"ChannelType":   "whatsapp",
			"Type":          "message or template",
			"From":          "the business number, digits only",
			"To":            "the GroupId where RecipientType is group, otherwise the digits of a person's number",
			"RecipientType": "group or individual; individual when left out",
			"CustSpaceId":   "the channel; taken from From when left out",
			"MessageType": "with Type message: text, image, video, audio, document, sticker, location, contacts, reaction, interactive " +
				"(to persons only) or pin (to groups only)",
			"Content": "with Type message, JSON of at most 1 MiB and 12 levels. text: text, previewUrl. image, video, audio, document, sticker: " +
				"link (http or https, at most 2048 characters), caption, fileName. location: latitude, longitude, name, address. contacts: a list of " +
				"contacts in Meta's form. reaction: messageId, emoji (empty takes it back). interactive: Meta's object with type and action. pin " +
				"(undocumented by the product, Meta's own form): type pin or unpin, messageId, expirationDays 1 to 30, default 7",
			"TemplateCode": "with Type template: the code of an approved template. A development server has some built in; a production server " +
				"keeps no list of templates and takes the code for the name where TemplateName is left out",
			"TemplateName": "with Type template: the name of the template at Meta",
			"Language":     "with Type template: the language it is approved in",
			"TemplateParams": "a JSON object: what stands in the place of each variable of the template's text, by name or by place (1, 2 and so on). " +
				"A variable group_id takes a GroupId, and the invite link of that group is put there",
			"Payload":          "a JSON list: the payloads of the template's quick reply buttons",
			"ContextMessageId": "the message of the same chat that this one replies to: its MessageId, or the network's id",
			"TaskId":           "a word of the caller's, at most 255 characters, that comes back in status receipts",
		},
		Answer: []rpc.Field{{Name: "MessageId", Type: "string", About: "key of the message. It is the same in receipts and in ListChatappMessage"}},
		Errors: append([]string{"InvalidParameter.MessageTypeNotEmpty", "InvalidParameter.ContentNotEmpty", "InvalidParameter.TextNotEmpty",
			"InvalidParameter.LinkNotEmpty", "ChatGroup.UpstreamError"}, sendErrors...),
	}
	return op
}

// sendErrors are codes that sending answers, one message or many.
var sendErrors = []string{"InvalidParameter.FromOnlyNumeric", "InvalidParameter.ToOnlyNumeric", "InvalidParameter.PhoneNumberError",
	"InvalidParameter.RecipientTypeNotSupport", "InvalidParameter.TypeNotSupport", "InvalidParameter.MessageTypeNotSupport",
	"InvalidParameter.ContentError", "InvalidParameter.GroupNotExist", "InvalidParameter.MessageNotExist", "InvalidParameter.TemplateCodeNotEmpty",
	"InvalidParameter.LanguageNotEmpty", "InvalidParameter.LanguageNotSupport", "TemplateNotFound", "TemplateParamInvalid", "SessionWindowExpired",
	"ChatGroup.Suspended", "ChatGroup.NotActive", "Authentication.NoAuth", "Unknown.ResourceOwnerId"}

func (s *service) runSendChatappMessage(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	o, err := readOutgoing(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.Send(ctx, c.Caller, o)
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

// readOutgoing reads a message and where it goes.
func readOutgoing(c *rpc.Call) (o gateway.Outgoing, err error) {
	if o.Target, err = readSender(c); err != nil {
		return o, err
	}
	kind := c.Params.Text("Type")
	template := strings.EqualFold(kind, "template")
	if !template && !strings.EqualFold(kind, "message") {
		return o, group.Errorf(rpc.CodeBadSendType, "Type must be message or template.")
	}
	if err := readRecipient(c.Params.Text("RecipientType"), c.Params.Text("To"), &o); err != nil {
		return o, err
	}
	if o.TaskID = c.Params.Text("TaskId"); utf8.RuneCountInString(o.TaskID) > group.MaxTaskID {
		return o, rpc.Invalid("TaskId", "TaskId has at most 255 characters.")
	}
	if template {
		o.Content.Kind = group.MessageTemplate
		if o.Content.Template, err = readTemplate(c); err == nil {
			err = readTemplateParams(c, o.Content.Template)
		}
	} else {
		o.Content, err = readContent(c)
	}
	o.Content.ContextID = c.Params.Text("ContextMessageId")
	return o, err
}

// readSender reads from which channel and number is sent.
func readSender(c *rpc.Call) (gateway.Target, error) {
	t := gateway.Target{SpaceID: c.Params.Text("CustSpaceId")}
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
	var err error
	t.Number, err = group.ParseNumber(from)
	return t, err
}

// readRecipient reads to whom a message goes.
func readRecipient(kind, to string, o *gateway.Outgoing) (err error) {
	switch {
	case strings.EqualFold(kind, "group"):
		o.Target.GroupID = to
		if to == "" {
			return group.Errorf(rpc.CodeBadGroupID, "To is missing; with RecipientType group it is the GroupId.")
		}
		return checkGroupID(to)
	case kind != "" && !strings.EqualFold(kind, "individual"):
		return group.Errorf(rpc.CodeBadRecipientType, "RecipientType must be group, with the GroupId in To, or individual, with a number.")
	case to == "" || strings.Trim(to, "0123456789") != "":
		return group.Errorf(rpc.CodeToNotNumeric, "To must be the digits of a number, without a plus sign; for a group set RecipientType to group.")
	}
	o.Person, err = group.ParseNumber(to)
	return err
}
