package simulator

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

func withLog(path string) func(*Config) { return func(c *Config) { c.Path = path } }

// copyLog takes the log as a killed process would leave it: nothing was closed, nothing flushed.
func copyLog(t *testing.T, w *world) string {
	t.Helper()
	content, err := os.ReadFile(w.config.Path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// picture of everything that the control API shows.
func (w *world) everything() string {
	groups, _ := w.expect(200, "GET", "/groups", nil)
	phones, _ := w.expect(200, "GET", "/phones", nil)
	var b strings.Builder
	fmt.Fprintln(&b, groups, phones)
	for _, p := range phones["phones"].([]any) {
		messages, _ := w.expect(200, "GET", "/phones/"+p.(map[string]any)["number"].(string)+"/messages", nil)
		fmt.Fprintln(&b, messages)
	}
	return b.String()
}

func TestStateSurvivesAKill(t *testing.T) {
	w := newWorld(t, withLog(filepath.Join(t.TempDir(), "log")))
	g := w.groupWith("ward", anna, berta, carla)
	w.send(g.GroupID, "one")
	w.remove(g.GroupID, anna)
	w.expect(201, "POST", "/phones/"+berta+"/messages", fields{"group_id": g.GroupID, "text": "two"})
	w.expect(200, "POST", "/phones/"+carla+"/leave", fields{"group_id": g.GroupID})
	update, err := w.meta.UpdateGroup(ctx(), creds, g.GroupID, graph.GroupUpdate{Subject: new("ward 7"), Description: new("d\n\"<é>")})
	if err != nil {
		t.Fatal(err)
	}
	w.hooks.request(t, update.RequestID)
	link, err := w.meta.ResetInviteLink(ctx(), creds, g.GroupID)
	if err != nil {
		t.Fatal(err)
	}
	stopped := w.newGroup("stopped")
	w.expect(200, "POST", "/groups/"+stopped.GroupID+"/suspend", nil)
	w.hooks.kind(t, graph.Suspend, stopped.GroupID)

	second := newWorld(t, withLog(copyLog(t, w)))
	if diff := cmp.Diff(w.everything(), second.everything()); diff != "" {
		t.Errorf("after the kill: %s", diff)
	}
	third := newWorld(t, withLog(copyLog(t, second))) // from the compacted log alone
	if diff := cmp.Diff(w.everything(), third.everything()); diff != "" {
		t.Errorf("after the second kill: %s", diff)
	}
	third.refuseJoin("barred", anna, link)
	third.refuseJoin("link_dead", carla, g.Group.InviteLink)
	third.join(carla, link)
	third.hooks.kind(t, graph.ParticipantsAdd, g.GroupID) // the subscription survived, too
	if diff := cmp.Diff([]string{berta, carla}, third.members(g.GroupID)); diff != "" {
		t.Error(diff)
	}
	third.newGroup("ids and cursors go on")
	if page, err := third.meta.ListGroups(ctx(), creds, 0, ""); err != nil || len(page.Groups) != 3 || page.Groups[0].Subject != "ward 7" {
		t.Errorf("groups %+v, %v", page, err)
	}
}

func TestPendingStepsAreFinishedAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(c *Config) { c.Delay = time.Hour }
		w := newWorld(t, withLog(filepath.Join(t.TempDir(), "log")), slow)
		g := w.groupWith("ward", anna, berta)
		made, err1 := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "unborn"})
		gone, err2 := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
		id, err3 := w.meta.Send(ctx(), creds, graph.Outgoing{Group: true, To: g.GroupID, Body: graph.TextBody{Body: "in flight"}})
		update, err4 := w.meta.UpdateGroup(ctx(), creds, g.GroupID, graph.GroupUpdate{Subject: new("new")})
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			t.Fatal(err1, err2, err3, err4)
		}
		path := copyLog(t, w)
		if err := w.sim.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		second := newWorld(t, withLog(path), slow)
		if e := second.hooks.request(t, made.RequestID); e.Type != graph.GroupCreate || e.GroupID == "" {
			t.Errorf("creation %+v", e)
		}
		if e := second.hooks.request(t, gone.RequestID); len(e.Removed) != 1 {
			t.Errorf("removal %+v", e)
		}
		second.hooks.wait(t, func(e graph.Event) bool {
			return e.Status != nil && e.Status.MessageID == id && e.Status.Participant == berta
		})
		if e := second.hooks.request(t, update.RequestID); e.Settings.Subject == nil {
			t.Errorf("update %+v", e)
		}
		if diff := cmp.Diff([]string{"in flight"}, second.inbox(berta)); diff != "" {
			t.Error(diff)
		}
		second.refuseJoin("barred", anna, g.Group.InviteLink)
		if n := second.hooks.attempts.Load(); n != 5 {
			t.Errorf("%d webhooks were sent after the kill; those of before had been delivered", n)
		}
	})
}

func TestUndeliveredWebhooksSurviveAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, withLog(filepath.Join(t.TempDir(), "log")))
		g := w.groupWith("ward", anna, berta)
		w.hooks.instead(func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return true
		})
		var want []string
		for _, n := range []string{anna, berta} {
			got, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{n})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, got.RequestID)
		}
		synctest.Wait()
		second := newWorld(t, withLog(copyLog(t, w)))
		for _, id := range want {
			if e := second.hooks.wait(t, func(graph.Event) bool { return true }); e.RequestID != id || len(e.Removed) != 1 {
				t.Errorf("event %+v, want %s", e, id)
			}
		}
		synctest.Wait()
		third := newWorld(t, withLog(copyLog(t, second)))
		synctest.Wait()
		if n := third.hooks.attempts.Load(); n != 0 {
			t.Errorf("%d delivered webhooks were sent again", n)
		}
	})
}

// A kill can cut the log anywhere; what is left always opens, and never forgets a bar that was reported.
func TestTornLogOpens(t *testing.T) {
	w := newWorld(t, withLog(filepath.Join(t.TempDir(), "log")))
	g := w.groupWith("ward", anna, berta)
	w.remove(g.GroupID, anna)
	reported, err := os.ReadFile(w.config.Path)
	if err != nil {
		t.Fatal(err)
	}
	w.send(g.GroupID, "hello")
	all, err := os.ReadFile(w.config.Path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(all); cut += 13 {
		path := filepath.Join(t.TempDir(), "torn")
		if err := os.WriteFile(path, all[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		sim, err := New(Config{Path: path, Logger: quiet})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if left := sim.findGroup(g.GroupID); cut >= len(reported) && left.memberState(anna) != memberRemoved {
			t.Errorf("cut at %d: the bar is forgotten", cut)
		}
		if err := sim.Close(context.Background()); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestDamagedLogIsRefused(t *testing.T) {
	for name, content := range map[string]string{
		"no JSON":       "hello\n",
		"unknown kind":  `{"kind":"wish","change":{}}` + "\n",
		"unknown group": `{"kind":"member","change":{"group":"g","phone":"1"}}` + "\n",
		"broken change": `{"kind":"member","change":7}` + "\n",
	} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Path: path, Logger: quiet}); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadFile(path); string(left) != content {
			t.Errorf("%s: a log that cannot be read was overwritten", name)
		}
	}
}

func TestLogIsCompactedAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	w := newWorld(t, withLog(path))
	g := w.groupWith("ward", anna)
	for i := range 50 {
		update, err := w.meta.UpdateGroup(ctx(), creds, g.GroupID, graph.GroupUpdate{Subject: new(fmt.Sprint(i))})
		if err != nil {
			t.Fatal(err)
		}
		w.hooks.request(t, update.RequestID)
	}
	if err := w.sim.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	w.open()
	after, _ := os.ReadFile(path)
	if len(after)*5 > len(before) {
		t.Errorf("%d bytes became %d", len(before), len(after))
	}
	if bytes.Contains(before, []byte(testToken)) || bytes.Contains(after, []byte(testToken)) {
		t.Error("the log holds a token")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if seen, err := w.meta.Group(ctx(), creds, g.GroupID); err != nil || seen.Subject != "49" {
		t.Errorf("group %+v, %v", seen, err)
	}
}

// When the log cannot be written nothing changes and the caller is told.
func TestLogThatCannotBeWritten(t *testing.T) {
	w := newWorld(t, withLog(filepath.Join(t.TempDir(), "log")))
	g := w.groupWith("ward", anna)
	if err := w.sim.log.file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
		if graph.CodeOf(err) != graph.CodeTemporarilyUnavailable {
			t.Errorf("remove: %v", err)
		}
	}
	if _, code := w.expect(500, "POST", "/phones/"+anna+"/leave", fields{"group_id": g.GroupID}); code != "internal" {
		t.Errorf("leave: %q", code)
	}
	if diff := cmp.Diff([]string{anna}, w.members(g.GroupID)); diff != "" {
		t.Error(diff)
	}
	if err := w.sim.Close(context.Background()); err == nil {
		t.Error("closed without a word about the lost log")
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(`{"kind":"phone","change":{"digits":"491700000001"}}` + "\n"))
	f.Add([]byte(`{"kind":"number","change":{"id":"1","digits":"2","waba":"3"}}` + "\n" +
		`{"kind":"group","change":{"id":"g","number":"1","state":"creating","pending":[{"kind":"create"}]}}` + "\n" +
		`{"kind":"done","change":{"group":"g"},"webhooks":[{"id":1,"group":"g","body":{}}]}` + "\n"))
	f.Add([]byte(`{"kind":"group","change":{"id":"g","members":[null],"pending":[null]}}` + "\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		sim, err := New(Config{Path: path, Logger: quiet})
		if err != nil {
			return
		}
		if err := sim.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		again, err := New(Config{Path: path, Logger: quiet})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if err := again.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}
