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
	v := &visit{incoming: *request}
	if ctx.Done() == nil {
		return v.outcome(request, v.serve(t.handler))
	}
	done := make(chan error, 1)
	start(func() { done <- v.serve(t.handler) })
	select {
	case err := <-done:
		return v.outcome(request, err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// visit is one request on its way through a handler, and what the handler answers.
type visit struct {
	incoming http.Request
	header   http.Header
	sent     http.Header // as it stood when the status was written
	status   int
	body     bytes.Buffer
	response http.Response
}

func (v *visit) serve(handler http.Handler) (err error) {
	incoming := &v.incoming
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
	defer incoming.Body.Close()
	defer func() {
		switch r := recover(); r {
		case nil:
		case http.ErrAbortHandler:
			err = io.ErrUnexpectedEOF
		default: // a server would log it and drop the connection
			err = fmt.Errorf("handler panicked: %v", r)
		}
	}()
	handler.ServeHTTP((*answerWriter)(v), incoming)
	return nil
}

// outcome is what the caller sees of a visit that has ended.
func (v *visit) outcome(request *http.Request, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	(*answerWriter)(v).WriteHeader(http.StatusOK)
	v.response = http.Response{StatusCode: v.status, Status: strconv.Itoa(v.status) + " " + http.StatusText(v.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: v.sent, Body: (*answerBody)(v),
		ContentLength: int64(v.body.Len()), Request: request}
	return &v.response, nil
}

// answerWriter keeps what a handler answers.
type answerWriter visit

func (w *answerWriter) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *answerWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status, w.sent = status, http.Header{}
	if len(w.header) > 0 {
		w.sent = w.header.Clone()
	}
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// answerBody is the same seen from the other side.
type answerBody visit

func (b *answerBody) Read(into []byte) (int, error) { return b.body.Read(into) }
func (b *answerBody) Close() error                  { return nil }
