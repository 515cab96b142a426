package gateway

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// How the network is asked about numbers: a few at a time, and not for longer than a caller waits.
const (
	readAtOnce = 4
	readTime   = 10 * time.Second
)

// readAccount asks the network for the business account of the credentials.
func (g *Gateway) readAccount(ctx context.Context, creds graph.Credentials) (group.WABA, error) {
	a, err := g.graph.BusinessAccount(ctx, creds)
	if err != nil {
		return group.WABA{}, err
	}
	return group.WABA{ID: creds.AccountID, Name: a.Name, Currency: a.Currency, ReviewStatus: a.ReviewStatus, TemplateNamespace: a.TemplateNamespace,
		BusinessID: a.BusinessID, BusinessName: a.BusinessName, ReadAt: g.now()}, nil
}

// readStandings asks the network how numbers stand. Each has its own error.
func (g *Gateway) readStandings(ctx context.Context, numbers []group.BusinessNumber) ([]group.Standing, []error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	out, errs := make([]group.Standing, len(numbers)), make([]error, len(numbers))
	var running errgroup.Group
	running.SetLimit(readAtOnce)
	for i := range numbers {
		running.Go(func() error {
			n := &numbers[i]
			seen, err := g.graph.PhoneNumber(ctx, graph.Credentials{PhoneNumberID: n.PhoneNumberID, AccountID: n.WABAID, Token: n.Token})
			out[i], errs[i] = g.standing(&seen), err
			return nil
		})
	}
	_ = running.Wait() // nothing of it fails
	return out, errs
}

func (g *Gateway) standing(n *graph.PhoneNumber) group.Standing {
	return group.Standing{VerifiedName: n.VerifiedName, Status: known(n.Status), Quality: known(n.QualityRating), MessagingTier: n.MessagingLimitTier,
		CodeVerification: n.CodeVerificationStatus, NameStatus: n.NameStatus, NewNameStatus: n.NewNameStatus, Official: n.OfficialAccount, ReadAt: g.now()}
}

func known(word string) string {
	if word == "" {
		return group.Unknown
	}
	return word
}

// silent tells whether the network is not to be asked by this process.
func (g *Gateway) silent() bool { return g.graph == nil || g.cfg.Work.Hold }

var errSilent = group.Errorf(group.CodeUnavailable, "This server sends nothing to the network at the moment; try again later.")

// numbersOf gives the numbers of one channel of the caller's, or with spaceID "" of all of them, and the channels.
func (g *Gateway) numbersOf(ctx context.Context, c Caller, spaceID string) (channels []group.Channel, numbers []group.BusinessNumber, err error) {
	err = g.store.Snapshot(ctx, func(tx *store.Tx) error {
		channels, numbers = nil, nil
		if spaceID == "" {
			if channels, err = tx.ChannelsOf(c.Principal.account); err != nil {
				return err
			}
			slices.Reverse(channels) // oldest first
		} else {
			ch, err := ownChannel(tx, c.Principal.account, spaceID)
			if err != nil {
				return err
			}
			channels = append(channels, ch)
		}
		for i := range channels {
			more, err := tx.NumbersOf(channels[i].ID)
			if err != nil {
				return err
			}
			numbers = append(numbers, more...)
		}
		return nil
	})
	return channels, numbers, err
}

// PhoneNumbers gives the business numbers of a channel, or with spaceID "" of all channels of the caller's, as they stood when the
// network was asked last. Those that were never read are read now, and stay unknown when the network does not say. The numbers come
// without their tokens. Refusals: NotOwner.
func (g *Gateway) PhoneNumbers(ctx context.Context, c Caller, spaceID string) ([]group.BusinessNumber, error) {
	_, numbers, err := g.numbersOf(ctx, c, spaceID)
	if err != nil {
		return nil, err
	}
	var unread []int
	for i := range numbers {
		if numbers[i].Standing.ReadAt.IsZero() {
			numbers[i].Standing.Status, numbers[i].Standing.Quality = group.Unknown, group.Unknown
			unread = append(unread, i)
		}
	}
	if err := g.readFirst(ctx, numbers, unread); err != nil {
		return nil, err
	}
	return withoutTokens(numbers), nil
}

// readFirst reads numbers that were never read. What the network refuses is noted as unknown, so that it is not asked again for each
// list; what it did not answer is left to the next.
func (g *Gateway) readFirst(ctx context.Context, numbers []group.BusinessNumber, unread []int) error {
	if len(unread) == 0 || g.silent() {
		return nil
	}
	asked := make([]group.BusinessNumber, len(unread))
	for i, at := range unread {
		asked[i] = numbers[at]
	}
	standings, errs := g.readStandings(ctx, asked)
	var learnt []int
	for i, at := range unread {
		switch err := errs[i]; {
		case err == nil:
			numbers[at].Standing = standings[i]
		case graph.ClassOf(err) == graph.Temporary || graph.ClassOf(err) == graph.Throttled || ctx.Err() != nil:
			continue
		default:
			g.log.Warn("the network does not say how a business number stands", "number", numbers[at].Number.Masked(), "error", err)
			numbers[at].Standing.ReadAt = g.now()
		}
		learnt = append(learnt, at)
	}
	if len(learnt) == 0 {
		return nil
	}
	return g.store.Write(ctx, func(tx *store.Tx) error {
		for _, at := range learnt {
			if err := tx.SetStanding(numbers[at].Number, &numbers[at].Standing); err != nil {
				return err
			}
		}
		return nil
	})
}

func withoutTokens(numbers []group.BusinessNumber) []group.BusinessNumber {
	for i := range numbers {
		numbers[i].Token = ""
	}
	return numbers
}

// SyncNumbers reads from the network how the numbers of a channel and its business account stand, and gives the numbers without
// their tokens. All of it is written down, or nothing. Refusals: NotOwner, Upstream, Unavailable.
func (g *Gateway) SyncNumbers(ctx context.Context, c Caller, spaceID string) ([]group.BusinessNumber, error) {
	channels, numbers, err := g.numbersOf(ctx, c, spaceID)
	if err != nil {
		return nil, err
	}
	if g.silent() {
		return nil, errSilent
	}
	standings, errs := g.readStandings(ctx, numbers)
	for i, err := range errs {
		if err != nil {
			return nil, upstream(err)
		}
		numbers[i].Standing = standings[i]
	}
	account, err := g.accountOf(ctx, &channels[0], numbers)
	if err != nil {
		return nil, upstream(err)
	}
	err = g.store.Write(ctx, func(tx *store.Tx) error {
		for i := range numbers {
			if err := tx.SetStanding(numbers[i].Number, &numbers[i].Standing); err != nil {
				return err
			}
		}
		return putAccount(tx, c, spaceID, &account)
	})
	return withoutTokens(numbers), err
}

// accountOf asks the network for the business account of a channel, by the token of its first number. Without a number nobody can ask.
func (g *Gateway) accountOf(ctx context.Context, ch *group.Channel, numbers []group.BusinessNumber) (group.WABA, error) {
	for _, n := range numbers {
		if n.WABAID == ch.WABA.ID {
			return g.readAccount(ctx, graph.Credentials{PhoneNumberID: n.PhoneNumberID, AccountID: n.WABAID, Token: n.Token})
		}
	}
	return ch.WABA, nil
}

// putAccount writes down what the network says of a channel's business account, if the channel is bound to it still.
func putAccount(tx *store.Tx, c Caller, spaceID string, account *group.WABA) error {
	ch, err := heldChannel(tx, c.Principal.account, spaceID)
	if isForeign(err) {
		return nil // it was deleted meanwhile
	}
	if err != nil || ch.WABA.ID != account.ID || account.ID == "" {
		return err
	}
	ch.WABA = *account
	return tx.UpdateChannel(&ch)
}

// BoundAccount gives the business account of a channel of the caller's, with spaceID "" that of the only one that is bound. It is read
// from the network when it never was. Refusals: NotOwner, Conflict for several, Upstream, Unavailable.
func (g *Gateway) BoundAccount(ctx context.Context, c Caller, spaceID string) (group.WABA, error) {
	channels, numbers, err := g.numbersOf(ctx, c, spaceID)
	if err != nil {
		return group.WABA{}, err
	}
	channels = slices.DeleteFunc(channels, func(ch group.Channel) bool { return ch.WABA.ID == "" })
	switch {
	case len(channels) == 0:
		return group.WABA{}, nil
	case len(channels) > 1:
		return group.WABA{}, group.Errorf(group.CodeConflict, "The account has several channels; say which one with CustSpaceId.")
	}
	ch := &channels[0]
	if !ch.WABA.ReadAt.IsZero() || g.silent() {
		return ch.WABA, nil
	}
	account, err := g.accountOf(ctx, ch, numbers)
	if err != nil {
		return group.WABA{}, upstream(err)
	}
	return account, g.store.Write(ctx, func(tx *store.Tx) error { return putAccount(tx, c, ch.SpaceID, &account) })
}
