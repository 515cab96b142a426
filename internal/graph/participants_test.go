package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRemoveParticipantsRequest(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"messaging_product":"whatsapp","request_id":"AB12"}`)
	got, err := c.RemoveParticipants(t.Context(), creds, "G", []string{"+17865347866", "US.1349"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Removal{RequestID: "AB12"}, got); diff != "" {
		t.Errorf("removal (-want +got):\n%s", diff)
	}
	wantRequest(t, seen, "DELETE /v25.0/G/participants",
		`{"messaging_product":"whatsapp","participants":[{"user":"+17865347866"},{"user_id":"US.1349"}]}`)
}

func TestRemoveParticipantsAnswers(t *testing.T) {
	t.Parallel()
	notIn := &Error{Code: 131212, Title: "not in group", Message: "not in group"}
	some := &Error{Code: 131201, Title: "some failed"}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   Removal
	}{
		{"plain acceptance", 200, `{"request_id":"A"}`, Removal{RequestID: "A"}},
		{"no request id", 200, `{"success":true}`, Removal{}},
		{"empty", 200, "", Removal{}},
		{"206 without content", 206, "", Removal{Partial: true}},
		{"206 with people", 206, `{"request_id":"A","removed_participants":[{"input":"+1"}],"failed_participants":[{"input":"+2",
			"errors":[{"code":"131212","message":"not in group"}]},{"user":"US.3"}],"errors":[{"code":131201,"title":"some failed"}]}`,
			Removal{RequestID: "A", Removed: []string{"+1"}, Failed: []FailedRemoval{{"+2", notIn}, {"US.3", nil}}, Partial: true, Errors: []*Error{some}}},
		{"200 with people", 200, `{"removed_participants":[{"wa_id":"1"},{"user_id":"US.4"}],"failed_participants":[{"input":"+2"}]}`,
			Removal{Removed: []string{"1", "US.4"}, Failed: []FailedRemoval{{Input: "+2"}}, Partial: true}},
		{"131201 with empty failures", 206, `{"failed_participants":[],"errors":[{"code":131201,"title":"some failed"}]}`,
			Removal{Partial: true, Errors: []*Error{some}}},
		{"131201 as envelope", 206, `{"request_id":"A","error":{"code":131201,"title":"some failed"},"removed_participants":[{"input":"+1"}]}`,
			Removal{RequestID: "A", Removed: []string{"+1"}, Partial: true, Errors: []*Error{some}}},
		{"131201 with 400", 400, `{"error":{"code":131201,"title":"some failed"}}`, Removal{Partial: true, Errors: []*Error{some}}},
		{"odd lists", 200, `{"removed_participants":"odd","failed_participants":[1,{}],"errors":{"code":131201,"title":"some failed"}}`,
			Removal{Partial: true, Errors: []*Error{some}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, _ := answering(t, c.status, c.body)
			got, err := client.RemoveParticipants(t.Context(), creds, "G", []string{"+1", "+2"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("removal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRemoveParticipantsRefused(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"131212", "131202", "131207", "131041"} {
		c, _ := answering(t, 400, `{"error":{"code":`+code+`,"message":"(#`+code+`) no"}}`)
		_, err := c.RemoveParticipants(t.Context(), creds, "G", []string{"+1"})
		e := wantError(t, err, Permanent, CodeOf(err))
		if e.Title != "no" || e.OutcomeUnknown() {
			t.Errorf("%s: %#v", code, e)
		}
	}
}

func TestRemoveParticipantsHidesToken(t *testing.T) {
	t.Parallel()
	c, _ := answering(t, 206, `{"failed_participants":[{"input":"+1","errors":[{"code":1,"message":"EAAtopsecret"}]}],
		"errors":[{"code":131201,"error_data":{"details":"EAAtopsecret"}}]}`)
	got, err := c.RemoveParticipants(t.Context(), creds, "G", []string{"+1"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Failed[0].Err.Message != "…" || got.Errors[0].Details != "…" {
		t.Errorf("the answer shows the token: %+v, %+v", got.Failed[0].Err, got.Errors[0])
	}
}
