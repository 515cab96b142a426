package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// getChatappOpenStatus tells that the service is open for the account: whoever has a key here has it. Source: the SDK's
// GetChatappOpenStatus model, whose answer has neither Success nor AccessDeniedDetail.
func (s *service) getChatappOpenStatus() rpc.Operation {
	op := operation("GetChatappOpenStatus", rpc.AccessGet, s.runGetChatappOpenStatus)
	op.NoSuccess = true
	op.Doc = rpc.Doc{
		Summary: "Tells whether the service is open for the account. It is for every account that the operator has made.",
		Answer:  []rpc.Field{{Name: "OpenStatus", Type: "boolean", About: "`true`."}},
	}
	return op
}

func (s *service) runGetChatappOpenStatus(_ context.Context, c *rpc.Call) (rpc.Answer, error) {
	if err := checkOwner(c); err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) { w.Bool("OpenStatus", true) }}, nil
}
