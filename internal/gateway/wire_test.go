package gateway_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// edit changes the answer to a Graph call on its way back; nil lets it pass.
type edit func(request *http.Request, status int, body []byte) (int, []byte)

// edits holds the edit of a world; it outlives the gateway.
type edits struct {
	mu   sync.Mutex
	with edit
}

func (e *edits) set(with edit) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.with = with
}

func (e *edits) get() edit {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.with
}

// wire carries the calls of one gateway to the simulator until it is cut.
type wire struct {
	sim   http.RoundTripper
	edits *edits
	cut   atomic.Bool
	sent  atomic.Int64 // changes, not questions
}

var errCut = errors.New("the line is dead")

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	if w.cut.Load() {
		return nil, errCut
	}
	if request.Method != http.MethodGet {
		w.sent.Add(1)
	}
	response, err := w.sim.RoundTrip(request)
	if w.cut.Load() {
		return nil, errCut
	}
	with := w.edits.get()
	if err != nil || with == nil {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.StatusCode, body = with(request, response.StatusCode, body)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, nil
}

// is tells whether a request is of a kind: its method, and what its path ends in.
func is(request *http.Request, method, edge string) bool {
	return request.Method == method && strings.HasSuffix(request.URL.Path, edge)
}

// readsGroup tells whether a request asks who is in a group.
func readsGroup(request *http.Request) bool {
	return request.Method == http.MethodGet && strings.Contains(request.URL.RawQuery, "participants")
}
