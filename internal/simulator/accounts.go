package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// fields gives every field of a number that the network documents. Those that stand in listedFields come without asking.
func (n *number) fields() map[string]any {
	st := n.standing.Load()
	return map[string]any{
		"id": n.id, "display_phone_number": n.display, "verified_name": n.name, "quality_rating": st.Quality, "status": st.Status,
		"code_verification_status": st.CodeVerification, "name_status": st.NameStatus, "new_name_status": st.NewNameStatus,
		"messaging_limit_tier": st.MessagingTier, "platform_type": "CLOUD_API", "is_official_business_account": *st.Official,
	}
}

var listedFields = []string{"id", "display_phone_number", "verified_name", "quality_rating", "code_verification_status"}

// getNumber answers the documented fields of a business phone number.
func (s *Simulator) getNumber(c *call) (any, error) { return c.number.show(c.request) }

// show gives the fields of a number that a request asks for.
func (n *number) show(r *http.Request) (map[string]any, error) {
	return pick(n.fields(), r.URL.Query().Get("fields"), listedFields)
}

// pick gives the fields that are asked for by name, or the listed ones where none is. The id is always among them.
func pick(known map[string]any, asked string, listed []string) (map[string]any, error) {
	names := listed
	if asked != "" {
		names = strings.Split(asked, ",")
	}
	answer := map[string]any{"id": known["id"]}
	for _, field := range names {
		field = strings.TrimSpace(field)
		value, ok := known[field]
		if !ok {
			return nil, fail(graph.CodeInvalidParameter, "Tried accessing a nonexisting field.")
		}
		answer[field] = value
	}
	return answer, nil
}

// The business that owns every simulated account, and the app that every token belongs to.
const (
	businessID = "130000000000001"
	appID      = "100000000000001"
)

// getAccount answers the documented fields of a business account.
func (s *Simulator) getAccount(c *call) (any, error) {
	sum := sha256.Sum256([]byte("namespace/" + c.waba.id))
	h := hex.EncodeToString(sum[:16])
	known := map[string]any{
		"id": c.waba.id, "name": "Simulated account " + c.waba.id, "currency": "USD", "account_review_status": "APPROVED", "timezone_id": "0",
		"message_template_namespace": h[:8] + "_" + h[8:12] + "_" + h[12:16] + "_" + h[16:20] + "_" + h[20:],
		"owner_business_info":        map[string]any{"id": businessID, "name": "Simulated business"},
	}
	return pick(known, c.request.URL.Query().Get("fields"), []string{"id", "name", "timezone_id", "message_template_namespace"})
}

type numberPage struct {
	Data []map[string]any `json:"data"`
}

// listNumbers answers the numbers of a business account, all of them on one page.
func (s *Simulator) listNumbers(c *call) (any, error) {
	page := numberPage{Data: []map[string]any{}}
	for _, n := range s.numbersOf(c.waba.id) {
		row, err := n.show(c.request)
		if err != nil {
			return nil, err
		}
		page.Data = append(page.Data, row)
	}
	return page, nil
}

type success struct {
	Success bool `json:"success"`
}

func (s *Simulator) subscribeApp(c *call) (any, error)   { return s.setSubscription(c.waba, true) }
func (s *Simulator) unsubscribeApp(c *call) (any, error) { return s.setSubscription(c.waba, false) }

func (s *Simulator) setSubscription(account *waba, on bool) (any, error) {
	s.registry.Lock()
	defer s.registry.Unlock()
	if account.subscribed.Load() != on {
		if err := s.commit(&subscriptionSet{WABA: account.id, On: on}, nil); err != nil {
			return nil, err
		}
	}
	return success{Success: true}, nil
}

type subscriptions struct {
	Data []subscription `json:"data"`
}

type subscription struct {
	App subscribedApp `json:"whatsapp_business_api_data"`
}

type subscribedApp struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *Simulator) listSubscribedApps(c *call) (any, error) {
	list := subscriptions{Data: []subscription{}}
	if c.waba.subscribed.Load() {
		list.Data = append(list.Data, subscription{App: subscribedApp{ID: appID, Name: "simulated app"}})
	}
	return list, nil
}
