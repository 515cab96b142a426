package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func shotsAt(server *httptest.Server, count int) *shots {
	address := strings.TrimPrefix(server.URL, "http://")
	request := []byte("POST /?a=b HTTP/1.1\r\nHost: " + address + "\r\nContent-Length: 0\r\n\r\n")
	return &shots{address: address, connections: 3, count: count, requests: [][]byte{request, request}, want: []byte(`"Code":"OK"`)}
}

// TestFire sends every request, and no more, over as many connections as asked for.
func TestFire(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.WriteString(w, `{"Code":"OK"}`)
	}))
	defer server.Close()
	took, whole, err := shotsAt(server, 50).fire(t.Context())
	if err != nil || len(took) != 50 || calls.Load() != 50 || whole <= 0 {
		t.Fatalf("%d answers of %d calls in %s: %v", len(took), calls.Load(), whole, err)
	}
	for i, d := range took {
		if d <= 0 {
			t.Errorf("request %d took no time", i)
		}
	}
}

func TestFireRefusesOtherAnswers(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"another code":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"Code":"NotFound"}`) },
		"another status": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `"Code":"OK"`, http.StatusForbidden) },
		"no length": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"Code":"OK"}`)
			_ = http.NewResponseController(w).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			defer server.Close()
			if _, _, err := shotsAt(server, 9).fire(t.Context()); err == nil {
				t.Error("taken for right")
			}
		})
	}
}

func TestMallocs(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(withMetrics(http.HandlerFunc(floor)))
	defer web.Close()
	s := &subject{server: &server{address: strings.TrimPrefix(web.URL, "http://")}}
	each, err := s.allocations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept = make([]*[8]int, 0, 20_000)
	for range cap(kept) {
		kept = append(kept, new([8]int))
	}
	if got, err := each(1000); err != nil || got < 15 {
		t.Errorf("%.1f allocations a request: %v", got, err)
	}
	if _, err := metric("go_memstats_mallocs_total_else 5\n", mallocsMetric); err == nil {
		t.Error("another metric was read")
	}
}

// kept keeps the compiler from keeping it on the stack.
var kept []*[8]int
