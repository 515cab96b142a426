package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// deleteChatGroup deletes a group for good.
func (s *service) deleteChatGroup() rpc.Operation {
	op := groupOperation("DeleteChatGroup", rpc.AccessDelete, s.runDeleteChatGroup, onGroup()...)
	op.Doc = rpc.Doc{
		Summary: "Deletes a group for good. It leaves the list; the audit keeps it.",
		Answer:  resultOf("1 when the group was deleted"),
		Errors:  append(groupErrors(), changeErrors...),
	}
	return op
}

func (s *service) runDeleteChatGroup(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	ch, err := s.gateway.DeleteGroup(ctx, c.Caller, t)
	if err != nil {
		return rpc.Answer{}, err
	}
	return counted(&ch), nil
}
