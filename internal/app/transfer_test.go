package app_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/pgserver"
)

// TestTransfer moves a server from its file to PostgreSQL while work is pending: groups, members and keys are there, what was accepted
// is done, the fence holds, and no old request is good again.
func TestTransfer(t *testing.T) {
	t.Parallel()
	const ann, ben, cleo = "8613900000001", "8613900000002", "8613900000003"
	cfg := life{DataDir: filepath.Join(t.TempDir(), "data"), ConfirmWait: patience}.config()
	s, stop := run(t, cfg)
	g := s.newGroup("Hello")
	s.joined(g, ann, ben, cleo)
	if a := s.remove(g, ann); !a.ok() {
		t.Fatalf("remove: %s", a.Body)
	}
	first := s.ready
	stop()

	cfg.Hold, cfg.ConfirmWait = true, 0
	held, stop := run(t, cfg)
	pending := held.remove(g, ben)
	if a := held.text(g, "to those who are left"); !a.ok() {
		t.Fatalf("text: %s", a.Body)
	}
	lookAgain := held.look()
	change := held.sign(request{action: "UpdateChatGroup", values: url.Values{"GroupId": {g.ID}, "Description": {"moved"}}})
	held.sent(change)
	stop()

	database := app.Database{URL: pgserver.Database(t)}
	rows := map[string]int64{}
	must(t, app.Transfer(t.Context(), app.Data{Dir: cfg.DataDir}, database, func(c app.Copied) { rows[c.Table] = c.Rows }))
	if rows["chat_group"] != 1 || rows["participant"] != 3 || rows["access_key"] != 2 || rows["outbox"] == 0 {
		t.Errorf("copied %v", rows)
	}
	if p, err := app.Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "has been copied to PostgreSQL; give --database") {
		t.Errorf("a start on the file that was left: %v, %v", p, err)
	}
	cfg.Hold, cfg.ConfirmWait, cfg.Database = false, patience, database
	moved := open(t, cfg)
	if moved.ready.AccessKeySecret != first.AccessKeySecret || moved.ready.CustSpaceID != first.CustSpaceID {
		t.Error("keys or channel are others")
	}
	moved.until("the pending removal is done", func() bool { return slices.Equal(moved.members(g), []string{cleo}) })
	if a := moved.ended(pending.OperationID); a.Data.State != "DONE" {
		t.Errorf("the pending removal: %s", a.Body)
	}
	moved.arrived(cleo, g, "to those who are left")
	if got := moved.inbox(ben, g); len(got) > 0 {
		t.Errorf("who was removed has received %q", got)
	}
	held.ready = moved.ready
	lookAgain()
	if a := held.sent(change); a.Code != "SignatureNonceUsed" {
		t.Errorf("a change, sent again: %s", a.Body)
	}
	other := moved.newGroup("Another")
	if got := moved.mustCall("ListChatGroup", "Page", `{"Index":1,"Size":1}`); !strings.Contains(string(got.Body), other.ID) {
		t.Errorf("the newest group is not the one that was made last: %s", got.Body)
	}
}

// TestTransferKeepsWhatItCannotMove: whatever goes wrong, the server goes on with its file.
func TestTransferKeepsWhatItCannotMove(t *testing.T) {
	t.Parallel()
	cfg := life{DataDir: filepath.Join(t.TempDir(), "data"), ConfirmWait: patience}.config()
	data := app.Data{Dir: cfg.DataDir}
	used := app.Database{URL: pgserver.Database(t)}
	m, err := app.Manage(t.Context(), app.Data{Dir: filepath.Join(t.TempDir(), "operator"), Database: used}, true)
	must(t, err)
	must(t, m.Close())
	refused := func(to app.Database, want string) {
		t.Helper()
		if err := app.Transfer(t.Context(), data, to, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	refused(used, "there is no Rollcall data directory")
	s, stop := run(t, cfg)
	g := s.newGroup("Hello")
	refused(used, "another rollcall")
	stop()
	refused(used, "in use already, for production")
	refused(app.Database{URL: "postgres://u@127.0.0.1:1/d"}, "nobody listens there")
	again := open(t, cfg)
	if got := again.mustCall("ListChatGroup", "Page", `{"Index":1,"Size":1}`); !strings.Contains(string(got.Body), g.ID) {
		t.Errorf("the group is gone: %s", got.Body)
	}
}
