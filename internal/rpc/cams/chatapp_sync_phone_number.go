package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// chatappSyncPhoneNumber reads numbers from the network anew. It changes only what is remembered of them, so that it leaves no
// record in the audit. Source: api-cams-2020-06-06-chatappsyncphonenumber.
func (s *service) chatappSyncPhoneNumber() rpc.Operation {
	op := operation("ChatappSyncPhoneNumber", rpc.AccessUpdate, s.runChatappSyncPhoneNumber, required("CustSpaceId")...)
	op.PerSecond, op.Change = 10, false
	op.Doc = rpc.Doc{
		Summary: "Asks the network how the numbers of a channel and its WhatsApp business account stand now, remembers it, and answers as " +
			"QueryChatappPhoneNumbers does. All of it is remembered, or nothing. Numbers that were added to the account at Meta are bound by the operator.",
		Parameters: map[string]string{"CustSpaceId": "The id of the channel."},
		Answer:     numberFields(),
		Errors:     []string{"Unknown.ResourceOwnerId", "ChatGroup.UpstreamError"},
	}
	return op
}

func (s *service) runChatappSyncPhoneNumber(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	space, err := readSpace(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	rows, err := s.gateway.SyncNumbers(ctx, c.Caller, space)
	if err != nil {
		return rpc.Answer{}, err
	}
	return s.numbersAnswer(rows), nil
}
