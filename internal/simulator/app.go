package simulator

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// isAppToken tells whether a token is the app's own: its id and its secret.
func (s *Simulator) isAppToken(token string) bool {
	own := appID + "|" + s.config.Callback.AppSecret
	return s.config.Callback.AppSecret != "" && subtle.ConstantTimeCompare([]byte(token), []byte(own)) == 1
}

type tokenAnswer struct {
	Data tokenView `json:"data"`
}

type tokenView struct {
	AppID     string   `json:"app_id"`
	Type      string   `json:"type"`
	IsValid   bool     `json:"is_valid"`
	ExpiresAt int64    `json:"expires_at"`
	Scopes    []string `json:"scopes"`
}

// debugToken tells what a token may do. Source: Meta, Graph API, reference of debug_token.
func (s *Simulator) debugToken(c *call) (any, error) {
	input := c.request.URL.Query().Get("input_token")
	if input == "" {
		return nil, fail(graph.CodeInvalidParameter, "The parameter input_token is required.")
	}
	view := tokenView{AppID: appID, Type: "SYSTEM_USER", Scopes: []string{}}
	s.mu.RLock()
	view.IsValid = s.tokens[sha256.Sum256([]byte(input))] > 0
	s.mu.RUnlock()
	if view.IsValid {
		view.Scopes = []string{graph.ScopeManagement, graph.ScopeMessaging}
	}
	return tokenAnswer{Data: view}, nil
}

type appSubscriptions struct {
	Data []appSubscription `json:"data"`
}

type appSubscription struct {
	Object      string     `json:"object"`
	CallbackURL string     `json:"callback_url"`
	Active      bool       `json:"active"`
	Fields      []appField `json:"fields"`
}

type appField struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// listSubscriptions tells where the app's webhooks go. Source: Meta, Graph API, reference of the app's subscriptions.
func (s *Simulator) listSubscriptions(*call) (any, error) {
	list := appSubscriptions{Data: []appSubscription{}}
	if s.config.Callback.URL == "" {
		return list, nil
	}
	row := appSubscription{Object: "whatsapp_business_account", CallbackURL: s.config.Callback.URL, Active: true}
	for _, field := range []string{fieldLifecycle, fieldParticipants, fieldSettings, fieldStatus, fieldMessages} {
		row.Fields = append(row.Fields, appField{Name: field, Version: "v25.0"})
	}
	list.Data = append(list.Data, row)
	return list, nil
}
