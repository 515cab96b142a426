package cams

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// listChatGroup lists the groups of a number, newest first. GroupLink and GroupType belong to another channel and do not
// filter.
func (s *service) listChatGroup() rpc.Operation {
	op := groupOperation("ListChatGroup", rpc.AccessList, s.runListChatGroup,
		onChannel(append(required("Page"), optional("GroupStatus", "Subject", "GroupLink", "GroupType")...)...)...)
	op.Doc = rpc.Doc{
		Summary: "Lists the groups of a number, newest first.",
		Parameters: map[string]string{
			"Page":        `{"Index": from 1, "Size": 1 to 100}; behind the end the list is empty and Total true`,
			"GroupStatus": "only groups with this status: ACTIVE, INACTIVE, SUSPENDED, CREATING, DELETING or UPDATING",
			"Subject":     "only groups whose subject has this text in it, without regard to case; at most 128 characters",
			"GroupLink":   "belongs to another channel; ignored",
			"GroupType":   "belongs to another channel; ignored",
		},
		Answer: []rpc.Field{
			{Name: "Data.Total", Type: "number", About: "how many the filters let through"},
			{Name: "Data.List[].GroupId", Type: "string", About: "empty while CREATING; the network's id, up to 255 characters"},
			{Name: "Data.List[].GroupStatus", Type: "string", About: "as above; INACTIVE could not be made"},
			{Name: "Data.List[].Subject", Type: "string"}, {Name: "Data.List[].Description", Type: "string"},
			{Name: "Data.List[].InviteLink", Type: "string", About: "empty when there is none"},
			{Name: "Data.List[].ProfilePictureFile", Type: "string", About: "the address that was given last"},
			{Name: "Data.List[].TotalParticipantCount", Type: "number", About: "without the business itself"},
			{Name: "Data.List[].GmtModifier", Type: "number", About: "when something changed last, in milliseconds since 1970"},
			{Name: "Data.List[].BusinessNumber", Type: "string"},
			{Name: "Data.List[].BusinessRole, GroupLink, GroupType", Type: "string", About: "always empty for WhatsApp"},
		},
		Errors: []string{"InvalidParameter.PageInvalid", "InvalidParameter.GroupStatusInvalid", "InvalidParameter.SubjectInvalid"},
	}
	return op
}

func (s *service) runListChatGroup(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	p, err := readPage(c, false)
	if err != nil {
		return rpc.Answer{}, err
	}
	status, err := readStatus(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	subject, err := readSubjectFilter(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	rows, total, err := s.gateway.ListGroups(ctx, c.Caller, t, gateway.GroupList{
		Status: status, Subject: subject, Index: p.index, Size: p.size,
	})
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("Data", func() {
			w.Number("Total", int64(total))
			w.List("List", len(rows), func(i int) { writeGroup(w, &rows[i]) })
		})
	}}, nil
}

// readSubjectFilter refuses what can be part of no subject; the database would read a text only up to its first NUL.
func readSubjectFilter(c *rpc.Call) (string, error) {
	text := c.Params.Text("Subject")
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", group.Errorf(group.CodeBadSubject, "Subject has a control character, which no group's subject has.")
	case utf8.RuneCountInString(text) > group.MaxSubject:
		return "", group.Errorf(group.CodeBadSubject, "Subject is longer than the %d characters that a group's can have.", group.MaxSubject)
	}
	return text, nil
}

func readStatus(c *rpc.Call) (group.Status, error) {
	text := c.Params.Text("GroupStatus")
	if text == "" {
		return 0, nil
	}
	status, ok := group.ParseStatus(strings.ToUpper(text))
	if !ok {
		return 0, group.Errorf(rpc.CodeBadGroupStatus, "GroupStatus must be ACTIVE, INACTIVE, SUSPENDED, CREATING, DELETING or UPDATING.")
	}
	return status, nil
}

// writeGroup writes a row with every member that any version of the SDKs reads. Those that WhatsApp has nothing for are
// empty. GmtModifier is spelt as the product spells it, and in milliseconds.
func writeGroup(w *rpc.Writer, g *gateway.GroupRow) {
	w.Text("BusinessNumber", g.Number.String())
	w.Text("BusinessRole", "")
	w.Text("Description", g.Description)
	w.Number("GmtModifier", g.ModifiedAt.UnixMilli())
	w.Text("GroupId", g.NetworkID)
	w.Text("GroupLink", "")
	w.Text("GroupStatus", g.Status.String())
	w.Text("GroupType", "")
	w.Text("InviteLink", g.InviteLink)
	w.Text("ProfilePictureFile", g.Picture)
	w.Text("Subject", g.Subject)
	w.Number("TotalParticipantCount", int64(g.Participants))
}
