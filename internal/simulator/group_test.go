package simulator

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

func TestCreateGroupTellsIDAndLinkByWebhook(t *testing.T) {
	w := newWorld(t)
	got, err := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "  Ward 7 ", Description: "night shift"})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9A-F]{32}$`).MatchString(got.RequestID) {
		t.Errorf("request id %q", got.RequestID)
	}
	e := w.hooks.request(t, got.RequestID)
	if e.Type != graph.GroupCreate || e.PhoneNumberID != testNumID || e.WABAID != testWABA || len(e.Errors) != 0 {
		t.Errorf("event %+v", e)
	}
	plain, err := base64.StdEncoding.DecodeString(strings.NewReplacer("ZA", "Z", "ZD", "=").Replace(e.GroupID))
	if err != nil || !regexp.MustCompile(`^capi_group:8613800000000:120363[0-9]{12}$`).Match(plain) {
		t.Errorf("group id %q is %q (%v)", e.GroupID, plain, err)
	}
	if !regexp.MustCompile(`^https://chat\.whatsapp\.com/[0-9A-Za-z]{22}$`).MatchString(e.Group.InviteLink) {
		t.Errorf("invite link %q", e.Group.InviteLink)
	}
	link, err := w.meta.InviteLink(ctx(), creds, e.GroupID)
	if err != nil || link != e.Group.InviteLink {
		t.Errorf("InviteLink = %q, %v", link, err)
	}
	g, err := w.meta.Group(ctx(), creds, e.GroupID)
	if err != nil || g.Subject != "Ward 7" || g.Description != "night shift" || g.Suspended || g.JoinApprovalMode != "auto_approve" {
		t.Errorf("Group = %+v, %v", g, err)
	}
}

// The sample in Meta's reference, encoded again by us.
func TestGroupIDHasMetasForm(t *testing.T) {
	const sample = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
	if got := groupID("17055550139", "120363404694233820"); got != sample {
		t.Errorf("groupID = %q, want %q", got, sample)
	}
	if back, ok := unescape(sample); !ok || back != "capi_group:17055550139:120363404694233820" {
		t.Errorf("unescape = %q, %v", back, ok)
	}
}

func TestSettingsChangeWithTheWebhookAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Delay = time.Minute })
		g := w.newGroup("old")
		subject, description := " new ", "words"
		got, err := w.meta.UpdateGroup(ctx(), creds, g.GroupID, graph.GroupUpdate{Subject: &subject, Description: &description})
		if err != nil {
			t.Fatal(err)
		}
		if before, _ := w.meta.Group(ctx(), creds, g.GroupID); before.Subject != "old" || before.Description != "" {
			t.Errorf("values changed before the webhook: %+v", before)
		}
		e := w.hooks.request(t, got.RequestID)
		if e.Settings.Subject == nil || !e.Settings.Subject.Successful || e.Settings.Subject.Text != "new" ||
			e.Settings.Description == nil || e.Settings.Description.Text != "words" || e.Settings.Picture != nil {
			t.Errorf("event %+v", e)
		}
		if after, _ := w.meta.Group(ctx(), creds, g.GroupID); after.Subject != "new" || after.Description != "words" {
			t.Errorf("after the webhook: %+v", after)
		}
	})
}

func picJPEG(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPicture(t *testing.T) {
	w := newWorld(t)
	g := w.newGroup("pictures")
	good := picJPEG(t, 192, 192)
	got, err := w.meta.UploadPicture(ctx(), creds, g.GroupID, good, graph.GroupUpdate{Subject: new("with picture")})
	if err != nil {
		t.Fatal(err)
	}
	e := w.hooks.request(t, got.RequestID)
	if p := e.Settings.Picture; p == nil || !p.Successful || p.MIMEType != "image/jpeg" || len(p.SHA256) != 64 {
		t.Errorf("picture %+v", p)
	}
	if e.Settings.Subject == nil || e.Settings.Subject.Text != "with picture" {
		t.Errorf("subject %+v", e.Settings.Subject)
	}
	huge := append(bytes.Clone(good), make([]byte, 5<<20)...)
	for name, c := range map[string]struct {
		picture []byte
		code    int
	}{
		"not square": {picJPEG(t, 200, 201), graph.CodePictureNotSquare},
		"too small":  {picJPEG(t, 191, 191), graph.CodePictureTooSmall},
		"not a JPEG": {[]byte("\x89PNG\r\n\x1a\n"), graph.CodeMediaUpload},
		"too large":  {huge, graph.CodeMediaUpload},
	} {
		if _, err := w.meta.UploadPicture(ctx(), creds, g.GroupID, c.picture, graph.GroupUpdate{}); graph.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want code %d", name, err, c.code)
		}
	}
}

func TestDeleteGroup(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("short-lived", "491700000001")
	got, err := w.meta.DeleteGroup(ctx(), creds, g.GroupID)
	if err != nil {
		t.Fatal(err)
	}
	if e := w.hooks.request(t, got.RequestID); e.Type != graph.GroupDelete || e.GroupID != g.GroupID || len(e.Errors) != 0 {
		t.Errorf("event %+v", e)
	}
	if _, err := w.meta.Group(ctx(), creds, g.GroupID); graph.CodeOf(err) != graph.CodeGroupUnknown {
		t.Errorf("Group: %v", err)
	}
	if page, err := w.meta.ListGroups(ctx(), creds, 0, ""); err != nil || len(page.Groups) != 0 {
		t.Errorf("ListGroups = %+v, %v", page, err)
	}
	w.refuseJoin("link_dead", "491700000001", g.Group.InviteLink)
	if phone, _ := w.expect(200, "GET", "/phones/491700000001", nil); len(phone["groups"].([]any)) != 0 {
		t.Errorf("the phone still has %v", phone["groups"])
	}
}

func TestListGroupsPages(t *testing.T) {
	w := newWorld(t)
	var want, got []string
	for i := range 7 {
		subject := fmt.Sprintf("group %d", i)
		w.newGroup(subject)
		want = append(want, subject)
	}
	cursor, pages := "", 0
	for {
		page, err := w.meta.ListGroups(ctx(), creds, 3, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page.Groups {
			got = append(got, g.Subject)
		}
		pages++
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 3 {
		t.Errorf("%d pages:\n%s", pages, diff)
	}
	_, answer, _ := w.raw("GET", testNumID+"/groups?limit=2&before="+cursorOf(5), "")
	groups := answer["data"].(map[string]any)["groups"].([]any)
	if len(groups) != 2 || groups[0].(map[string]any)["subject"] != "group 2" {
		t.Errorf("page before: %v", groups)
	}
	if _, err := w.meta.ListGroups(ctx(), creds, 3, "nonsense"); graph.CodeOf(err) != graph.CodeCursorExpired {
		t.Errorf("broken cursor: %v", err)
	}
}

func TestNumberMayHaveTenThousandGroups(t *testing.T) {
	w := newWorld(t)
	w.sim.findNumber(testNumID).total = maxGroupsOfNumber - 1
	g := w.newGroup("the last one")
	_, err := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "one too many"})
	if graph.CodeOf(err) != graph.CodeTooManyGroups {
		t.Fatalf("creation beyond the limit: %v", err)
	}
	gone, err := w.meta.DeleteGroup(ctx(), creds, g.GroupID)
	if err != nil {
		t.Fatal(err)
	}
	w.hooks.request(t, gone.RequestID)
	w.newGroup("the seat is free again")
}

func TestSuspension(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("suspended", "491700000001")
	w.addPhones("491700000002")
	w.expect(200, "POST", "/groups/"+g.GroupID+"/suspend", nil)
	w.hooks.kind(t, graph.Suspend, g.GroupID)
	w.expect(200, "POST", "/groups/"+g.GroupID+"/suspend", nil) // no second event: the clearing below comes next
	subject := "x"
	_, update := w.meta.UpdateGroup(ctx(), creds, g.GroupID, graph.GroupUpdate{Subject: &subject})
	_, remove := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{"491700000001"})
	_, send := w.meta.Send(ctx(), creds, graph.Outgoing{Group: true, To: g.GroupID, Body: graph.TextBody{Body: "hello"}})
	_, reset := w.meta.ResetInviteLink(ctx(), creds, g.GroupID)
	for name, err := range map[string]error{"update": update, "remove": remove, "send": send, "reset": reset,
		"delete link": w.meta.DeleteInviteLink(ctx(), creds, g.GroupID)} {
		if graph.CodeOf(err) != graph.CodeSuspended {
			t.Errorf("%s: %v", name, err)
		}
	}
	if seen, err := w.meta.Group(ctx(), creds, g.GroupID); err != nil || !seen.Suspended {
		t.Errorf("Group = %+v, %v", seen, err)
	}
	w.refuseJoin("suspended", "491700000002", g.Group.InviteLink)
	w.join("491700000001", g.Group.InviteLink) // who is in stays in
	w.expect(200, "POST", "/groups/"+g.GroupID+"/clear", nil)
	if e := w.hooks.wait(t, func(e graph.Event) bool { return e.GroupID == g.GroupID }); e.Type != graph.SuspendCleared {
		t.Errorf("next event is %s", e.Type)
	}
	w.join("491700000002", g.Group.InviteLink)
}

func TestNumberAndSubscription(t *testing.T) {
	w := newWorld(t)
	n, err := w.meta.PhoneNumber(ctx(), creds)
	if err != nil || n.ID != testNumID || n.VerifiedName != "Rollcall Test" || graph.Digits(n.DisplayPhoneNumber) != testNumber {
		t.Errorf("PhoneNumber = %+v, %v", n, err)
	}
	g := w.groupWith("subscribed", "491700000001")
	if status, answer, _ := w.raw("DELETE", testWABA+"/subscribed_apps", ""); status != 200 || answer["success"] != true {
		t.Errorf("unsubscribe: %d %v", status, answer)
	}
	w.expect(200, "POST", "/groups/"+g.GroupID+"/suspend", nil) // lost for good
	if err := w.meta.SubscribeApp(ctx(), creds, testWABA); err != nil {
		t.Fatal(err)
	}
	_, list, _ := w.raw("GET", testWABA+"/subscribed_apps", "")
	if len(list["data"].([]any)) != 1 {
		t.Errorf("subscribed_apps = %v", list)
	}
	w.expect(200, "POST", "/groups/"+g.GroupID+"/clear", nil)
	if e := w.hooks.wait(t, func(e graph.Event) bool { return e.GroupID == g.GroupID }); e.Type != graph.SuspendCleared {
		t.Errorf("the event of the time without a subscription came: %s", e.Type)
	}
}

func TestRegisterNumberRefusesWhatIsTaken(t *testing.T) {
	w := newWorld(t)
	w.addPhones("491700000001")
	good := Number{DisplayNumber: "8613800000001", PhoneNumberID: "5", WABAID: testWABA, Token: "t2"}
	for name, change := range map[string]func(*Number){
		"another number's id":  func(n *Number) { n.PhoneNumberID = testNumID },
		"another id's number":  func(n *Number) { n.DisplayNumber = testNumber },
		"a phone's number":     func(n *Number) { n.DisplayNumber = "491700000001" },
		"no token":             func(n *Number) { n.Token = "" },
		"id is not decimal":    func(n *Number) { n.PhoneNumberID = "five" },
		"id is the account's":  func(n *Number) { n.PhoneNumberID = testWABA },
		"number is no number":  func(n *Number) { n.DisplayNumber = "hello" },
		"account is not given": func(n *Number) { n.WABAID = "" },
	} {
		bad := good
		if change(&bad); w.sim.RegisterNumber(bad) == nil {
			t.Errorf("%s: registered", name)
		}
	}
	if err := w.sim.RegisterNumber(good); err != nil {
		t.Fatal(err)
	}
	good.Token = "t3"
	if err := w.sim.RegisterNumber(good); err != nil {
		t.Fatalf("again with another token: %v", err)
	}
	for token, want := range map[string]int{"t3": 200, "t2": 401, testToken: 403} {
		if status, _, _ := w.raw("GET", "5", "", "Authorization", "Bearer "+token); status != want {
			t.Errorf("token %s: status %d, want %d", token, status, want)
		}
	}
	g := w.newGroup("not theirs")
	if status, _, code := w.raw("GET", g.GroupID, "", "Authorization", "Bearer t3"); status != http.StatusBadRequest || code != graph.CodeGroupUnknown {
		t.Errorf("a stranger's group: %d %d", status, code)
	}
}
