package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// hook is a customer's server that acknowledges everything.
type hook struct {
	mu    sync.Mutex
	items []map[string]any
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var items []map[string]any
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &items) != nil {
		http.Error(w, "no array", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.items = append(h.items, items...)
	h.mu.Unlock()
	_, _ = io.WriteString(w, `{"code":0,"msg":"success"}`) // who asked is told nothing more
}

// of gives the types of what was told of a group.
func (h *hook) of(group string) (types []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, item := range h.items {
		if item["GroupId"] == group {
			types = append(types, fmt.Sprint(item["Type"]))
		}
	}
	return types
}

// eventPage is an answer of ListChatGroupEvents.
type eventPage struct {
	Code string
	Data struct {
		NextCursor string
		List       []struct {
			Kind     string
			GroupID  string `json:"GroupId"`
			Sequence int64
			Item     string
		}
	}
}

// TestReceipts sets callbacks with each client, has something happen, and pulls it again.
func TestReceipts(t *testing.T) {
	next := 0
	eachKind(t, func(t *testing.T, s server, k kind) {
		next++
		owner := k.open(t, s.owner())
		h := &hook{}
		receiver := httptest.NewServer(h)
		defer receiver.Close()
		webhooks(t, s, owner, receiver.URL)
		refusedWebhooks(t, s, k, owner)

		begin := events(t, s, owner, map[string]any{"Cursor": "latest"})
		told := &story{t: t, server: s, client: owner, phones: openPhones(t, s), subject: fmt.Sprint("Told ", next),
			people: []string{fmt.Sprintf("86137%08d", next)}}
		told.found()
		told.gather()
		told.await("the receiver to be told", func() bool { return slices.Equal(h.of(told.group), []string{"created", "joined"}) })
		page := events(t, s, owner, map[string]any{"Cursor": begin.Data.NextCursor, "GroupId": told.group, "Size": "2"})
		if len(page.Data.List) != 2 || page.Data.List[1].Sequence != 2 || page.Data.List[1].Kind != "ChatAppGroup" {
			t.Errorf("pulled %+v", page)
		}
	})
}

func webhooks(t *testing.T, s server, c client, url string) {
	t.Helper()
	for _, q := range []question{
		{"UpdateAccountWebhook", map[string]any{"CustSpaceId": s.CustSpaceID, "StatusCallbackUrl": url + "/none", "HttpFlag": "Y", "QueueFlag": "N"}},
		{"UpdatePhoneWebhook", map[string]any{"CustSpaceId": s.CustSpaceID, "PhoneNumber": s.BusinessNumber, "StatusCallbackUrl": url,
			"UpCallbackUrl": url, "HttpFlag": "Y", "QueueFlag": "Y"}},
	} {
		seen, err := c.call(q.action, q.parameters)
		if err != nil || seen.Raised != nil {
			t.Fatalf("%s: %v, %+v", q.action, err, seen.Raised)
		}
	}
}

func refusedWebhooks(t *testing.T, s server, k kind, owner client) {
	t.Helper()
	reader := k.open(t, s.reader())
	q := question{"UpdatePhoneWebhook", map[string]any{"CustSpaceId": s.CustSpaceID, "PhoneNumber": s.BusinessNumber, "HttpFlag": "N"}}
	expect(t, reader, q, refused{http.StatusForbidden, []string{"Forbidden.RAM"}})
	q = question{"UpdateAccountWebhook", map[string]any{"CustSpaceId": "cams-of-others", "HttpFlag": "N"}}
	expect(t, owner, q, refused{http.StatusBadRequest, []string{"Unknown.ResourceOwnerId"}})
	q = s.about("ListChatGroupEvents", "")
	q.parameters["Size"] = "0"
	expect(t, owner, q, refused{http.StatusBadRequest, []string{"InvalidSize"}})
	q = question{"UpdatePhoneWebhook", map[string]any{"CustSpaceId": s.CustSpaceID, "PhoneNumber": s.BusinessNumber, "StatusCallbackUrl": "nowhere"}}
	seen, err := owner.call(q.action, q.parameters)
	var decoded body
	if err == nil {
		err = json.Unmarshal(seen.Body, &decoded)
	}
	if err != nil || decoded.Code != "InvalidParameter.CallbackInvalid" {
		t.Errorf("a callback that is no address: %v, %s", err, seen.Body)
	}
}

func events(t *testing.T, s server, c client, more map[string]any) (page eventPage) {
	t.Helper()
	q := s.about("ListChatGroupEvents", "")
	for name, value := range more {
		q.parameters[name] = value
	}
	seen, err := c.call(q.action, q.parameters)
	if err == nil {
		err = json.Unmarshal(seen.Body, &page)
	}
	if err != nil || seen.Raised != nil {
		t.Fatalf("ListChatGroupEvents: %v, %+v", err, seen.Raised)
	}
	return page
}
