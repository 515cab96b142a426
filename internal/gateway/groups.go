package gateway

import (
	"context"
	"encoding/json"
	"math"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// AddGroup has a group made. It does not wait: the group is in the list at once, CREATING, and the operation's id stands for
// the request until the network has given the group its id. Refusals: NotOwner, BadSubject, BadDescription.
func (g *Gateway) AddGroup(ctx context.Context, c Caller, t Target, subject, description string) (Change, error) {
	n, err := g.owned(c, t)
	if err != nil {
		return Change{}, err
	}
	if subject, err = group.CheckSubject(subject); err != nil {
		return Change{}, err
	}
	if description, err = group.CheckDescription(description); err != nil {
		return Change{}, err
	}
	s, err := g.change(ctx, c, group.KindCreate, func(tx *store.Tx, op *group.Operation) error {
		gr := group.Group{AccountID: n.AccountID, SpaceID: n.ChannelID, Number: n.Number, Status: group.Creating,
			Subject: subject, Description: description, CreatedAt: op.At, ModifiedAt: op.At}
		if err := tx.InsertGroup(&gr); err != nil { // holds the list, which a deletion of the channel holds too
			return err
		}
		if err := checkBound(tx, n); err != nil {
			return err
		}
		return g.command(tx, &gr, op, nil)
	})
	g.waiters.remove(s.op.ID, s.ended)
	return Change{Operation: s.op, Rows: 1}, err
}

// command inserts an operation and puts its one command into the group's lane.
func (g *Gateway) command(tx *store.Tx, gr *group.Group, op *group.Operation, payload []byte) error {
	op.GroupID = gr.ID
	if err := tx.InsertOperation(op); err != nil {
		return err
	}
	it := store.Item{Lane: lane(gr.ID), Kind: op.Kind, OperationID: op.ID, Payload: payload}
	return tx.Enqueue(&it)
}

// Settings is a change of a group's settings; what is nil stays as it is.
type Settings struct {
	Subject     *string
	Description *string
	PictureURL  string // to be fetched; "" leaves the picture alone
}

// update is what the lane keeps of a change of settings.
type update struct {
	Subject     *string `json:"subject,omitempty"`
	Description *string `json:"description,omitempty"`
	PictureURL  string  `json:"picture_url,omitempty"`
	Picture     []byte  `json:"picture,omitempty"`
}

// UpdateGroup changes the settings of a group and waits for the network. Refusals: NotOwner, NotFound, Suspended, NotActive,
// NothingToChange, BadSubject, BadDescription, BadPicture.
func (g *Gateway) UpdateGroup(ctx context.Context, c Caller, t Target, s Settings) (Change, error) {
	n, err := g.owned(c, t)
	if err != nil {
		return Change{}, err
	}
	var payload []byte
	if begun, err := g.begun(ctx, c); err != nil {
		return Change{}, err
	} else if !begun {
		if payload, err = g.prepareUpdate(ctx, n, t, s); err != nil {
			return Change{}, err
		}
	}
	op, err := g.run(ctx, c, group.KindUpdate, func(tx *store.Tx, op *group.Operation) error {
		gr, err := find(tx, n, t)
		if err != nil {
			return err
		}
		if err := gr.BeginUpdate(op.At); err != nil {
			return err
		}
		if err := tx.UpdateGroup(&gr); err != nil {
			return err
		}
		return g.command(tx, &gr, op, payload)
	})
	return one(op), err
}

// prepareUpdate checks the settings and fetches the picture, before anything is written. The group is looked at first, so
// that nobody can make us fetch pictures for groups that are not theirs.
func (g *Gateway) prepareUpdate(ctx context.Context, n *group.BusinessNumber, t Target, s Settings) ([]byte, error) {
	if s.Subject == nil && s.Description == nil && s.PictureURL == "" {
		return nil, group.Errorf(group.CodeNothingToChange, "Give at least one of Subject, Description and ProfilePictureFile.")
	}
	err := g.store.Read(ctx, func(tx *store.Tx) error {
		gr, err := find(tx, n, t)
		if err != nil {
			return err
		}
		return gr.CheckChangeable()
	})
	if err != nil {
		return nil, err
	}
	u := update{Subject: s.Subject, Description: s.Description, PictureURL: s.PictureURL}
	if u.Subject != nil {
		subject, err := group.CheckSubject(*u.Subject)
		if err != nil {
			return nil, err
		}
		u.Subject = &subject
	}
	if u.Description != nil {
		if _, err := group.CheckDescription(*u.Description); err != nil {
			return nil, err
		}
	}
	if u.PictureURL != "" {
		if u.Picture, err = g.fetchPicture(ctx, u.PictureURL); err != nil {
			return nil, err
		}
	}
	return json.Marshal(u)
}

// DeleteGroup deletes a group for good and waits for the network. Refusals: NotOwner, NotFound, NotActive.
func (g *Gateway) DeleteGroup(ctx context.Context, c Caller, t Target) (Change, error) {
	n, err := g.owned(c, t)
	if err != nil {
		return Change{}, err
	}
	op, err := g.run(ctx, c, group.KindDelete, func(tx *store.Tx, op *group.Operation) error {
		gr, err := find(tx, n, t)
		if err != nil {
			return err
		}
		if err := gr.BeginDelete(op.At); err != nil {
			return err
		}
		if err := tx.UpdateGroup(&gr); err != nil {
			return err
		}
		return g.command(tx, &gr, op, nil)
	})
	return one(op), err
}

// one is the outcome of a change that concerns one thing.
func one(op group.Operation) Change {
	c := Change{Operation: op}
	if op.State == group.Done && op.Result != nothingDone {
		c.Rows = 1
	}
	return c
}

// nothingDone is the result of a change that found its wish fulfilled.
const nothingDone = "nothing to do"

// GroupList says which page of which groups; Index counts from 1, Size is 1 to 100.
type GroupList struct {
	Status  group.Status // 0 for all
	Subject string       // substring, "" for all
	Index   int
	Size    int
}

// GroupRow is one row of a list.
type GroupRow = store.ListedGroup

// ListGroups gives a page of a number's groups, newest first, and how many there are in all. Refusal: NotOwner.
func (g *Gateway) ListGroups(ctx context.Context, c Caller, t Target, l GroupList) (rows []GroupRow, total int, err error) {
	n, err := g.owned(c, t)
	if err != nil {
		return nil, 0, err
	}
	filter := store.GroupFilter{ChannelID: n.ChannelID, Number: n.Number, Status: l.Status, Subject: l.Subject}
	skip := math.MaxInt // a page that is behind every end
	if l.Index-1 < skip/l.Size {
		skip = (l.Index - 1) * l.Size
	}
	page, err := g.store.GroupPage(ctx, filter, skip, l.Size)
	return page.Groups, page.Total, err
}
