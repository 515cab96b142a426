package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
)

// tokenWarning is how long before its end a token is warned of.
const tokenWarning = 7 * 24 * time.Hour

// number asks the network what a number still lacks for groups.
func (e *examination) number(ctx context.Context, client *graph.Client, n *group.BusinessNumber) {
	creds := graph.Credentials{PhoneNumberID: n.PhoneNumberID, AccountID: n.WABAID, Token: n.Token}
	name := "number " + n.Number.Masked()
	seen, err := client.PhoneNumber(ctx, creds)
	switch {
	case err != nil && graph.ClassOf(err) == graph.Auth:
		e.add(Fail, name, "the network refuses its token (%v); bind it again with a new one", err)
		return
	case err != nil:
		e.add(Warn, name, "the network could not be asked: %v", err)
		return
	case !graph.SamePerson(seen.DisplayPhoneNumber, n.Number.String()):
		e.add(Fail, name, "the network knows its phone-number id as another number; bind the right id")
		return
	}
	before := len(e.findings)
	e.standing(name, &seen)
	e.permissions(ctx, client, name, creds)
	if len(e.findings) == before {
		e.add(Fine, name, "the network takes its token, and it lacks nothing")
	}
}

// standing tells what the network has against a number. Source: Meta, WhatsApp Groups API, getting started, for what groups need.
func (e *examination) standing(name string, seen *graph.PhoneNumber) {
	switch seen.Status {
	case "CONNECTED":
	case "":
		e.add(Warn, name, "the network does not say whether it is connected; look into Meta's WhatsApp Manager")
	default:
		e.add(Fail, name, "the network says it is %s, and only a CONNECTED number works; register it in Meta's WhatsApp Manager", seen.Status)
	}
	if seen.CodeVerificationStatus != "VERIFIED" && seen.Status != "CONNECTED" {
		e.add(Warn, name, "it is not verified; let Meta's WhatsApp Manager send a code to it")
	}
	if !seen.OfficialAccount {
		e.add(Warn, name, "it is no official business account, which Meta asks for before it lets a number have groups; apply for it in WhatsApp Manager")
	}
	if !slices.Contains([]string{"APPROVED", "AVAILABLE_WITHOUT_REVIEW", ""}, seen.NameStatus) {
		e.add(Warn, name, "its name is not approved (%s); change it or wait for Meta's review", seen.NameStatus)
	}
	if seen.QualityRating == "RED" {
		e.add(Warn, name, "its quality is RED; Meta may restrict it when people go on blocking it")
	}
}

// permissions tells what a token lacks, and whether webhooks of its account come.
func (e *examination) permissions(ctx context.Context, client *graph.Client, name string, creds graph.Credentials) {
	token, err := client.InspectToken(ctx, creds)
	if err != nil {
		e.add(Warn, name, "the network does not say what its token may do: %v", err)
		return
	}
	switch left := time.Until(token.ExpiresAt); {
	case !token.Valid:
		e.add(Fail, name, "its token is not valid any more; bind it again with a new one")
		return
	case !token.ExpiresAt.IsZero() && left < tokenWarning:
		e.add(Warn, name, "its token ends on %s; bind it again with one of a system user, which does not end", token.ExpiresAt.Format(time.DateOnly))
	}
	for _, scope := range []string{graph.ScopeMessaging, graph.ScopeManagement} {
		if !slices.Contains(token.Scopes, scope) {
			e.add(Fail, name, "its token lacks the permission %s; make one that has it, and bind the number again", scope)
		}
	}
	e.apps[token.AppID] = true
	apps, err := client.SubscribedApps(ctx, creds)
	switch {
	case err != nil:
		e.add(Warn, name, "the network does not say which apps get its webhooks: %v", err)
	case !slices.Contains(apps, token.AppID):
		e.add(Fail, name, "the app %s does not get the webhooks of the business account %s; subscribe it with POST /%s/subscribed_apps",
			token.AppID, creds.AccountID, creds.AccountID)
	}
}

// neededFields are the webhooks that Rollcall lives by. Source: Meta, WhatsApp Groups API, webhooks page.
var neededFields = []string{"group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update", "messages"}

// webhooks tells whether each app sends what is needed. Only the app's own secret opens that.
func (e *examination) webhooks(ctx context.Context, client *graph.Client) {
	if len(e.apps) == 0 {
		return
	}
	if e.cfg.Meta.AppSecretFile == "" {
		e.add(Warn, "webhooks", "which fields are subscribed to is not known without the app's secret; give --app-secret-file")
		return
	}
	secret, err := ReadSecretText(e.cfg.Meta.AppSecretFile)
	if err != nil {
		e.add(Fail, "webhooks", "%v", err)
		return
	}
	for app := range e.apps {
		e.subscriptions(ctx, client, app, secret)
	}
}

func (e *examination) subscriptions(ctx context.Context, client *graph.Client, app, secret string) {
	found, err := client.Subscriptions(ctx, graph.Credentials{Token: app + "|" + secret}, app)
	if err != nil {
		e.add(Fail, "webhooks", "the network does not say what the app %s is subscribed to (%v); look whether the secret is this app's", app, err)
		return
	}
	missing := slices.Clone(neededFields)
	for _, s := range found {
		if s.Object == "whatsapp_business_account" && s.Active {
			missing = slices.DeleteFunc(missing, func(field string) bool { return slices.Contains(s.Fields, field) })
		}
	}
	if len(missing) > 0 {
		e.add(Fail, "webhooks", "the app %s is not subscribed to %s; subscribe it in the app's dashboard, with the address /meta/webhook of this server",
			app, strings.Join(missing, ", "))
		return
	}
	e.add(Fine, "webhooks", "the app %s is subscribed to messages and the four group fields", app)
}
