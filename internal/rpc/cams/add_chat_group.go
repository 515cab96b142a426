package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// addChatGroup has a group made. The answer's UniqueCode is the id of the operation; the group is in ListChatGroup at once,
// and its GroupId as soon as the network has given one. GroupLink belongs to another channel and is not used.
func (s *service) addChatGroup() rpc.Operation {
	op := groupOperation("AddChatGroup", rpc.AccessCreate, s.runAddChatGroup,
		onChannel(append(required("Subject"), optional("Description", "GroupLink")...)...)...)
	op.Doc = rpc.Doc{
		Summary: "Makes a group. It is in the list at once, CREATING, and has its GroupId when it is ACTIVE. Nobody is in it: people come by its invite link.",
		Parameters: map[string]string{
			"Subject":     "the title, 1 to 128 characters",
			"Description": "at most 2048 characters",
			"GroupLink":   "belongs to another channel; ignored",
		},
		Answer: []rpc.Field{{Name: "UniqueCode", Type: "string", About: "stands for the request: GetChatGroupOperation tells what came of it"}},
		Errors: []string{"InvalidParameter.SubjectInvalid", "InvalidParameter.DescriptionInvalid"},
	}
	return op
}

func (s *service) runAddChatGroup(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.AddGroup(ctx, c.Caller, t, c.Params.Text("Subject"), c.Params.Text("Description"))
	if err != nil {
		return rpc.Answer{}, err
	}
	a := outcome(&ch)
	if ch.Pending() { // that the network was asked is all that this operation answers
		a.Code, a.Message = "", ""
	}
	a.Members = func(w *rpc.Writer) { w.Text("UniqueCode", operationID(&ch)) }
	return a, nil
}
