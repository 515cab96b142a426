package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Roll is a group with those who are in it at one moment.
type Roll struct {
	Subject     string
	Description string
	Suspended   bool
	Numbers     []string // digits, each person once; people whose number the network hides are left out
	// Complete says that nobody is left out: everybody in the list has a number, and the list is as long as the network
	// counts. Only then is somebody who is not listed surely not in the group.
	Complete bool
}

// Roll reads who is in a group, and its settings. The network may leave the number of a person out who goes by a username
// (Meta, WhatsApp business-scoped user ids page). A group that does not exist, or that the number is not in, is
// CodeGroupUnknown.
func (c *Client) Roll(ctx context.Context, creds Credentials, groupID string) (Roll, error) {
	var out struct {
		Subject      text                  `json:"subject"`
		Description  text                  `json:"description"`
		Suspended    flag                  `json:"suspended"`
		Participants list[json.RawMessage] `json:"participants"`
		Total        *number               `json:"total_participant_count"`
	}
	k := call{method: http.MethodGet, id: groupID,
		query: url.Values{"fields": {"subject,description,suspended,participants,total_participant_count"}}}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		return Roll{}, fmt.Errorf("read people of %s: %w", groupID, err)
	}
	r := Roll{Subject: string(out.Subject), Description: string(out.Description), Suspended: bool(out.Suspended),
		Numbers: numbersOf(out.Participants)}
	r.Complete = len(r.Numbers) == len(out.Participants)
	if out.Total != nil {
		r.Complete = r.Complete && int64(*out.Total) == int64(len(r.Numbers))
	} else {
		r.Complete = r.Complete && out.Participants != nil // without a count, nothing is not the same as nobody
	}
	return r, nil
}

// numbersOf gives every number once.
func numbersOf(people []json.RawMessage) []string {
	seen := make(map[string]bool, len(people))
	var numbers []string
	for _, raw := range people {
		var w wireParticipant
		if decode(raw, &w) != nil {
			continue
		}
		if n := w.toParticipant().Number(); n != "" && !seen[n] {
			seen[n] = true
			numbers = append(numbers, n)
		}
	}
	return numbers
}
