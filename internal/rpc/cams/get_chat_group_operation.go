package cams

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// getChatGroupOperation tells what has become of a change: an extension, because the official service has nothing that reads
// a UniqueCode or tells how a removal ended for each person.
func (s *service) getChatGroupOperation() rpc.Operation {
	op := operation("GetChatGroupOperation", rpc.AccessGet, s.runGetChatGroupOperation,
		optional("OperationId", "UniqueCode", "BusinessNumber", "CustSpaceId", "GroupId")...)
	op.Extension = true
	op.Doc = rpc.Doc{
		Summary: "Tells what has become of a change: of a removal and of a message to a group for each person, and which GroupId the request behind a UniqueCode has got.",
		Parameters: map[string]string{
			"OperationId":    "from the header x-rollcall-operation-id of a change, or from the message of ChatGroup.OperationPending",
			"UniqueCode":     "from AddChatGroup, in place of OperationId",
			"BusinessNumber": "ignored", "CustSpaceId": "ignored", "GroupId": "ignored",
		},
		Answer: []rpc.Field{
			{Name: "Data.OperationId", Type: "string"}, {Name: "Data.Action", Type: "string"},
			{Name: "Data.State", Type: "string", About: "PENDING, DONE, FAILED or REFUSED (did not begin)"},
			{Name: "Data.GroupId", Type: "string"},
			{Name: "Data.CreateTime, Data.FinishTime", Type: "number", About: "milliseconds since 1970"},
			{Name: "Data.Code, Data.Message", Type: "string", About: "why it failed"},
			{Name: "Data.Result", Type: "string", About: "what came of it: a link, a message id, the id of a group"},
			{Name: "Data.List[].ParticipantNumber", Type: "string"},
			{Name: "Data.List[].State", Type: "string", About: "of a removal PENDING, REMOVED, NOT_A_MEMBER (was not in) or REFUSED (still in); " +
				"of a message DELIVERED, READ or FAILED, for each member whom the network has told of"},
			{Name: "Data.List[].Code, Message", Type: "string", About: "the network's, when it refused"},
		},
		Errors: []string{"InvalidParameter.OperationNotExist"},
	}
	return op
}

func (s *service) runGetChatGroupOperation(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	if err := checkOwner(c); err != nil {
		return rpc.Answer{}, err
	}
	text := cmp.Or(c.Params.Text("OperationId"), c.Params.Text("UniqueCode"))
	if text == "" {
		return rpc.Answer{}, rpc.Missing("OperationId")
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return rpc.Answer{}, group.Errorf(group.CodeOperationUnknown, "An operation id is a number: a UniqueCode, or what stands in x-rollcall-operation-id.")
	}
	ch, err := s.gateway.Operation(ctx, c.Caller, id)
	if err != nil {
		return rpc.Answer{}, err
	}
	groupID, err := s.gateway.GroupOf(ctx, &ch.Operation)
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("Data", func() { writeOperation(w, &ch, groupID) })
	}}, nil
}

// writeOperation writes how far an operation has come. FinishTime is there once it has ended, Code and Message where it failed.
func writeOperation(w *rpc.Writer, c *gateway.Change, groupID string) {
	o := &c.Operation
	w.Text("OperationId", strconv.FormatInt(o.ID, 10))
	w.Text("Action", o.Action)
	w.Text("State", o.State.String())
	w.Text("GroupId", groupID)
	writeTime(w, "CreateTime", o.At)
	writeTime(w, "FinishTime", o.DoneAt)
	w.Text("Code", o.Code)
	w.Text("Message", o.Message)
	w.Text("Result", o.Result)
	w.List("List", len(o.People)+len(c.Reached), func(i int) {
		if i < len(o.People) {
			writePerson(w, &o.People[i])
			return
		}
		m := &c.Reached[i-len(o.People)]
		w.Text("ParticipantNumber", m.Person.String())
		w.Text("State", strings.ToUpper(m.State.String()))
		w.Text("Code", "")
		w.Text("Message", "")
	})
}

// writePerson writes what has become of one person; Code is the network's.
func writePerson(w *rpc.Writer, p *group.Person) {
	w.Text("ParticipantNumber", p.Number.String())
	w.Text("State", p.State.String())
	code := ""
	if p.Code != 0 {
		code = strconv.Itoa(p.Code)
	}
	w.Text("Code", code)
	w.Text("Message", p.Message)
}

// writeTime writes a time in milliseconds since 1970, and nothing for one that has not come.
func writeTime(w *rpc.Writer, name string, t time.Time) {
	if !t.IsZero() {
		w.Number(name, t.UnixMilli())
	}
}
