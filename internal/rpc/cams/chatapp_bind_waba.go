package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// chatappBindWaba binds a business account. The official operation takes the account alone and answers with a space, so the channel
// is found or made here too; CustSpaceId is ours. Source: api-cams-2020-06-06-chatappbindwaba.
func (s *service) chatappBindWaba() rpc.Operation {
	op := operation("ChatappBindWaba", rpc.AccessUpdate, s.runChatappBindWaba, append(required("WabaId"), optional("CustSpaceId")...)...)
	op.PerSecond = 10
	op.Doc = rpc.Doc{
		Summary: "Binds a WhatsApp business account, with all its numbers, to a channel. A channel is bound to one account; what is bound already stays, so " +
			"that the call can be repeated. A development server makes the account and a number on its simulated network. A production server needs an " +
			"access token for the account, which its operator names in a file (--waba-token); without one the call is refused with Authentication.NoAuth, " +
			"and the operator binds the numbers with `rollcall channel bind`.",
		Parameters: map[string]string{
			"WabaId":      "Meta's id of the account: at most 32 digits.",
			"CustSpaceId": "Our extension: the channel. Left out, it is the only one of the account that is not bound, or a new one where there is none.",
		},
		Answer: []rpc.Field{
			{Name: "Data.CustSpaceId", Type: "string", About: "The id of the channel."},
			{Name: "Data.WabaId", Type: "string", About: "The id of the account."},
		},
		Errors: []string{"Authentication.NoAuth", "Unknown.ResourceOwnerId", "InvalidParameter.PhoneNumberError", "ChatGroup.Conflict", "ChatGroup.UpstreamError"},
	}
	return op
}

func (s *service) runChatappBindWaba(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	space, err := readSpace(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	b, err := s.gateway.BindAccount(ctx, c.Caller, c.Params.Text("WabaId"), space)
	if err != nil {
		return rpc.Answer{}, err
	}
	return rpc.Answer{OperationID: b.OperationID, Members: func(w *rpc.Writer) {
		w.Object("Data", func() {
			w.Text("CustSpaceId", b.Channel.SpaceID)
			w.Text("WabaId", b.Channel.WABA.ID)
		})
	}}, nil
}
