package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// changeChannels runs one change of the caller's channels in its transaction: the audit names the caller, and the change holds from
// the next request on. With a ClientToken that was used before, fn does not run and the first operation is given. The transaction
// holds the account.
func (g *Gateway) changeChannels(ctx context.Context, c Caller, forget func(*store.Tx) error, fn func(tx *store.Tx, op *group.Operation) error) (group.Operation, error) {
	var op group.Operation
	err := g.store.Write(ctx, func(tx *store.Tx) error {
		op = g.begin(c, group.KindAccount)
		op.State, op.DoneAt = group.Done, op.At
		holdAccount(tx, op.AccountID)
		first, err := repeated(tx, &op)
		if err != nil {
			return err
		}
		if first != nil {
			op = *first
			return nil
		}
		if err := fn(tx, &op); err != nil {
			return err
		}
		if err := tx.InsertOperation(&op); err != nil {
			return fmt.Errorf("record %s: %w", c.Action, err)
		}
		return forget(tx)
	})
	return op, err
}

// holdChannel keeps other changes of a channel waiting: it is not deleted while a number is bound to it.
func holdChannel(tx *store.Tx, spaceID string) { tx.Hold("channel/" + spaceID) }

var errForeignChannel = group.Errorf(group.CodeNotOwner, "This account has no such channel; take the InstanceId, which is the CustSpaceId too, from ListInstance.")

// ownChannel gives a channel of an account.
func ownChannel(tx *store.Tx, account int64, spaceID string) (group.Channel, error) {
	if !spaceForm.MatchString(spaceID) {
		return group.Channel{}, errForeignChannel
	}
	ch, err := tx.ChannelBySpace(spaceID)
	if err != nil {
		return ch, coded(err, errForeignChannel)
	}
	if ch.AccountID != account {
		return group.Channel{}, errForeignChannel
	}
	return ch, nil
}

// heldChannel is ownChannel for who is about to change it.
func heldChannel(tx *store.Tx, account int64, spaceID string) (group.Channel, error) {
	holdChannel(tx, spaceID)
	return ownChannel(tx, account, spaceID)
}

// insertChannel adds a channel, unless the account has as many as it can have. Whoever calls it holds the account.
func insertChannel(tx *store.Tx, ch *group.Channel) error {
	n, err := tx.CountChannels(ch.AccountID)
	if err != nil {
		return err
	}
	if n >= group.MaxChannels {
		return group.Errorf(group.CodeTooManyChannels, "The account has %d channels, and more are not possible; delete one that is not needed.", n)
	}
	return tx.InsertChannel(ch)
}

// channelNow reads a channel of the caller's after a change.
func (g *Gateway) channelNow(ctx context.Context, c Caller, spaceID string) (ch group.Channel, err error) {
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		ch, err = ownChannel(tx, c.Principal.account, spaceID)
		return err
	})
	return ch, err
}

// CreateInstance adds a channel to the caller's account. Where the server can draw business accounts, the channel has one with a
// number at once; else it begins unbound. Refusals: BadChannel, TooManyChannels, Upstream, Unavailable.
func (g *Gateway) CreateInstance(ctx context.Context, c Caller, name string, p *group.ChannelProfile) (Bound, error) {
	known, err := g.begun(ctx, c)
	if err != nil {
		return Bound{}, err
	}
	var f found
	if draw := g.cfg.Network.Onboarding.Draw; draw != nil && !known && !g.silent() {
		if f, err = g.explore(ctx, c, draw()); err != nil {
			return Bound{}, err
		}
	}
	spaceID, forget := drawSpaceID(), forgetNothing // what has no number is not kept in memory
	if f.account.ID != "" {
		forget = forgetAll
	}
	op, err := g.changeChannels(ctx, c, forget, func(tx *store.Tx, op *group.Operation) error {
		ch := group.Channel{AccountID: op.AccountID, SpaceID: spaceID, Name: name, CreatedAt: op.At, Profile: *p}
		op.Result = spaceID
		if err := insertChannel(tx, &ch); err != nil || f.account.ID == "" {
			return err
		}
		return bindAll(tx, &ch, &f, op.At.UnixMilli())
	})
	if err != nil {
		return Bound{}, err
	}
	ch, err := g.channelNow(ctx, c, op.Result)
	return Bound{Channel: ch, OperationID: op.ID}, err
}

// UpdateInstance changes the name of a channel and those texts of its profile that edit puts in. Refusals: NotOwner.
func (g *Gateway) UpdateInstance(ctx context.Context, c Caller, spaceID, name string, edit func(*group.ChannelProfile)) (operationID int64, err error) {
	op, err := g.changeChannels(ctx, c, forgetNothing, func(tx *store.Tx, op *group.Operation) error {
		ch, err := heldChannel(tx, op.AccountID, spaceID)
		if err != nil {
			return err
		}
		ch.Name, op.Result = name, spaceID
		edit(&ch.Profile)
		return tx.UpdateChannel(&ch)
	})
	return op.ID, err
}

// DeleteInstance forgets a channel for good, with its numbers and their tokens. The record of what was done in it stays. Refusals:
// NotOwner; ChannelInUse while it has a group that the network has or may have, so that no group is left without somebody who can
// speak for it.
func (g *Gateway) DeleteInstance(ctx context.Context, c Caller, spaceID string) (operationID int64, err error) {
	op, err := g.changeChannels(ctx, c, forgetAll, func(tx *store.Tx, op *group.Operation) error {
		ch, err := heldChannel(tx, op.AccountID, spaceID)
		if err != nil {
			return err
		}
		numbers, err := tx.NumbersOf(ch.ID)
		if err != nil {
			return err
		}
		tx.HoldLists(ch.ID, numbers)
		used, err := tx.HasGroups(ch.ID)
		if err != nil {
			return err
		}
		if used {
			return group.Errorf(group.CodeChannelInUse, "The channel still has groups; delete them with DeleteChatGroup and wait until they are gone.")
		}
		op.Result = spaceID
		return tx.DeleteChannel(ch.ID)
	})
	return op.ID, err
}

// Instance gives one channel of the caller's. Refusals: NotOwner.
func (g *Gateway) Instance(ctx context.Context, c Caller, spaceID string) (group.Channel, error) {
	return g.channelNow(ctx, c, spaceID)
}

// InstanceList says which channels are wanted.
type InstanceList struct {
	Wanted      func(*group.Channel) bool
	Index, Size int // from 1
}

// ListInstances gives a page of the caller's channels, newest first, and how many there are.
func (g *Gateway) ListInstances(ctx context.Context, c Caller, l InstanceList) (rows []group.Channel, total int, err error) {
	err = g.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.ChannelsOf(c.Principal.account)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list channels: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(ch group.Channel) bool { return !l.Wanted(&ch) })
	total = len(rows)
	from := min(int64(total), int64(l.Index-1)*int64(l.Size))
	to := min(int64(total), from+int64(l.Size))
	return rows[from:to], total, nil
}

// checkBound refuses a change for a number that has lost its channel since the caller was let through.
func checkBound(tx *store.Tx, n *group.BusinessNumber) error {
	ok, err := tx.IsBound(n.Number, n.ChannelID)
	if err == nil && !ok {
		err = errForeignChannel
	}
	return err
}

// isForeign tells whether a refusal says that a channel is not there.
func isForeign(err error) bool { return errors.Is(err, errForeignChannel) }
