package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// deleteChatGroupInviteLink kills the link of a group. Where there is none, nothing is to do and Result is 0.
func (s *service) deleteChatGroupInviteLink() rpc.Operation {
	return operation("DeleteChatGroupInviteLink", rpc.AccessDelete, s.runDeleteChatGroupInviteLink, onGroup()...)
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
