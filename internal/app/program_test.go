package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// devConfig is a development server on free ports.
func devConfig(t *testing.T) Config {
	t.Helper()
	return Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: filepath.Join(t.TempDir(), "data"),
		ConfirmWait: 10 * time.Second, Simulator: &Simulator{Address: "127.0.0.1:0"}, Logger: testLogger(t)}
}

// testLogger logs into the test until it ends.
func testLogger(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

func start(t *testing.T, cfg Config) *Program {
	t.Helper()
	p, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, p) })
	return p
}

// stop may be called twice.
func stop(t *testing.T, p *Program) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// await polls until done says so.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// call calls an operation on the demo channel and reads its answer into out.
func call(t *testing.T, p *Program, action string, parameters map[string]string, out any) *Answer {
	t.Helper()
	ready := p.Ready()
	values := ready.Target()
	for name, value := range parameters {
		values.Set(name, value)
	}
	answer, err := ready.Client().Call(t.Context(), action, values)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(answer.Body, out); err != nil {
			t.Fatalf("%s: %v in %s", action, err, answer.Body)
		}
	}
	return answer
}

type groupRow struct{ GroupId, GroupStatus, InviteLink, Subject string }

func groups(t *testing.T, p *Program, parameters map[string]string) []groupRow {
	t.Helper()
	var said struct{ Data struct{ List []groupRow } }
	if parameters == nil {
		parameters = map[string]string{}
	}
	parameters["Page"] = `{"Index":1,"Size":10}`
	if a := call(t, p, "ListChatGroup", parameters, &said); !a.OK() {
		t.Fatalf("ListChatGroup: %s", a.Body)
	}
	return said.Data.List
}

// newGroup makes a group and waits for its invite link.
func newGroup(t *testing.T, p *Program) groupRow {
	t.Helper()
	if a := call(t, p, "AddChatGroup", map[string]string{"Subject": "Team"}, nil); !a.OK() {
		t.Fatalf("AddChatGroup: %s", a.Body)
	}
	var g groupRow
	await(t, "the group", func() bool {
		g = groups(t, p, nil)[0]
		return g.GroupStatus == "ACTIVE"
	})
	var said struct{ InviteLink string }
	call(t, p, "AddChatGroupInviteLink", map[string]string{"GroupId": g.GroupId}, &said)
	g.InviteLink = said.InviteLink
	return g
}

func control(t *testing.T, p *Program, path string, in map[string]string) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, http.MethodPost, p.Ready().SimulatorURL+"/sim/v1"+path, string(text)); !strings.HasPrefix(got, "{") {
		t.Fatalf("%s: %s", path, got)
	}
}

func fetch(t *testing.T, method, address, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= 300 {
		return res.Status + " " + string(text)
	}
	return string(text)
}

func participants(t *testing.T, p *Program, groupID string) []string {
	t.Helper()
	var said struct {
		Data struct {
			List []struct{ ParticipantNumber string }
		}
	}
	call(t, p, "ListChatGroupParticipants", map[string]string{"GroupId": groupID}, &said)
	numbers := []string{}
	for _, row := range said.Data.List {
		numbers = append(numbers, row.ParticipantNumber)
	}
	return numbers
}

// join brings a new phone into a group and waits until the list has it.
func join(t *testing.T, p *Program, g groupRow, number string) {
	t.Helper()
	control(t, p, "/phones", map[string]string{"number": number, "name": "Phone"})
	control(t, p, "/phones/"+number+"/join", map[string]string{"invite_link": g.InviteLink})
	await(t, "the phone in the list", func() bool {
		return strings.Contains(strings.Join(participants(t, p, g.GroupId), " "), number)
	})
}

func removal(g groupRow, number string) map[string]string {
	return map[string]string{"GroupId": g.GroupId, "List": `[{"ParticipantNumber":"` + number + `"}]`}
}

func TestStoryGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	p := start(t, cfg)
	g := newGroup(t, p)
	join(t, p, g, "8613900000001")
	join(t, p, g, "8613900000002")
	var removed struct{ Result int }
	if a := call(t, p, "DeleteChatGroupParticipants", removal(g, "8613900000001"), &removed); !a.OK() || removed.Result != 1 {
		t.Fatalf("removal: %s", a.Body)
	}
	before := p.Ready()
	stop(t, p)

	p = start(t, cfg)
	after := p.Ready()
	before.Endpoint, before.SimulatorURL = after.Endpoint, after.SimulatorURL // the ports are free ones
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("what is ready after a restart (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"8613900000002"}, participants(t, p, g.GroupId)); diff != "" {
		t.Errorf("participants (-want +got):\n%s", diff)
	}
	removed.Result = -1
	if a := call(t, p, "DeleteChatGroupParticipants", removal(g, "8613900000001"), &removed); !a.OK() || removed.Result != 0 {
		t.Errorf("the same removal again: %s, want OK and 0", a.Body)
	}
}

// TestStopLetsRequestsFinish stops the program while a removal waits for the network: it must still be answered, and truly.
func TestStopLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	cfg.Simulator.Delay = 300 * time.Millisecond
	p := start(t, cfg)
	g := newGroup(t, p)
	join(t, p, g, "8613900000001")

	answered := make(chan *Answer, 1)
	go func() {
		ready := p.Ready()
		values := ready.Target()
		for name, value := range removal(g, "8613900000001") {
			values.Set(name, value)
		}
		answer, err := ready.Client().Call(context.WithoutCancel(t.Context()), "DeleteChatGroupParticipants", values)
		if err != nil {
			t.Errorf("the waiting removal: %v", err)
		}
		answered <- answer
	}()
	await(t, "the removal to wait", func() bool { return removing(t, p) })
	stop(t, p)

	answer := <-answered
	if answer == nil || !answer.OK() || !bytes.Contains(answer.Body, []byte(`"Result":1`)) {
		t.Fatalf("the waiting removal got %+v, want OK and 1", answer)
	}
	if _, err := net.DialTimeout("tcp", p.Addr(), time.Second); err == nil {
		t.Error("after the stop the address still takes connections")
	}
}

// removing tells whether a removal is pending.
func removing(t *testing.T, p *Program) bool {
	t.Helper()
	var last []group.Operation
	err := p.store.Read(t.Context(), func(tx *store.Tx) (err error) {
		last, err = tx.Operations(1000000000000001, 0, 1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(last) == 1 && last[0].Kind == group.KindRemove && last[0].State == group.Pending
}

// TestHalfStartedGatewayIsStopped: what Start has begun before it failed must not run on.
func TestHalfStartedGatewayIsStopped(t *testing.T) {
	t.Parallel()
	p := newProgram(serveConfig(t))
	for _, step := range []func(context.Context) error{p.openFiles, p.openNetwork, p.openGateway} {
		must(t, step(t.Context()))
	}
	must(t, p.store.Close()) // so that nothing can be read
	if err := p.startGateway(t.Context()); err == nil {
		t.Fatal("the gateway starts on a closed store")
	}
	if last := p.closers[len(p.closers)-1]; last.what != "gateway" {
		t.Errorf("the last thing to be stopped is the %s, want the gateway", last.what)
	}
	if err := p.Stop(t.Context()); !errors.Is(err, store.ErrClosed) || strings.Contains(err.Error(), "gateway") {
		t.Errorf("stop: %v, want just that the store is closed", err)
	}
}

// TestStopTwiceAtOnce: each thing is stopped once.
func TestStopTwiceAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t, devConfig(t))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { stop(t, p) })
	}
	all.Wait()
}

func TestEveryPathHasItsAnswer(t *testing.T) {
	t.Parallel()
	p := start(t, devConfig(t))
	base := "http://" + p.Addr()
	for path, want := range map[string]string{
		"/healthz":       "ok",
		"/readyz":        "ready",
		"/metrics":       "go_goroutines",
		"/":              `"Code":"MissingAction"`,
		"/nothing/here":  `"Code":"InvalidAction.NotFound"`,
		"//healthz":      `"Code":"InvalidAction.NotFound"`, // no redirect to a cleaner path
		"/meta/webhook":  "403",
		"/meta/webhook/": `"Code":"InvalidAction.NotFound"`,
	} {
		if got := fetch(t, http.MethodGet, base+path, ""); !strings.Contains(got, want) {
			t.Errorf("GET %s: %.200s, want %s", path, got, want)
		}
	}
	p.front.stopping.Store(true)
	if got := fetch(t, http.MethodGet, base+"/readyz", ""); !strings.Contains(got, "503") {
		t.Errorf("while stopping /readyz says %s, want 503", got)
	}
}

func TestNoncesSurviveARestart(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	p := start(t, cfg)
	ready := p.Ready()
	values := ready.Target()
	values.Set("Subject", "once")
	req, err := ready.Client().request(t.Context(), "AddChatGroup", values)
	if err != nil {
		t.Fatal(err)
	}
	if got := send(t, req, p.Addr()); !strings.Contains(got, `"Code":"OK"`) {
		t.Fatalf("first: %s", got)
	}
	stop(t, p)
	p = start(t, cfg)
	if got := send(t, req, p.Addr()); !strings.Contains(got, `"Code":"SignatureNonceUsed"`) {
		t.Errorf("the same request after a restart: %s, want SignatureNonceUsed", got)
	}
}

// send sends a signed request as it is to wherever the server is now.
func send(t *testing.T, signed *http.Request, address string) string {
	t.Helper()
	req := signed.Clone(t.Context())
	req.URL = &url.URL{Scheme: "http", Host: address, Path: "/", RawQuery: signed.URL.RawQuery}
	req.Body = http.NoBody
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestNumberBoundWhileRunning binds a number from another process's point of view: the running simulator gets to know it.
func TestNumberBoundWhileRunning(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	p := start(t, cfg)
	m, err := Manage(t.Context(), Data{Dir: cfg.DataDir}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	const number = "8613700000000"
	c, err := m.CreateChannel(t.Context(), demoAccount, "", "second")
	if err != nil {
		t.Fatal(err)
	}
	err = m.BindNumber(t.Context(), demoAccount, BusinessNumber{Number: 8613700000000, SpaceID: c.SpaceID, PhoneNumberID: "220000000000001",
		WABAID: demoWABA, Token: "second-token"})
	if err != nil {
		t.Fatal(err)
	}
	target := func() map[string]string { return map[string]string{"CustSpaceId": c.SpaceID, "BusinessNumber": number} }
	await(t, "a group of the new number", func() bool {
		add := target()
		add["Subject"] = "Second"
		if a := call(t, p, "AddChatGroup", add, nil); !a.OK() {
			t.Fatalf("AddChatGroup: %s", a.Body)
		}
		for _, g := range groups(t, p, target()) {
			if g.GroupStatus == "ACTIVE" {
				return true
			}
		}
		return false
	})
}
