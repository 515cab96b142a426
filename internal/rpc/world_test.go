package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

const (
	testAccount = 1000000000000001
	otherUser   = 200000000000000001
	testVersion = "2020-06-06"
	testHost    = "cams.example.com"
)

// The keys of the test world. The secret of each is secretOf its id.
const (
	rootKey     = "LTAI5tRootRootRootRoot01"
	readerKey   = "LTAI5tReaderReaderRead01"
	inactiveKey = "LTAI5tInactiveInactive01"
	strangerKey = "LTAI5tStrangerStranger01" // of an account that is not on the allowlist
	officeKey   = "LTAI5tOfficeOfficeOffi01" // may act from one address by TLS only
)

func secretOf(id string) string { return "secret-of-" + id }

var testEpoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a server over a real store, with operations that only this package's tests have.
type world struct {
	*Server
	t        *testing.T
	store    *store.Store
	nonceLog *store.NonceLog
	gateway  *gateway.Gateway
	clock    *clock
	log      *syncBuffer
	metrics  *prometheus.Registry
	nonce    int
	close    func() error // closes the store
}

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

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newWorld makes a world; adjust changes the configuration.
func newWorld(t *testing.T, adjust ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{at: testEpoch}, log: &syncBuffer{}, metrics: prometheus.NewRegistry()}
	var err error
	w.store, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "a.db"), SealKey: make([]byte, 32), Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	w.close = sync.OnceValue(w.store.Close)
	t.Cleanup(func() { _ = w.close() })
	if w.nonceLog, _, err = store.OpenNonceLog(t.TempDir(), NonceMemory, testEpoch); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.nonceLog.Close() }) // a test may have closed it
	w.seed()
	w.gateway = gateway.New(gateway.Config{Store: w.store, Now: w.clock.now})
	w.open(adjust...)
	return w
}

// open makes the server anew, as a restart does.
func (w *world) open(adjust ...func(*Config)) {
	w.t.Helper()
	cfg := Config{Gateway: w.gateway, Operations: testOperations(), Now: w.clock.now, Keys: testKeys(),
		Memory: Memory{NonceLog: w.nonceLog}, Telemetry: Telemetry{Logger: slog.New(slog.NewTextHandler(w.log, nil)), Metrics: w.metrics}}
	for _, a := range adjust {
		a(&cfg)
	}
	var err error
	if w.Server, err = New(cfg); err != nil {
		w.t.Fatal(err)
	}
}

func testKeys() Keys {
	return Keys{Nonce: bytes.Repeat([]byte{1}, 32), Diagnostic: bytes.Repeat([]byte{2}, 32)}
}

func (w *world) seed() {
	w.write(func(tx *store.Tx) error {
		const stranger = testAccount + 1
		errs := []error{
			tx.InsertAccount(&store.Account{ID: testAccount, Name: "demo", Beta: true, CreatedAt: testEpoch}),
			tx.InsertAccount(&store.Account{ID: stranger, Name: "stranger", CreatedAt: testEpoch}),
			w.insertKey(tx, rootKey, testAccount, 0, true),
			w.insertKey(tx, inactiveKey, testAccount, 0, false),
			w.insertKey(tx, strangerKey, stranger, 0, true),
			w.insertUser(tx, "reader", otherUser, store.Attachment{Kind: "System", Policy: ram.AliyunCamsReadOnlyAccess}),
			w.insertKey(tx, readerKey, testAccount, otherUser, true),
			tx.PutPolicy(&store.Policy{AccountID: testAccount, Name: "office", CreatedAt: testEpoch, Document: `{"Version":"1","Statement":[
				{"Effect":"Allow","Action":"cams:*","Resource":"*","Condition":{"IpAddress":{"acs:SourceIp":"203.0.113.7"},"Bool":{"acs:SecureTransport":"true"}}}]}`}),
			w.insertUser(tx, "office", otherUser+1, store.Attachment{Kind: "Custom", Policy: "office"}),
			w.insertKey(tx, officeKey, testAccount, otherUser+1, true),
		}
		return errors.Join(errs...)
	})
}

func (w *world) insertUser(tx *store.Tx, name string, id int64, policy store.Attachment) error {
	policy.AccountID, policy.UserID = testAccount, id
	return errors.Join(
		tx.InsertUser(&ram.User{ID: strconv.FormatInt(id, 10), AccountID: "1000000000000001", Name: name, CreatedAt: testEpoch}),
		tx.Attach(policy))
}

func (w *world) insertKey(tx *store.Tx, id string, account, user int64, active bool) error {
	return tx.InsertAccessKey(&store.AccessKey{ID: id, AccountID: account, UserID: user, Secret: ram.Secret(secretOf(id)),
		Active: active, CreatedAt: testEpoch})
}

func (w *world) write(fn func(*store.Tx) error) {
	w.t.Helper()
	if err := w.store.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// operations gives the account's operations, newest first: the audit log.
func (w *world) operations(account int64) []group.Operation {
	w.t.Helper()
	var found []group.Operation
	err := w.store.Read(w.t.Context(), func(tx *store.Tx) (err error) {
		found, err = tx.Operations(account, 0, 1000)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// testOperations are small operations that end in every way an operation can end.
func testOperations() []Operation {
	change := func(action string, run func(context.Context, *Call) (Answer, error), p ...Parameter) Operation {
		return Operation{Version: testVersion, Action: action, RAMAction: "cams:" + action, Access: AccessDelete, Change: true, Beta: true, Parameters: p, Run: run}
	}
	read := func(action string, run func(context.Context, *Call) (Answer, error), p ...Parameter) Operation {
		return Operation{Version: testVersion, Action: action, RAMAction: "cams:" + action, Access: AccessList, Beta: true, Parameters: p, Run: run}
	}
	return []Operation{
		read("ListThings", listThings, Parameter{"Page", true}),
		read("ListSilently", func(context.Context, *Call) (Answer, error) { return Answer{}, nil }),
		read("ListRefused", func(context.Context, *Call) (Answer, error) { return Answer{}, group.ErrNotFound }),
		read("ListBroken", func(context.Context, *Call) (Answer, error) { return Answer{}, errors.New("the disk is on fire") }),
		change("DeleteThing", deleteThing, Parameter{"GroupId", true}),
		change("DeleteRefused", func(context.Context, *Call) (Answer, error) { return Answer{}, group.ErrSuspended }),
		change("DeletePanic", func(context.Context, *Call) (Answer, error) { panic("a secret place in the code") }),
		change("DeletePanicLate", func(context.Context, *Call) (Answer, error) {
			return Answer{OperationID: 7, Members: func(*Writer) { panic("while writing") }}, nil
		}),
		change("DeletePending", func(context.Context, *Call) (Answer, error) {
			return Answer{Code: CodePending, Message: "Wait.", OperationID: 9, Members: func(w *Writer) { w.Number("Result", 0) }}, nil
		}),
	}
}

func deleteThing(_ context.Context, c *Call) (Answer, error) {
	return Answer{OperationID: 42, Members: func(w *Writer) {
		w.Number("Result", 1)
		w.Text("Token", c.Caller.ClientToken)
		w.Text("Digest", c.Caller.ParamsDigest)
	}}, nil
}

func listThings(_ context.Context, c *Call) (Answer, error) {
	o, _, err := c.Params.Object("Page")
	if err != nil {
		return Answer{}, group.Errorf(CodeBadPage, "%s", err)
	}
	return Answer{Members: func(w *Writer) {
		w.Object("Data", func() {
			w.Text("Index", o.Text("Index"))
			w.List("List", 2, func(i int) { w.Number("N", int64(i)); w.Bool("Odd", i == 1) })
		})
	}}, nil
}

// request is a call to be signed; zero values take what suits most tests.
type request struct {
	method  string
	path    string
	action  string
	version string
	query   string
	body    string
	form    bool // the body is a form
	key     string
	secret  string
	token   string
	scheme  signature.Scheme
	skew    time.Duration
	nonce   string
	header  http.Header
	raw     func(r *http.Request) // changes the request after it was signed
}

func (q request) withDefaults(w *world) request {
	if q.method == "" {
		q.method = http.MethodPost
	}
	if q.path == "" {
		q.path = "/"
	}
	if q.version == "" {
		q.version = testVersion
	}
	if q.key == "" {
		q.key = rootKey
	}
	if q.secret == "" {
		q.secret = secretOf(q.key)
	}
	if q.scheme == 0 {
		q.scheme = signature.ACS3HMACSHA256
	}
	if q.nonce == "" {
		w.nonce++
		q.nonce = "nonce-" + strconv.Itoa(w.nonce)
	}
	return q
}

// signed makes the request as a client would send it.
func (w *world) signed(q request) *http.Request {
	w.t.Helper()
	q = q.withDefaults(w)
	r := httptest.NewRequest(q.method, "http://"+testHost+q.path+"?"+q.query, strings.NewReader(q.body))
	r.RequestURI = ""
	if q.body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	if q.form {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	s := signature.FromHTTP(r, []byte(q.body))
	err := signature.Sign(&s, signature.Credentials{AccessKeyID: q.key, AccessKeySecret: q.secret, SecurityToken: q.token},
		signature.SignOptions{Scheme: q.scheme, Action: q.action, Version: q.version, Time: w.clock.now().Add(q.skew), Nonce: q.nonce})
	if err != nil {
		w.t.Fatal(err)
	}
	r.URL.RawQuery = s.RawQuery
	if q.raw != nil {
		q.raw(r)
	}
	return r
}

// answered is an answer as a client reads it.
type answered struct {
	*httptest.ResponseRecorder
	Code, Message, RequestID, HostID, Recommend string
	Members                                     map[string]any
}

func (w *world) call(q request) answered { w.t.Helper(); return w.send(w.signed(q)) }

// send serves a request and checks what holds for every answer in JSON.
func (w *world) send(r *http.Request) answered {
	w.t.Helper()
	a := answered{ResponseRecorder: httptest.NewRecorder()}
	w.ServeHTTP(a, r)
	if r.Method == http.MethodHead {
		return a
	}
	if err := json.Unmarshal(a.Body.Bytes(), &a.Members); err != nil {
		w.t.Fatalf("%v in the answer %d %s", err, a.ResponseRecorder.Code, a.Body)
	}
	a.Code, _ = a.Members["Code"].(string)
	a.Message, _ = a.Members["Message"].(string)
	a.RequestID, _ = a.Members["RequestId"].(string)
	a.HostID, _ = a.Members["HostId"].(string)
	a.Recommend, _ = a.Members["Recommend"].(string)
	return a
}

func (a answered) status() int { return a.ResponseRecorder.Code }

// expect fails unless the answer has that status and code.
func (w *world) expect(a answered, status int, code string) {
	w.t.Helper()
	if a.status() != status || a.Code != code {
		w.t.Errorf("answered %d %s (%s), want %d %s", a.status(), a.Code, a.Message, status, code)
	}
}
