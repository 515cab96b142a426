package ramapi

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
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

const (
	house    = 1000000000000001
	houseID  = "1000000000000001"
	otherID  = "1000000000000002"
	rootKey  = "LTAI5tRootRootRootRoot01"
	otherKey = "LTAI5tOtherOtherOther001"
	secret   = "a-secret-of-thirty-characters0"

	// A stand-in for the product whose operations people are let do.
	doorVersion = "2020-06-06"
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

// world is RAM's API on two nodes, each with a gateway and a front door of its own, over one database.
type world struct {
	t     *testing.T
	store *store.Store
	nodes [2]*httptest.Server
	nonce *atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cfg := store.Config{Path: filepath.Join(t.TempDir(), "a.db"), SealKey: make([]byte, 32)}
	if onPostgres {
		cfg.URL = pgserver.Lent(t, &databases)
	}
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.InsertAccount(&store.Account{ID: house, Name: "house"}), tx.InsertAccount(&store.Account{ID: house + 1, Name: "other"}),
			tx.InsertAccessKey(&store.AccessKey{ID: rootKey, AccountID: house, Secret: secret, Active: true}),
			tx.InsertAccessKey(&store.AccessKey{ID: otherKey, AccountID: house + 1, Secret: secret, Active: true}))
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: s, nonce: new(atomic.Int64)}
	for i := range w.nodes {
		w.nodes[i] = httptest.NewServer(newNode(t, s))
		t.Cleanup(w.nodes[i].Close)
	}
	return w
}

func newNode(t *testing.T, s *store.Store) http.Handler {
	t.Helper()
	now := func() time.Time { return epoch }
	keys := rpc.Keys{Nonce: bytes.Repeat([]byte{1}, 32), Diagnostic: bytes.Repeat([]byte{2}, 32)}
	gw := gateway.New(gateway.Config{Store: s, Now: now})
	node, err := rpc.New(rpc.Config{Gateway: gw, Operations: append(Operations(gw, keys.Diagnostic), doors()...), Now: now, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// doors are operations that do nothing but tell whether one was let in.
func doors() []rpc.Operation {
	open := func(context.Context, *rpc.Call) (rpc.Answer, error) { return rpc.Answer{}, nil }
	return []rpc.Operation{
		{Version: doorVersion, Action: "ListChatGroup", RAMAction: "cams:ListChatGroup", Access: rpc.AccessList, Run: open},
		{Version: doorVersion, Action: "DeleteChatGroupParticipants", RAMAction: "cams:DeleteChatGroupParticipants", Access: rpc.AccessList, Run: open},
	}
}

// answered is an answer as clients read it.
type answered struct {
	status    int
	operation string
	members   map[string]any
	text      string
}

func (a answered) code() string { s, _ := a.members["Code"].(string); return s }

// at finds a member by its path, such as "User.UserName" or "Users.User.0.UserName".
func (a answered) at(path string) any {
	var found any = a.members
	for name := range strings.SplitSeq(path, ".") {
		switch v := found.(type) {
		case map[string]any:
			found = v[name]
		case []any:
			i, _ := strconv.Atoi(name)
			if i >= len(v) {
				return nil
			}
			found = v[i]
		default:
			return nil
		}
	}
	return found
}

// params are the parameters of a call.
type params map[string]string

// caller is who calls, and where.
type caller struct {
	*world
	key, secret string
	node        int
}

func (w *world) root() caller { return caller{w, rootKey, secret, 0} }

// call makes a signed call over HTTP.
func (c caller) call(action string, p params) answered {
	c.t.Helper()
	version := Version
	if strings.Contains(action, "ChatGroup") {
		version = doorVersion
	}
	return c.send(action, version, p)
}

func (c caller) send(action, version string, p params) answered {
	c.t.Helper()
	values := url.Values{}
	for name, value := range p {
		values.Set(name, value)
	}
	r, err := http.NewRequest(http.MethodPost, c.nodes[c.node].URL+"/?"+values.Encode(), http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	s := signature.FromHTTP(r, nil)
	if err := signature.Sign(&s, signature.Credentials{AccessKeyID: c.key, AccessKeySecret: c.secret}, signature.SignOptions{
		Scheme: signature.ACS3HMACSHA256, Action: action, Version: version, Time: epoch, Nonce: strconv.FormatInt(c.nonce.Add(1), 10),
	}); err != nil {
		c.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answered{status: response.StatusCode, operation: response.Header.Get("X-Rollcall-Operation-Id"), text: string(text)}
	if err := json.Unmarshal(text, &a.members); err != nil {
		c.t.Fatalf("%v in the answer %s", err, text)
	}
	return a
}

// ok makes a call that has to be answered with 200.
func (c caller) ok(action string, p params) answered {
	c.t.Helper()
	a := c.call(action, p)
	if a.status != 200 {
		c.t.Fatalf("%s %v answered %d %s", action, p, a.status, a.text)
	}
	return a
}

// refused makes a call that has to be refused.
func (c caller) refused(status int, code, action string, p params) answered {
	c.t.Helper()
	a := c.call(action, p)
	if a.status != status || a.code() != code {
		c.t.Errorf("%s %v answered %d %s, want %d %s", action, p, a.status, a.text, status, code)
	}
	return a
}

// user makes a user with a key and gives who calls with it.
func (w *world) user(name string) caller {
	w.t.Helper()
	w.root().ok("CreateUser", params{"UserName": name})
	k := w.root().ok("CreateAccessKey", params{"UserName": name})
	return caller{w, k.at("AccessKey.AccessKeyId").(string), k.at("AccessKey.AccessKeySecret").(string), 0}
}

// policy makes a custom policy that allows the actions on the resource.
func (w *world) policy(name, document string) {
	w.t.Helper()
	w.root().ok("CreatePolicy", params{"PolicyName": name, "PolicyDocument": document})
}

func allowing(resource string, actions ...string) string {
	return statement("Allow", resource, actions...)
}

func statement(effect, resource string, actions ...string) string {
	list, _ := json.Marshal(actions) // texts can always be written
	return `{"Version":"1","Statement":[{"Effect":"` + effect + `","Action":` + string(list) + `,"Resource":"` + resource + `"}]}`
}

func (w *world) attach(to, name, policy string) {
	w.t.Helper()
	w.root().ok("AttachPolicyTo"+to, params{"PolicyType": "Custom", "PolicyName": policy, to + "Name": name})
}

// audit gives the operations of the account, newest first.
func (w *world) audit() (found []group.Operation) {
	w.t.Helper()
	if err := w.store.Read(w.t.Context(), func(tx *store.Tx) (err error) { found, err = tx.Operations(house, 0, 10_000); return err }); err != nil {
		w.t.Fatal(err)
	}
	return found
}
