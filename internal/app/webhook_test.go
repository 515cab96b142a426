package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

const (
	testSecret = "app-secret"
	testWord   = "verify-word"
	delivery   = `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"group_lifecycle_update",` +
		`"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"8613800000000","phone_number_id":"2"},` +
		`"groups":[{"timestamp":"1700000000","group_id":"G","type":"group_delete","request_id":"r"}]}}]}]}`
)

func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	signed := graph.HubSignature(testSecret, []byte(delivery))
	broken := "not json"
	for _, test := range []struct {
		name, method, body, signature string
		fail                          error
		status, events                int
	}{
		{"a delivery", http.MethodPost, delivery, signed, nil, http.StatusOK, 1},
		{"of which nothing could be stored", http.MethodPost, delivery, signed, errors.New("disk full"), http.StatusServiceUnavailable, 1},
		{"without a signature", http.MethodPost, delivery, "", nil, http.StatusForbidden, 0},
		{"with a signature of other bytes", http.MethodPost, delivery + " ", signed, nil, http.StatusForbidden, 0},
		{"signed by another app", http.MethodPost, delivery, graph.HubSignature("other", []byte(delivery)), nil, http.StatusForbidden, 0},
		{"too large", http.MethodPost, strings.Repeat(" ", graph.MaxWebhookBytes+1), signed, nil, http.StatusRequestEntityTooLarge, 0},
		{"signed, but no JSON", http.MethodPost, broken, graph.HubSignature(testSecret, []byte(broken)), nil, http.StatusOK, 0},
		{"by another method", http.MethodDelete, "", "", nil, http.StatusMethodNotAllowed, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got int
			h := &webhook{appSecret: testSecret, verifyToken: testWord, bodies: rpc.NewBodies(rpc.DefaultBodyRoom), log: testLogger(t),
				handle: func(_ context.Context, events []graph.Event) error {
					got = len(events)
					return test.fail
				}}
			r := httptest.NewRequest(test.method, "/meta/webhook", strings.NewReader(test.body))
			r.Header.Set(graph.HubSignatureHeader, test.signature)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.status || got != test.events {
				t.Errorf("status %d with %d events, want %d with %d", w.Code, got, test.status, test.events)
			}
		})
	}
}

func TestWebhookHandshake(t *testing.T) {
	t.Parallel()
	h := &webhook{verifyToken: testWord, log: testLogger(t)}
	for word, want := range map[string]int{testWord: http.StatusOK, "guess": http.StatusForbidden, "": http.StatusForbidden} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/meta/webhook?hub.mode=subscribe&hub.challenge=42&hub.verify_token="+word, nil))
		if w.Code != want || (w.Code == http.StatusOK) != (w.Body.String() == "42") {
			t.Errorf("handshake with %q: status %d, body %q, want status %d", word, w.Code, w.Body, want)
		}
	}
}

// unread fails the test when somebody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("read")
}

// TestWebhookWithoutSignatureIsNotRead: who does not even pretend to be the network gets none of our memory.
func TestWebhookWithoutSignatureIsNotRead(t *testing.T) {
	t.Parallel()
	h := &webhook{appSecret: testSecret, log: testLogger(t)}
	for _, signature := range []string{"", "sha256=", "sha256=" + strings.Repeat("0", 63), "sha256=" + strings.Repeat("g", 64),
		"sha1=" + strings.Repeat("0", 64), strings.Repeat("0", 64), "sha256=" + strings.Repeat("0", 65)} {
		r := httptest.NewRequest(http.MethodPost, "/meta/webhook", unread{t})
		r.Header.Set(graph.HubSignatureHeader, signature)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%q: status %d, want 403", signature, w.Code)
		}
	}
}

// TestWebhookWaitsForRoom: what cannot be read now is to be sent again.
func TestWebhookWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &webhook{appSecret: testSecret, log: testLogger(t), bodies: rpc.NewBodies(32 << 10)}
		body := strings.Repeat(" ", 64<<10)
		r := httptest.NewRequest(http.MethodPost, "/meta/webhook", strings.NewReader(body))
		r.Header.Set(graph.HubSignatureHeader, graph.HubSignature(testSecret, []byte(body)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d, want 503", w.Code)
		}
	})
}
