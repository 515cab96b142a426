package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// site is a running Rollcall as callers and phones see it: addresses and keys, and nothing of its inside.
type site struct {
	t     *testing.T
	ready app.Ready
	http  *http.Client
}

func newSite(t *testing.T, ready app.Ready) *site {
	t.Helper()
	s := &site{t: t, ready: ready, http: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}}
	t.Cleanup(s.http.CloseIdleConnections)
	return s
}

// open runs a program in this process until the test ends.
func open(t *testing.T, cfg app.Config) *site {
	t.Helper()
	s, stop := run(t, cfg)
	t.Cleanup(stop)
	return s
}

// run runs a program in this process until it is stopped.
func run(t *testing.T, cfg app.Config) (s *site, stop func()) {
	t.Helper()
	cfg.Listen.Address, cfg.Logger = "127.0.0.1:0", warnings(t.Output())
	p, err := app.Start(t.Context(), cfg)
	must(t, err)
	ready := p.Ready()
	ready.Endpoint = p.Addr()
	return newSite(t, ready), func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}

// warnings logs what is worse than usual.
func warnings(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelError}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what came back. The members that no answer has are empty.
type answer struct {
	Status      int
	Header      http.Header
	Body        []byte
	OperationID string

	Code      string
	Message   string
	Success   bool
	Result    int
	GroupID   string `json:"GroupId"`
	Link      string `json:"InviteLink"`
	MessageID string `json:"MessageId"`
	Unique    string `json:"UniqueCode"`
	Data      struct {
		State   string
		GroupID string `json:"GroupId"`
		List    []row
	}
}

// row is a person, of a group or of an operation.
type row struct{ ParticipantNumber, State string }

func (a *answer) ok() bool { return a.Status == http.StatusOK && a.Code == "OK" }

func (s *site) owner() app.Credentials {
	return app.Credentials{AccessKeyID: s.ready.AccessKeyID, AccessKeySecret: s.ready.AccessKeySecret}
}

// request says what to sign.
type request struct {
	action string
	values url.Values // without those that name the channel and the number
	key    app.Credentials
	scheme signature.Scheme
	age    time.Duration
	method string
	nonce  string
	form   bool // the parameters travel in the body
}

// sign makes the request as it goes over the wire. It can be sent as often as one likes, and elsewhere.
func (s *site) sign(r request) *signature.Request {
	s.t.Helper()
	values := s.ready.Target()
	for name, value := range r.values {
		values[name] = value
	}
	if r.key.AccessKeyID == "" {
		r.key = s.owner()
	}
	if r.scheme == 0 {
		r.scheme = signature.ACS3HMACSHA256
	}
	if r.method == "" {
		r.method = http.MethodPost
	}
	if r.nonce == "" {
		r.nonce = rand.Text()
	}
	signed := &signature.Request{Method: r.method, Path: "/", Host: s.ready.Endpoint, Header: http.Header{"Accept": {"application/json"}}}
	if r.form {
		signed.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		signed.Body = []byte(values.Encode())
	} else {
		signed.RawQuery = values.Encode()
	}
	must(s.t, signature.Sign(signed, r.key, signature.SignOptions{Scheme: r.scheme, Action: r.action, Version: "2020-06-06",
		Time: time.Now().Add(-r.age), Nonce: r.nonce}))
	return signed
}

// send sends the bytes of a signed request to wherever the site is now.
func (s *site) send(ctx context.Context, signed *signature.Request) (*answer, error) {
	target := "http://" + s.ready.Endpoint + signed.Path + "?" + signed.RawQuery
	req, err := http.NewRequestWithContext(ctx, signed.Method, target, bytes.NewReader(signed.Body))
	if err != nil {
		return nil, err
	}
	req.Header, req.Host = signed.Header.Clone(), signed.Host
	res, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	a := &answer{Status: res.StatusCode, Header: res.Header, OperationID: res.Header.Get("X-Rollcall-Operation-Id")}
	if a.Body, err = io.ReadAll(res.Body); err != nil {
		return nil, err
	}
	_ = json.Unmarshal(a.Body, a) // what is no JSON has no code
	return a, nil
}

func (s *site) sent(signed *signature.Request) *answer {
	s.t.Helper()
	a, err := s.send(s.t.Context(), signed)
	must(s.t, err)
	return a
}

// call calls an operation with the account's own key.
func (s *site) call(action string, parameters ...string) *answer {
	s.t.Helper()
	return s.sent(s.sign(request{action: action, values: pairs(parameters)}))
}

func (s *site) mustCall(action string, parameters ...string) *answer {
	s.t.Helper()
	a := s.call(action, parameters...)
	if !a.ok() {
		s.t.Fatalf("%s: status %d: %s", action, a.Status, a.Body)
	}
	return a
}

func pairs(parameters []string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	return values
}

// until tries until done says so.
func (s *site) until(what string, done func() bool) {
	s.t.Helper()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); !done(); {
		select {
		case <-tick.C:
		case <-limit:
			s.t.Fatalf("it did not happen: %s", what)
		}
	}
}

// chat is a group and its invite link.
type chat struct{ ID, Link string }

func (s *site) newGroup(subject string) chat {
	s.t.Helper()
	made := s.mustCall("AddChatGroup", "Subject", subject)
	var g chat
	s.until("group "+subject+" is made", func() bool {
		g.ID = s.operation(made.Unique).Data.GroupID
		return g.ID != ""
	})
	g.Link = s.mustCall("AddChatGroupInviteLink", "GroupId", g.ID).Link
	return g
}

func (s *site) operation(id string) *answer {
	s.t.Helper()
	return s.mustCall("GetChatGroupOperation", "OperationId", id)
}

// ended waits until an operation has come to its end.
func (s *site) ended(id string) *answer {
	s.t.Helper()
	var a *answer
	s.until("operation "+id+" ends", func() bool {
		a = s.operation(id)
		return a.Data.State != "PENDING"
	})
	return a
}

// removal gives the parameters of the removal of these people.
func removal(groupID string, numbers ...string) url.Values {
	list := make([]row, len(numbers))
	for i, n := range numbers {
		list[i].ParticipantNumber = n
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // texts always encode
	}
	return url.Values{"GroupId": {groupID}, "List": {string(text)}}
}

func (s *site) remove(g chat, numbers ...string) *answer {
	s.t.Helper()
	return s.sent(s.sign(request{action: "DeleteChatGroupParticipants", values: removal(g.ID, numbers...)}))
}

func (s *site) text(g chat, text string) *answer {
	s.t.Helper()
	return s.sent(s.sign(s.message(g, text)))
}

// message is the request that writes a text into a group.
func (s *site) message(g chat, text string) request {
	content, err := json.Marshal(map[string]string{"text": text})
	must(s.t, err)
	return request{action: "SendChatappMessage", values: pairs([]string{"ChannelType", "whatsapp", "Type", "message",
		"MessageType", "text", "RecipientType", "group", "From", s.ready.BusinessNumber, "To", g.ID, "Content", string(content)})}
}

// members gives those whom the list of a group has now.
func (s *site) members(g chat) []string {
	s.t.Helper()
	numbers := []string{}
	for _, r := range s.mustCall("ListChatGroupParticipants", "GroupId", g.ID).Data.List {
		numbers = append(numbers, r.ParticipantNumber)
	}
	slices.Sort(numbers)
	return numbers
}

// raw sends an unsigned request and gives the answer; its Code is the status.
func (s *site) raw(method, address, body string, header http.Header) *answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, address, strings.NewReader(body))
	must(s.t, err)
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := s.http.Do(req)
	must(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(s.t, err)
	return &answer{Status: res.StatusCode, Header: res.Header, Body: text, Code: fmt.Sprint(res.StatusCode)}
}
