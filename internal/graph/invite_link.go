package graph

import (
	"context"
	"fmt"
	"net/http"
)

// onlyProduct is the body of the calls that say nothing else.
type onlyProduct struct {
	Product string `json:"messaging_product"`
}

// InviteLink reads the group's current link, such as https://chat.whatsapp.com/<LINK_ID>.
func (c *Client) InviteLink(ctx context.Context, creds Credentials, groupID string) (string, error) {
	link, err := c.inviteLink(ctx, creds, call{method: http.MethodGet, id: groupID, edge: "invite_link"})
	if err != nil {
		return "", fmt.Errorf("read invite link of %s: %w", groupID, err)
	}
	return link, nil
}

// ResetInviteLink makes a new link; every earlier link of the group is dead at once.
func (c *Client) ResetInviteLink(ctx context.Context, creds Credentials, groupID string) (string, error) {
	k, err := call{method: http.MethodPost, id: groupID, edge: "invite_link"}.withJSON(onlyProduct{product})
	if err != nil {
		return "", fmt.Errorf("reset invite link of %s: %w", groupID, err)
	}
	link, err := c.inviteLink(ctx, creds, k)
	if err != nil {
		return "", fmt.Errorf("reset invite link of %s: %w", groupID, err)
	}
	return link, nil
}

// DeleteInviteLink ends the current link and makes no new one.
func (c *Client) DeleteInviteLink(ctx context.Context, creds Credentials, groupID string) error {
	k, err := call{method: http.MethodDelete, id: groupID, edge: "invite_link", mayBeEmpty: true}.withJSON(onlyProduct{product})
	if err != nil {
		return fmt.Errorf("delete invite link of %s: %w", groupID, err)
	}
	if _, err := c.do(ctx, creds, k); err != nil {
		return fmt.Errorf("delete invite link of %s: %w", groupID, err)
	}
	return nil
}

func (c *Client) inviteLink(ctx context.Context, creds Credentials, k call) (string, error) {
	var out struct {
		InviteLink text `json:"invite_link"`
	}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		return "", err
	}
	if out.InviteLink == "" {
		return "", missing("the network's answer holds no invite link")
	}
	return string(out.InviteLink), nil
}

// missing is an answer that lacks the one thing it was asked for.
func missing(title string) *Error {
	return &Error{HTTPStatus: http.StatusOK, Title: title, Unreadable: true}
}
