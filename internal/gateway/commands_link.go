package gateway

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
)

// runMakeLink reads the link before it asks for a new one, which would kill the one that people hold.
func (g *Gateway) runMakeLink(ctx context.Context, c *command) outbox.Verdict {
	link, err := g.graph.FindInviteLink(ctx, c.creds, c.group.NetworkID)
	if err == nil && link == "" {
		link, err = g.graph.ResetInviteLink(ctx, c.creds, c.group.NetworkID)
	}
	if err != nil {
		return g.trouble(ctx, c, err)
	}
	return g.done(ctx, c, link, group.EventChanged, func(gr *group.Group) { gr.InviteLink = link })
}

// runDropLink kills the link. Repeated after a lost answer it finds none, which is the wish fulfilled; but a refusal is taken
// for that only when the group is seen to have no link.
func (g *Gateway) runDropLink(ctx context.Context, c *command) outbox.Verdict {
	result := ""
	if c.group.InviteLink == "" && !c.job.Again {
		result = nothingDone // a command before this one dropped it
	}
	err := g.graph.DeleteInviteLink(ctx, c.creds, c.group.NetworkID)
	if graph.MayLackLink(err) {
		link, unseen := g.graph.FindInviteLink(ctx, c.creds, c.group.NetworkID)
		switch {
		case unseen != nil:
			return g.trouble(ctx, c, unseen)
		case link == "":
			err = nil
		}
	}
	if err != nil {
		return g.trouble(ctx, c, err)
	}
	return g.done(ctx, c, result, group.EventChanged, func(gr *group.Group) { gr.InviteLink = "" })
}
