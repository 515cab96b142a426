package simulator

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// InProcess returns a RoundTripper that calls a handler instead of a server. To both sides it looks like a connection:
// the caller is let go when its context ends, whatever the handler does, and a handler that aborts
// (http.ErrAbortHandler) leaves the caller without an answer.
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }

type inProcess struct{ handler http.Handler }

// RoundTrip serves the request on a goroutine of its own, unless its context never ends.
func (t inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ctx.Done() == nil {
		e := t.serve(request)
		return e.response, e.err
	}
	done := make(chan exchange, 1)
	start(func() { done <- t.serve(request) })
	select {
	case e := <-done:
		return e.response, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type exchange struct {
	response *http.Response
	err      error
}

func (t inProcess) serve(request *http.Request) (e exchange) {
	incoming := *request
	if incoming.Body == nil {
		incoming.Body = http.NoBody
	}
	if incoming.Host == "" {
		incoming.Host = incoming.URL.Host
	}
	incoming.RequestURI, incoming.RemoteAddr = incoming.URL.RequestURI(), "127.0.0.1:0"
	incoming.Proto, incoming.ProtoMajor, incoming.ProtoMinor = "HTTP/1.1", 1, 1
	if incoming.Header == nil {
		incoming.Header = http.Header{}
	}
	w := &answerWriter{header: http.Header{}}
	defer incoming.Body.Close()
	defer func() {
		switch r := recover(); r {
		case nil:
			e.response = w.response(request)
		case http.ErrAbortHandler:
			e.err = io.ErrUnexpectedEOF
		default: // a server would log it and drop the connection
			e.err = fmt.Errorf("handler panicked: %v", r)
		}
	}()
	t.handler.ServeHTTP(w, &incoming)
	return exchange{}
}

// answerWriter keeps what a handler answers.
type answerWriter struct {
	header http.Header
	sent   http.Header // as it stood when the status was written
	status int
	body   bytes.Buffer
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, http.Header{}
		if len(w.header) > 0 {
			w.sent = w.header.Clone()
		}
	}
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *answerWriter) response(request *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{StatusCode: w.status, Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent, Body: io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()), Request: request}
}
