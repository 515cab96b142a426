package gateway

import (
	"context"
	"encoding/json"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/outbox"
)

// runSend sends a message. When it is not known whether the last try went through, the message's status is waited for before
// it is sent again.
func (g *Gateway) runSend(ctx context.Context, c *command) outbox.Verdict {
	if c.unsure() {
		return g.again(0)
	}
	var t text
	if err := json.Unmarshal(c.job.Item.Payload, &t); err != nil {
		return g.refused(ctx, c, 0, "the message cannot be read")
	}
	id, err := g.graph.SendText(ctx, c.creds, graph.GroupText{GroupID: c.group.NetworkID, Body: t.Text, CallbackData: FormatID(c.op.ID)})
	switch {
	case graph.OutcomeUnknown(err) && !g.tired(c):
		return g.again(c.job.Expired)
	case err != nil:
		return g.trouble(ctx, c, err)
	}
	return g.done(ctx, c, id, "", nil)
}
