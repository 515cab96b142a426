package simulator

import (
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

type joinRequestList struct {
	Data   []listedRequest `json:"data"`
	Paging *paging         `json:"paging,omitempty"`
}

type listedRequest struct {
	ID        string `json:"join_request_id"`
	WaID      string `json:"wa_id"`
	CreatedAt int64  `json:"creation_timestamp"`
	UserID    string `json:"user_id,omitempty"`
}

// listJoinRequests pages through the open requests by their place in the list.
func (s *Simulator) listJoinRequests(c *call) (any, error) {
	g := c.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.readable(); err != nil {
		return nil, err
	}
	open := g.requests()
	from, err := offsetOf(c.request.URL.Query().Get("after"), len(open))
	if err != nil {
		return nil, err
	}
	page := open[from:min(from+defaultPage, len(open))]
	list := joinRequestList{Data: make([]listedRequest, 0, len(page))}
	for _, m := range page {
		_, userID := s.findPhone(m.Phone).profile()
		list.Data = append(list.Data, listedRequest{ID: joinRequestID(m.Phone, g.groupNumber), WaID: m.Phone,
			CreatedAt: m.Since.Unix(), UserID: userID})
	}
	if len(page) > 0 {
		list.Paging = &paging{Cursors: cursors{Before: offsetCursor(from)}}
		if end := from + len(page); end < len(open) {
			list.Paging.Cursors.After = offsetCursor(end)
		}
	}
	return list, nil
}

func offsetCursor(offset int) string { return escape("offset:" + strconv.Itoa(offset)) }

func offsetOf(cursor string, length int) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	text, ok := unescape(cursor)
	digits, isOurs := strings.CutPrefix(text, "offset:")
	offset, err := strconv.Atoi(digits)
	if !ok || !isOurs || err != nil || offset < 0 || offset > length {
		return 0, fail(graph.CodeCursorExpired, "The cursor is broken or has expired; start from the first page.")
	}
	return offset, nil
}

type decisionBody struct {
	product
	Requests []string `json:"join_requests"`
}

type decisionAnswer struct {
	MessagingProduct string          `json:"messaging_product"`
	Approved         []string        `json:"approved_join_requests,omitempty"`
	Rejected         []string        `json:"rejected_join_requests,omitempty"`
	Failed           []failedRequest `json:"failed_join_requests,omitempty"`
	Errors           []eventError    `json:"errors,omitempty"`
}

type failedRequest struct {
	ID     string       `json:"join_request_id"`
	Errors []eventError `json:"errors"`
}

func (s *Simulator) approveJoinRequests(c *call) (any, error) { return s.decideJoinRequests(c, true) }

// rejectJoinRequests is silent: no webhook tells of it, and the person may ask again.
func (s *Simulator) rejectJoinRequests(c *call) (any, error) { return s.decideJoinRequests(c, false) }

func (s *Simulator) decideJoinRequests(c *call, approve bool) (any, error) {
	var body decisionBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if len(body.Requests) == 0 {
		return nil, fail(graph.CodeParameterMissing, "The parameter join_requests is required.")
	}
	g := c.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.changeable(); err != nil {
		return nil, err
	}
	answer := decisionAnswer{MessagingProduct: "whatsapp"}
	for _, id := range body.Requests {
		code, err := s.decide(g, id, approve)
		switch {
		case err != nil:
			return nil, err
		case code != 0:
			answer.Failed = append(answer.Failed, failedRequest{ID: id, Errors: eventErrors(code)})
		case approve:
			answer.Approved = append(answer.Approved, id)
		default:
			answer.Rejected = append(answer.Rejected, id)
		}
	}
	if len(answer.Failed) == 0 {
		return answer, nil
	}
	answer.Errors = eventErrors(graph.CodePartialSuccess)
	return partial{answer}, nil
}

// decide settles one request, or says with which code it cannot be.
func (s *Simulator) decide(g *group, id string, approve bool) (code int, err error) {
	var who string
	for _, m := range g.members {
		if m.State == memberRequested && joinRequestID(m.Phone, g.groupNumber) == id {
			who = m.Phone
		}
	}
	now := s.config.Now()
	switch {
	case who == "":
		return graph.CodeJoinRequestUnknown, nil
	case !approve:
		return 0, s.commit(&memberSet{Group: g.id, Phone: who, State: memberLeft, At: now}, nil)
	case len(g.present) >= maxMembers:
		return graph.CodeGroupFull, nil
	}
	event := participantsEvent{Timestamp: seconds(now), GroupID: g.id, Type: typeAdd, Reason: "invite_link",
		Added: []eventPerson{{Input: who, WaID: who}}}
	return 0, s.announce(g, &memberSet{Group: g.id, Phone: who, State: memberIn, At: now},
		s.groupWebhook(g, fieldParticipants, typeAdd, event))
}
