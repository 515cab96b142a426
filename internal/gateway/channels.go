package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// spaceForm is what a CustSpaceId may be. Alibaba's own look like cams-8c8… for direct customers and like digits for those of
// a reseller.
var spaceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Channel is a channel with the business numbers that are bound to it. The numbers come without their tokens.
type Channel struct {
	group.Channel
	Numbers []group.BusinessNumber
}

// CreateChannel adds a channel to an account. An empty spaceID is drawn. Refusals: EntityNotExist.Account, BadNumber for a
// malformed CustSpaceId, Conflict, TooManyChannels.
func (g *Gateway) CreateChannel(ctx context.Context, account, spaceID, name string) (group.Channel, error) {
	if spaceID == "" {
		spaceID = drawSpaceID()
	}
	if !spaceForm.MatchString(spaceID) {
		return group.Channel{}, group.Errorf(group.CodeBadNumber,
			"A CustSpaceId is 1 to 64 letters, digits, dots, dashes and underscores; give such a one, or none to have one made.")
	}
	if err := ram.Comments.For("ChannelName").Check(name); err != nil {
		return group.Channel{}, err
	}
	c := group.Channel{SpaceID: spaceID, Name: name, CreatedAt: g.now()}
	err := g.manageExisting(ctx, account, "channel create", func(tx *store.Tx, op *group.Operation) error {
		holdChannel(tx, spaceID) // another account may want the name at this moment
		_, err := tx.ChannelBySpace(spaceID)
		switch {
		case err == nil:
			return group.Errorf(group.CodeConflict, "There is already a channel %s; give another CustSpaceId or none.", spaceID)
		case !errors.Is(err, store.ErrNoRow):
			return err
		}
		c.AccountID, op.Result = op.AccountID, spaceID
		return insertChannel(tx, &c)
	})
	return c, err
}

func drawSpaceID() string {
	text := strings.ToLower(rand.Text()) // 26 letters and digits of base32
	return "cams-" + text[:16]
}

// BindNumber gives a channel a business number, with what the network knows it by. Binding the same number to the same channel
// again replaces its token. Refusals: EntityNotExist.Account, NotOwner, BadNumber, Conflict.
func (g *Gateway) BindNumber(ctx context.Context, account string, n group.BusinessNumber) error {
	if err := checkBinding(n); err != nil {
		return err
	}
	return g.manageExisting(ctx, account, "channel bind", func(tx *store.Tx, op *group.Operation) error {
		tx.Hold("numbers")
		c, err := heldChannel(tx, op.AccountID, n.SpaceID)
		if err != nil {
			return err
		}
		if err := bindToAccount(tx, &c, n.WABAID); err != nil {
			return err
		}
		n.AccountID, n.ChannelID, op.Result = op.AccountID, c.ID, n.SpaceID+" "+n.Number.Masked()
		known, err := bound(tx, &n)
		if err != nil {
			return err
		}
		if known {
			return tx.SetNumberToken(n.Number, n.Token)
		}
		return tx.InsertNumber(&n, op.At.UnixMilli())
	})
}

// bindToAccount binds a channel to the business account of its first number. The operator may give it numbers of others as well.
func bindToAccount(tx *store.Tx, c *group.Channel, wabaID string) error {
	if c.WABA.ID != "" {
		return nil
	}
	c.WABA.ID = wabaID
	return tx.UpdateChannel(c)
}

func checkBinding(n group.BusinessNumber) error {
	switch {
	case n.Number <= 0:
		return group.Errorf(group.CodeBadNumber, "Give the business number as digits with the country code, for example 8613800000000.")
	case !isDecimal(n.PhoneNumberID) || !isDecimal(n.WABAID):
		return group.Errorf(group.CodeBadNumber,
			"Give the phone-number id and the WhatsApp business account id as digits; Meta's WhatsApp Manager shows both.")
	case strings.TrimSpace(n.Token) == "" || strings.ContainsAny(n.Token, " \t\r\n"):
		return group.Errorf(group.CodeBadNumber, "Give the access token of the number, one word without spaces.")
	}
	return nil
}

func isDecimal(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "0123456789") == ""
}

// bound tells whether the number is bound just so already, and refuses to take it from somebody else. Whoever calls it holds the
// numbers.
func bound(tx *store.Tx, n *group.BusinessNumber) (bool, error) {
	have, err := tx.NumbersLike(n.Number, n.PhoneNumberID)
	if err != nil {
		return false, err
	}
	for _, other := range have {
		same := other.Number == n.Number
		switch {
		case !same && other.PhoneNumberID == n.PhoneNumberID:
			return false, group.Errorf(group.CodeConflict, "The phone-number id %s belongs to another number; check both.", n.PhoneNumberID)
		case same && other.ChannelID != n.ChannelID:
			return false, group.Errorf(group.CodeConflict, "The number %s is bound to another channel; a number belongs to one.", n.Number.Masked())
		case same && (other.PhoneNumberID != n.PhoneNumberID || other.WABAID != n.WABAID):
			return false, group.Errorf(group.CodeConflict, "The number %s is bound with other ids; only its token can be replaced.", n.Number.Masked())
		case same:
			return true, nil
		}
	}
	return false, nil
}

// Channels gives the channels of an account with their numbers, oldest first. Refusals: EntityNotExist.Account.
func (g *Gateway) Channels(ctx context.Context, account string) ([]Channel, error) {
	var out []Channel
	err := g.look(ctx, account, func(tx *store.Tx, id int64) error {
		all, err := tx.ChannelsOf(id)
		out = nil
		for _, c := range slices.Backward(all) {
			numbers, err := tx.NumbersOf(c.ID)
			if err != nil {
				return err
			}
			for i := range numbers {
				numbers[i].Token = ""
			}
			out = append(out, Channel{Channel: c, Numbers: numbers})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list channels of %s: %w", account, err)
	}
	return out, nil
}
