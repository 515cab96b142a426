package simulator

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

func TestHandshakeComesFirstAndOnce(t *testing.T) {
	w := newWorld(t)
	var queries []url.Values
	w.hooks.instead(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && len(queries) == 0 {
			t.Error("a webhook came before the handshake")
		}
		if r.Method == http.MethodGet {
			queries = append(queries, r.URL.Query())
		}
		return false
	})
	w.groupWith("ward", anna, berta)
	if len(queries) != 1 || queries[0].Get("tenant") != "1" || queries[0].Get("hub.verify_token") != testVerify {
		t.Errorf("handshakes %v", queries)
	}
}

func TestNothingIsSentToACallbackThatFailsTheHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Callback.VerifyToken = "wrong" })
		if _, err := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "x"}); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		synctest.Wait()
		if n := w.hooks.attempts.Load(); n != 0 {
			t.Errorf("%d webhooks were sent", n)
		}
		if n := w.hooks.shakes.Load(); n < 5 {
			t.Errorf("only %d handshakes were tried", n)
		}
		journal, _ := w.expect(200, "GET", "/journal", nil)
		if text := fmt.Sprint(journal); strings.Contains(text, "wrong") || strings.Contains(text, testToken) {
			t.Errorf("the journal shows a secret: %s", text)
		}
	})
}

func TestRetriesOfAWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		g := w.groupWith("ward", anna, berta)
		var at []time.Duration
		start := time.Now()
		w.hooks.instead(func(rw http.ResponseWriter, r *http.Request) bool {
			at = append(at, time.Since(start))
			if len(at) < 6 {
				rw.WriteHeader(http.StatusInternalServerError)
				return true
			}
			return false
		})
		w.hooks.patience = 48 * time.Hour
		e := w.remove(g.GroupID, anna)
		want := []time.Duration{0, 0, 10 * time.Second, 70 * time.Second, 370 * time.Second, 2170 * time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Error(diff)
		}
		if e.Timestamp.After(start) {
			t.Errorf("a retry changed the event: %+v", e)
		}
	})
}

func TestWebhookIsGivenUpAfterThirtySixHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		g := w.groupWith("ward", anna)
		var last time.Duration
		start := time.Now()
		w.hooks.instead(func(rw http.ResponseWriter, r *http.Request) bool {
			last = time.Since(start)
			rw.WriteHeader(http.StatusFound) // only 200 counts, and no redirect is followed
			return true
		})
		if _, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna}); err != nil {
			t.Fatal(err)
		}
		<-time.After(100 * time.Hour)
		synctest.Wait()
		if last < 24*time.Hour || last > 36*time.Hour {
			t.Errorf("the last attempt came after %s", last)
		}
	})
}

func TestOneStuckGroupDoesNotHoldUpOthers(t *testing.T) {
	w := newWorld(t)
	stuck, free := w.groupWith("stuck", anna), w.groupWith("free", berta)
	release := make(chan struct{})
	w.hooks.instead(func(_ http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if strings.Contains(string(body), stuck.GroupID) {
			<-release
		}
		return false
	})
	first, err := w.meta.RemoveParticipants(ctx(), creds, stuck.GroupID, []string{anna})
	if err != nil {
		t.Fatal(err)
	}
	w.remove(free.GroupID, berta)
	close(release)
	w.hooks.request(t, first.RequestID)
}

// Steps are carried out, one after another and each time anew, though the callback hangs at the group's first webhook.
func TestAHangingCallbackDoesNotHoldUpSteps(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna, berta, carla)
	hanging, release := make(chan struct{}, 1), make(chan struct{})
	w.hooks.instead(func(http.ResponseWriter, *http.Request) bool {
		select {
		case hanging <- struct{}{}:
		default:
		}
		<-release
		return false
	})
	told := make(chan Webhook, 3)
	w.sim.Interfere(&Interference{Webhook: func(h Webhook) WebhookFate {
		told <- h
		return WebhookFate{}
	}})
	var requests []string
	for i, n := range []string{anna, berta, carla} {
		got, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{n})
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, got.RequestID)
		<-told
		if i == 0 {
			<-hanging
		}
	}
	if left := w.members(g.GroupID); len(left) != 0 {
		t.Errorf("still there: %v", left)
	}
	close(release)
	for _, id := range requests {
		if e := w.hooks.wait(t, func(graph.Event) bool { return true }); e.RequestID != id {
			t.Errorf("event %+v, want %s", e, id)
		}
	}
}

func TestWebhooksOfOneGroupKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	for i := range 200 {
		w.expect(201, "POST", "/phones/"+anna+"/messages", fields{"group_id": g.GroupID, "text": fmt.Sprint(i)})
	}
	for i := range 200 {
		if e := w.hooks.kind(t, graph.MessageReceived, g.GroupID); e.Message.Text != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, e.Message.Text)
		}
	}
}

func TestInterferenceWithWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		g := w.groupWith("ward", anna, berta, carla)
		w.sim.Interfere(&Interference{Webhook: func(h Webhook) WebhookFate {
			switch {
			case h.Type == "group_suspend":
				return WebhookFate{Lose: true}
			case h.Type == "group_suspend_cleared":
				return WebhookFate{Copies: 2}
			case h.Field == "group_settings_update":
				return WebhookFate{Delay: time.Minute}
			}
			return WebhookFate{}
		}})
		w.expect(200, "POST", "/groups/"+g.GroupID+"/suspend", nil)
		w.expect(200, "POST", "/groups/"+g.GroupID+"/clear", nil)
		if _, err := w.meta.UpdateGroup(ctx(), creds, g.GroupID, graph.GroupUpdate{Subject: new("late")}); err != nil {
			t.Fatal(err)
		}
		w.hooks.patience = time.Hour
		if _, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna}); err != nil {
			t.Fatal(err)
		}
		var got []graph.EventType
		for range 5 {
			got = append(got, w.hooks.wait(t, func(graph.Event) bool { return true }).Type)
		}
		want := []graph.EventType{graph.SuspendCleared, graph.SuspendCleared, graph.SuspendCleared, graph.ParticipantsRemove, graph.SettingsUpdate}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestInterferenceWithOutcomes(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna, berta)
	w.sim.Interfere(&Interference{Outcome: func(s Step) int {
		if s.Kind == "remove" && s.Phone != anna {
			return 0
		}
		return graph.CodeSomethingWentWrong
	}})
	e := w.remove(g.GroupID, anna, berta)
	if len(e.Removed) != 1 || e.Removed[0].Input != berta || len(e.Failed) != 1 || e.Failed[0].Errors[0].Code != graph.CodeSomethingWentWrong {
		t.Errorf("removal %+v", e)
	}
	if diff := cmp.Diff([]string{anna}, w.members(g.GroupID)); diff != "" {
		t.Error(diff)
	}
	update, err1 := w.meta.UpdateGroup(ctx(), creds, g.GroupID, graph.GroupUpdate{Subject: new("never")})
	gone, err2 := w.meta.DeleteGroup(ctx(), creds, g.GroupID)
	made, err3 := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "never", Description: "d"})
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	if e := w.hooks.request(t, update.RequestID); e.Settings.Subject.Successful || len(e.Errors) != 1 {
		t.Errorf("update %+v", e)
	}
	if e := w.hooks.request(t, gone.RequestID); len(e.Errors) != 1 || e.GroupID != g.GroupID {
		t.Errorf("deletion %+v", e)
	}
	if e := w.hooks.request(t, made.RequestID); len(e.Errors) != 1 || e.GroupID != "" || e.Group.Description != "d" {
		t.Errorf("creation %+v", e)
	}
	if seen, err := w.meta.Group(ctx(), creds, g.GroupID); err != nil || seen.Subject != "ward" {
		t.Errorf("after three failures: %+v %v", seen, err)
	}
	if n := w.sim.findNumber(testNumID).total; n != 1 {
		t.Errorf("%d groups are counted", n)
	}
	id, err := w.meta.Send(ctx(), creds, graph.Outgoing{Group: true, To: g.GroupID, Body: graph.TextBody{Body: "never"}})
	if err != nil {
		t.Fatal(err)
	}
	if e := w.hooks.kind(t, graph.MessageStatus, g.GroupID); e.Status.MessageID != id || e.Status.Status != "failed" || len(e.Status.Errors) != 1 {
		t.Errorf("status %+v", e.Status)
	}
	if got := w.inbox(anna); len(got) != 0 {
		t.Errorf("a failed message arrived: %q", got)
	}
}

// The answer is lost after the work was done: the client cannot know, and a second try finds the person gone.
func TestInterferenceLosesTheAnswer(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna, berta)
	told := make(chan Call, 1)
	w.sim.Interfere(&Interference{
		BeforeCall: func(c Call) CallFate { return CallFate{LoseAnswer: c.Operation == "remove_participants"} },
		AfterCall:  func(c Call) { told <- c },
	})
	_, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
	if graph.ClassOf(err) != graph.Temporary {
		t.Fatalf("err = %v", err)
	}
	w.sim.Interfere(nil)
	if c := <-told; c.Operation != "remove_participants" || c.Object != g.GroupID {
		t.Errorf("told of %+v", c)
	}
	w.hooks.kind(t, graph.ParticipantsRemove, g.GroupID)
	_, err = w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
	if graph.CodeOf(err) != graph.CodeNotInGroup {
		t.Errorf("again: %v", err)
	}
}

// A webhook may come before the answer to the call that caused it.
func TestAfterCallHoldsTheAnswerAndNotTheWebhook(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	release := make(chan struct{})
	w.sim.Interfere(&Interference{AfterCall: func(Call) { <-release }})
	answered := make(chan error, 1)
	go func() {
		_, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
		answered <- err
	}()
	w.hooks.kind(t, graph.ParticipantsRemove, g.GroupID)
	select {
	case err := <-answered:
		t.Fatalf("the answer came first: %v", err)
	default:
	}
	close(release)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestCloseWaitsForDeliveriesUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		g := w.groupWith("ward", anna)
		w.hooks.instead(func(_ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		})
		if _, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		limited, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.sim.Close(limited); err == nil {
			t.Error("closed without a word though a delivery was cut off")
		}
	})
}

func TestCallbackMustBeUsable(t *testing.T) {
	for _, c := range []Callback{{URL: "gateway"}, {URL: "ftp://x/", AppSecret: "s"}, {URL: "http://x/"}, {URL: "http://%zz", AppSecret: "s"}} {
		if _, err := New(Config{Callback: c}); err == nil {
			t.Errorf("callback %+v was taken", c)
		}
	}
}

// The envelope as Meta's pages show it, compared byte for byte where the values are ours to choose.
func TestEnvelope(t *testing.T) {
	at := time.Unix(1755548877, 0)
	w := newWorld(t, func(c *Config) { c.Now = func() time.Time { return at } })
	g := w.groupWith("ward", anna)
	bodies := make(chan []byte, 1)
	w.sim.Interfere(&Interference{Webhook: func(h Webhook) WebhookFate {
		bodies <- h.Body
		return WebhookFate{}
	}})
	got, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{"+" + anna, berta})
	if err != nil {
		t.Fatal(err)
	}
	missing := `{"code":131212,"message":"Participant is not in the group","title":"Participant is not in the group",` +
		`"error_data":{"details":"Participant is not in the group."}}`
	want := `{"object":"whatsapp_business_account","entry":[{"id":"` + testWABA + `","changes":[{"field":"group_participants_update",` +
		`"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"` + testNumber + `","phone_number_id":"` + testNumID + `"},` +
		`"groups":[{"timestamp":"1755548877","group_id":"` + g.GroupID + `","type":"group_participants_remove","request_id":"` + got.RequestID +
		`","initiated_by":"business","removed_participants":[{"input":"+` + anna + `"}],"failed_participants":[{"input":"` + berta +
		`","errors":[` + missing + `]}],"errors":[` + strings.NewReplacer("131212", "131201", "Participant is not in the group", "Not all participants were processed").Replace(missing) +
		`]}]}}]}]}`
	if diff := cmp.Diff(want, string(<-bodies)); diff != "" {
		t.Error(diff)
	}
}
