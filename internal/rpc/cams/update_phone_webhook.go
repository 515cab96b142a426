package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// updatePhoneWebhook says where the receipts of one number go.
func (s *service) updatePhoneWebhook() rpc.Operation {
	op := operation("UpdatePhoneWebhook", rpc.AccessUpdate, s.runUpdatePhoneWebhook,
		append(required("CustSpaceId", "PhoneNumber"), optional("StatusCallbackUrl", "UpCallbackUrl", "HttpFlag", "QueueFlag", "SigningSecret")...)...)
	op.NoSuccess, op.PerSecond = true, 10
	op.Doc = webhookDoc(op, "Sets where the receipts of one business number are pushed: messages that come in, statuses, and what happens in its groups. "+
		"What is left out stays as it is.")
	return op
}

func (s *service) runUpdatePhoneWebhook(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	number, err := readNumber(c.Params.Text("PhoneNumber"))
	if err != nil {
		return rpc.Answer{}, err
	}
	return s.updateWebhook(ctx, c, gateway.Target{Number: number}, gateway.WebhookChange{UpURL: sent(c, "UpCallbackUrl")})
}
