package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Token is what the network says of an access token.
type Token struct {
	AppID     string
	Valid     bool
	ExpiresAt time.Time // zero for one that does not expire
	Scopes    []string  // the permissions it has
}

// The permissions that group operations and their webhooks need. Source: Meta, WhatsApp Groups API, getting started; webhooks
// overview.
const (
	ScopeMessaging  = "whatsapp_business_messaging"
	ScopeManagement = "whatsapp_business_management"
)

// InspectToken asks what the token of the credentials may do. Source: Meta, Graph API, reference of debug_token.
func (c *Client) InspectToken(ctx context.Context, creds Credentials) (Token, error) {
	var out struct {
		Data struct {
			AppID   text       `json:"app_id"`
			Valid   flag       `json:"is_valid"`
			Expires number     `json:"expires_at"`
			Scopes  list[text] `json:"scopes"`
		} `json:"data"`
	}
	k := call{method: http.MethodGet, id: "debug_token", query: url.Values{"input_token": {creds.Token}}}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		hideAddress(err)
		return Token{}, fmt.Errorf("inspect token: %w", err)
	}
	t := Token{AppID: string(out.Data.AppID), Valid: bool(out.Data.Valid), ExpiresAt: out.Data.Expires.time()}
	for _, s := range out.Data.Scopes {
		t.Scopes = append(t.Scopes, string(s))
	}
	return t, nil
}

// hideAddress takes the address of a call out of an error of the transport, because it holds the token.
func hideAddress(err error) {
	var e *Error
	var at *url.Error
	if errors.As(err, &e) && errors.As(e.Err, &at) {
		e.Err = at.Err
	}
}

// Subscription says which webhooks an app gets, and where.
type Subscription struct {
	Object      string // such as "whatsapp_business_account"
	CallbackURL string
	Active      bool
	Fields      []string
}

// Subscriptions reads where the webhooks of an app go. The app's own token is its id and its secret, which the credentials have to
// carry as "id|secret". Source: Meta, Graph API, reference of the app's subscriptions.
func (c *Client) Subscriptions(ctx context.Context, creds Credentials, appID string) ([]Subscription, error) {
	var out struct {
		Data list[struct {
			Object   text `json:"object"`
			Callback text `json:"callback_url"`
			Active   flag `json:"active"`
			Fields   list[struct {
				Name text `json:"name"`
			}] `json:"fields"`
		}] `json:"data"`
	}
	if err := c.fetch(ctx, creds, call{method: http.MethodGet, id: appID, edge: "subscriptions"}, &out); err != nil {
		return nil, fmt.Errorf("read the subscriptions of app %s: %w", appID, err)
	}
	var found []Subscription
	for _, row := range out.Data {
		s := Subscription{Object: string(row.Object), CallbackURL: string(row.Callback), Active: bool(row.Active)}
		for _, f := range row.Fields {
			s.Fields = append(s.Fields, string(f.Name))
		}
		found = append(found, s)
	}
	return found, nil
}
