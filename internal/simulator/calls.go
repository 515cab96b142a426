package simulator

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

const (
	maxJSONBody      = 64 << 10
	maxMultipartBody = 6 << 20
)

// call is one Graph call on its way through the phases of serveGraph. At most one of number, waba and group is set.
type call struct {
	request *http.Request
	object  string
	body    []byte
	token   tokenHash
	isApp   bool // the token is the app's own

	number *number
	waba   *waba
	group  *group
}

type nodeKind int

const (
	numberNode nodeKind = iota
	wabaNode
	groupNode
	tokenNode // debug_token, which is no object but is asked like one
	appNode
)

type route struct {
	node         nodeKind
	edge, method string
}

// operation is one thing the Graph API can do.
type operation struct {
	name string
	run  func(*Simulator, *call) (any, error)
}

// operations are the endpoints. Source: Meta, WhatsApp Groups API, reference; phone number and subscribed_apps pages.
var operations = map[route]operation{
	{numberNode, "", http.MethodGet}:                 {"get_number", (*Simulator).getNumber},
	{numberNode, "groups", http.MethodPost}:          {"create_group", (*Simulator).createGroup},
	{numberNode, "groups", http.MethodGet}:           {"list_groups", (*Simulator).listGroups},
	{numberNode, "messages", http.MethodPost}:        {"send_message", (*Simulator).sendMessage},
	{wabaNode, "", http.MethodGet}:                   {"get_account", (*Simulator).getAccount},
	{wabaNode, "phone_numbers", http.MethodGet}:      {"list_phone_numbers", (*Simulator).listNumbers},
	{tokenNode, "", http.MethodGet}:                  {"debug_token", (*Simulator).debugToken},
	{appNode, "subscriptions", http.MethodGet}:       {"list_subscriptions", (*Simulator).listSubscriptions},
	{wabaNode, "subscribed_apps", http.MethodGet}:    {"list_subscribed_apps", (*Simulator).listSubscribedApps},
	{wabaNode, "subscribed_apps", http.MethodPost}:   {"subscribe_app", (*Simulator).subscribeApp},
	{wabaNode, "subscribed_apps", http.MethodDelete}: {"unsubscribe_app", (*Simulator).unsubscribeApp},
	{groupNode, "", http.MethodGet}:                  {"get_group", (*Simulator).getGroup},
	{groupNode, "", http.MethodPost}:                 {"update_group", (*Simulator).updateGroup},
	{groupNode, "", http.MethodDelete}:               {"delete_group", (*Simulator).deleteGroup},
	{groupNode, "invite_link", http.MethodGet}:       {"get_invite_link", (*Simulator).getInviteLink},
	{groupNode, "invite_link", http.MethodPost}:      {"reset_invite_link", (*Simulator).resetInviteLink},
	{groupNode, "invite_link", http.MethodDelete}:    {"delete_invite_link", (*Simulator).deleteInviteLink},
	{groupNode, "join_requests", http.MethodGet}:     {"list_join_requests", (*Simulator).listJoinRequests},
	{groupNode, "join_requests", http.MethodPost}:    {"approve_join_requests", (*Simulator).approveJoinRequests},
	{groupNode, "join_requests", http.MethodDelete}:  {"reject_join_requests", (*Simulator).rejectJoinRequests},
	{groupNode, "participants", http.MethodDelete}:   {"remove_participants", (*Simulator).removeParticipants},
	{groupNode, "participants", http.MethodPost}:     {"add_participants", (*Simulator).addParticipants},
}

// serveGraph takes a call through the phases: read, route, authenticate, interfere, run, note, answer. Every call passes
// through here, and nothing else writes an answer.
func (s *Simulator) serveGraph(w http.ResponseWriter, r *http.Request) {
	c := &call{request: r}
	op, err := s.prepare(w, c)
	fate, known := CallFate{}, err == nil
	number, account := c.business()
	told := Call{Operation: op.name, Object: c.object, Number: number, Body: c.body}
	if known {
		if fate = s.interfereBefore(told); fate == (CallFate{}) {
			fate = s.fault(r.Context(), &told)
		}
		err = refusalOf(fate)
	}
	var payload any
	if err == nil {
		payload, err = op.run(s, c)
	}
	if known {
		s.interfereAfter(told)
	}
	status, answer := s.encodeAnswer(payload, err)
	note := record{at: s.config.Now(), kind: "graph", operation: op.name, number: number, method: r.Method, path: maskedPath(r.URL),
		status: status, request: shownBody(r, c.body), response: answer}
	if fate.LoseAnswer {
		note.failure = "the answer was lost on purpose"
		s.journal.add(note)
		panic(http.ErrAbortHandler) // the documented way to drop a connection
	}
	s.journal.add(note)
	fate.Usage.writeTo(w.Header(), account)
	w.Header()["Content-Type"] = []string{"application/json; charset=UTF-8"}
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a client that is gone needs no answer
}

// prepare reads, routes and authenticates.
func (s *Simulator) prepare(w http.ResponseWriter, c *call) (operation, error) {
	object, edge, ok := splitPath(c.request.URL.Path)
	if !ok {
		return operation{}, &failure{code: codeUnknownPath, status: http.StatusBadRequest, details: "The path is not known."}
	}
	c.object = object
	if err := c.read(w); err != nil {
		return operation{}, err
	}
	if err := s.authenticate(c); err != nil {
		return operation{}, err
	}
	node, err := s.locate(c)
	if err != nil {
		return operation{}, err
	}
	op, ok := operations[route{node, edge, c.request.Method}]
	if !ok {
		return operation{}, fail(graph.CodeInvalidParameter, "Unsupported "+strings.ToLower(c.request.Method)+" request.")
	}
	return op, nil
}

// splitPath reads /v{NN}.0/{object} and /v{NN}.0/{object}/{edge}.
func splitPath(path string) (object, edge string, ok bool) {
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	digits, isVersion := strings.CutPrefix(version, "v")
	digits, isVersion2 := strings.CutSuffix(digits, ".0")
	if !isVersion || !isVersion2 || !isDecimal(digits) {
		return "", "", false
	}
	object, edge, _ = strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	return object, edge, object != "" && !strings.Contains(edge, "/")
}

func (c *call) read(w http.ResponseWriter) error {
	limit := int64(maxJSONBody)
	if isMultipart(c.request) {
		limit = maxMultipartBody
	}
	if c.request.Body == nil || c.request.Body == http.NoBody {
		return nil
	}
	body, err := readBody(w, c.request, limit)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &failure{code: graph.CodeInvalidParameter, status: http.StatusRequestEntityTooLarge, details: "The request body is too large."}
	}
	if err != nil {
		return fail(graph.CodeInvalidParameter, "The request body could not be read.")
	}
	c.body = body
	return nil
}

// readBody makes room once where the request says how much there is.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength <= 0 || r.ContentLength > limit {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

func (s *Simulator) authenticate(c *call) error {
	scheme, token, _ := strings.Cut(c.request.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return fail(graph.CodeTokenMissing, "An access token is required to request this resource.")
	}
	c.token = sha256.Sum256([]byte(token))
	if c.isApp = s.isAppToken(token); c.isApp {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.tokens[c.token] == 0 {
		return fail(graph.CodeTokenInvalid, "The access token is not valid.")
	}
	return nil
}

// locate finds what the path names, and refuses a token that has no say over it.
func (s *Simulator) locate(c *call) (nodeKind, error) {
	switch {
	case c.object == "debug_token":
		return tokenNode, nil
	case c.object == appID && c.isApp:
		return appNode, nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c.group = s.groups[c.object]; c.group != nil {
		if !c.group.number.trusts(c.token) {
			c.group = nil
			return groupNode, errGroupUnknown
		}
		return groupNode, nil
	}
	if c.number = s.numbers[c.object]; c.number != nil {
		if !c.number.trusts(c.token) {
			return numberNode, fail(graph.CodePermissionMissing, "The token has no permission for this phone number.")
		}
		return numberNode, nil
	}
	if c.waba = s.wabas[c.object]; c.waba != nil {
		for _, n := range s.numbers {
			if n.waba == c.waba && n.trusts(c.token) {
				return wabaNode, nil
			}
		}
		return wabaNode, fail(graph.CodePermissionMissing, "The token has no permission for this account.")
	}
	if isDecimal(c.object) {
		return 0, fail(graph.CodeObjectNotFound, "The object does not exist.")
	}
	return groupNode, errGroupUnknown
}

func (n *number) trusts(token tokenHash) bool { return *n.token.Load() == token }

// decode reads a JSON body, which must say that it is meant for WhatsApp.
func (c *call) decode(into productBody) error {
	if err := json.Unmarshal(c.body, into); err != nil {
		return fail(graph.CodeInvalidParameter, "The request body is not the JSON that this call takes.")
	}
	return into.checkProduct()
}

// product is the member that every body carries.
type product struct {
	MessagingProduct string `json:"messaging_product"`
}

type productBody interface{ checkProduct() error }

func (p product) checkProduct() error {
	if p.MessagingProduct != "whatsapp" {
		return fail(graph.CodeInvalidParameter, "The parameter messaging_product is required and must be \"whatsapp\".")
	}
	return nil
}

func isMultipart(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
}

// shownBody keeps pictures out of the journal.
func shownBody(r *http.Request, body []byte) []byte {
	if isMultipart(r) {
		return []byte("multipart form")
	}
	return body
}
