package graph

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInspectToken(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"data":{"app_id":"17","is_valid":true,"expires_at":1790000000,"scopes":["whatsapp_business_messaging"]}}`)
	got, err := c.InspectToken(t.Context(), creds)
	want := Token{AppID: "17", Valid: true, ExpiresAt: time.Unix(1790000000, 0).UTC(), Scopes: []string{ScopeMessaging}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	wantRequest(t, seen, "GET /v25.0/debug_token?input_token=EAAtopsecret", "")
}

// The token stands in the address of this one call, and an error of the transport would repeat the address.
func TestInspectTokenHidesTheToken(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	c, err := New(Config{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	_, err = c.InspectToken(t.Context(), creds)
	for ; err != nil; err = unwrap(err) {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, creds.Token) {
			t.Errorf("the error shows the token: %s", text)
		}
	}
}

func unwrap(err error) error {
	u, ok := err.(interface{ Unwrap() error })
	if !ok {
		return nil
	}
	return u.Unwrap()
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"data":[{"object":"whatsapp_business_account","callback_url":"https://a.example/meta/webhook","active":true,
		"fields":[{"name":"messages","version":"v25.0"},{"name":"group_status_update"}]}]}`)
	got, err := c.Subscriptions(t.Context(), creds, "17")
	want := []Subscription{{Object: "whatsapp_business_account", CallbackURL: "https://a.example/meta/webhook", Active: true,
		Fields: []string{"messages", "group_status_update"}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	wantRequest(t, seen, "GET /v25.0/17/subscriptions", "")
}

func TestBusinessAccount(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"id":"W","name":"N","currency":"USD","account_review_status":"APPROVED","message_template_namespace":"n_s",
		"owner_business_info":{"id":9,"name":"B"},"data":[{"whatsapp_business_api_data":{"id":"17","name":"app"}}]}`)
	got, err := c.BusinessAccount(t.Context(), creds)
	want := BusinessAccount{ID: "W", Name: "N", Currency: "USD", ReviewStatus: "APPROVED", TemplateNamespace: "n_s", BusinessID: "9", BusinessName: "B"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	<-seen
	apps, err := c.SubscribedApps(t.Context(), creds)
	if err != nil || len(apps) != 1 || apps[0] != "17" {
		t.Errorf("apps %v, %v", apps, err)
	}
	wantRequest(t, seen, "GET /v25.0/W/subscribed_apps", "")
}

func TestPhoneNumbersOfSeveralPages(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("after") {
		case "":
			_, _ = w.Write([]byte(`{"data":[{"id":"1"},{"id":"2"}],"paging":{"cursors":{"after":"X"},"next":"https://x.example/"}}`))
		case "X":
			_, _ = w.Write([]byte(`{"data":[{"id":"3"}],"paging":{"cursors":{"after":"Y"}}}`))
		default:
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	got, err := c.PhoneNumbers(t.Context(), creds)
	if err != nil || len(got) != 3 || got[2].ID != "3" {
		t.Errorf("%+v, %v", got, err)
	}
}
