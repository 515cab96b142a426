package graph

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCreateGroup(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"messaging_product":"whatsapp","request_id":"AB12"}`)
	got, err := c.CreateGroup(t.Context(), creds, NewGroup{Subject: "S", Description: "D", JoinApprovalMode: ApprovalRequired})
	if err != nil || got.RequestID != "AB12" {
		t.Fatalf("got %+v, %v", got, err)
	}
	wantRequest(t, seen, "POST /v25.0/106540352242922/groups",
		`{"messaging_product":"whatsapp","subject":"S","description":"D","join_approval_mode":"approval_required"}`)
	if _, err := c.CreateGroup(t.Context(), creds, NewGroup{Subject: "S"}); err != nil {
		t.Fatal(err)
	}
	wantRequest(t, seen, "POST /v25.0/106540352242922/groups", `{"messaging_product":"whatsapp","subject":"S"}`)
}

func TestListGroups(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"data":{"groups":[{"id":"G1","subject":"S1","created_at":"1755548877"},{"id":"G2","created_at":5}]},
		"paging":{"cursors":{"after":"C2","before":"C0"},"next":"https://graph.facebook.com/next"}}`)
	got, err := c.ListGroups(t.Context(), creds, 2, "C1")
	if err != nil {
		t.Fatal(err)
	}
	want := GroupPage{Next: "C2", Groups: []GroupSummary{
		{"G1", "S1", time.Unix(1755548877, 0).UTC()}, {"G2", "", time.Unix(5, 0).UTC()},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	wantRequest(t, seen, "GET /v25.0/106540352242922/groups?after=C1&limit=2", "")
	if _, err := c.ListGroups(t.Context(), creds, 0, ""); err != nil {
		t.Fatal(err)
	}
	wantRequest(t, seen, "GET /v25.0/106540352242922/groups", "")
}

func TestListGroupsNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"no paging", `{"data":{"groups":[]}}`, ""},
		{"cursor without next is the end", `{"data":{},"paging":{"cursors":{"after":"B"}}}`, ""},
		{"short page with next goes on", `{"data":{"groups":[]},"paging":{"cursors":{"after":"B"},"next":"https://x/?after=B"}}`, "B"},
		{"cursor only in next", `{"data":{},"paging":{"next":"https://x/y?limit=2&after=B%3D"}}`, "B="},
		{"repeated cursor ends", `{"data":{},"paging":{"cursors":{"after":"A"},"next":"https://x/?after=A"}}`, ""},
		{"odd data", `{"data":[1],"paging":"odd"}`, ""},
	} {
		client, _ := answering(t, 200, c.body)
		if got, err := client.ListGroups(t.Context(), creds, 0, "A"); err != nil || got.Next != c.want {
			t.Errorf("%s: next is %q, %v; want %q", c.name, got.Next, err, c.want)
		}
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	want := Group{
		ID: "G", Subject: "S", Description: "D", Suspended: true, CreatedAt: time.Unix(1755548877, 0).UTC(),
		TotalParticipantCount: 2, JoinApprovalMode: AutoApprove, Participants: []Participant{
			{WaID: "16505551234", UserID: "US.1", ParentUserID: "US.ENT.1", Username: "@x"}, {UserID: "US.2"},
		},
	}
	typed := `{"messaging_product":"whatsapp","id":"G","subject":"S","creation_timestamp":1755548877,"suspended":true,
		"description":"D","total_participant_count":2,"join_approval_mode":"auto_approve","participants":[
		{"wa_id":"16505551234","user_id":"US.1","parent_user_id":"US.ENT.1","username":"@x"},{"user_id":"US.2"},{},7]}`
	quoted := strings.NewReplacer("1755548877", `"1755548877"`, "true", `"true"`, `count":2`, `count":"2"`,
		`"16505551234"`, `16505551234`).Replace(typed)
	for _, body := range []string{typed, quoted} {
		c, seen := answering(t, 200, body)
		got, err := c.Group(t.Context(), creds, "G")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("group (-want +got):\n%s", diff)
		}
		wantRequest(t, seen, "GET /v25.0/G?fields=subject%2Cdescription%2Csuspended%2Ccreation_timestamp%2Cparticipants%2C"+
			"total_participant_count%2Cjoin_approval_mode", "")
	}
}

func TestUpdateGroup(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"messaging_product":"whatsapp","request_id":"AB12"}`)
	got, err := c.UpdateGroup(t.Context(), creds, "G", GroupUpdate{Subject: new("S"), Description: new("")})
	if err != nil || got.RequestID != "AB12" {
		t.Fatalf("got %+v, %v", got, err)
	}
	wantRequest(t, seen, "POST /v25.0/G", `{"messaging_product":"whatsapp","subject":"S","description":""}`)
}

func TestUploadPicture(t *testing.T) {
	t.Parallel()
	type part struct{ Name, Filename, ContentType, Content string }
	seen := make(chan []part, 1)
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil {
			t.Error(err)
		}
		var parts []part
		for form := multipart.NewReader(r.Body, params["boundary"]); ; {
			p, err := form.NextPart()
			if err != nil {
				break
			}
			content, _ := io.ReadAll(p)
			parts = append(parts, part{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), string(content)})
		}
		seen <- parts
		_, _ = io.WriteString(w, `{"request_id":"AB12"}`)
	})
	got, err := c.UploadPicture(t.Context(), creds, "G", []byte("\xff\xd8jpeg"), GroupUpdate{Subject: new("S")})
	if err != nil || got.RequestID != "AB12" {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := []part{
		{"messaging_product", "", "", "whatsapp"}, {"subject", "", "", "S"}, {"file", "picture.jpg", "image/jpeg", "\xff\xd8jpeg"},
	}
	if diff := cmp.Diff(want, <-seen); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
}

func TestDeleteGroup(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"success":true}`: "", `{"success":"true"}`: "", `{"success":true,"request_id":"AB12"}`: "AB12",
	} {
		c, seen := answering(t, 200, body)
		got, err := c.DeleteGroup(t.Context(), creds, "G")
		if err != nil || got.RequestID != want {
			t.Errorf("%s: got %+v, %v", body, got, err)
		}
		wantRequest(t, seen, "DELETE /v25.0/G", "")
	}
}

func TestInviteLink(t *testing.T) {
	t.Parallel()
	const link = "https://chat.whatsapp.com/AbC"
	c, seen := answering(t, 200, `{"messaging_product":"whatsapp","invite_link":"`+link+`"}`)
	if got, err := c.InviteLink(t.Context(), creds, "G"); err != nil || got != link {
		t.Errorf("got %q, %v", got, err)
	}
	wantRequest(t, seen, "GET /v25.0/G/invite_link", "")
	if got, err := c.ResetInviteLink(t.Context(), creds, "G"); err != nil || got != link {
		t.Errorf("got %q, %v", got, err)
	}
	wantRequest(t, seen, "POST /v25.0/G/invite_link", `{"messaging_product":"whatsapp"}`)

	c, seen = answering(t, 200, `{"messaging_product":"whatsapp","success":"true"}`)
	if err := c.DeleteInviteLink(t.Context(), creds, "G"); err != nil {
		t.Error(err)
	}
	wantRequest(t, seen, "DELETE /v25.0/G/invite_link", `{"messaging_product":"whatsapp"}`)
	_, err := c.InviteLink(t.Context(), creds, "G")
	wantError(t, err, Temporary, 0)
}

func TestSendText(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"messaging_product":"whatsapp","contacts":[{"input":"G","wa_id":"G"}],
		"messages":[{"id":"wamid.1","group_id":"G"}]}`)
	id, err := c.Send(t.Context(), creds, Outgoing{Group: true, To: "G", Body: TextBody{Body: "hello"}, CallbackData: "op-1"})
	if err != nil || id != "wamid.1" {
		t.Fatalf("got %q, %v", id, err)
	}
	wantRequest(t, seen, "POST /v25.0/106540352242922/messages", `{"biz_opaque_callback_data":"op-1","messaging_product":"whatsapp",`+
		`"recipient_type":"group","text":{"body":"hello"},"to":"G","type":"text"}`)
	c, _ = answering(t, 200, `{"messages":[]}`)
	_, err = c.Send(t.Context(), creds, Outgoing{Group: true, To: "G", Body: TextBody{Body: "hello"}})
	wantError(t, err, Temporary, 0)
}

func TestSubscribeAppAndPhoneNumber(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"success":true,"id":"106540352242922","display_phone_number":"+1 555-078-3881","verified_name":"N",
		"status":"CONNECTED","quality_rating":"GREEN","messaging_limit_tier":"TIER_1K","code_verification_status":"VERIFIED",
		"name_status":"APPROVED","new_name_status":"NONE","is_official_business_account":"true"}`)
	if err := c.SubscribeApp(t.Context(), creds, "W"); err != nil {
		t.Error(err)
	}
	wantRequest(t, seen, "POST /v25.0/W/subscribed_apps", "")
	got, err := c.PhoneNumber(t.Context(), creds)
	if want := (PhoneNumber{"106540352242922", "+1 555-078-3881", "N", "CONNECTED", "GREEN", "TIER_1K", "VERIFIED", "APPROVED", "NONE", true}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	wantRequest(t, seen, "GET /v25.0/106540352242922?fields="+url.QueryEscape(numberFields+moreNumberFields), "")
}
