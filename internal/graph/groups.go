package graph

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Ways to let people in. A group keeps the one it was made with.
const (
	AutoApprove      = "auto_approve"
	ApprovalRequired = "approval_required"
)

// MaxPageSize is the most groups one page of a listing can hold.
const MaxPageSize = 1024

// NewGroup is what a group is made of.
type NewGroup struct {
	Subject          string // 1 to 128 characters
	Description      string // at most 2048 characters; may be empty
	JoinApprovalMode string // AutoApprove or ApprovalRequired; empty is AutoApprove
}

// CreateGroup asks for a group. Its id and invite link come by webhook (GroupCreate) under the request id.
// After an error with an unknown outcome the group may exist: look for it in ListGroups before asking again.
func (c *Client) CreateGroup(ctx context.Context, creds Credentials, group NewGroup) (Accepted, error) {
	k, err := call{method: http.MethodPost, id: creds.PhoneNumberID, edge: "groups"}.withJSON(struct {
		Product     string `json:"messaging_product"`
		Subject     string `json:"subject"`
		Description string `json:"description,omitempty"`
		Mode        string `json:"join_approval_mode,omitempty"`
	}{product, group.Subject, group.Description, group.JoinApprovalMode})
	if err != nil {
		return Accepted{}, fmt.Errorf("create group: %w", err)
	}
	got, err := c.accept(ctx, creds, k)
	if err != nil {
		return got, fmt.Errorf("create group: %w", err)
	}
	return got, nil
}

// GroupSummary is one line of a listing.
type GroupSummary struct {
	ID        string
	Subject   string
	CreatedAt time.Time // whole seconds, UTC
}

// GroupPage is one page of a listing. A page may hold fewer groups than asked for and not be the last.
type GroupPage struct {
	Groups []GroupSummary
	Next   string // the cursor of the next page; empty on the last one. Cursors expire: do not store them
}

// ListGroups reads one page of the number's active groups. limit is 1 to MaxPageSize, 0 for the network's default (25);
// after is the Next of the page before, empty for the first. CodeCursorExpired means: start from the first page again.
func (c *Client) ListGroups(ctx context.Context, creds Credentials, limit int, after string) (GroupPage, error) {
	if limit < 0 || limit > MaxPageSize {
		return GroupPage{}, fmt.Errorf("list groups: %w", invalid("limit must be 0 to 1024"))
	}
	query := url.Values{}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if after != "" {
		query.Set("after", after)
	}
	var out wireGroupPage
	k := call{method: http.MethodGet, id: creds.PhoneNumberID, edge: "groups", query: query}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		return GroupPage{}, fmt.Errorf("list groups: %w", err)
	}
	page := GroupPage{Next: out.Paging.next(after)}
	for _, g := range out.Data.Groups {
		page.Groups = append(page.Groups, GroupSummary{string(g.ID), string(g.Subject), g.CreatedAt.time()})
	}
	return page, nil
}

type wireGroupPage struct {
	Data struct {
		Groups list[struct {
			ID        text   `json:"id"`
			Subject   text   `json:"subject"`
			CreatedAt number `json:"created_at"`
		}] `json:"groups"`
	} `json:"data"`
	Paging wirePaging `json:"paging"`
}

type wirePaging struct {
	Cursors struct {
		After text `json:"after"`
	} `json:"cursors"`
	Next text `json:"next"`
}

// next returns the cursor after this page. Only a missing `next` ends a listing; a cursor that repeats ends it too,
// since following it would never end.
func (p wirePaging) next(current string) string {
	if p.Next == "" {
		return ""
	}
	after := string(p.Cursors.After)
	if after == "" {
		if u, err := url.Parse(string(p.Next)); err == nil {
			after = u.Query().Get("after")
		}
	}
	if after == current {
		return ""
	}
	return after
}

// Group is what the network knows of a group. Only the asked fields are set.
type Group struct {
	ID                    string
	Subject               string
	Description           string
	Suspended             bool
	CreatedAt             time.Time // whole seconds, UTC
	Participants          []Participant
	TotalParticipantCount int // without the business
	JoinApprovalMode      string
}

// GroupFields are all fields that Group can ask for.
var GroupFields = []string{
	"subject", "description", "suspended", "creation_timestamp", "participants", "total_participant_count", "join_approval_mode",
}

// Group reads a group: the given fields, or all of GroupFields when none is given. A group that does not exist, or that
// the number is not in, is CodeGroupUnknown.
func (c *Client) Group(ctx context.Context, creds Credentials, groupID string, fields ...string) (Group, error) {
	if len(fields) == 0 {
		fields = GroupFields
	}
	var out struct {
		ID           text                  `json:"id"`
		Subject      text                  `json:"subject"`
		Description  text                  `json:"description"`
		Suspended    flag                  `json:"suspended"`
		CreatedAt    number                `json:"creation_timestamp"`
		Participants list[wireParticipant] `json:"participants"`
		Total        number                `json:"total_participant_count"`
		Mode         text                  `json:"join_approval_mode"`
	}
	k := call{method: http.MethodGet, id: groupID, query: url.Values{"fields": {strings.Join(fields, ",")}}}
	if err := c.fetch(ctx, creds, k, &out); err != nil {
		return Group{}, fmt.Errorf("read group %s: %w", groupID, err)
	}
	return Group{
		ID: string(out.ID), Subject: string(out.Subject), Description: string(out.Description),
		Suspended: bool(out.Suspended), CreatedAt: out.CreatedAt.time(), Participants: toParticipants(out.Participants),
		TotalParticipantCount: int(out.Total), JoinApprovalMode: string(out.Mode),
	}, nil
}

// GroupUpdate names the settings to change; nil leaves one as it is.
type GroupUpdate struct {
	Subject     *string // 1 to 128 characters
	Description *string // at most 2048 characters
}

// UpdateGroup asks for new settings. What became of each comes by webhook (SettingsUpdate).
func (c *Client) UpdateGroup(ctx context.Context, creds Credentials, groupID string, update GroupUpdate) (Accepted, error) {
	if update.Subject == nil && update.Description == nil {
		return Accepted{}, fmt.Errorf("update group %s: %w", groupID, invalid("nothing to change"))
	}
	k, err := call{method: http.MethodPost, id: groupID, mayBeEmpty: true}.withJSON(struct {
		Product     string  `json:"messaging_product"`
		Subject     *string `json:"subject,omitempty"`
		Description *string `json:"description,omitempty"`
	}{product, update.Subject, update.Description})
	if err != nil {
		return Accepted{}, fmt.Errorf("update group %s: %w", groupID, err)
	}
	got, err := c.accept(ctx, creds, k)
	if err != nil {
		return got, fmt.Errorf("update group %s: %w", groupID, err)
	}
	return got, nil
}

// UploadPicture asks for a new picture, and in the same call for the settings named in update. The picture is a JPEG of
// at most 5 MB, square, at least 192 pixels wide. What became of each comes by webhook (SettingsUpdate).
func (c *Client) UploadPicture(
	ctx context.Context, creds Credentials, groupID string, jpeg []byte, update GroupUpdate,
) (Accepted, error) {
	var form bytes.Buffer
	contentType, err := writePictureForm(&form, jpeg, update)
	if err != nil {
		return Accepted{}, fmt.Errorf("upload picture of %s: %w", groupID, err)
	}
	k := call{method: http.MethodPost, id: groupID, body: form.Bytes(), contentType: contentType, mayBeEmpty: true}
	got, err := c.accept(ctx, creds, k)
	if err != nil {
		return got, fmt.Errorf("upload picture of %s: %w", groupID, err)
	}
	return got, nil
}

func writePictureForm(form *bytes.Buffer, jpeg []byte, update GroupUpdate) (contentType string, err error) {
	w := multipart.NewWriter(form)
	fields := []struct {
		name  string
		value *string
	}{{"messaging_product", new(product)}, {"subject", update.Subject}, {"description", update.Description}}
	for _, f := range fields {
		if f.value == nil {
			continue
		}
		if err := w.WriteField(f.name, *f.value); err != nil {
			return "", err
		}
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="picture.jpg"`},
		"Content-Type":        {"image/jpeg"},
	})
	if err != nil {
		return "", err
	}
	if _, err := part.Write(jpeg); err != nil {
		return "", err
	}
	return w.FormDataContentType(), w.Close()
}

// DeleteGroup asks for the end of a group; everybody leaves it, the business included. That it happened comes by webhook
// (GroupDelete). A group that is gone already is CodeGroupUnknown.
func (c *Client) DeleteGroup(ctx context.Context, creds Credentials, groupID string) (Accepted, error) {
	got, err := c.accept(ctx, creds, call{method: http.MethodDelete, id: groupID, mayBeEmpty: true})
	if err != nil {
		return got, fmt.Errorf("delete group %s: %w", groupID, err)
	}
	return got, nil
}
