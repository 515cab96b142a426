package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// queryChatappBindWaba shows the business account of a channel. Source: api-cams-2020-06-06-querychatappbindwaba.
func (s *service) queryChatappBindWaba() rpc.Operation {
	op := operation("QueryChatappBindWaba", rpc.AccessGet, s.runQueryChatappBindWaba, optional("CustSpaceId", "IsvCode")...)
	op.PerSecond = 10
	op.Doc = rpc.Doc{
		Summary: "Shows the WhatsApp business account that a channel is bound to, as it stood when the network was asked last. Without one there is no Data.",
		Parameters: map[string]string{
			"CustSpaceId": "The id of the channel; it can be left out where only one channel of the account is bound.",
			"IsvCode":     "Accepted and without effect: there are no resellers here.",
		},
		Answer: []rpc.Field{
			{Name: "Data.Id", Type: "string", About: "Meta's id of the account, the WabaId."},
			{Name: "Data.Name", Type: "string", About: "Its name."},
			{Name: "Data.Currency", Type: "string", About: "The currency that Meta charges in."},
			{Name: "Data.AccountReviewStatus", Type: "string", About: "`PENDING`, `APPROVED`, `REJECTED` or `DISABLED`."},
			{Name: "Data.MessageTemplateNamespace", Type: "string", About: "The namespace of its templates."},
			{Name: "Data.BusinessId", Type: "string", About: "Meta's id of the business portfolio that owns it."},
			{Name: "Data.BusinessName", Type: "string", About: "The name of the portfolio."},
		},
		Errors: []string{"Unknown.ResourceOwnerId", "ChatGroup.Conflict", "ChatGroup.UpstreamError"},
	}
	return op
}

func (s *service) runQueryChatappBindWaba(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	space, err := readSpace(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	a, err := s.gateway.BoundAccount(ctx, c.Caller, space)
	if err != nil || a.ID == "" {
		return rpc.Answer{}, err
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("Data", func() {
			w.Text("Id", a.ID)
			w.Text("Name", a.Name)
			w.Text("Currency", a.Currency)
			w.Text("AccountReviewStatus", a.ReviewStatus)
			w.Text("MessageTemplateNamespace", a.TemplateNamespace)
			w.Text("BusinessId", a.BusinessID)
			w.Text("BusinessName", a.BusinessName)
		})
	}}, nil
}
