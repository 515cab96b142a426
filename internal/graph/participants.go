package graph

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
)

// MaxRemovals is the most participants one call can remove.
const MaxRemovals = 8

// Participant is a person as the network names them. Which members are set depends on where it comes from: a group's
// list and a join have WaID or UserID, a removal by the business has Input. Someone who goes by a username may have no
// WaID at all.
type Participant struct {
	Input        string // the string that the business sent in its request
	WaID         string // digits
	UserID       string // business-scoped user id
	ParentUserID string
	Username     string
	Errors       []*Error // why it failed, where the network says it for each person
}

// Number returns the participant's phone number as digits, from WaID or else from Input; empty if neither is a number.
func (p Participant) Number() string {
	if n := Digits(p.WaID); n != "" {
		return n
	}
	return Digits(p.Input)
}

type wireParticipant struct {
	Input        text            `json:"input"`
	User         text            `json:"user"`
	WaID         text            `json:"wa_id"`
	UserID       text            `json:"user_id"`
	ParentUserID text            `json:"parent_user_id"`
	Username     text            `json:"username"`
	Errors       list[wireError] `json:"errors"`
}

func (w *wireParticipant) toParticipant() Participant {
	return Participant{
		Input: string(cmp.Or(w.Input, w.User)), WaID: string(w.WaID), UserID: string(w.UserID), ParentUserID: string(w.ParentUserID),
		Username: string(w.Username), Errors: toErrors(w.Errors),
	}
}

// toParticipants leaves out items that name nobody.
func toParticipants(ws []wireParticipant) []Participant {
	var people []Participant
	for i := range ws {
		if p := ws[i].toParticipant(); p.Input != "" || p.WaID != "" || p.UserID != "" {
			if people == nil {
				people = make([]Participant, 0, len(ws)-i)
			}
			people = append(people, p)
		}
	}
	return people
}

// Removal is the answer to a call that removes participants. Mostly it is a plain acceptance with a request id, and the
// results come by webhook (ParticipantsRemove); but the network may already say for each person what became of them.
type Removal struct {
	RequestID string
	Removed   []string        // as sent, where the answer already says it
	Failed    []FailedRemoval // likewise
	Partial   bool            // the answer says that not all succeeded (CodePartialSuccess, or status 206)
	Errors    []*Error        // what the answer says of the whole
}

// FailedRemoval is a person who was not removed.
type FailedRemoval struct {
	Input string // as sent
	Err   *Error // nil where the network gives no reason
}

// RemoveParticipants asks to take people out of a group: 1 to MaxRemovals of them, each a phone number in any usual
// spelling or a business-scoped user id. The network then bars them from returning by an invite link, for good.
// CodeNotInGroup means that the person is out already, perhaps by an earlier try of the same call.
func (c *Client) RemoveParticipants(ctx context.Context, creds Credentials, groupID string, people []string) (Removal, error) {
	if len(people) == 0 || len(people) > MaxRemovals || slices.Contains(people, "") {
		return Removal{}, fmt.Errorf("remove participants of %s: %w", groupID, invalid("1 to 8 participants can be removed at once"))
	}
	k, err := call{method: http.MethodDelete, id: groupID, edge: "participants", mayBeEmpty: true}.withJSON(struct {
		Product      string          `json:"messaging_product"`
		Participants []participantID `json:"participants"`
	}{product, participantIDs(people)})
	if err != nil {
		return Removal{}, fmt.Errorf("remove participants of %s: %w", groupID, err)
	}
	got, err := c.do(ctx, creds, k)
	if err != nil && CodeOf(err) != CodePartialSuccess {
		return Removal{}, fmt.Errorf("remove participants of %s: %w", groupID, err)
	}
	if got.plain {
		return Removal{RequestID: got.requestID}, nil
	}
	removal := readRemoval(got)
	for _, e := range removal.errors() {
		e.hide(creds.Token)
	}
	return removal, nil
}

// errors lists every error in the answer.
func (r Removal) errors() []*Error {
	all := slices.Clone(r.Errors)
	for _, f := range r.Failed {
		if f.Err != nil {
			all = append(all, f.Err)
		}
	}
	return all
}

// participantID has one member set, never both.
type participantID struct {
	User   string `json:"user,omitempty"`
	UserID string `json:"user_id,omitempty"`
}

func participantIDs(people []string) []participantID {
	ids := make([]participantID, len(people))
	for i, p := range people {
		if Digits(p) != "" {
			ids[i].User = p
		} else {
			ids[i].UserID = p
		}
	}
	return ids
}

func readRemoval(got answer) Removal {
	var out struct {
		RequestID text                  `json:"request_id"`
		Removed   list[wireParticipant] `json:"removed_participants"`
		Failed    list[wireParticipant] `json:"failed_participants"`
		Errors    list[wireError]       `json:"errors"`
		Error     *wireError            `json:"error"`
	}
	if len(got.body) > 0 {
		_ = decode(got.body, &out) // a JSON object, as do saw to; what is missing stays empty
	}
	r := Removal{RequestID: string(out.RequestID), Errors: toErrors(out.Errors)}
	if out.Error != nil {
		r.Errors = append(r.Errors, out.Error.toError())
	}
	for _, p := range toParticipants(out.Removed) {
		r.Removed = append(r.Removed, p.sent())
	}
	for _, p := range toParticipants(out.Failed) {
		f := FailedRemoval{Input: p.sent()}
		if len(p.Errors) > 0 {
			f.Err = p.Errors[0]
		}
		r.Failed = append(r.Failed, f)
	}
	r.Partial = got.status == http.StatusPartialContent || len(r.Failed) > 0
	for _, e := range r.Errors {
		r.Partial = r.Partial || e.Code == CodePartialSuccess
	}
	return r
}

// sent returns what names the person in the words of the request.
func (p Participant) sent() string {
	for _, s := range []string{p.Input, p.WaID, p.UserID} {
		if s != "" {
			return s
		}
	}
	return ""
}
