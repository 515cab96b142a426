package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// addChatGroupInviteLink gives the live link of a group, and has one made when there is none. It never kills a link.
func (s *service) addChatGroupInviteLink() rpc.Operation {
	op := groupOperation("AddChatGroupInviteLink", rpc.AccessCreate, s.runAddChatGroupInviteLink, onGroup()...)
	op.Doc = rpc.Doc{
		Summary: "Gives the group's live invite link, and makes one when there is none. It never ends a link that people hold.",
		Answer:  []rpc.Field{{Name: "InviteLink", Type: "string", About: "https://chat.whatsapp.com/…"}},
		Errors:  append(groupErrors(), changeErrors...),
	}
	return op
}

func (s *service) runAddChatGroupInviteLink(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.MakeInviteLink(ctx, c.Caller, t)
	if err != nil {
		return rpc.Answer{}, err
	}
	a := outcome(&ch)
	if ch.Operation.State == group.Done {
		a.Members = func(w *rpc.Writer) { w.Text("InviteLink", ch.Operation.Result) }
	}
	return a, nil
}
