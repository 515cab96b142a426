package cams

import (
	"context"
	"maps"
	"slices"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// updateAccountWebhook says where the receipts of a channel's numbers go that have no setting of their own.
func (s *service) updateAccountWebhook() rpc.Operation {
	op := operation("UpdateAccountWebhook", rpc.AccessUpdate, s.runUpdateAccountWebhook,
		append(required("CustSpaceId"), optional("StatusCallbackUrl", "HttpFlag", "QueueFlag", "SigningSecret")...)...)
	op.NoSuccess, op.PerSecond = true, 10
	op.Doc = webhookDoc(op, "Sets where the status receipts of a channel are pushed, for all its numbers that have no setting of their own. Messages that come in are "+
		"pushed to the UpCallbackUrl of UpdatePhoneWebhook alone; given here, it is refused. "+
		"What is left out stays as it is.")
	return op
}

func (s *service) runUpdateAccountWebhook(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	if c.Params.Text("UpCallbackUrl") != "" {
		return rpc.Answer{}, group.Errorf(group.CodeBadCallback, "A channel has no UpCallbackUrl; set it for each number with UpdatePhoneWebhook.")
	}
	return s.updateWebhook(ctx, c, gateway.Target{}, gateway.WebhookChange{})
}

// updateWebhook reads what both operations have in common.
func (s *service) updateWebhook(ctx context.Context, c *rpc.Call, t gateway.Target, change gateway.WebhookChange) (a rpc.Answer, err error) {
	if err := checkChannelType(c); err != nil {
		return a, err
	}
	if err := checkOwner(c); err != nil {
		return a, err
	}
	if t.SpaceID = c.Params.Text("CustSpaceId"); len(t.SpaceID) > maxSpaceID {
		return a, rpc.Invalid("CustSpaceId", "CustSpaceId is longer than any there is.")
	}
	change.StatusURL, change.HTTP, change.Queue = sent(c, "StatusCallbackUrl"), sent(c, "HttpFlag"), sent(c, "QueueFlag")
	change.Secret = sent(c, "SigningSecret")
	if change.StatusURL == nil && change.UpURL == nil && change.HTTP == nil && change.Queue == nil && change.Secret == nil {
		up := ""
		if t.Number != 0 {
			up = "UpCallbackUrl, "
		}
		return a, group.Errorf(group.CodeNothingToChange, "Give at least one of StatusCallbackUrl, %sHttpFlag, QueueFlag and SigningSecret.", up)
	}
	a.OperationID, err = s.gateway.UpdateWebhook(ctx, c.Caller, t, change)
	return a, err
}

// webhookDoc is what the reference says of both operations.
func webhookDoc(op rpc.Operation, summary string) rpc.Doc {
	doc := rpc.Doc{
		Summary: summary,
		Parameters: map[string]string{
			"CustSpaceId":       "the channel",
			"PhoneNumber":       "the business number; its settings go before those of its channel",
			"StatusCallbackUrl": "where ChatAppStatus and ChatAppGroup are pushed, http or https, at most 2048 characters, no private address unless the operator allows it; empty takes it away",
			"UpCallbackUrl":     "where ChatAppInbound is pushed, likewise",
			"HttpFlag":          "Y pushes, N does not, whatever addresses are set; while it was never given, an address alone is enough",
			"QueueFlag":         "Y or N; there is no queue service here, and receipts are kept for ListChatGroupEvents with either",
			"SigningSecret": "ours: whsec_ and, in base64, 24 to 64 random bytes, with which receipts are signed (Standard Webhooks); never shown again; " +
				"empty takes it away; send it in the body",
		},
		Errors: []string{"InvalidParameter.CallbackInvalid", "InvalidParameter.NothingToUpdate", "InvalidParameter.PhoneNumberError", "Unknown.ResourceOwnerId"},
	}
	maps.DeleteFunc(doc.Parameters, func(name, _ string) bool {
		return !slices.ContainsFunc(op.Parameters, func(p rpc.Parameter) bool { return p.Name == name })
	})
	return doc
}
