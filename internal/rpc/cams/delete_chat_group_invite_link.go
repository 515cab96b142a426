package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// deleteChatGroupInviteLink kills the link of a group. Where there is none, nothing is to do and Result is 0.
func (s *service) deleteChatGroupInviteLink() rpc.Operation {
	op := groupOperation("DeleteChatGroupInviteLink", rpc.AccessDelete, s.runDeleteChatGroupInviteLink, onGroup()...)
	op.Doc = rpc.Doc{
		Summary: "Ends the group's invite link; nobody can come in until a new one is made.",
		Answer:  resultOf("1, or 0 when there was no link"),
		Errors:  append(groupErrors(), changeErrors...),
	}
	return op
}

func (s *service) runDeleteChatGroupInviteLink(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.DropInviteLink(ctx, c.Caller, t)
	if err != nil {
		return rpc.Answer{}, err
	}
	return counted(&ch), nil
}
