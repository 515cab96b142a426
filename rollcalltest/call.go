package rollcalltest

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
)

// Answer is what an operation answered.
type Answer struct {
	Status      int    // of HTTP
	Code        string // OK, or why not
	Message     string
	RequestID   string
	OperationID string // of a change; GetChatGroupOperation reads it
	Body        []byte // JSON
}

// OK tells whether the operation did what it was asked for.
func (a Answer) OK() bool { return a.Status == 200 && a.Code == "OK" }

// Call calls an operation with the account's own key, signed. CustSpaceId and BusinessNumber are filled in unless parameters
// has them. A refusal is an answer and does not end the test.
func (r *Rollcall) Call(action string, parameters map[string]string) Answer {
	r.t.Helper()
	return r.CallAs(r.AccessKeyID, r.AccessKeySecret, action, parameters)
}

// CallAs is Call with a key of your choice.
func (r *Rollcall) CallAs(accessKeyID, accessKeySecret, action string, parameters map[string]string) Answer {
	r.t.Helper()
	a, err := r.call(accessKeyID, accessKeySecret, action, parameters)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func (r *Rollcall) call(accessKeyID, accessKeySecret, action string, parameters map[string]string) (Answer, error) {
	all := map[string]string{"CustSpaceId": r.CustSpaceID, "BusinessNumber": r.BusinessNumber}
	maps.Copy(all, parameters)
	values := url.Values{}
	for name, value := range all {
		values.Set(name, value)
	}
	client := app.Client{Endpoint: r.Endpoint, Protocol: "http", HTTP: r.http,
		Credentials: app.Credentials{AccessKeyID: accessKeyID, AccessKeySecret: accessKeySecret}}
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	got, err := client.Call(ctx, action, values)
	if err != nil {
		return Answer{}, err
	}
	var said struct{ Message, RequestId string }
	if err := json.Unmarshal(got.Body, &said); err != nil {
		return Answer{}, err
	}
	return Answer{Status: got.Status, Code: got.Code, Message: said.Message, RequestID: said.RequestId,
		OperationID: got.Header.Get("x-rollcall-operation-id"), Body: got.Body}, nil
}

// mustCall is Call for what has to succeed; out takes the answer in.
func (r *Rollcall) mustCall(action string, parameters map[string]string, out any) {
	r.t.Helper()
	a := r.Call(action, parameters)
	if !a.OK() {
		r.t.Fatalf("%s: status %d, %s: %s", action, a.Status, a.Code, a.Message)
	}
	if err := json.Unmarshal(a.Body, out); err != nil {
		r.t.Fatalf("%s: read answer: %v", action, err)
	}
}

// await tries until done says so, and ends the test when that takes too long.
func (r *Rollcall) await(what string, done func() bool) {
	r.t.Helper()
	deadline := time.After(awaitTime)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("waited %s in vain for %s", awaitTime, what)
		}
	}
}
