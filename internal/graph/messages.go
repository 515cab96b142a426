package graph

import (
	"context"
	"fmt"
	"net/http"
)

// MaxCallbackData is the most characters that CallbackData can hold.
const MaxCallbackData = 512

// GroupText is a text message to a group.
type GroupText struct {
	GroupID      string
	Body         string
	CallbackData string // comes back in each status of the message; at most MaxCallbackData characters
}

// SendText sends a text to a group and returns the message's id (wamid). Acceptance is not delivery: that comes by
// webhook (MessageStatus), for each participant. A group that nobody has joined is CodeGroupEmpty.
func (c *Client) SendText(ctx context.Context, creds Credentials, message GroupText) (string, error) {
	payload := outgoingText{
		Product: product, RecipientType: "group", To: message.GroupID, Type: "text", CallbackData: message.CallbackData,
	}
	payload.Text.Body = message.Body
	k, err := call{method: http.MethodPost, id: creds.PhoneNumberID, edge: "messages"}.withJSON(payload)
	if err != nil {
		return "", fmt.Errorf("send text to %s: %w", message.GroupID, err)
	}
	var out struct {
		Messages list[struct {
			ID text `json:"id"`
		}] `json:"messages"`
	}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		return "", fmt.Errorf("send text to %s: %w", message.GroupID, err)
	}
	if len(out.Messages) == 0 || out.Messages[0].ID == "" {
		return "", fmt.Errorf("send text to %s: %w", message.GroupID, missing("the network's answer holds no message id"))
	}
	return string(out.Messages[0].ID), nil
}

type outgoingText struct {
	Product       string `json:"messaging_product"`
	RecipientType string `json:"recipient_type"`
	To            string `json:"to"`
	Type          string `json:"type"`
	Text          struct {
		Body string `json:"body"`
	} `json:"text"`
	CallbackData string `json:"biz_opaque_callback_data,omitempty"`
}
