package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Everything that happens in a group is told, numbered without a gap, and what is pushed can be pulled as well.
func TestP8EverythingIsPushedAndCanBePulled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Millisecond))
	r := w.newReceiver()
	w.callbacks(r.URL, r.URL)
	g := w.group("ward", anna, berta, carla)
	subject := "renamed"
	w.done(w.update(g.Target, gateway.Settings{Subject: &subject}).Operation.ID)
	removal := w.remove(g.Target, anna)
	w.isOut(removal, 1)
	w.leave(g.Target, berta)
	w.expect(g.Target, carla)
	w.suspend(g.Target)
	w.becomes(g.GroupID, group.Suspended)
	w.clear(g.Target)
	w.becomes(g.GroupID, group.Active)
	change, err := w.gateway().DeleteGroup(ctx, w.me(), g.Target)
	w.must(err)
	w.done(change.Operation.ID)

	w.until("everything was told", func() bool { return len(r.of(g.GroupID)) == 10 })
	w.idle()
	list := r.of(g.GroupID)
	w.numbered("pushed", list)
	var kinds []string
	for _, item := range list {
		kinds = append(kinds, item.Type)
	}
	want := []string{"created", "joined", "joined", "joined", "changed", "removed", "left", "suspended", "cleared", "deleted"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	out := list[5]
	if out.By != "business" || !strings.HasSuffix(out.Operator, ":root") || out.OperationID != gateway.FormatID(removal.Operation.ID) ||
		!slices.Equal(out.Participants, []string{anna.String()}) {
		t.Errorf("the removal was told as %+v", out)
	}
	for _, size := range []int{1, 3, 100} {
		pulled, _ := w.stream(at(g.GroupID), "", size)
		var pushed []string
		for _, e := range pulled {
			pushed = append(pushed, e.Event.Kind)
		}
		if diff := cmp.Diff(want, pushed); diff != "" {
			t.Errorf("pulled by %d (-want +got):\n%s", size, diff)
		}
	}
}

// What the network did not do is told too: person by person.
func TestP8RefusalIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Millisecond))
	r := w.newReceiver()
	w.callbacks(r.URL, "")
	g := w.group("ward", anna, berta)
	w.deny("remove_participants", graph.CodeNotEligible, 1)
	change := w.remove(g.Target, anna, berta)
	w.failed(change.Operation.ID)
	w.until("the refusal was told", func() bool {
		return slices.ContainsFunc(r.of(g.GroupID), func(item told) bool { return item.Type == "refused" })
	})
	w.idle()
	w.numbered("pushed", r.of(g.GroupID))
	refused := slices.DeleteFunc(r.of(g.GroupID), func(item told) bool { return item.Type != "refused" })
	if len(refused) != 1 {
		t.Errorf("told %d times: %+v", len(refused), refused)
	}
	last := r.of(g.GroupID)[len(r.of(g.GroupID))-1]
	if last.Operation != "remove" || last.OperationID != gateway.FormatID(change.Operation.ID) || last.ErrorCode != "131215" || len(last.Participants) != 2 {
		t.Errorf("told %+v", last)
	}
}

// troubles are ways not to acknowledge.
var troubles = map[string]http.HandlerFunc{
	"status 500": func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, acknowledgement, http.StatusInternalServerError)
	},
	"status 201": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, acknowledgement)
	},
	"without code":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"msg":"success"}`) },
	"code as text":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"code":"0"}`) },
	"another code":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"code":7}`) },
	"no JSON":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "OK") },
	"hung up":       func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"never answers": func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() },
}

// A receiver is in trouble; each receipt is pushed three times and given up. When the receiver is well again, a replay brings everything
// that has happened, in order for each group. Nobody else noticed.
func TestReceiverInTrouble(t *testing.T) {
	t.Parallel()
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pushing(time.Millisecond, 2*time.Millisecond))
			r := w.newReceiver()
			r.answers(trouble)
			w.callbacks(r.URL, "")
			one, two := w.group("one", anna, berta), w.group("two", anna, berta)
			for _, g := range []made{one, two} {
				w.isOut(w.remove(g.Target, anna), 1) // group lanes do not wait for a receiver
			}
			w.idle()
			dead, err := w.gateway().DeadReceipts(ctx, store.Range{Most: 100})
			w.must(err)
			if len(dead) != 8 || len(r.got()) != 0 {
				t.Fatalf("%d receipts were given up and %d taken, want 8 and 0", len(dead), len(r.got()))
			}
			for _, d := range dead {
				if d.Item.Failure == "" || d.Item.Attempts != 2 || strings.Contains(d.Item.Failure, r.URL) {
					t.Errorf("given up after %d more tries: %q", d.Item.Attempts, d.Item.Failure)
				}
			}
			r.answers(nil)
			w.isOut(w.remove(one.Target, berta), 1)
			w.until("what came later was told", func() bool { return len(r.got()) == 1 })
			w.replay(store.Range{ID: dead[0].Item.ID}, 1)
			w.replay(store.Range{}, 7)
			w.idle()
			w.numbered("group two", r.of(two.GroupID))
			if got := len(r.got()); got != 9 {
				t.Errorf("%d receipts were taken, want 9", got)
			}
		})
	}
}

func (w *world) replay(r store.Range, want int) {
	w.t.Helper()
	n, err := w.gateway().ReplayReceipts(ctx, r)
	w.must(err)
	if n != want {
		w.t.Errorf("%d receipts were replayed, want %d", n, want)
	}
}

// Later receipts of a group wait for the earlier ones; those of other groups and of other callbacks do not.
func TestReceiptsOfAGroupWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Hour))
	r := w.newReceiver()
	refused := make(chan struct{}, 100)
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		refused <- struct{}{}
	})
	w.callbacks(r.URL, "")
	held := w.group("held", anna)
	w.wait("a push was refused", refused)
	r.answers(nil)
	w.isOut(w.remove(held.Target, anna), 1)
	free := w.group("free", berta)
	w.until("the other group was told of", func() bool { return len(r.of(free.GroupID)) == 2 })
	if got := r.of(held.GroupID); len(got) != 0 {
		t.Errorf("told before its turn: %+v", got)
	}
}

// A redirect is not followed: not to a private address, nor anywhere.
func TestReceiptsFollowNoRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pushing())
			r, secret := w.newReceiver(), w.newReceiver()
			r.answers(func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, secret.URL, status) })
			w.callbacks(r.URL, "")
			w.group("ward")
			w.idle()
			if n, err := w.gateway().CountDeadReceipts(ctx); n != 1 || err != nil || secret.pushed() != 0 || r.pushed() != 1 {
				t.Errorf("%d given up (%v), %d pushes, %d where the redirect leads", n, err, r.pushed(), secret.pushed())
			}
		})
	}
}

// Private addresses are not reached where the operator does not allow them, by number or by name.
func TestReceiptsReachNoPrivateAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(), func(w *world, _ *simulator.Config) { w.receipts.Allow = nil })
	r := w.newReceiver()
	for _, url := range []string{r.URL, strings.Replace(r.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), "http://169.254.169.254/latest/meta-data"} {
		_, err := w.gateway().UpdateWebhook(ctx, w.me(), home, gateway.WebhookChange{StatusURL: &url})
		w.refused(err, group.CodeBadCallback)
	}
	w.callbacks(strings.Replace(r.URL, "127.0.0.1", "localhost", 1), "")
	w.group("ward")
	w.idle()
	dead, err := w.gateway().DeadReceipts(ctx, store.Range{Most: 100})
	w.must(err)
	if len(dead) != 1 || r.pushed() != 0 {
		t.Errorf("%d given up, %d pushes arrived", len(dead), r.pushed())
	}
	for _, d := range dead {
		if strings.Contains(d.Item.Failure, "127.0.0.1") {
			t.Errorf("the failure tells an address: %q", d.Item.Failure)
		}
	}
}

// A crash loses no receipt, and none is told under another name.
func TestP3ReceiptsSurviveACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Hour), func(w *world, _ *simulator.Config) {
		w.receipts.Timeout = time.Minute // the push that hangs has to hang until the crash: its next try is an hour off
	})
	r := w.newReceiver()
	arrived := make(chan struct{}, 100)
	r.answers(func(_ http.ResponseWriter, req *http.Request) { arrived <- struct{}{}; <-req.Context().Done() })
	w.callbacks(r.URL, "")
	g := w.group("ward", anna, berta)
	w.isOut(w.remove(g.Target, anna), 1)
	w.wait("a push is under way", arrived)
	w.crash()
	r.answers(nil)
	w.open()
	w.until("everything was told", func() bool { return len(r.of(g.GroupID)) >= 4 })
	w.idle()
	w.numbered("after the crash", r.of(g.GroupID))
}

// Several nodes push each receipt in the order of its group.
func TestReceiptsOverThreeNodes(t *testing.T) {
	t.Parallel()
	if !withNodes() {
		return
	}
	w := newWorld(t, pushing(time.Millisecond))
	a, b, c := w.trio()
	r := w.newReceiver()
	w.callbacks(r.URL, "")
	w.arriveAt(a, b, c)
	var groups []made
	for i := range 4 {
		groups = append(groups, w.group(fmt.Sprint("ward ", i), people(10*i, 6)...))
	}
	for i, g := range groups {
		for j, n := range people(10*i, 6) {
			node := []*world{a, b, c}[j%3]
			node.isOut(node.remove(g.Target, n), 1)
		}
	}
	for _, g := range groups {
		w.until("everything was told", func() bool { return len(r.of(g.GroupID)) >= 13 })
		w.numbered(g.GroupID, r.of(g.GroupID))
	}
	for _, size := range []int{2, 100} {
		pulled, _ := b.stream(home, "", size)
		next := map[string]int64{}
		for _, e := range pulled {
			if next[e.NetworkID]++; e.Seq != next[e.NetworkID] {
				t.Errorf("group %s: pulled number %d, want %d", e.NetworkID, e.Seq, next[e.NetworkID])
			}
		}
		if len(pulled) != 4*13 {
			t.Errorf("%d were pulled, want %d", len(pulled), 4*13)
		}
	}
}

// Messages that come in and statuses of those that went out are told in the official form, each once.
func TestMessagesAndStatusesAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Millisecond))
	status, up := w.newReceiver(), w.newReceiver()
	w.callbacks(status.URL, up.URL)
	g := w.group("ward", anna, berta)
	sent := w.done(w.send(g.Target, "hello").Operation.ID)
	w.received(g, anna, "hello")
	in := graph.Event{Type: graph.MessageReceived, PhoneNumberID: phoneID, GroupID: g.GroupID, Timestamp: w.clock.now().Truncate(time.Second),
		Message: &graph.Message{ID: "wamid.1", Kind: "text", From: anna.String(), Text: "good morning"}}
	alone := in
	alone.GroupID, alone.Message = "", &graph.Message{ID: "wamid.2", Kind: "image", From: berta.String(), Media: &graph.Media{ID: "77", Caption: "look"}}
	w.hooks.deliver(in, in)
	w.hooks.deliver(in, alone)
	w.until("both messages were told", func() bool { return len(up.got()) == 2 })
	w.until("the statuses were told", func() bool {
		return len(slices.DeleteFunc(status.of(g.GroupID), func(item told) bool { return item.Status == "" })) >= 3
	})
	w.idle()
	first, _ := w.stored("wamid.1")
	second, _ := w.stored("wamid.2")
	want := []told{{MessageID: gateway.FormatID(first.ID), Type: "TEXT", GroupID: g.GroupID, Message: "good morning", From: anna.String(), To: business.String(), Timestamp: in.Timestamp.UnixMilli()},
		{MessageID: gateway.FormatID(second.ID), Type: "IMAGE", Message: `{"caption":"look","id":"77"}`, From: berta.String(), To: business.String(), Timestamp: in.Timestamp.UnixMilli()}}
	inbound := slices.SortedFunc(slices.Values(up.got()), func(a, b told) int { return strings.Compare(a.MessageID, b.MessageID) })
	if diff := cmp.Diff(want, inbound); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	seen := map[string]int{}
	for _, item := range status.of(g.GroupID) {
		if item.Status != "" {
			seen[item.Status+" "+item.To]++
			if item.MessageID != gateway.FormatID(sent.ID) || item.From != business.String() {
				t.Errorf("status %+v", item)
			}
		}
	}
	for _, key := range []string{"Sent " + g.GroupID, "Delivered " + anna.String(), "Delivered " + berta.String()} {
		if seen[key] != 1 {
			t.Errorf("%q was told %d times: %v", key, seen[key], seen)
		}
	}
	kinds := map[string]int{}
	pulled, _ := w.stream(home, "", 100)
	for _, e := range pulled {
		kinds[e.Kind]++
	}
	if kinds[group.EventInbound] != 2 || kinds[group.EventStatus] < 3 || kinds[receipt.GroupKind] != 3 {
		t.Errorf("pulled %v", kinds)
	}
}

// Somebody whose number the network does not tell has none in receipts: the digits of an id are no number.
func TestReceiptsOfSomebodyWithoutANumber(t *testing.T) {
	t.Parallel()
	const hidden = "DE.1234567890"
	w := newWorld(t, pushing(time.Millisecond))
	status, up := w.newReceiver(), w.newReceiver()
	w.callbacks(status.URL, up.URL)
	g := w.group("ward", anna)
	sent := w.comesTo(w.send(g.Target, "hello").Operation.ID, group.MessageDelivered)
	w.hooks.deliver(graph.Event{Type: graph.MessageReceived, PhoneNumberID: phoneID, GroupID: g.GroupID, Timestamp: w.clock.now(),
		Message: &graph.Message{ID: "wamid.1", Kind: "text", From: hidden, FromUserID: hidden, Text: "hi"}},
		graph.Event{Type: graph.MessageStatus, PhoneNumberID: phoneID, GroupID: g.GroupID, Timestamp: w.clock.now(), Status: &graph.Status{
			MessageID: sent.WAMID, CallbackData: gateway.FormatID(sent.ID), Status: "read", Participant: hidden, UserID: hidden}})
	w.until("the message was told", func() bool { return len(up.got()) == 1 })
	if from := up.got()[0].From; from != "" {
		t.Errorf("it is from %q", from)
	}
	w.until("the status was told", func() bool {
		return slices.ContainsFunc(status.of(g.GroupID), func(item told) bool { return item.Status == "Read" })
	})
	for _, item := range status.of(g.GroupID) {
		if item.Status == "Read" && item.To != "" {
			t.Errorf("it was read by %q", item.To)
		}
	}
}

// What is set for a number goes before what is set for its channel, and receipts go nowhere by default.
func TestWhereReceiptsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	channel := gateway.Target{SpaceID: space}
	set := func(t gateway.Target, status, up, flag string) {
		change := gateway.WebhookChange{HTTP: &flag}
		if status != "-" {
			change.StatusURL = &status
		}
		if up != "-" {
			change.UpURL = &up
		}
		_, err := w.gateway().UpdateWebhook(ctx, w.me(), t, change)
		w.must(err)
	}
	expect := func(status, up string) {
		t.Helper()
		w.me()
		if got := w.gateway().WebhookOf(business); got.StatusCallbackURL != status || got.UpCallbackURL != up {
			t.Errorf("receipts go to %q and %q, want %q and %q", got.StatusCallbackURL, got.UpCallbackURL, status, up)
		}
	}
	expect("", "")
	set(channel, "https://a.example/s", "-", "")
	expect("https://a.example/s", "")
	set(home, "-", "https://a.example/up", "")
	expect("https://a.example/s", "https://a.example/up")
	set(home, "https://b.example/s", "-", "y")
	expect("https://b.example/s", "https://a.example/up")
	set(channel, "-", "-", "N")
	expect("https://b.example/s", "https://a.example/up")
	set(home, "", "-", "Y")
	expect("", "https://a.example/up")
	set(channel, "-", "-", "Y")
	set(home, "-", "", "Y") // what is set for the channel is enough
	expect("https://a.example/s", "")
	set(home, "-", "-", "N")
	expect("", "")
	set(channel, "-", "-", "N")
	push := "Y"
	_, err := w.gateway().UpdateWebhook(ctx, w.me(), home, gateway.WebhookChange{HTTP: &push})
	w.refused(err, group.CodeBadCallback)
	bad := "ftp://a.example"
	refused := func(c gateway.Caller, t gateway.Target, change gateway.WebhookChange, code group.Code) {
		_, err := w.gateway().UpdateWebhook(ctx, c, t, change)
		w.refused(err, code)
	}
	foreign, _ := w.neighbour()
	refused(w.me(), home, gateway.WebhookChange{StatusURL: &bad}, group.CodeBadCallback)
	refused(foreign, home, gateway.WebhookChange{}, group.CodeNotOwner)
	refused(foreign, channel, gateway.WebhookChange{}, group.CodeNotOwner)
}

// Receipts are signed when there is a secret.
func TestReceiptsAreSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Millisecond))
	r := w.newReceiver()
	w.callbacks(r.URL, "")
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	_, err := w.gateway().UpdateWebhook(ctx, w.me(), home, gateway.WebhookChange{Secret: &secret})
	w.must(err)
	w.group("ward")
	w.until("it was told", func() bool { return len(r.got()) == 1 })
	if h := r.headers[0]; !strings.HasPrefix(h.Get("Webhook-Signature"), "v1,") || h.Get("Webhook-Id") == "" || h.Get("Webhook-Timestamp") == "" {
		t.Errorf("headers %v", h)
	}
}

// A cursor that is no cursor is refused, and the end of the stream stays where it is.
func TestCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, cursor := range []string{"x", "1-", "1--5", "2-0", "1-zzzzzzzzzzzzzzzzzzzzz"} {
		_, _, err := w.gateway().Events(ctx, w.me(), home, gateway.EventList{Cursor: cursor, Size: 1})
		w.refused(err, group.CodeBadCursor)
	}
	g := w.group("ward", anna)
	page, end, err := w.gateway().Events(ctx, w.me(), home, gateway.EventList{Cursor: gateway.LatestCursor, Size: 10})
	w.must(err)
	if len(page) != 0 {
		t.Errorf("%d events behind the end", len(page))
	}
	other := w.group("another")
	quietly, next := w.stream(g.Target, end, 10)
	if len(quietly) != 0 || next == end {
		t.Errorf("the stream of a group in which nothing happened: %d events, and the cursor stays: %t", len(quietly), next == end)
	}
	if rest, _ := w.stream(home, end, 10); len(rest) != 1 || rest[0].NetworkID != other.GroupID {
		t.Errorf("behind the cursor: %+v", rest)
	}
	_, _, err = w.gateway().Events(ctx, w.me(), at("nobody's"), gateway.EventList{Size: 1})
	w.refused(err, group.CodeNotFound)
}

// A callback that answers nothing holds up neither the groups nor anybody else's callback, however many of its groups wait for it.
func TestASlowReceiverHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Hour), func(w *world, _ *simulator.Config) {
		w.receipts.Timeout, w.receipts.AtOnce, w.parallel = patience, 2, 2
	})
	slow, quick := w.newReceiver(), w.newReceiver()
	var most, now atomic.Int32
	slow.answers(func(_ http.ResponseWriter, req *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		<-req.Context().Done()
	})
	w.callbacks(slow.URL, "")
	var groups []made
	for i := range 12 {
		groups = append(groups, w.group(fmt.Sprint("ward ", i), people(10*i, 2)...))
	}
	w.second(quick.URL)
	for i, g := range groups {
		w.isOut(w.remove(g.Target, people(10*i, 2)[0]), 1)
	}
	w.must(w.writeToSecond())
	w.until("the other customer was told", func() bool { return len(quick.got()) == 12 })
	if most.Load() > 2 {
		t.Errorf("%d pushes ran at once, want at most 2", most.Load())
	}
	w.until("they are counted", func() bool { return w.gateway().CountReceipts(receipt.Acknowledged) == 12 })
}

// second binds another number to the channel, whose receipts go elsewhere.
func (w *world) second(url string) {
	w.t.Helper()
	const number = group.Number(8613900000000)
	w.must(w.gateway().BindNumber(ctx, account, group.BusinessNumber{Number: number, SpaceID: space, PhoneNumberID: "200", WABAID: wabaID, Token: token}))
	_, err := w.gateway().UpdateWebhook(ctx, w.me(), gateway.Target{SpaceID: space, Number: number}, gateway.WebhookChange{UpURL: &url})
	w.must(err)
}

// writeToSecond has messages come in to the second number.
func (w *world) writeToSecond() error {
	var reports []graph.Event
	for i := range 12 {
		reports = append(reports, graph.Event{Type: graph.MessageReceived, PhoneNumberID: "200", Timestamp: w.clock.now(),
			Message: &graph.Message{ID: fmt.Sprint("wamid.", i), Kind: "text", From: anna.String(), Text: "hello"}})
	}
	return w.gateway().HandleReports(ctx, reports)
}

// An event that cannot be read holds up nothing: what is before and behind it is told, and it is given up.
func TestUnreadableEventIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing(time.Millisecond))
	r := w.newReceiver()
	g := w.group("ward", anna, berta)
	w.idle()
	w.callbacks(r.URL, "")
	w.must(w.house.store.Write(ctx, func(tx *store.Tx) error {
		for _, body := range []string{"{}", "no JSON"} {
			e := group.Event{AccountID: 1000000000000001, Number: business, GroupID: g.id, Kind: group.EventChanged, At: w.clock.now(), Body: body}
			it := store.Item{Lane: store.Lane{Kind: store.CallbackLane, ID: g.id}}
			if err := tx.InsertEvent(&e); err != nil {
				return err
			}
			it.OperationID = e.ID
			if err := tx.Enqueue(&it); err != nil {
				return err
			}
		}
		return nil
	}))
	w.isOut(w.remove(g.Target, anna), 1)
	w.until("what is behind it was told", func() bool { return len(r.of(g.GroupID)) == 2 })
	w.idle()
	if got := r.of(g.GroupID); got[0].Type != group.EventChanged || got[1].Type != group.EventRemoved {
		t.Errorf("told %+v", got)
	}
	dead, err := w.gateway().DeadReceipts(ctx, store.Range{Most: 10})
	w.must(err)
	if len(dead) != 1 || !strings.Contains(dead[0].Item.Failure, "cannot be told") || w.gateway().CountReceipts(receipt.GivenUp) != 1 {
		t.Errorf("given up: %+v", dead)
	}
}
