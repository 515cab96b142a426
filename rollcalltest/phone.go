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
	ID      string    `json:"id"`
	GroupID string    `json:"group_id"`
	From    string    `json:"from"` // digits
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
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

// Messages gives what the phone received in a group, in order; groupID "" means all groups.
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

// AwaitMessage waits until the phone has received the text in a group.
func (p *Phone) AwaitMessage(groupID, text string) Message {
	p.rollcall.t.Helper()
	var found Message
	p.rollcall.await("message "+text+" on "+p.Number, func() bool {
		messages := p.Messages(groupID)
		at := slices.IndexFunc(messages, func(m Message) bool { return m.Text == text })
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
