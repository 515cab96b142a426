package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/graph"
)

const (
	defaultPage = 25
	maxPage     = 1024
)

// accepted is the answer to everything that is carried out later.
type accepted struct {
	MessagingProduct string `json:"messaging_product"`
	RequestID        string `json:"request_id"`
}

type createBody struct {
	product
	Subject     *string `json:"subject"`
	Description string  `json:"description"`
	Mode        string  `json:"join_approval_mode"`
}

func (s *Simulator) createGroup(c *call) (any, error) {
	var body createBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if body.Subject == nil {
		return nil, fail(graph.CodeParameterMissing, "The parameter subject is required.")
	}
	subject, err := checkedSubject(*body.Subject)
	if err != nil {
		return nil, err
	}
	if err := checkDescription(body.Description); err != nil {
		return nil, err
	}
	switch body.Mode {
	case "":
		body.Mode = modeAutoApprove
	case modeAutoApprove, modeApprovalNeeded:
	default:
		return nil, fail(graph.CodeParameterValue, "join_approval_mode must be auto_approve or approval_required.")
	}
	request := s.ids.request()
	fresh := &groupSet{State: groupCreating, Subject: subject, Description: body.Description, Mode: body.Mode}
	if err := s.foundGroup(c.number, fresh, request); err != nil {
		return nil, err
	}
	return accepted{MessagingProduct: "whatsapp", RequestID: request}, nil
}

// foundGroup takes a seat among the number's groups and starts the creation. The group's id is fixed now and told later.
func (s *Simulator) foundGroup(n *number, fresh *groupSet, request string) error {
	now := s.config.Now()
	fresh.GroupNumber = s.ids.groupNumber()
	fresh.ID, fresh.Number, fresh.Link, fresh.Created = groupID(n.digits, fresh.GroupNumber), n.id, s.ids.link(), now
	fresh.Pending = []*step{{Kind: stepCreate, Request: request, Due: now.Add(s.config.Delay)}}
	if s.findGroup(fresh.ID) != nil {
		return s.foundGroup(n, fresh, request) // one in 10^12
	}
	n.mu.Lock()
	if n.total >= maxGroupsOfNumber {
		n.mu.Unlock()
		return fail(graph.CodeTooManyGroups, "The number has as many groups as it may have.")
	}
	fresh.Order = s.groupOrder.Add(1)
	err := s.commit(fresh, nil)
	n.mu.Unlock()
	if err != nil {
		return err
	}
	g := s.findGroup(fresh.ID)
	g.mu.Lock()
	defer g.mu.Unlock()
	s.kick(g)
	return nil
}

func checkedSubject(subject string) (string, error) {
	subject = strings.TrimSpace(subject)
	if subject == "" || utf8.RuneCountInString(subject) > maxSubject {
		return "", fail(graph.CodeParameterValue, "The subject must have 1 to 128 characters.")
	}
	return subject, nil
}

func checkDescription(description string) error {
	if utf8.RuneCountInString(description) > maxDescription {
		return fail(graph.CodeParameterValue, "The description must have at most 2048 characters.")
	}
	return nil
}

type groupListAnswer struct {
	Data   groupList `json:"data"`
	Paging *paging   `json:"paging,omitempty"`
}

type groupList struct {
	Groups []listedGroup `json:"groups"`
}

type listedGroup struct {
	ID        string `json:"id"`
	Subject   string `json:"subject"`
	CreatedAt string `json:"created_at"`
}

type paging struct {
	Cursors  cursors `json:"cursors"`
	Previous string  `json:"previous,omitempty"`
	Next     string  `json:"next,omitempty"`
}

type cursors struct {
	After  string `json:"after,omitempty"`
	Before string `json:"before,omitempty"`
}

// listGroups pages through the groups in the order of their creation. Suspended ones and those being deleted are listed
// as long as they exist. A cursor holds the place of a group in that order, so it outlives changes around it.
func (s *Simulator) listGroups(c *call) (any, error) {
	query := c.request.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return nil, err
	}
	all := c.number.visible()
	page, err := cutPage(all, query, limit)
	if err != nil {
		return nil, err
	}
	answer := groupListAnswer{Data: groupList{Groups: make([]listedGroup, 0, len(page))}}
	for _, g := range page {
		g.mu.Lock()
		answer.Data.Groups = append(answer.Data.Groups, listedGroup{ID: g.id, Subject: g.subject, CreatedAt: seconds(g.created)})
		g.mu.Unlock()
	}
	if len(page) > 0 {
		answer.Paging = pagingOf(c.request, all, page, limit)
	}
	return answer, nil
}

func pageLimit(query url.Values) (int, error) {
	if !query.Has("limit") {
		return defaultPage, nil
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > maxPage {
		return 0, fail(graph.CodeInvalidParameter, "limit must be a number from 1 to 1024.")
	}
	return limit, nil
}

func cutPage(all []*group, query url.Values, limit int) ([]*group, error) {
	if after := query.Get("after"); after != "" {
		order, err := orderOf(after)
		if err != nil {
			return nil, err
		}
		from, _ := slices.BinarySearchFunc(all, order+1, byOrder)
		all = all[from:]
	} else if before := query.Get("before"); before != "" {
		order, err := orderOf(before)
		if err != nil {
			return nil, err
		}
		to, _ := slices.BinarySearchFunc(all, order, byOrder)
		all = all[max(0, to-limit):to]
	}
	return all[:min(limit, len(all))], nil
}

func pagingOf(r *http.Request, all, page []*group, limit int) *paging {
	first, last := page[0], page[len(page)-1]
	p := &paging{Cursors: cursors{Before: cursorOf(first.order), After: cursorOf(last.order)}}
	if last != all[len(all)-1] {
		p.Next = pageURL(r, limit, "after", p.Cursors.After)
	}
	if first != all[0] {
		p.Previous = pageURL(r, limit, "before", p.Cursors.Before)
	}
	return p
}

func pageURL(r *http.Request, limit int, direction, cursor string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	query := url.Values{"limit": {strconv.Itoa(limit)}, direction: {cursor}}
	return scheme + "://" + r.Host + r.URL.Path + "?" + query.Encode()
}

func cursorOf(order int64) string { return escape("order:" + strconv.FormatInt(order, 10)) }

func orderOf(cursor string) (int64, error) {
	text, ok := unescape(cursor)
	digits, isOurs := strings.CutPrefix(text, "order:")
	order, err := strconv.ParseInt(digits, 10, 64)
	if !ok || !isOurs || err != nil || order < 0 {
		return 0, fail(graph.CodeCursorExpired, "The cursor is broken or has expired; start from the first page.")
	}
	return order, nil
}
