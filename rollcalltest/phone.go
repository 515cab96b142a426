package rollcalltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Phone is somebody on the simulated network.
type Phone struct {
	Number string // digits

	rollcall *Rollcall
}

// Message is one that a phone received.
type Message struct {
	ID      string          `json:"id"`       // the network's, as ListChatappMessage shows it in UniqueMessageId
	GroupID string          `json:"group_id"` // "" outside of groups
	From    string          `json:"from"`     // digits
	Type    string          `json:"type"`     // text, image, template and so on
	Text    string          `json:"text"`     // of a text, and of a template as people see it
	Content json.RawMessage `json:"content"`  // of all but texts, in Meta's words
	ReplyTo string          `json:"reply_to"` // the ID of the message that it replies to, "" for none
	At      time.Time       `json:"at"`
}

// ControlError is what the simulated network says when it refuses an act of a phone.
type ControlError struct {
	Status  int    // of HTTP
	Code    string // such as link_dead, group_full, barred, suspended
	Message string
}

func (e *ControlError) Error() string { return e.Code + ": " + e.Message }

// AddPhone makes a phone. number is digits with the country code.
func (r *Rollcall) AddPhone(number, name string) *Phone {
	r.t.Helper()
	var made struct{ Number string }
	if err := r.control(http.MethodPost, "/phones", map[string]string{"number": number, "name": name}, &made); err != nil {
		r.t.Fatalf("add phone: %v", err)
	}
	return &Phone{Number: made.Number, rollcall: r}
}

func (p *Phone) path(rest string) string { return "/phones/" + url.PathEscape(p.Number) + rest }

// Join lets the phone follow an invite link, waits until ListChatGroupParticipants has it, and gives the group's id.
func (p *Phone) Join(inviteLink string) (groupID string) {
	p.rollcall.t.Helper()
	groupID, err := p.TryJoin(inviteLink)
	if err != nil {
		p.rollcall.t.Fatalf("join: %v", err)
	}
	g := Group{ID: groupID, rollcall: p.rollcall}
	p.rollcall.await("the group to list "+p.Number, func() bool { return slices.Contains(g.Participants(), p.Number) })
	return groupID
}

// TryJoin lets the phone follow an invite link, and gives a *ControlError when the network refuses.
func (p *Phone) TryJoin(inviteLink string) (groupID string, err error) {
	var joined struct {
		GroupID string `json:"group_id"`
	}
	err = p.rollcall.control(http.MethodPost, p.path("/join"), map[string]string{"invite_link": inviteLink}, &joined)
	return joined.GroupID, err
}

// Leave lets the phone leave a group.
func (p *Phone) Leave(groupID string) {
	p.rollcall.t.Helper()
	if err := p.rollcall.control(http.MethodPost, p.path("/leave"), map[string]string{"group_id": groupID}, nil); err != nil {
		p.rollcall.t.Fatalf("leave: %v", err)
	}
}

// Write lets the phone write a text into a group, and gives a *ControlError when the network refuses.
func (p *Phone) Write(groupID, text string) error {
	return p.rollcall.control(http.MethodPost, p.path("/messages"), map[string]string{"group_id": groupID, "text": text}, nil)
}

// WriteToBusiness lets the phone write a text to the business number, outside of groups. For 24 hours after it the business may send it
// anything.
func (p *Phone) WriteToBusiness(text string) error {
	return p.rollcall.control(http.MethodPost, p.path("/messages"), map[string]string{"to": p.rollcall.BusinessNumber, "text": text}, nil)
}

// Say lets the phone write something else than a text into a group or, with groupID "", to the business: kind is image, video, audio,
// document, sticker, location, contacts, reaction, button or interactive, and content what Meta's webhooks show under that name. It gives the
// network's id of the message, and a *ControlError when the network refuses.
func (p *Phone) Say(groupID, kind string, content any) (id string, err error) {
	what := map[string]any{"type": kind, "content": content}
	if groupID == "" {
		what["to"] = p.rollcall.BusinessNumber
	} else {
		what["group_id"] = groupID
	}
	var made struct {
		ID string `json:"id"`
	}
	err = p.rollcall.control(http.MethodPost, p.path("/messages"), what, &made)
	return made.ID, err
}

// Read lets the phone read a message that it has received from the business, by the network's id. The business is told.
func (p *Phone) Read(id string) error {
	return p.rollcall.control(http.MethodPost, p.path("/read"), map[string]string{"message_id": id}, nil)
}

// In tells whether the network has the phone in a group.
func (p *Phone) In(groupID string) bool {
	p.rollcall.t.Helper()
	var seen struct {
		Groups []struct {
			GroupID string `json:"group_id"`
			State   string `json:"state"`
		} `json:"groups"`
	}
	if err := p.rollcall.control(http.MethodGet, p.path(""), nil, &seen); err != nil {
		p.rollcall.t.Fatalf("look at phone: %v", err)
	}
	for _, g := range seen.Groups {
		if g.GroupID == groupID {
			return g.State == "member" || g.State == "removing"
		}
	}
	return false
}

// Direct gives what the phone received outside of groups, in order.
func (p *Phone) Direct() []Message {
	p.rollcall.t.Helper()
	return slices.DeleteFunc(p.Messages(""), func(m Message) bool { return m.GroupID != "" })
}

// Messages gives what the phone received in a group, in order; groupID "" means everything, also what came from outside of groups.
func (p *Phone) Messages(groupID string) []Message {
	p.rollcall.t.Helper()
	var received struct {
		Messages []Message `json:"messages"`
	}
	path := p.path("/messages") + "?group_id=" + url.QueryEscape(groupID)
	if err := p.rollcall.control(http.MethodGet, path, nil, &received); err != nil {
		p.rollcall.t.Fatalf("read messages: %v", err)
	}
	return received.Messages
}

// AwaitMessage waits until the phone has received the text in a group or, with groupID "", anywhere.
func (p *Phone) AwaitMessage(groupID, text string) Message {
	p.rollcall.t.Helper()
	return p.awaitMessage(groupID, "message "+text, func(m Message) bool { return m.Text == text })
}

// AwaitType waits until the phone has received a message of a type in a group or, with groupID "", anywhere, and gives the first.
func (p *Phone) AwaitType(groupID, kind string) Message {
	p.rollcall.t.Helper()
	return p.awaitMessage(groupID, "a message of type "+kind, func(m Message) bool { return m.Type == kind })
}

func (p *Phone) awaitMessage(groupID, what string, wanted func(Message) bool) (found Message) {
	p.rollcall.t.Helper()
	p.rollcall.await(what+" on "+p.Number, func() bool {
		messages := p.Messages(groupID)
		at := slices.IndexFunc(messages, wanted)
		if at >= 0 {
			found = messages[at]
		}
		return at >= 0
	})
	return found
}

// control makes a call of the simulated network's control API.
func (r *Rollcall) control(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, r.SimulatorURL+"/sim/v1"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return readControl(res, out)
}

func readControl(res *http.Response, out any) error {
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode < http.StatusMultipleChoices {
		if out == nil {
			return nil
		}
		return json.Unmarshal(text, out)
	}
	var refused struct {
		Error struct{ Code, Message string } `json:"error"`
	}
	if err := json.Unmarshal(text, &refused); err != nil || refused.Error.Code == "" {
		return errors.Join(err, fmt.Errorf("the simulated network answered %s", res.Status))
	}
	return &ControlError{Status: res.StatusCode, Code: refused.Error.Code, Message: refused.Error.Message}
}
