package simulator

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

const (
	anna  = "491700000001"
	berta = "491700000002"
	carla = "491700000003"
)

func TestRemovedPersonIsOutAndBarred(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna, berta)
	e := w.remove(g.GroupID, "+49 170-0000001")
	if e.InitiatedBy != graph.ByBusiness || len(e.Removed) != 1 || e.Removed[0].Input != "+49 170-0000001" || e.Removed[0].WaID != "" {
		t.Errorf("event %+v", e)
	}
	if diff := cmp.Diff([]string{berta}, w.members(g.GroupID)); diff != "" {
		t.Error(diff)
	}
	w.send(g.GroupID, "after")
	if got := w.inbox(anna); len(got) != 0 {
		t.Errorf("the removed phone received %q", got)
	}
	w.refuseJoin("barred", anna, g.Group.InviteLink)
	link, err := w.meta.ResetInviteLink(ctx(), creds, g.GroupID)
	if err != nil {
		t.Fatal(err)
	}
	w.refuseJoin("barred", anna, link)
	w.refuseJoin("link_dead", berta, g.Group.InviteLink)
	other := w.newGroup("another")
	w.join(anna, other.Group.InviteLink) // the bar is on person and group
}

func TestWhoLeavesMayComeBack(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	w.expect(200, "POST", "/phones/"+anna+"/leave", fields{"group_id": g.GroupID})
	e := w.hooks.kind(t, graph.ParticipantsRemove, g.GroupID)
	if e.InitiatedBy != graph.ByParticipant || len(e.Removed) != 1 || e.Removed[0].WaID != anna || e.RequestID != "" {
		t.Errorf("event %+v", e)
	}
	if _, code := w.expect(409, "POST", "/phones/"+anna+"/leave", fields{"group_id": g.GroupID}); code != "not_member" {
		t.Errorf("code %q", code)
	}
	w.join(anna, g.Group.InviteLink)
	if e := w.hooks.kind(t, graph.ParticipantsAdd, g.GroupID); e.Reason != "invite_link" || e.Added[0].WaID != anna {
		t.Errorf("event %+v", e)
	}
	w.join(anna, g.Group.InviteLink) // twice is no error, and no second event: the next one tells of berta
	w.addPhones(berta)
	w.join(berta, g.Group.InviteLink)
	if e := w.hooks.kind(t, graph.ParticipantsAdd, g.GroupID); e.Added[0].WaID != berta {
		t.Errorf("event %+v", e)
	}
}

func TestRemovalTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Delay = time.Minute })
		g := w.groupWith("ward", anna, berta)
		start := time.Now()
		got, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(59 * time.Second) // of the bubble's clock
		if diff := cmp.Diff([]string{anna, berta}, w.members(g.GroupID)); diff != "" {
			t.Errorf("before the webhook: %s", diff)
		}
		answer, _ := w.expect(200, "GET", "/groups/"+g.GroupID, nil)
		if state := answer["people"].([]any)[0].(map[string]any)["state"]; state != "removing" {
			t.Errorf("state %v", state)
		}
		w.hooks.request(t, got.RequestID)
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %s", took)
		}
		if diff := cmp.Diff([]string{berta}, w.members(g.GroupID)); diff != "" {
			t.Errorf("after the webhook: %s", diff)
		}
	})
}

// A message that was accepted while the removal was pending is on its way to the person all the same: this is what makes
// a gateway wait.
func TestMessageAcceptedDuringRemovalReachesThePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Delay = time.Minute })
		g := w.groupWith("ward", anna, berta)
		if _, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna}); err != nil {
			t.Fatal(err)
		}
		w.send(g.GroupID, "too early")
		w.send(g.GroupID, "in time")
		if diff := cmp.Diff([]string{"too early"}, w.inbox(anna)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"too early", "in time"}, w.inbox(berta)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRemovalInPart(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	e := w.remove(g.GroupID, berta, anna, "US.nobody")
	if len(e.Removed) != 1 || e.Removed[0].Input != anna {
		t.Errorf("removed %+v", e.Removed)
	}
	if len(e.Failed) != 2 || e.Failed[0].Input != berta || e.Failed[0].Errors[0].Code != graph.CodeNotInGroup || e.Failed[1].Input != "US.nobody" {
		t.Errorf("failed %+v", e.Failed)
	}
	if len(e.Errors) != 1 || e.Errors[0].Code != graph.CodePartialSuccess {
		t.Errorf("errors %+v", e.Errors)
	}
	// Repeating it is refused at once: nobody on the list is in the group any more.
	_, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{berta, anna})
	if graph.CodeOf(err) != graph.CodeNotInGroup {
		t.Errorf("again: %v", err)
	}
}

func TestPersonLeavesWhileRemovalIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Delay = time.Minute })
		g := w.groupWith("ward", anna)
		got, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
		if err != nil {
			t.Fatal(err)
		}
		w.expect(200, "POST", "/phones/"+anna+"/leave", fields{"group_id": g.GroupID})
		e := w.hooks.request(t, got.RequestID)
		if len(e.Removed) != 0 || len(e.Failed) != 1 || e.Failed[0].Input != anna || len(e.Errors) != 1 || e.Errors[0].Code != graph.CodeNotInGroup {
			t.Errorf("event %+v", e)
		}
		w.join(anna, g.Group.InviteLink) // left, not removed
	})
}

func TestTwoRemovalsOfOnePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Delay = time.Second })
		g := w.groupWith("ward", anna)
		first, err1 := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
		second, err2 := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if e := w.hooks.request(t, first.RequestID); len(e.Removed) != 1 {
			t.Errorf("first %+v", e)
		}
		if e := w.hooks.request(t, second.RequestID); len(e.Removed) != 0 || e.Errors[0].Code != graph.CodeNotInGroup {
			t.Errorf("second %+v", e)
		}
		w.refuseJoin("barred", anna, g.Group.InviteLink)
	})
}

func TestRemovalByUserID(t *testing.T) {
	w := newWorld(t)
	w.expect(201, "POST", "/phones", fields{"number": anna, "name": "Anna", "user_id": "DE.1001"})
	g := w.groupWith("ward", anna, berta)
	seen, err := w.meta.Group(ctx(), creds, g.GroupID)
	if err != nil || seen.Participants[0].UserID != "DE.1001" {
		t.Errorf("participants %+v, %v", seen.Participants, err)
	}
	_, err = w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna, "DE.1001"})
	if graph.CodeOf(err) != graph.CodeDuplicateParticipants {
		t.Errorf("the same person under two names: %v", err)
	}
	if e := w.remove(g.GroupID, "DE.1001"); len(e.Removed) != 1 || e.Removed[0].Input != "DE.1001" {
		t.Errorf("event %+v", e)
	}
	w.refuseJoin("barred", anna, g.Group.InviteLink)
}

func TestRaceForTheLastSeat(t *testing.T) {
	w := newWorld(t)
	g := w.newGroup("ward")
	numbers := make([]string, 40)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("4917000001%02d", i)
		w.addPhones(numbers[i])
	}
	var got sync.Map
	var all sync.WaitGroup
	for _, n := range numbers {
		all.Go(func() {
			status, answer := w.control("POST", "/phones/"+n+"/join", fields{"invite_link": g.Group.InviteLink})
			if status == http.StatusOK {
				got.Store(n, true)
			} else if answer["error"].(map[string]any)["code"] != "group_full" {
				t.Errorf("%s: %d %v", n, status, answer)
			}
		})
	}
	all.Wait()
	in := w.members(g.GroupID)
	for _, n := range in {
		if _, ok := got.LoadAndDelete(n); !ok {
			t.Errorf("%s is listed but was told it is not in", n)
		}
	}
	got.Range(func(n, _ any) bool { t.Errorf("%v was let in but is not listed", n); return true })
	if len(in) != maxMembers {
		t.Errorf("%d members", len(in))
	}
	// A seat that a removal makes free is free when the removal is done.
	w.remove(g.GroupID, in[0])
	for _, n := range numbers {
		if status, _ := w.control("POST", "/phones/"+n+"/join", fields{"invite_link": g.Group.InviteLink}); status == 200 && n == in[0] {
			t.Errorf("the removed phone came back")
		}
	}
	if n := len(w.members(g.GroupID)); n != maxMembers {
		t.Errorf("%d members after one was replaced", n)
	}
}

func TestInviteLinkDeletedAndMadeAgain(t *testing.T) {
	w := newWorld(t)
	g := w.newGroup("ward")
	w.addPhones(anna)
	if err := w.meta.DeleteInviteLink(ctx(), creds, g.GroupID); err != nil {
		t.Fatal(err)
	}
	w.refuseJoin("link_dead", anna, g.Group.InviteLink)
	if _, err := w.meta.InviteLink(ctx(), creds, g.GroupID); graph.CodeOf(err) != graph.CodeInvalidParameter {
		t.Errorf("reading a deleted link: %v", err)
	}
	link, err := w.meta.ResetInviteLink(ctx(), creds, g.GroupID)
	if err != nil || link == g.Group.InviteLink {
		t.Fatalf("new link %q, %v", link, err)
	}
	w.join(anna, link)
}

func TestJoinRequests(t *testing.T) {
	w := newWorld(t)
	made, err := w.meta.CreateGroup(ctx(), creds, graph.NewGroup{Subject: "by request", JoinApprovalMode: graph.ApprovalRequired})
	if err != nil {
		t.Fatal(err)
	}
	g := w.hooks.request(t, made.RequestID)
	w.addPhones(anna, berta, carla)
	ids := map[string]string{}
	for _, n := range []string{anna, berta, carla} {
		w.join(n, g.Group.InviteLink)
		ids[n] = w.hooks.kind(t, graph.JoinRequestCreated, g.GroupID).JoinRequestID
	}
	if n := len(w.members(g.GroupID)); n != 0 {
		t.Errorf("%d members before any approval", n)
	}
	_, list, _ := w.raw("GET", g.GroupID+"/join_requests", "")
	if data := list["data"].([]any); len(data) != 3 || data[0].(map[string]any)["wa_id"] != anna {
		t.Errorf("requests %v", data)
	}
	w.expect(200, "POST", "/phones/"+carla+"/leave", fields{"group_id": g.GroupID})
	if e := w.hooks.kind(t, graph.JoinRequestRevoked, g.GroupID); e.JoinRequestID != ids[carla] {
		t.Errorf("event %+v", e)
	}
	body := fmt.Sprintf(`{"messaging_product":"whatsapp","join_requests":[%q,%q]}`, ids[anna], ids[carla])
	status, answer, _ := w.raw("POST", g.GroupID+"/join_requests", body)
	if status != http.StatusPartialContent || len(answer["approved_join_requests"].([]any)) != 1 || len(answer["failed_join_requests"].([]any)) != 1 {
		t.Errorf("approval: %d %v", status, answer)
	}
	if e := w.hooks.kind(t, graph.ParticipantsAdd, g.GroupID); e.Added[0].Input != anna || e.Added[0].WaID != anna {
		t.Errorf("event %+v", e)
	}
	body = fmt.Sprintf(`{"messaging_product":"whatsapp","join_requests":[%q]}`, ids[berta])
	if status, answer, _ := w.raw("DELETE", g.GroupID+"/join_requests", body); status != 200 || len(answer["rejected_join_requests"].([]any)) != 1 {
		t.Errorf("rejection: %d %v", status, answer)
	}
	w.join(berta, g.Group.InviteLink) // a rejected person may ask again, under the same id
	if e := w.hooks.kind(t, graph.JoinRequestCreated, g.GroupID); e.JoinRequestID != ids[berta] {
		t.Errorf("event %+v", e)
	}
	plain := w.newGroup("open")
	if status, list, _ := w.raw("GET", plain.GroupID+"/join_requests", ""); status != 200 || len(list["data"].([]any)) != 0 {
		t.Errorf("open group: %d %v", status, list)
	}
}
