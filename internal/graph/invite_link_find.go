package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// FindInviteLink reads the group's current link and gives "" only when the group surely has none. Meta documents no code for
// that; what it answers about things that are not there is 100, which it answers about anything else that is wrong with a
// request as well. So a hundred, or an answer without a link, counts only while the group itself can be read.
func (c *Client) FindInviteLink(ctx context.Context, creds Credentials, groupID string) (string, error) {
	link, err := c.InviteLink(ctx, creds, groupID)
	if err == nil || !lacksLink(err) {
		return link, err
	}
	if _, err := c.Group(ctx, creds, groupID, "subject"); err != nil {
		return "", fmt.Errorf("find invite link: %w", err)
	}
	return "", nil
}

// MayLackLink tells whether an error of a call about the invite link can mean that there is none. FindInviteLink then tells.
func MayLackLink(err error) bool { return CodeOf(err) == CodeInvalidParameter }

// lacksLink tells whether the answer to reading a link is one of those that a group without a link can give.
func lacksLink(err error) bool {
	var e *Error
	understood := errors.As(err, &e) && e.HTTPStatus == http.StatusOK && e.Code == 0 && e.Err == nil && e.Unreadable
	return understood || MayLackLink(err)
}
