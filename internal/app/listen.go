package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/receipt"
)

// Listening brings the receipts of a business number to an address near the caller, by pulling: for a machine that no callback
// reaches.
type Listening struct {
	Client     *Client
	Target     url.Values // CustSpaceId, BusinessNumber and, for one group alone, GroupId
	Forward    string     // where receipts are posted, each as an array of items of one kind
	CursorFile string     // what was posted last is kept there; "" begins with what is still to come
	Every      time.Duration
	Began      func() // is called once the server has answered for the first time; may be nil
	Seen       func(Forwarded)
	Said       func(string) // what a person should know; nil for nobody

	began  bool // the server has answered
	warned bool // of an answer that acknowledges nothing
}

// Forwarded is one event that was pulled, and what the address said to it.
type Forwarded struct {
	Kind, EventID string
	Item          json.RawMessage
	Failure       string // "" if it was taken
}

// pulledEvents is an answer of ListChatGroupEvents.
type pulledEvents struct {
	Code, Message string
	Data          struct {
		NextCursor string
		List       []struct {
			EventID string `json:"EventId"`
			Kind    string
			Item    string
		}
	}
}

// Run brings receipts until ctx ends. What the address does not take is tried again, in order, and nothing goes before it.
func (l *Listening) Run(ctx context.Context) error {
	cursor, err := l.begin(ctx)
	for err == nil && ctx.Err() == nil {
		var page *pulledEvents
		if page, err = l.pull(ctx, cursor); err != nil {
			break
		}
		if err = l.forwardAll(ctx, page); err != nil {
			break
		}
		if page.Data.NextCursor != cursor {
			cursor = page.Data.NextCursor
			err = l.keep(cursor)
		}
		if len(page.Data.List) == 0 {
			rest(ctx, l.Every)
		}
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was told to end
	}
	return err
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// begin gives the cursor that was kept, or that of the end.
func (l *Listening) begin(ctx context.Context) (string, error) {
	if l.CursorFile != "" {
		text, err := os.ReadFile(l.CursorFile)
		if err == nil {
			return strings.TrimSpace(string(text)), nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("read the cursor: %w", err)
		}
	}
	page, err := l.pull(ctx, "latest")
	if err != nil {
		return "", err
	}
	return page.Data.NextCursor, l.keep(page.Data.NextCursor)
}

func (l *Listening) keep(cursor string) error {
	if l.CursorFile == "" {
		return nil
	}
	if err := writeWhole(l.CursorFile, []byte(cursor+"\n")); err != nil {
		return fmt.Errorf("keep the cursor: %w", err)
	}
	return nil
}

// pull asks for what is behind the cursor. While the server cannot be reached or is in trouble it asks on, and says so; what will not pass by
// waiting ends it.
func (l *Listening) pull(ctx context.Context, cursor string) (*pulledEvents, error) {
	parameters := url.Values{"Cursor": {cursor}, "Size": {"100"}}
	for name, value := range l.Target {
		parameters[name] = value
	}
	known := ""
	for {
		answer, err := l.Client.Call(ctx, "ListChatGroupEvents", parameters)
		var trouble string
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && hopeless(err):
			return nil, err
		case err != nil:
			trouble = cause(err)
		case answer.Status >= http.StatusInternalServerError || strings.HasPrefix(answer.Code, "Throttling"):
			trouble = strings.TrimSpace(fmt.Sprintf("it answers status %d %s", answer.Status, answer.Code))
		default:
			if known != "" {
				l.say("the server answers again")
			}
			page, err := readEvents(answer)
			if err == nil && !l.began {
				l.begun()
			}
			return page, err
		}
		if trouble != known {
			l.say(fmt.Sprintf("the server at %s cannot be asked: %s; trying again", l.Client.Endpoint, trouble))
			known = trouble
		}
		rest(ctx, l.Every)
	}
}

// begun says that the server has answered for the first time.
func (l *Listening) begun() {
	if l.began = true; l.Began != nil {
		l.Began()
	}
}

func readEvents(answer *Answer) (*pulledEvents, error) {
	page := new(pulledEvents)
	if err := json.Unmarshal(answer.Body, page); err != nil {
		return nil, fmt.Errorf("what is at this address is no Rollcall: it answers status %d and no JSON", answer.Status)
	}
	if !answer.OK() {
		return nil, fmt.Errorf("the server refused: %s: %s", page.Code, page.Message)
	}
	return page, nil
}

// hopeless tells of a failure that stays as it is until somebody changes something: a certificate that is not trusted, or another protocol
// than the one that was given.
func hopeless(err error) bool {
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var parse *url.Error
	return errors.As(err, &certificate) || errors.As(err, &noTLS) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &parse) && parse.Op == "parse"
}

// cause gives what is the same each time: a transport error also names the port on our side, which changes.
func cause(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return unreachable(op.Err).Error()
	}
	return err.Error()
}

func (l *Listening) say(text string) {
	if l.Said != nil {
		l.Said(text)
	}
}

// forwardAll posts what was pulled, neighbours of one kind together.
func (l *Listening) forwardAll(ctx context.Context, page *pulledEvents) error {
	list := page.Data.List
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Kind == list[0].Kind {
			n++
		}
		items := make([]json.RawMessage, n)
		for i := range items {
			items[i] = json.RawMessage(list[i].Item)
		}
		body, err := json.Marshal(items)
		if err != nil {
			return fmt.Errorf("write receipts: %w", err)
		}
		for {
			failure := l.post(ctx, body)
			if failure != "" && ctx.Err() != nil {
				return ctx.Err() // it was told to end in the midst of it
			}
			for i := range items {
				l.Seen(Forwarded{Kind: list[i].Kind, EventID: list[i].EventID, Item: items[i], Failure: failure})
			}
			if failure == "" {
				break
			}
			if rest(ctx, 5*l.Every); ctx.Err() != nil {
				return ctx.Err()
			}
		}
		list = list[n:]
	}
	return nil
}

// post brings a body to the address and says what was wrong. Any answer with 200 is good here: whoever listens is trying things out.
func (l *Listening) post(ctx context.Context, body []byte) string {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.Forward, bytes.NewReader(body))
	if err != nil {
		return "the address is no URL"
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return hideQuery(err).Error()
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer)) // whole, so that the connection can be used again
	switch {
	case res.StatusCode != http.StatusOK:
		return fmt.Sprintf("status %d", res.StatusCode)
	case err != nil:
		return "its answer broke off"
	}
	if lack := receipt.Acknowledges(answer); lack != nil && !l.warned {
		l.warned = true
		l.say(fmt.Sprintf("this is taken here, but a callback would be told again and again: %v", lack))
	}
	return ""
}
