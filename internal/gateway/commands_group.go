package gateway

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbox"
	"github.com/rollcall-im/rollcall/internal/store"
)

// unconfirmed is how long a command that can be seen in no other way waits for the network to report it.
const unconfirmed = 10 * time.Minute

// silent says that a command was accepted below and that nothing came of it.
const silent = "the network accepted the change and never confirmed it"

// looks is how often a group is looked for in vain, with longer and longer waits, before it is asked for once more.
const looks = 3

// again is how long to wait for a report after so many have not come.
func (g *Gateway) again(expired int) outbox.Verdict {
	return outbox.Await(min(time.Minute, g.cfg.Patience.Report<<min(expired, 8)))
}

// runCreate has a group made. The network gives no way to recognise a repeated request, so after a crash or a lost answer the
// group is looked for among the number's groups before another one is asked for.
func (g *Gateway) runCreate(ctx context.Context, c *command) outbox.Verdict {
	accepted := c.job.Item.Ref != ""
	if !accepted && c.unsure() {
		return g.again(0) // it may be on its way, and then the list will show it
	}
	if c.job.Again {
		found, err := g.findCreated(ctx, c)
		switch {
		case err != nil:
			return g.unread(ctx, c, err)
		case found != "":
			return g.adopt(ctx, c, found)
		case accepted && g.overdue(c):
			return g.refused(ctx, c, 0, "the network accepted the group and never made it")
		case accepted, c.job.Expired%looks != 0:
			return g.again(c.job.Expired)
		}
	}
	g.flights.start(c.group.ID, flight{item: c.job.Item.ID, again: c.job.Again})
	answer, err := g.graph.CreateGroup(ctx, c.creds, graph.NewGroup{Subject: c.group.Subject, Description: c.group.Description})
	switch {
	case graph.OutcomeUnknown(err) && !g.tired(c):
		return g.again(0)
	case err != nil:
		return g.trouble(ctx, c, err)
	case answer.RequestID == "":
		answer.RequestID = "unnamed-" + FormatID(c.op.ID) // accepted all the same, so it must not be asked for again
	}
	return g.expectCreation(ctx, c, answer.RequestID)
}

// overdue tells whether a command that the network has accepted has waited too long for what can be seen in no other way.
func (g *Gateway) overdue(c *command) bool {
	return g.tired(c) || g.flights.waited(c.group.ID, c.job.Item.ID, g.now()) > unconfirmed
}

// unsure tells whether a run before this one may have reached the network without anything being known of it: then it is waited for once,
// however often it was refused before that.
func (c *command) unsure() bool {
	return c.job.Expired == 0 && (c.job.Left || c.job.Again && c.job.Item.Attempts == 0)
}

// expectCreation notes by which name the report will come, and looks whether it came already.
func (g *Gateway) expectCreation(ctx context.Context, c *command, requestID string) outbox.Verdict {
	item := c.job.Item
	g.flights.accepted(c.group.ID, item.ID, requestID, g.now())
	item.Ref = creationRef(c.creds.PhoneNumberID, requestID)
	var fx *effects
	err := g.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		fx = &effects{}
		holdCreation(tx, item.Ref)
		holdGroup(tx, &c.group)
		if err := tx.PutItem(&item); err != nil {
			return err
		}
		return g.replay(tx, fx, "", item.Ref)
	})
	if err != nil {
		return outbox.Retry(outbox.Backoff(item.Attempts), err.Error())
	}
	g.apply(fx)
	return g.again(0)
}

func creationRef(phoneNumberID, requestID string) string { return phoneNumberID + "/" + requestID }

// findCreated looks in the network's list for a group that this command made: same subject, not older, and not ours yet.
func (g *Gateway) findCreated(ctx context.Context, c *command) (string, error) {
	const most, slack = 1024, 2 * time.Minute
	for after := ""; ; {
		page, err := g.graph.ListGroups(ctx, c.creds, most, after)
		if err != nil {
			return "", err
		}
		for _, s := range page.Groups {
			if s.Subject != c.group.Subject || s.CreatedAt.Before(c.op.At.Add(-slack)) {
				continue
			}
			known, err := g.knows(ctx, s.ID)
			if err != nil {
				return "", err
			}
			if !known {
				return s.ID, nil
			}
		}
		if after = page.Next; after == "" {
			return "", nil
		}
	}
}

func (g *Gateway) knows(ctx context.Context, networkID string) (known bool, err error) {
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		known, err = tx.KnowsGroup(networkID)
		return err
	})
	return known, err
}

// adopt ends a creation with a group that was found in the network's list.
func (g *Gateway) adopt(ctx context.Context, c *command, networkID string) outbox.Verdict {
	link, err := g.graph.InviteLink(ctx, c.creds, networkID)
	if err != nil && graph.ClassOf(err) != graph.Permanent {
		return g.trouble(ctx, c, err)
	}
	return g.finish(ctx, c, func(tx *store.Tx, fx *effects) error {
		if err := g.recordCreated(tx, fx, c.op.ID, networkID, link); err != nil {
			return err
		}
		return tx.EnqueueReread(lane(c.group.ID))
	})
}

// runUpdate changes settings. Values change with the report, not before; a lost one is healed by reading the group.
func (g *Gateway) runUpdate(ctx context.Context, c *command) outbox.Verdict {
	u, err := readUpdate(c.job.Item.Payload)
	if err != nil {
		return g.refused(ctx, c, 0, "the change cannot be read")
	}
	if c.job.Expired > 0 {
		return g.lookUpdated(ctx, c, u)
	}
	return g.sendUpdate(ctx, c, u)
}

func (g *Gateway) sendUpdate(ctx context.Context, c *command, u update) outbox.Verdict {
	g.flights.start(c.group.ID, flight{item: c.job.Item.ID, again: c.job.Again})
	settings := graph.GroupUpdate{Subject: u.Subject, Description: u.Description}
	var answer graph.Accepted
	var err error
	if len(u.Picture) > 0 {
		answer, err = g.graph.UploadPicture(ctx, c.creds, c.group.NetworkID, u.Picture, settings)
	} else {
		answer, err = g.graph.UpdateGroup(ctx, c.creds, c.group.NetworkID, settings)
	}
	if err != nil {
		return g.trouble(ctx, c, err)
	}
	g.flights.accepted(c.group.ID, c.job.Item.ID, answer.RequestID, g.now())
	return g.again(0)
}

// lookUpdated reads the group because no report has come. A picture cannot be read, so with one the change is sent again;
// it does no harm twice.
func (g *Gateway) lookUpdated(ctx context.Context, c *command, u update) outbox.Verdict {
	info, err := g.graph.Group(ctx, c.creds, c.group.NetworkID, "subject", "description", "suspended")
	if err != nil {
		return g.unread(ctx, c, err)
	}
	same := (u.Subject == nil || *u.Subject == info.Subject) && (u.Description == nil || *u.Description == info.Description)
	switch {
	case same && len(u.Picture) == 0:
		return g.done(ctx, c, "", group.EventChanged, u.change)
	case info.Suspended:
		return g.refused(ctx, c, graph.CodeSuspended, "the platform suspended the group")
	case g.overdue(c):
		return g.refused(ctx, c, 0, silent)
	default:
		return g.sendUpdate(ctx, c, u)
	}
}

func readUpdate(payload []byte) (u update, err error) {
	err = json.Unmarshal(payload, &u)
	return u, err
}

// change applies what was asked for to the group.
func (u update) change(gr *group.Group) {
	gr.Status = gr.Status.AfterUpdate()
	if u.Subject != nil {
		gr.Subject = *u.Subject
	}
	if u.Description != nil {
		gr.Description = *u.Description
	}
	if u.PictureURL != "" {
		gr.Picture = u.PictureURL
	}
}

// runDelete deletes a group. One that the network does not know is deleted; but unless it has accepted the deletion before, it
// has to say so twice.
func (g *Gateway) runDelete(ctx context.Context, c *command) outbox.Verdict {
	if c.job.Expired > 0 {
		_, err := g.graph.Group(ctx, c.creds, c.group.NetworkID)
		switch {
		case graph.GroupUnknown(err):
			return g.done(ctx, c, "", group.EventDeleted, (*group.Group).End)
		case err != nil:
			return g.unread(ctx, c, err)
		case g.tired(c):
			return g.refused(ctx, c, 0, silent)
		case c.job.Expired%looks != 0:
			return g.again(c.job.Expired)
		}
	}
	g.flights.start(c.group.ID, flight{item: c.job.Item.ID, again: c.job.Again})
	answer, err := g.graph.DeleteGroup(ctx, c.creds, c.group.NetworkID)
	switch {
	case graph.GroupUnknown(err) && g.fresh(&c.group):
		return g.trouble(ctx, c, err)
	case graph.GroupUnknown(err) && g.gone(&c.group):
		return g.done(ctx, c, "", group.EventDeleted, (*group.Group).End)
	case graph.GroupUnknown(err):
		return outbox.Retry(g.cfg.Patience.Verify, "the network does not know the group; it is asked once more to be sure")
	case err != nil:
		return g.trouble(ctx, c, err)
	}
	g.flights.accepted(c.group.ID, c.job.Item.ID, answer.RequestID, g.now())
	return g.again(0)
}
