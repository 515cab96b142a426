package cams

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

const (
	ownAccount   = 1000000000000001
	otherAccount = 1000000000000002
	ownSpace     = "cams-own"
	otherSpace   = "cams-other"
	ownNumber    = "8613800000000"
	secondNumber = "8613800000009" // of the same channel
	otherNumber  = "8613800000001"
	ownKey       = "LTAI5tOwnOwnOwnOwnOwn001"
	otherKey     = "LTAI5tOtherOtherOther001"
	readerKey    = "LTAI5tReaderReaderRead01"
	secret       = "a-secret-of-thirty-characters0"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is the product's operations behind the front door, over a real store, with a gateway whose lanes do not run: what is
// begun stays pending.
type world struct {
	t      *testing.T
	server *rpc.Server
	store  *store.Store
	nonce  *int // the number of requests so far
}

// onPostgres says on which database the tests run now: first all of them on a file, then on PostgreSQL.
var onPostgres bool

func TestMain(m *testing.M) { os.Exit(pgserver.MainTwice(m, &onPostgres)) }

var databases = pgserver.Kind{Prepare: func(url string) error {
	s, err := store.Open(context.Background(), store.Config{URL: url, SealKey: make([]byte, 32)})
	if err != nil {
		return err
	}
	return s.Close()
}}

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
	w := &world{t: t, store: s, nonce: new(int)}
	w.seed()
	gw := gateway.New(gateway.Config{Store: s, Now: func() time.Time { return epoch }})
	w.server, err = rpc.New(rpc.Config{Gateway: gw, Operations: Operations(gw), Now: func() time.Time { return epoch },
		Keys: rpc.Keys{Nonce: bytes.Repeat([]byte{1}, 32), Diagnostic: bytes.Repeat([]byte{2}, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// in gives the same world for a subtest.
func (w *world) in(t *testing.T) *world {
	sub := *w
	sub.t = t
	return &sub
}

func (w *world) write(fn func(*store.Tx) error) {
	w.t.Helper()
	if err := w.store.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) seed() {
	w.write(func(tx *store.Tx) error {
		own := group.Channel{AccountID: ownAccount, SpaceID: ownSpace, Name: "own", CreatedAt: epoch}
		other := group.Channel{AccountID: otherAccount, SpaceID: otherSpace, Name: "other", CreatedAt: epoch}
		const reader = 200000000000000001
		err := errors.Join(
			tx.InsertAccount(&store.Account{ID: ownAccount, Name: "own", Beta: true}), tx.InsertChannel(&own),
			tx.InsertAccount(&store.Account{ID: otherAccount, Name: "other", Beta: true}), tx.InsertChannel(&other),
			tx.InsertAccessKey(&store.AccessKey{ID: ownKey, AccountID: ownAccount, Secret: secret, Active: true}),
			tx.InsertAccessKey(&store.AccessKey{ID: otherKey, AccountID: otherAccount, Secret: secret, Active: true}),
			tx.InsertUser(&ram.User{ID: strconv.Itoa(reader), AccountID: "1000000000000001", Name: "reader"}),
			tx.Attach(store.Attachment{AccountID: ownAccount, UserID: reader, Kind: "System", Policy: ram.AliyunCamsReadOnlyAccess}),
			tx.InsertAccessKey(&store.AccessKey{ID: readerKey, AccountID: ownAccount, UserID: reader, Secret: secret, Active: true}),
		)
		if err != nil {
			return err
		}
		for i, n := range []string{ownNumber, secondNumber, otherNumber} {
			number := group.BusinessNumber{Number: numberOf(n), AccountID: ownAccount, ChannelID: own.ID, PhoneNumberID: strconv.Itoa(i), WABAID: "w"}
			if n == otherNumber {
				number.AccountID, number.ChannelID = otherAccount, other.ID
			}
			if err := tx.InsertNumber(&number, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

func numberOf(text string) group.Number {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return group.Number(n)
}

// addGroup puts a group of a number into the store, with members.
func (w *world) addGroup(number, id string, status group.Status, members ...string) group.Group {
	w.t.Helper()
	g := group.Group{NetworkID: id, Status: status, Subject: "Subject of " + id, Description: "About " + id, CreatedAt: epoch, ModifiedAt: epoch}
	w.write(func(tx *store.Tx) error {
		numbers, err := tx.Numbers()
		if err != nil {
			return err
		}
		for _, n := range numbers {
			if n.Number == numberOf(number) {
				g.AccountID, g.SpaceID, g.Number = n.AccountID, n.ChannelID, n.Number
			}
		}
		if err := tx.InsertGroup(&g); err != nil {
			return err
		}
		people := make([]group.Participant, 0, len(members))
		for _, m := range members {
			people = append(people, group.Participant{Number: numberOf(m), State: group.Member, Since: epoch})
		}
		return tx.PutParticipants(g.ID, people)
	})
	return g
}

// operation reads an operation by the text of its id.
func (w *world) operation(id string) group.Operation {
	w.t.Helper()
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		w.t.Fatalf("operation id %q: %v", id, err)
	}
	var op group.Operation
	if err := w.store.Read(w.t.Context(), func(tx *store.Tx) (err error) { op, err = tx.Operation(n); return err }); err != nil {
		w.t.Fatal(err)
	}
	return op
}

// finish ends an operation as its lane would have.
func (w *world) finish(id string, change func(*group.Operation)) {
	w.t.Helper()
	op := w.operation(id)
	op.DoneAt = epoch.Add(time.Second)
	change(&op)
	w.write(func(tx *store.Tx) error { return tx.UpdateOperation(&op) })
}

// audit gives the operations of the account, newest first.
func (w *world) audit() (found []group.Operation) {
	w.t.Helper()
	if err := w.store.Read(w.t.Context(), func(tx *store.Tx) (err error) { found, err = tx.Operations(ownAccount, 0, 10_000); return err }); err != nil {
		w.t.Fatal(err)
	}
	return found
}

// answered is an answer as clients read it.
type answered struct {
	status    int
	operation string // x-rollcall-operation-id
	members   map[string]any
	text      string
}

func (a answered) code() string    { s, _ := a.members["Code"].(string); return s }
func (a answered) message() string { s, _ := a.members["Message"].(string); return s }

// result is Result as it was sent; -1 for none.
func (a answered) result() float64 {
	if n, ok := a.members["Result"].(float64); ok {
		return n
	}
	return -1
}

func (a answered) data() map[string]any { m, _ := a.members["Data"].(map[string]any); return m }

// rows gives the list in Data.
func (a answered) rows() []map[string]any {
	list, _ := a.data()["List"].([]any)
	rows := make([]map[string]any, 0, len(list))
	for _, entry := range list {
		row, _ := entry.(map[string]any)
		rows = append(rows, row)
	}
	return rows
}

// params are the parameters of a call; "-Name" leaves one out that every call has.
type params map[string]string

// call makes a signed call with the own account's key, about the own number.
func (w *world) call(action string, p params) answered {
	w.t.Helper()
	return w.callAs(ownKey, action, p)
}

func (w *world) callAs(key, action string, p params) answered {
	w.t.Helper()
	values := url.Values{"BusinessNumber": {ownNumber}, "CustSpaceId": {ownSpace}}
	for name, value := range p {
		values.Set(name, value)
	}
	for name := range p {
		if rest, drop := strings.CutPrefix(name, "-"); drop {
			values.Del(rest)
			values.Del(name)
		}
	}
	return w.send(w.signed(key, action, values.Encode(), ""))
}

func (w *world) signed(key, action, query, form string) *http.Request {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://cams.example.com/?"+query, strings.NewReader(form))
	r.RequestURI = ""
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	*w.nonce++
	s := signature.FromHTTP(r, []byte(form))
	if err := signature.Sign(&s, signature.Credentials{AccessKeyID: key, AccessKeySecret: secret}, signature.SignOptions{
		Scheme: signature.ACS3HMACSHA256, Action: action, Version: Version, Time: epoch, Nonce: strconv.Itoa(*w.nonce),
	}); err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) send(r *http.Request) answered {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	a := answered{status: recorder.Code, operation: recorder.Header().Get("X-Rollcall-Operation-Id"), text: recorder.Body.String()}
	if err := json.Unmarshal(recorder.Body.Bytes(), &a.members); err != nil {
		w.t.Fatalf("%v in the answer %s", err, a.text)
	}
	return a
}

// expect fails unless the answer has that status and code.
func (w *world) expect(a answered, status int, code string) {
	w.t.Helper()
	if a.status != status || a.code() != code {
		w.t.Errorf("answered %d %s (%s), want %d %s", a.status, a.code(), a.message(), status, code)
	}
}
