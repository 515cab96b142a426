package cams

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// queryChatappPhoneNumbers lists business numbers. Source: api-cams-2020-06-06-querychatappphonenumbers.
func (s *service) queryChatappPhoneNumbers() rpc.Operation {
	op := operation("QueryChatappPhoneNumbers", rpc.AccessList, s.runQueryChatappPhoneNumbers, optional("CustSpaceId", "IsvCode", "Status")...)
	op.PerSecond = 10
	op.Doc = rpc.Doc{
		Summary: "Lists the business numbers of a channel, or of all channels of the account, as they stood when the network was asked last: when they " +
			"were bound, or by ChatappSyncPhoneNumber.",
		Parameters: map[string]string{
			"CustSpaceId": "The id of the channel; without it the numbers of all channels.",
			"Status":      "Only numbers of this status, in any case, for example `CONNECTED`.",
			"IsvCode":     "Accepted and without effect: there are no resellers here.",
		},
		Answer: numberFields(),
		Errors: []string{"Unknown.ResourceOwnerId"},
	}
	return op
}

func (s *service) runQueryChatappPhoneNumbers(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	space, err := readSpace(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	rows, err := s.gateway.PhoneNumbers(ctx, c.Caller, space)
	if err != nil {
		return rpc.Answer{}, err
	}
	if status := c.Params.Text("Status"); status != "" {
		rows = slices.DeleteFunc(rows, func(n group.BusinessNumber) bool { return !strings.EqualFold(n.Standing.Status, status) })
	}
	return s.numbersAnswer(rows), nil
}

func (s *service) numbersAnswer(rows []group.BusinessNumber) rpc.Answer {
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.List("PhoneNumbers", len(rows), func(i int) { writeNumber(w, &rows[i], s.gateway.WebhookOf(rows[i].Number)) })
	}}
}
