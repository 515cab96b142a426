package stsapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

const (
	house       = 1000000000000001
	houseID     = "1000000000000001"
	rootKey     = "LTAI5tRootRootRootRoot01"
	otherKey    = "LTAI5tOtherOtherOther001"
	secret      = "a-secret-of-thirty-characters0"
	doorVersion = "2020-06-06" // of a stand-in for the product whose operations people are let do
	guestARN    = "acs:ram::" + houseID + ":role/guest"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// onPostgres says on which database the tests run now.
var onPostgres bool

func TestMain(m *testing.M) { os.Exit(pgserver.MainTwice(m, &onPostgres)) }

var databases = pgserver.Kind{Prepare: func(url string) error {
	s, err := store.Open(context.Background(), store.Config{URL: url, SealKey: make([]byte, 32)})
	if err != nil {
		return err
	}
	return s.Close()
}}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is the product on two nodes over one database, with a role that the account trusts its users with.
type world struct {
	t     *testing.T
	store *store.Store
	clock *clock
	nodes [2]*httptest.Server
	admin *gateway.Administrator
	nonce *int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{at: epoch}, nonce: new(int)}
	cfg := store.Config{Path: filepath.Join(t.TempDir(), "a.db"), SealKey: make([]byte, 32)}
	if onPostgres {
		cfg.URL = pgserver.Lent(t, &databases)
	}
	var err error
	if w.store, err = store.Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.InsertAccount(&store.Account{ID: house, Name: "house"}), tx.InsertAccount(&store.Account{ID: house + 1, Name: "other"}),
			tx.InsertAccessKey(&store.AccessKey{ID: rootKey, AccountID: house, Secret: secret, Active: true}),
			tx.InsertAccessKey(&store.AccessKey{ID: otherKey, AccountID: house + 1, Secret: secret, Active: true}))
	}))
	for i := range w.nodes {
		w.nodes[i] = httptest.NewServer(w.node())
		t.Cleanup(w.nodes[i].Close)
	}
	w.role(trusting("acs:ram::" + houseID + ":root"))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) node() http.Handler {
	w.t.Helper()
	keys := rpc.Keys{Nonce: bytes.Repeat([]byte{1}, 32), Diagnostic: bytes.Repeat([]byte{2}, 32), Token: bytes.Repeat([]byte{3}, 32)}
	gw := gateway.New(gateway.Config{Store: w.store, Now: w.clock.now})
	tokens, err := rpc.NewTokenSeal(keys.Token)
	w.must(err)
	open := func(context.Context, *rpc.Call) (rpc.Answer, error) { return rpc.Answer{}, nil }
	door := func(action string) rpc.Operation {
		return rpc.Operation{Version: doorVersion, Action: action, RAMAction: "cams:" + action, Access: rpc.AccessList, Run: open}
	}
	change := rpc.Operation{Version: doorVersion, Action: "DeleteChatGroup", RAMAction: "cams:DeleteChatGroup", Access: rpc.AccessDelete, Change: true,
		Run: func(context.Context, *rpc.Call) (rpc.Answer, error) { return rpc.Answer{}, rpc.Missing("GroupId") }}
	node, err := rpc.New(rpc.Config{Gateway: gw, Now: w.clock.now, Keys: keys,
		Operations: append(Operations(gw, tokens), door("ListChatGroup"), door("DeleteChatGroupParticipants"), change)})
	w.must(err)
	root, err := gw.Principal(w.t.Context(), rootKey)
	w.must(err)
	w.admin = gw.Administrator(gateway.Caller{Principal: root, Action: "test"})
	return node
}

func trusting(principals ...string) string {
	list, _ := json.Marshal(principals) // texts can always be written
	return `{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":` + string(list) + `}}]}`
}

func statement(effect string, actions ...string) string {
	list, _ := json.Marshal(actions) // likewise
	return `{"Version":"1","Statement":[{"Effect":"` + effect + `","Action":` + string(list) + `,"Resource":"*"}]}`
}

// role makes the role guest, which may do everything with groups.
func (w *world) role(trust string) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.admin.CreateRole(ctx, ram.Role{Name: "guest", TrustPolicy: trust, MaxSessionDuration: 2 * time.Hour})
	w.must(err)
	w.must(w.admin.AttachPolicy(ctx, gateway.RoleEntity("guest"), gateway.PolicyName{Type: ram.PolicySystem, Name: ram.AliyunCamsFullAccess}))
}

// user makes a user who may take roles.
func (w *world) user(name string, policies ...string) caller {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.admin.CreateUser(ctx, ram.User{Name: name})
	w.must(err)
	for _, p := range policies {
		w.must(w.admin.AttachPolicy(ctx, gateway.UserEntity(name), gateway.PolicyName{Type: ram.PolicySystem, Name: p}))
	}
	k, err := w.admin.CreateAccessKey(ctx, name)
	w.must(err)
	return caller{world: w, key: k.ID, secret: string(k.Secret), scheme: signature.ACS3HMACSHA256}
}

func (w *world) clerk() caller { return w.user("clerk", ram.AliyunSTSAssumeRole) }

// answered is an answer as clients read it.
type answered struct {
	status  int
	members map[string]any
	text    string
}

func (a answered) code() string { s, _ := a.members["Code"].(string); return s }

// at finds a member by its path.
func (a answered) at(path string) string {
	var found any = a.members
	for name := range strings.SplitSeq(path, ".") {
		m, _ := found.(map[string]any)
		found = m[name]
	}
	text, _ := found.(string)
	return text
}

type params map[string]string

// caller is who calls, with what, and where.
type caller struct {
	*world
	key, secret, token string
	scheme             signature.Scheme
	node               int
}

func (c caller) call(action string, p params) answered {
	c.t.Helper()
	version := Version
	if strings.Contains(action, "ChatGroup") {
		version = doorVersion
	}
	values := url.Values{}
	for name, value := range p {
		values.Set(name, value)
	}
	r, err := http.NewRequest(http.MethodPost, c.nodes[c.node].URL+"/?"+values.Encode(), http.NoBody)
	c.must(err)
	*c.nonce++
	s := signature.FromHTTP(r, nil)
	c.must(signature.Sign(&s, signature.Credentials{AccessKeyID: c.key, AccessKeySecret: c.secret, SecurityToken: c.token}, signature.SignOptions{
		Scheme: c.scheme, Action: action, Version: version, Time: c.clock.now(), Nonce: strconv.Itoa(*c.nonce)}))
	r.URL.RawQuery = s.RawQuery
	response, err := http.DefaultClient.Do(r)
	c.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	c.must(err)
	a := answered{status: response.StatusCode, text: string(text)}
	if err := json.Unmarshal(text, &a.members); err != nil {
		c.t.Fatalf("%v in the answer %s", err, text)
	}
	return a
}

func (c caller) ok(action string, p params) answered {
	c.t.Helper()
	a := c.call(action, p)
	if a.status != 200 {
		c.t.Fatalf("%s %v answered %d %s", action, p, a.status, a.text)
	}
	return a
}

func (c caller) refused(status int, code, action string, p params) answered {
	c.t.Helper()
	a := c.call(action, p)
	if a.status != status || a.code() != code {
		c.t.Errorf("%s %v answered %d %s, want %d %s", action, p, a.status, a.text, status, code)
	}
	return a
}

// assume takes the role guest and gives who calls as that session.
func (c caller) assume(p params) caller {
	c.t.Helper()
	return c.session(c.ok("AssumeRole", wanting(p)))
}

// session gives who calls with the credentials of an answer.
func (c caller) session(a answered) caller {
	s := c
	s.key, s.secret, s.token = a.at("Credentials.AccessKeyId"), a.at("Credentials.AccessKeySecret"), a.at("Credentials.SecurityToken")
	return s
}

// wanting are the parameters of AssumeRole.
func wanting(p params) params {
	all := params{"RoleArn": guestARN, "RoleSessionName": "night-shift"}
	for name, value := range p {
		all[name] = value
	}
	return all
}
