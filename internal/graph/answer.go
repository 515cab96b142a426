package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// longestWait bounds what a usage header may ask for.
const longestWait = 24 * time.Hour

var errAnswerTooLong = errors.New("answer exceeds 2 MiB")

// answer is what came back: body is a JSON object, or empty.
type answer struct {
	status int
	body   []byte
	usage  Usage

	plain     bool   // it accepts the call and holds nothing that speaks against it or for single people
	requestID string // of a plain answer
}

// readPlain looks whether the answer is a plain one, which nearly all are. Whatever is not is judged in full.
func (a *answer) readPlain() {
	if a.status < 200 || a.status >= 300 || a.status == http.StatusPartialContent || len(a.body) == 0 || len(a.body) > maxOrdinary {
		return
	}
	c := cursor{in: string(a.body)}
	var id text
	for c.open('{'); c.member(); {
		switch c.name {
		case "request_id":
			c.text(&id)
		case "error", "errors", "success", "removed_participants", "failed_participants":
			c.odd = true
		default:
			c.skip()
		}
	}
	if a.plain = !c.odd && c.at == len(c.in); a.plain {
		a.requestID = string(id)
	}
}

// readAnswer returns the trimmed body, nil if it could not be read to its end.
func readAnswer(res *http.Response) ([]byte, error) {
	expected := res.ContentLength
	if expected <= 0 || expected > maxAnswer {
		expected = 511
	}
	body := make([]byte, 0, expected+1) // with room to see the end
	for {
		n, err := res.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxAnswer:
			return nil, errAnswerTooLong
		case errors.Is(err, io.EOF):
			return bytes.TrimSpace(body), nil
		case err != nil:
			return nil, err
		case len(body) == cap(body):
			body = append(body, 0)[:len(body)]
		}
	}
}

// judge returns nil for an answer that accepts the call, and otherwise what is wrong.
func judge(res *http.Response, body []byte, mayBeEmpty bool) *Error {
	wait := retryAfter(res.Header)
	good := res.StatusCode >= 200 && res.StatusCode < 300
	if len(body) == 0 && good && mayBeEmpty {
		return nil
	}
	if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
		return &Error{HTTPStatus: res.StatusCode, Unreadable: true, RetryAfter: wait, Err: errNotJSON}
	}
	var out struct {
		Error   *wireError      `json:"error"`
		Errors  list[wireError] `json:"errors"`
		Success *flag           `json:"success"`
	}
	_ = decode(body, &out) // valid JSON by now: what is missing stays nil
	if out.Error == nil && !good && len(out.Errors) > 0 {
		out.Error = &out.Errors[0]
	}
	switch {
	case out.Error != nil:
		e := out.Error.toError()
		e.HTTPStatus, e.RetryAfter = res.StatusCode, wait
		return e
	case !good:
		return &Error{HTTPStatus: res.StatusCode, RetryAfter: wait}
	case out.Success != nil && !bool(*out.Success):
		return &Error{HTTPStatus: res.StatusCode, Title: "the network reported that it did not do it"}
	}
	return nil
}

var errNotJSON = errors.New("answer is not a JSON object")

// hide cuts the token out of what the other side said; some messages of the Graph API quote it.
func (e *Error) hide(token string) {
	for _, s := range []*string{&e.Title, &e.Message, &e.Details} {
		*s = strings.ReplaceAll(*s, token, "…")
	}
}
