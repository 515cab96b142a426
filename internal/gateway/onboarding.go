package gateway

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Onboarding says how WhatsApp business accounts come to channels. The zero value lets only the operator bind numbers.
type Onboarding struct {
	// Draw gives the id of an account for a new channel. nil leaves new channels unbound.
	Draw func() string
	// Token gives the access token by which an account may bind a business account. nil, and a refusal with CodeNotAllowlisted,
	// mean that there is none.
	Token func(ctx context.Context, account ram.AccountID, wabaID string) (string, error)
}

// found is a business account with its numbers, as the network has just described them.
type found struct {
	account group.WABA
	numbers []group.BusinessNumber
}

// explore asks the network for a business account and its numbers, and has their webhooks sent. Refusals: NotAllowlisted, Upstream,
// Unavailable.
func (g *Gateway) explore(ctx context.Context, c Caller, wabaID string) (found, error) {
	if g.cfg.Network.Onboarding.Token == nil {
		return found{}, ErrNoToken(wabaID)
	}
	if g.silent() {
		return found{}, errSilent
	}
	token, err := g.cfg.Network.Onboarding.Token(ctx, c.Principal.AccountID, wabaID)
	if err != nil {
		return found{}, err
	}
	creds := graph.Credentials{AccountID: wabaID, Token: token}
	account, err := g.readAccount(ctx, creds)
	if err != nil {
		return found{}, upstream(err)
	}
	if err := g.graph.SubscribeApp(ctx, creds, wabaID); err != nil {
		return found{}, upstream(err)
	}
	rows, err := g.graph.PhoneNumbers(ctx, creds)
	if err != nil {
		return found{}, upstream(err)
	}
	f := found{account: account}
	for _, row := range rows {
		n, err := strconv.ParseInt(graph.Digits(row.DisplayPhoneNumber), 10, 64)
		if err != nil || !isDecimal(row.ID) {
			continue // without digits nobody can name it
		}
		f.numbers = append(f.numbers, group.BusinessNumber{Number: group.Number(n), PhoneNumberID: row.ID, WABAID: wabaID, Token: token})
	}
	standings, errs := g.readStandings(ctx, f.numbers)
	for i := range f.numbers {
		if errs[i] == nil {
			f.numbers[i].Standing = standings[i]
		}
	}
	return f, nil
}

// ErrNoToken refuses to bind a business account that the operator has named no token for.
func ErrNoToken(wabaID string) error {
	return group.Errorf(group.CodeNotAllowlisted, "This server has no access token by which this account may bind the WhatsApp business account %.32q. The operator "+
		"binds its numbers with \"rollcall channel bind\", or names a file with the token in --waba-token when starting the server.", wabaID)
}

// upstream makes a refusal of what the network said to a call that callers wait for.
func upstream(err error) error {
	switch class := graph.ClassOf(err); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case class == graph.Temporary:
		return group.Errorf(group.CodeUnavailable, "The network could not be asked (%s); try again in a while.", reason(err))
	case class == graph.Throttled:
		return group.Errorf(group.CodeUnavailable, "The network has been asked too often; try again in a while.")
	}
	text := reason(err)
	if code := graph.CodeOf(err); code != 0 {
		text = strconv.Itoa(code) + ": " + text
	}
	return group.Errorf(group.CodeUpstream, "%s", text)
}

// bindAll gives a channel a business account with its numbers. The transaction holds the channel.
func bindAll(tx *store.Tx, c *group.Channel, f *found, now int64) error {
	tx.Hold("numbers")
	c.WABA = f.account
	for _, n := range f.numbers {
		n.AccountID, n.ChannelID, n.SpaceID = c.AccountID, c.ID, c.SpaceID
		known, err := bound(tx, &n)
		switch {
		case err != nil:
			return err
		case known:
			err = tx.SetNumberToken(n.Number, n.Token)
		default:
			err = tx.InsertNumber(&n, now)
		}
		if err != nil {
			return err
		}
	}
	return tx.UpdateChannel(c)
}

// Bound is a channel with the business account that it was bound to.
type Bound struct {
	Channel     group.Channel
	OperationID int64
}

// BindAccount binds a WhatsApp business account, with all its numbers, to a channel of the caller's. Without a CustSpaceId it is the
// only channel that is not bound yet; where there is none, one is made. What is bound already stays as it is. Refusals: NotOwner,
// NotAllowlisted, Conflict, BadNumber, Upstream.
func (g *Gateway) BindAccount(ctx context.Context, c Caller, wabaID, spaceID string) (Bound, error) {
	if !isDecimal(wabaID) {
		return Bound{}, group.Errorf(group.CodeBadNumber, "WabaId is the id of a WhatsApp business account, at most 32 digits.")
	}
	have, err := g.boundTo(ctx, c, wabaID)
	if err != nil {
		return Bound{}, err
	}
	var f found
	if have == nil {
		if f, err = g.explore(ctx, c, wabaID); err != nil {
			return Bound{}, err
		}
	}
	out := Bound{}
	op, err := g.changeChannels(ctx, c, forgetAll, func(tx *store.Tx, op *group.Operation) error {
		ch, fresh, err := channelToBind(tx, op.AccountID, wabaID, spaceID)
		if err != nil {
			return err
		}
		op.Result = ch.SpaceID
		switch {
		case ch.WABA.ID == wabaID:
			return nil
		case have != nil: // it was bound when it was looked, so that nothing was asked
			return group.Errorf(group.CodeUnavailable, "The channel was deleted at this moment; try again.")
		}
		if fresh {
			ch.Name, ch.CreatedAt = f.account.Name, op.At
			if err := insertChannel(tx, &ch); err != nil {
				return err
			}
		}
		op.Result = ch.SpaceID
		return bindAll(tx, &ch, &f, op.At.UnixMilli())
	})
	if err != nil {
		return out, err
	}
	out.OperationID = op.ID
	out.Channel, err = g.channelNow(ctx, c, op.Result)
	return out, err
}

// boundTo gives the caller's channel that an account is bound to, nil for none, and refuses what is bound to another's.
func (g *Gateway) boundTo(ctx context.Context, c Caller, wabaID string) (*group.Channel, error) {
	var ch group.Channel
	err := g.store.Read(ctx, func(tx *store.Tx) (err error) {
		ch, err = tx.ChannelByWABA(wabaID, c.Principal.account)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNoRow):
		return nil, nil
	case err != nil:
		return nil, err
	case ch.AccountID != c.Principal.account:
		return nil, errForeignWABA
	}
	return &ch, nil
}

var errForeignWABA = group.Errorf(group.CodeNotOwner, "The WhatsApp business account is not one of this account's.")

// channelToBind chooses the channel for a business account. fresh says that it has to be made. Whoever calls it holds the account, so
// that no other business account takes the channel in the meantime.
func channelToBind(tx *store.Tx, account int64, wabaID, spaceID string) (ch group.Channel, fresh bool, err error) {
	tx.Hold("waba/" + wabaID)
	ch, err = tx.ChannelByWABA(wabaID, account)
	switch {
	case err == nil && ch.AccountID != account:
		return ch, false, errForeignWABA
	case err == nil && spaceID != "" && ch.SpaceID != spaceID:
		return ch, false, group.Errorf(group.CodeConflict, "The WhatsApp business account is bound to the channel %s; an account is bound to one.", ch.SpaceID)
	case err == nil || !errors.Is(err, store.ErrNoRow):
		return ch, false, err
	}
	if spaceID == "" {
		if spaceID, err = onlyFree(tx, account); err != nil {
			return ch, false, err
		}
	}
	if spaceID == "" {
		return group.Channel{AccountID: account, SpaceID: drawSpaceID()}, true, nil
	}
	ch, err = heldChannel(tx, account, spaceID)
	if err == nil && ch.WABA.ID != "" {
		err = group.Errorf(group.CodeConflict, "The channel %s is bound to another WhatsApp business account; make a new channel for this one.", spaceID)
	}
	return ch, false, err
}

// onlyFree gives the CustSpaceId of the only channel of an account that is not bound, "" when all are.
func onlyFree(tx *store.Tx, account int64) (string, error) {
	all, err := tx.ChannelsOf(account)
	if err != nil {
		return "", err
	}
	free := slices.DeleteFunc(all, func(c group.Channel) bool { return c.WABA.ID != "" })
	switch len(free) {
	case 0:
		return "", nil
	case 1:
		return free[0].SpaceID, nil
	}
	return "", group.Errorf(group.CodeConflict, "The account has %d channels that are not bound; say which one with CustSpaceId.", len(free))
}
