package gateway

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// webhooks are the settings of all channels and numbers.
type webhooks map[webhookKey]*store.Callback

// webhookKey names settings; number 0 stands for all numbers of the channel.
type webhookKey struct {
	channel int64
	number  group.Number
}

func webhooksOf(all []store.Callback) webhooks {
	w := webhooks{}
	for i := range all {
		w[webhookKey{all[i].ChannelID, all[i].Number}] = &all[i]
	}
	return w
}

const (
	yes = "Y"
	no  = "N"
)

// address gives where the receipts of a number go that are of one kind. What is set for the number goes before what is set for its
// channel; a number whose HttpFlag is N is told nothing, whatever its channel says. Receipts about groups go where statuses go. A number that has gone to another account is nobody's to tell of.
func (e *edition) address(account int64, number group.Number, kind string) receipt.Address {
	if len(e.webhooks) == 0 {
		return receipt.Address{}
	}
	n := e.numbers[number]
	if n == nil || n.AccountID != account {
		return receipt.Address{}
	}
	a := receipt.Address{Sender: receipt.Sender{SpaceID: n.SpaceID, WABAID: n.WABAID}}
	own, common := e.webhooks[webhookKey{n.ChannelID, number}], e.webhooks[webhookKey{n.ChannelID, 0}]
	switch {
	case own != nil && own.HTTP == no:
	case kind == group.EventInbound:
		if own != nil {
			a.URL = own.UpURL
		}
	case own != nil && own.StatusURL != "":
		a.URL = own.StatusURL
	case common != nil && common.HTTP != no:
		a.URL = common.StatusURL
	}
	switch {
	case own != nil && own.Secret != "":
		a.Secret = own.Secret
	case common != nil:
		a.Secret = common.Secret
	}
	return a
}

// Webhook is how a number's receipts are set, as they hold for it. A queue is named when its receipts are kept for pulling by wish;
// they are kept anyway.
type Webhook struct {
	StatusCallbackURL, UpCallbackURL string
	StatusQueue, UpQueue             string
}

// pulled is what stands in the place of a queue's name: the operation that gives what is kept.
const pulled = "ListChatGroupEvents"

// WebhookOf gives the settings that hold for a number.
func (g *Gateway) WebhookOf(n group.Number) Webhook {
	e := g.directory.latest()
	bound := e.numbers[n]
	if bound == nil {
		return Webhook{}
	}
	w := Webhook{StatusCallbackURL: e.address(bound.AccountID, n, group.EventStatus).URL, UpCallbackURL: e.address(bound.AccountID, n, group.EventInbound).URL}
	own, common := e.webhooks[webhookKey{bound.ChannelID, n}], e.webhooks[webhookKey{bound.ChannelID, 0}]
	if own != nil && own.Queue == yes {
		w.StatusQueue, w.UpQueue = pulled, pulled
	}
	if common != nil && common.Queue == yes && (own == nil || own.Queue == "") {
		w.StatusQueue = pulled
	}
	return w
}

// WebhookChange is a change of where receipts go; what is nil stays as it is, and what is empty is taken away.
type WebhookChange struct {
	StatusURL, UpURL *string
	HTTP, Queue      *string // Y or N
	Secret           *string // whsec_ and base64
}

// maxCallbackURL is how long the address of a callback can be, in bytes.
const maxCallbackURL = 2048

// UpdateWebhook changes where the receipts of a channel go, or those of one number where the target names one, and gives the id of the
// change in the audit. Refusals: NotOwner, BadCallback.
func (g *Gateway) UpdateWebhook(ctx context.Context, c Caller, t Target, change WebhookChange) (operation int64, err error) {
	if t.Number != 0 {
		if _, err := g.owned(c, t); err != nil {
			return 0, err
		}
	}
	if err := change.check(g.cfg.Receipts.Barred); err != nil {
		return 0, err
	}
	op, err := g.changeChannels(ctx, c, forgetAll, func(tx *store.Tx, op *group.Operation) error {
		ch, err := heldChannel(tx, op.AccountID, t.SpaceID)
		if err != nil {
			return err
		}
		op.Result = t.SpaceID
		if t.Number != 0 {
			op.Result += " " + t.Number.Masked()
		}
		return putWebhook(tx, webhookKey{ch.ID, t.Number}, op, change)
	})
	return op.ID, err
}

// putWebhook changes settings. Whoever calls it holds the channel.
func putWebhook(tx *store.Tx, key webhookKey, op *group.Operation, change WebhookChange) error {
	now, err := tx.Callback(key.channel, key.number)
	switch {
	case errors.Is(err, store.ErrNoRow):
		now = store.Callback{ChannelID: key.channel, Number: key.number, AccountID: op.AccountID}
	case err != nil:
		return err
	}
	now.ChangedAt = op.At
	for _, part := range []struct {
		to   *string
		from *string
	}{{&now.StatusURL, change.StatusURL}, {&now.UpURL, change.UpURL}, {&now.HTTP, change.HTTP}, {&now.Queue, change.Queue}, {&now.Secret, change.Secret}} {
		if part.from != nil {
			*part.to = *part.from
		}
	}
	if now.HTTP == yes && now.StatusURL == "" && now.UpURL == "" {
		if err := checkInherited(tx, key); err != nil {
			return err
		}
	}
	return tx.PutCallback(&now)
}

// checkInherited refuses to push where neither the number nor its channel has an address.
func checkInherited(tx *store.Tx, key webhookKey) error {
	if key.number == 0 {
		return group.Errorf(group.CodeBadCallback, "HttpFlag is Y and there is no address to push to; give StatusCallbackUrl, or HttpFlag N.")
	}
	common, err := tx.Callback(key.channel, 0)
	switch {
	case err != nil && !errors.Is(err, store.ErrNoRow):
		return err
	case err == nil && common.HTTP != no && common.StatusURL != "":
		return nil
	}
	return group.Errorf(group.CodeBadCallback,
		"HttpFlag is Y and there is no address to push to, of the number or of its channel; give StatusCallbackUrl or UpCallbackUrl, or HttpFlag N.")
}

// check refuses what can be refused without looking at the store. barred says why nothing is ever pushed to a host.
func (w *WebhookChange) check(barred func(host string) string) error {
	for _, u := range []struct {
		name string
		url  *string
	}{{"StatusCallbackUrl", w.StatusURL}, {"UpCallbackUrl", w.UpURL}} {
		if u.url != nil && *u.url != "" {
			if err := checkCallbackURL(u.name, *u.url, barred); err != nil {
				return err
			}
		}
	}
	for _, f := range []struct {
		name string
		flag *string
	}{{"HttpFlag", w.HTTP}, {"QueueFlag", w.Queue}} {
		if f.flag == nil {
			continue
		}
		*f.flag = strings.ToUpper(*f.flag)
		if *f.flag != yes && *f.flag != no && *f.flag != "" {
			return group.Errorf(group.CodeBadCallback, "%s must be Y or N.", f.name)
		}
	}
	if w.Secret != nil && *w.Secret != "" && receipt.CheckSecret(*w.Secret) != nil {
		return group.Errorf(group.CodeBadCallback, "SigningSecret must be whsec_ and, in base64, 24 to 64 random bytes; empty takes it away.")
	}
	return nil
}

func checkCallbackURL(name, text string, barred func(host string) string) error {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxCallbackURL:
		return group.Errorf(group.CodeBadCallback, "%s is longer than %d characters; give a shorter address.", name, maxCallbackURL)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return group.Errorf(group.CodeBadCallback, "%s must be an address such as https://example.com/receipts.", name)
	case u.User != nil:
		return group.Errorf(group.CodeBadCallback, "%s must hold no user name or password; sign receipts with a SigningSecret instead.", name)
	}
	if why := barred(u.Hostname()); why != "" {
		return group.Errorf(group.CodeBadCallback, "%s names an address (%s) to which this server does not push; give a public one, or have the "+
			"operator allow it with rollcall serve --callback-allow CIDR.", name, why)
	}
	return nil
}
