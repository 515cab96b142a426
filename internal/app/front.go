package app

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// front shares the one address out. Every path that is not listed here goes to the callers' gateway, which answers in its own
// form; nothing is ever redirected, because clients do not follow.
type front struct {
	rpc      http.Handler
	webhook  http.Handler
	metrics  http.Handler                // nil: they are not served here
	alive    func(context.Context) error // whether the store answers
	stopping atomic.Bool
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.TransferEncoding) > 0 {
		// A request that also announces a length reaches us without it, and a proxy in front of us may have gone by the length.
		// What it took for the next request must not become one.
		w.Header().Set("Connection", "close")
	}
	switch path := r.URL.Path; {
	case path == "/meta/webhook":
		f.webhook.ServeHTTP(w, r)
	case path == "/healthz":
		say(w, http.StatusOK, "ok")
	case path == "/readyz":
		f.ready(w, r)
	case path == "/metrics" && f.metrics != nil:
		f.metrics.ServeHTTP(w, r)
	default:
		f.rpc.ServeHTTP(w, r)
	}
}

// ready answers 200 for as long as requests should be sent here.
func (f *front) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	switch {
	case f.stopping.Load():
		say(w, http.StatusServiceUnavailable, "stopping")
	case f.alive(ctx) != nil:
		say(w, http.StatusServiceUnavailable, "the database does not answer")
	default:
		say(w, http.StatusOK, "ready")
	}
}

func say(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, word+"\n") // a caller that is gone needs no answer
}
