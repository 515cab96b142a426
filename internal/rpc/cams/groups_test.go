package cams

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

var decimal = regexp.MustCompile(`^[0-9]+$`)

func TestAddChatGroup(t *testing.T) {
	w := newWorld(t)
	a := w.call("AddChatGroup", params{"Subject": " Team é/群 ", "Description": "two\nlines", "GroupLink": "https://t.me/x"})
	w.expect(a, 200, "OK")
	code, _ := a.members["UniqueCode"].(string)
	if !decimal.MatchString(code) || code != a.operation || a.message() != "OK" || a.members["Success"] != true {
		t.Errorf("answered %s, operation %s", a.text, a.operation)
	}
	if op := w.operation(code); op.Kind != group.KindCreate || op.Action != "AddChatGroup" || op.AccessKeyID != ownKey || op.Source != "192.0.2.1" {
		t.Errorf("recorded %+v", op)
	}
	rows := w.call("ListChatGroup", params{"Page.Index": "1", "Page.Size": "20"}).rows()
	if len(rows) != 1 || rows[0]["GroupStatus"] != "CREATING" || rows[0]["GroupId"] != "" || rows[0]["Subject"] != "Team é/群" {
		t.Errorf("listed as %v", rows)
	}
	for name, c := range map[string]struct {
		more params
		code string
	}{
		"subject missing":         {params{}, "MissingSubject"},
		"subject empty":           {params{"Subject": ""}, "MissingSubject"},
		"subject blank":           {params{"Subject": " "}, "InvalidParameter.SubjectInvalid"},
		"subject too long":        {params{"Subject": strings.Repeat("é", 129)}, "InvalidParameter.SubjectInvalid"},
		"subject with control":    {params{"Subject": "a\x00b"}, "InvalidParameter.SubjectInvalid"},
		"description too long":    {params{"Subject": "a", "Description": strings.Repeat("x", 2049)}, "InvalidParameter.DescriptionInvalid"},
		"longest of both is fine": {params{"Subject": strings.Repeat("é", 128), "Description": strings.Repeat("é", 2048)}, "OK"},
	} {
		if a := w.call("AddChatGroup", c.more); a.code() != c.code {
			t.Errorf("%s: %s, want %s", name, a.code(), c.code)
		}
	}
}

func TestUpdateChatGroup(t *testing.T) {
	w := newWorld(t)
	g := w.addGroup(ownNumber, "G", group.Active)
	for name, c := range map[string]struct {
		more params
		code string
	}{
		"nothing":             {params{}, "InvalidParameter.NothingToUpdate"},
		"empty picture":       {params{"ProfilePictureFile": ""}, "InvalidParameter.NothingToUpdate"},
		"endless picture":     {params{"ProfilePictureFile": "https://example.com/" + strings.Repeat("x", 2029)}, "InvalidParameter.ProfilePictureFileInvalid"},
		"empty subject":       {params{"Subject": ""}, "InvalidParameter.SubjectInvalid"},
		"long subject":        {params{"Subject": strings.Repeat("x", 129)}, "InvalidParameter.SubjectInvalid"},
		"long description":    {params{"Description": strings.Repeat("x", 2049)}, "InvalidParameter.DescriptionInvalid"},
		"control description": {params{"Description": "\x01"}, "InvalidParameter.DescriptionInvalid"},
	} {
		a := w.call("UpdateChatGroup", c.more.with(params{"GroupId": "G"}))
		if a.code() != c.code {
			t.Errorf("%s: %s, want %s", name, a.text, c.code)
		}
	}
	for _, more := range []params{{"Subject": "new"}, {"Description": ""}, {"Subject": "new", "Description": "about"}} {
		a := w.call("UpdateChatGroup", more.with(params{"GroupId": "G"}))
		w.expect(a, 200, "ChatGroup.OperationPending")
		if a.result() != 0 || a.members["Success"] != false || !strings.Contains(a.message(), a.operation) || a.operation == "" {
			t.Errorf("answered %s", a.text)
		}
	}
	payloads := w.payloads(g)
	if diff := cmp.Diff(3, len(payloads)); diff != "" {
		t.Fatalf("commands %q", payloads)
	}
	if !containsText(payloads, `"description":""`) || !containsText(payloads, `"subject":"new"`) {
		t.Errorf("commands are %q", payloads)
	}
}

func containsText(list []string, part string) bool {
	return strings.Contains(strings.Join(list, "\n"), part)
}

// payloads gives what waits in a group's lane, oldest first, and empties it.
func (w *world) payloads(g group.Group) (list []string) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		for {
			it, err := tx.Head(store.Lane{Kind: store.GroupLane, ID: g.ID})
			if err == store.ErrNoRow { //nolint:errorlint // the store returns it as it is
				return nil
			}
			if err != nil {
				return err
			}
			list = append(list, string(it.Payload))
			if err := tx.Finish(&it); err != nil {
				return err
			}
		}
	})
	return list
}

// TestChangesAnswer: each change of one thing, through its operation's whole life. A token finds the operation again.
func TestChangesAnswer(t *testing.T) {
	for _, action := range []string{"UpdateChatGroup", "DeleteChatGroup", "AddChatGroupInviteLink", "DeleteChatGroupInviteLink"} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t)
			g := w.addGroup(ownNumber, "G", group.Active)
			if action == "DeleteChatGroupInviteLink" {
				g.InviteLink = "https://chat.whatsapp.com/old"
				w.write(func(tx *store.Tx) error { return tx.UpdateGroup(&g) })
			}
			p := valid()[action].with(params{"ClientToken": "t"})
			first := w.call(action, p)
			w.expect(first, 200, "ChatGroup.OperationPending")
			again := w.call(action, p)
			w.expect(again, 200, "ChatGroup.OperationPending")
			if again.operation != first.operation || first.operation == "" {
				t.Errorf("operations %q and %q", first.operation, again.operation)
			}
			w.expect(w.call(action, p.with(params{"BusinessNumber": secondNumber})), 400, "IdempotentParameterMismatch")

			w.finish(first.operation, func(op *group.Operation) { op.State, op.Code, op.Message = group.Failed, "131041", "Not now." })
			failed := w.call(action, p)
			w.expect(failed, 200, "ChatGroup.UpstreamError")
			if failed.message() != "131041: Not now." || failed.members["Success"] != false {
				t.Errorf("answered %s", failed.text)
			}
			if action != "AddChatGroupInviteLink" && failed.result() != 0 {
				t.Errorf("Result of a failure in %s", failed.text)
			}

			w.finish(first.operation, func(op *group.Operation) {
				op.State, op.Code, op.Message, op.Result = group.Done, "", "", "https://chat.whatsapp.com/new"
			})
			done := w.call(action, p)
			w.expect(done, 200, "OK")
			if action == "AddChatGroupInviteLink" {
				if done.members["InviteLink"] != "https://chat.whatsapp.com/new" || first.members["InviteLink"] != nil {
					t.Errorf("answered %s, then %s", first.text, done.text)
				}
			} else if done.result() != 1 || done.message() != "OK" || done.members["Success"] != true {
				t.Errorf("answered %s", done.text)
			}
		})
	}
}

// TestAddChatGroupAgain: a token makes a creation safe to repeat, and tells when it has failed.
func TestAddChatGroupAgain(t *testing.T) {
	w := newWorld(t)
	p := params{"Subject": "test", "ClientToken": "t"}
	first, again := w.call("AddChatGroup", p), w.call("AddChatGroup", p)
	if first.code() != "OK" || first.members["UniqueCode"] != again.members["UniqueCode"] {
		t.Errorf("%s and %s", first.text, again.text)
	}
	if n := w.call("ListChatGroup", params{"Page": `{"Index":1,"Size":1}`}).data()["Total"]; n != 1.0 {
		t.Errorf("%v groups, want 1", n)
	}
	other := w.call("AddChatGroup", p.with(params{"Subject": "another"}))
	w.expect(other, 400, "IdempotentParameterMismatch")
	w.finish(first.operation, func(op *group.Operation) { op.State, op.Code, op.Message = group.Failed, "130429", "Too many." })
	failed := w.call("AddChatGroup", p)
	w.expect(failed, 200, "ChatGroup.UpstreamError")
	if failed.message() != "130429: Too many." {
		t.Errorf("Message is %q", failed.message())
	}
}

// TestLinkThatIsThere: it is given, not replaced; and where none is, none has to be dropped.
func TestLinkThatIsThere(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "without", group.Active)
	dropped := w.call("DeleteChatGroupInviteLink", params{"GroupId": "without"})
	w.expect(dropped, 200, "OK")
	if dropped.result() != 0 || dropped.operation == "" {
		t.Errorf("answered %s, operation %q", dropped.text, dropped.operation)
	}
	g := w.addGroup(ownNumber, "with", group.Active)
	g.InviteLink = "https://chat.whatsapp.com/abc"
	w.write(func(tx *store.Tx) error { return tx.UpdateGroup(&g) })
	got := w.call("AddChatGroupInviteLink", params{"GroupId": "with"})
	w.expect(got, 200, "OK")
	if got.members["InviteLink"] != g.InviteLink || got.operation == "" {
		t.Errorf("answered %s", got.text)
	}
}

func TestListChatGroup(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		w.addGroup(ownNumber, fmt.Sprintf("G%02d", i), group.Active, "8613900000001", "8613900000002")
	}
	g := w.addGroup(ownNumber, "last", group.Suspended)
	g.InviteLink, g.Picture, g.ModifiedAt = "https://chat.whatsapp.com/abc", "https://example.com/p.jpg", epoch.Add(1500*time.Millisecond)
	w.write(func(tx *store.Tx) error { return tx.UpdateGroup(&g) })
	w.addGroup(secondNumber, "second", group.Active)
	w.addGroup(ownNumber, "gone", group.Deleted)

	a := w.call("ListChatGroup", params{"Page": `{"Index":1,"Size":10}`})
	w.expect(a, 200, "OK")
	rows := a.rows()
	if a.data()["Total"] != 26.0 || len(rows) != 10 {
		t.Fatalf("Total %v, %d rows", a.data()["Total"], len(rows))
	}
	want := map[string]any{"BusinessNumber": ownNumber, "BusinessRole": "", "Description": "About last", "GmtModifier": float64(g.ModifiedAt.UnixMilli()),
		"GroupId": "last", "GroupLink": "", "GroupStatus": "SUSPENDED", "GroupType": "", "InviteLink": "https://chat.whatsapp.com/abc",
		"ProfilePictureFile": "https://example.com/p.jpg", "Subject": "Subject of last", "TotalParticipantCount": 0.0}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Errorf("newest row (-want +got):\n%s", diff)
	}
	if rows[1]["GroupId"] != "G24" || rows[1]["TotalParticipantCount"] != 2.0 {
		t.Errorf("second row is %v", rows[1])
	}
	for _, c := range []struct {
		more  params
		total float64
		rows  int
	}{
		{params{"Page": `{"Index":3,"Size":10}`}, 26, 6},
		{params{"Page": `{"Index":"3","Size":"10"}`}, 26, 6},
		{params{"Page.Index": "3", "Page.Size": "10"}, 26, 6},
		{params{"Page": `{"Index":4,"Size":10}`}, 26, 0},
		{params{"Page": `{"Index":1,"Size":100}`}, 26, 26},
		{params{"Page": `{"Index":9223372036854775807,"Size":100}`}, 26, 0},
		{params{"Page": `{"Index":4294967297,"Size":1}`}, 26, 0},
		{params{"Page": `{"Index":1,"Size":5}`, "GroupStatus": "SUSPENDED"}, 1, 1},
		{params{"Page": `{"Index":1,"Size":5}`, "GroupStatus": "suspended"}, 1, 1},
		{params{"Page": `{"Index":1,"Size":5}`, "GroupStatus": "INACTIVE"}, 0, 0},
		{params{"Page": `{"Index":1,"Size":5}`, "Subject": "OF g1"}, 10, 5},
		{params{"Page": `{"Index":1,"Size":5}`, "Subject": "%"}, 0, 0},
		{params{"Page": `{"Index":1,"Size":5}`, "GroupType": "x", "GroupLink": "y"}, 26, 5},
		{params{"Page": `{"Index":1,"Size":5}`, "BusinessNumber": secondNumber}, 1, 1},
	} {
		a := w.call("ListChatGroup", c.more)
		if a.code() != "OK" || a.data()["Total"] != c.total || len(a.rows()) != c.rows || a.data()["List"] == nil {
			t.Errorf("%v: %s", c.more, a.text)
		}
	}
	w.expect(w.call("ListChatGroup", params{"Page": `{"Index":1,"Size":5}`, "GroupStatus": "DELETED"}), 200, "InvalidParameter.GroupStatusInvalid")
	for _, subject := range []string{"\x00", "of\x00g1", "a\nb", "\u0085", strings.Repeat("é", 129)} {
		w.expect(w.call("ListChatGroup", params{"Page": `{"Index":1,"Size":5}`, "Subject": subject}), 200, "InvalidParameter.SubjectInvalid")
	}
	w.expect(w.call("ListChatGroup", params{"Page": `{"Index":1,"Size":5}`, "Subject": strings.Repeat("é", 128)}), 200, "OK")
}

// TestPage: every way in which a page can be wrong, in both operations that have one.
func TestPage(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000001", "8613900000002", "8613900000003")
	const bad, ok = "InvalidParameter.PageInvalid", "OK"
	cases := []struct {
		more         params
		groups       string // code of ListChatGroup
		participants string // code of ListChatGroupParticipants
		rows         int
	}{
		{params{}, "MissingPage", ok, 3},
		{params{"Page": ""}, "MissingPage", ok, 3},
		{params{"Page": `{}`}, bad, ok, 3},
		{params{"Page": `{"Index":1}`}, bad, ok, 3},
		{params{"Page": `{"Index":2}`}, bad, ok, 0},
		{params{"Page": `{"Size":2}`}, bad, ok, 2},
		{params{"Page": `{"Index":2,"Size":2}`}, ok, ok, 1},
		{params{"Page": `{"Index":1.0,"Size":2.0}`}, ok, ok, 2},
		{params{"Page": `{"Index":99999999999,"Size":100}`}, ok, ok, 0},
		{params{"Page.Index": "2", "Page.Size": "2"}, ok, ok, 1},
		{params{"Page": `{"Index":0,"Size":2}`}, bad, bad, 0},
		{params{"Page": `{"Index":-1,"Size":2}`}, bad, bad, 0},
		{params{"Page": `{"Index":1,"Size":0}`}, bad, bad, 0},
		{params{"Page": `{"Index":1,"Size":101}`}, bad, bad, 0},
		{params{"Page": `{"Index":1,"Size":9223372036854775807}`}, bad, bad, 0},
		{params{"Page": `{"Index":92233720368547758080,"Size":1}`}, bad, bad, 0},
		{params{"Page": `{"Index":1.5,"Size":1}`}, bad, bad, 0},
		{params{"Page": `{"Index":"one","Size":1}`}, bad, bad, 0},
		{params{"Page": `{"Index":true,"Size":1}`}, bad, bad, 0},
		{params{"Page": `{"Index":[1],"Size":1}`}, bad, bad, 0},
		{params{"Page": `{"Index":1,"Size":1`}, bad, bad, 0},
		{params{"Page": `{"Index":1,"Index":2,"Size":1}`}, bad, bad, 0},
		{params{"Page": `[]`}, bad, bad, 0},
		{params{"Page": `1`}, bad, bad, 0},
		{params{"Page": `null`}, bad, bad, 0},
		{params{"Page": `[object Object]`}, bad, bad, 0},
		{params{"Page": `{"Index":1,"Size":1}`, "Page.Index": "1"}, bad, bad, 0},
	}
	for _, c := range cases {
		if a := w.call("ListChatGroup", c.more); a.code() != c.groups || (a.status == 400) != (c.groups == "MissingPage") {
			t.Errorf("ListChatGroup %v: %d %s, want %s", c.more, a.status, a.code(), c.groups)
		}
		a := w.call("ListChatGroupParticipants", c.more.with(params{"GroupId": "G"}))
		if a.status != 200 || a.code() != c.participants || len(a.rows()) != c.rows {
			t.Errorf("ListChatGroupParticipants %v: %s, want %s with %d rows", c.more, a.text, c.participants, c.rows)
		}
	}
}
