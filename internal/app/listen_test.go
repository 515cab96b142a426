package app

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// listener pulls from a server of the test's own, and remembers what it says.
type listener struct {
	Listening
	mu   sync.Mutex
	said []string
}

func listenTo(t *testing.T, server *httptest.Server, forward string) *listener {
	t.Helper()
	at, err := url.Parse(server.URL)
	must(t, err)
	l := new(listener)
	l.Listening = Listening{Client: &Client{Endpoint: at.Host, Protocol: at.Scheme, Credentials: Credentials{AccessKeyID: "a", AccessKeySecret: "b"}},
		Target: url.Values{}, Forward: forward, Every: time.Millisecond, Seen: func(Forwarded) {},
		Said: func(text string) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.said = append(l.said, text)
		}}
	return l
}

// TestListenSaysWhatIsWrong: trouble that may pass is told once and waited for; what cannot pass ends it.
func TestListenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch calls++; {
		case calls <= 5:
			say(w, http.StatusServiceUnavailable, "later")
		case calls <= 8:
			say(w, http.StatusBadGateway, "later")
		default:
			cancel()
		}
	}))
	defer server.Close()
	l := listenTo(t, server, "http://localhost")
	must(t, l.Run(ctx))
	if len(l.said) != 2 || !strings.Contains(l.said[0], "503") || !strings.Contains(l.said[1], "502") {
		t.Errorf("said %q", l.said)
	}

	for name, s := range map[string]*httptest.Server{
		"another page":          httptest.NewServer(http.NotFoundHandler()),
		"a strange certificate": httptest.NewTLSServer(http.NotFoundHandler()),
	} {
		defer s.Close()
		if err := listenTo(t, s, "http://localhost").Run(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	plain := listenTo(t, server, "http://localhost")
	plain.Client.Protocol = "https"
	if err := plain.Run(t.Context()); err == nil {
		t.Error("TLS to a plain server: no error")
	}
	nowhere := listenTo(t, server, "http://localhost")
	nowhere.Client.Endpoint = "a b"
	if err := nowhere.Run(t.Context()); err == nil {
		t.Error("no address: no error")
	}
}

// TestListenWarnsOfAnswers: a program that a callback would tell again and again is taken at its status, and told so once.
func TestListenWarnsOfAnswers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"Code": "OK", "RequestId": "1", "Data": map[string]any{"NextCursor": "1",
			"List": []map[string]string{{"EventId": "1", "Kind": "ChatAppGroup", "Item": "{}"}}}})
	}))
	defer server.Close()
	posts := 0
	program := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if posts++; posts == 3 {
			cancel()
		}
	}))
	defer program.Close()
	l := listenTo(t, server, program.URL)
	must(t, l.Run(ctx))
	if len(l.said) != 1 || !strings.Contains(l.said[0], `{"code":0}`) {
		t.Errorf("said %q", l.said)
	}
}
