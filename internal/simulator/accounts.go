package simulator

import (
	"maps"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// getNumber answers the documented fields of a business phone number.
func (s *Simulator) getNumber(c *call) (any, error) {
	n := c.number
	known := map[string]any{
		"id": n.id, "display_phone_number": n.display, "verified_name": n.name, "quality_rating": "GREEN",
		"code_verification_status": "VERIFIED", "platform_type": "CLOUD_API", "is_official_business_account": true,
	}
	asked := c.request.URL.Query().Get("fields")
	if asked == "" {
		maps.DeleteFunc(known, func(field string, _ any) bool {
			return field == "platform_type" || field == "is_official_business_account"
		})
		return known, nil
	}
	answer := map[string]any{"id": n.id}
	for field := range strings.SplitSeq(asked, ",") {
		field = strings.TrimSpace(field)
		value, ok := known[field]
		if !ok {
			return nil, fail(graph.CodeInvalidParameter, "Tried accessing a nonexisting field of a phone number.")
		}
		answer[field] = value
	}
	return answer, nil
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
		list.Data = append(list.Data, subscription{App: subscribedApp{ID: "100000000000001", Name: "simulated app"}})
	}
	return list, nil
}
