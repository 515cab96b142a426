package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// BusinessAccount is a WhatsApp business account as the network knows it. What it does not say is empty.
type BusinessAccount struct {
	ID                string
	Name              string
	Currency          string // ISO 4217
	ReviewStatus      string // PENDING, APPROVED, REJECTED or DISABLED
	TemplateNamespace string
	BusinessID        string // of the business portfolio that owns it
	BusinessName      string
}

// accountFields are those of an account. Source: Meta, WhatsApp Business Platform, reference of the business account.
const accountFields = "id,name,currency,account_review_status,message_template_namespace,owner_business_info"

// BusinessAccount reads the business account of the credentials.
func (c *Client) BusinessAccount(ctx context.Context, creds Credentials) (BusinessAccount, error) {
	var out struct {
		ID        text `json:"id"`
		Name      text `json:"name"`
		Currency  text `json:"currency"`
		Review    text `json:"account_review_status"`
		Namespace text `json:"message_template_namespace"`
		Owner     struct {
			ID   text `json:"id"`
			Name text `json:"name"`
		} `json:"owner_business_info"`
	}
	k := call{method: http.MethodGet, id: creds.AccountID, query: url.Values{"fields": {accountFields}}}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		return BusinessAccount{}, fmt.Errorf("read business account %s: %w", creds.AccountID, err)
	}
	return BusinessAccount{ID: string(out.ID), Name: string(out.Name), Currency: string(out.Currency), ReviewStatus: string(out.Review),
		TemplateNamespace: string(out.Namespace), BusinessID: string(out.Owner.ID), BusinessName: string(out.Owner.Name)}, nil
}

// SubscribeApp subscribes the app of the token to the webhooks of a WhatsApp business account. Doing it again is
// harmless.
func (c *Client) SubscribeApp(ctx context.Context, creds Credentials, wabaID string) error {
	if _, err := c.do(ctx, creds, call{method: http.MethodPost, id: wabaID, edge: "subscribed_apps"}); err != nil {
		return fmt.Errorf("subscribe app to %s: %w", wabaID, err)
	}
	return nil
}

// SubscribedApps gives the ids of the apps that get the webhooks of the business account of the credentials.
func (c *Client) SubscribedApps(ctx context.Context, creds Credentials) ([]string, error) {
	var out struct {
		Data list[struct {
			App struct {
				ID text `json:"id"`
			} `json:"whatsapp_business_api_data"`
		}] `json:"data"`
	}
	if err := c.fetch(ctx, creds, call{method: http.MethodGet, id: creds.AccountID, edge: "subscribed_apps"}, &out); err != nil {
		return nil, fmt.Errorf("list the apps of %s: %w", creds.AccountID, err)
	}
	ids := make([]string, 0, len(out.Data))
	for _, row := range out.Data {
		ids = append(ids, string(row.App.ID))
	}
	return ids, nil
}
