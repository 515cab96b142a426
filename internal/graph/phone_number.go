package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// PhoneNumber is a business number as the network knows it.
type PhoneNumber struct {
	ID                 string
	DisplayPhoneNumber string // as people write it
	VerifiedName       string
}

// PhoneNumber reads the number of the credentials. It changes nothing and so also tells whether the token is good.
func (c *Client) PhoneNumber(ctx context.Context, creds Credentials) (PhoneNumber, error) {
	var out struct {
		ID      text `json:"id"`
		Display text `json:"display_phone_number"`
		Name    text `json:"verified_name"`
	}
	query := url.Values{"fields": {"id,display_phone_number,verified_name"}}
	if err := c.fetch(ctx, creds, call{method: http.MethodGet, id: creds.PhoneNumberID, query: query}, &out); err != nil {
		return PhoneNumber{}, fmt.Errorf("read phone number %s: %w", creds.PhoneNumberID, err)
	}
	return PhoneNumber{ID: string(out.ID), DisplayPhoneNumber: string(out.Display), VerifiedName: string(out.Name)}, nil
}

// SubscribeApp subscribes the app of the token to the webhooks of a WhatsApp business account. Doing it again is
// harmless.
func (c *Client) SubscribeApp(ctx context.Context, creds Credentials, wabaID string) error {
	if _, err := c.do(ctx, creds, call{method: http.MethodPost, id: wabaID, edge: "subscribed_apps"}); err != nil {
		return fmt.Errorf("subscribe app to %s: %w", wabaID, err)
	}
	return nil
}
