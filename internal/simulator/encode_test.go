package simulator

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPlainTexts: what is written by hand is, letter by letter, what encoding/json makes of it.
func TestPlainTexts(t *testing.T) {
	t.Parallel()
	name := rapid.OneOf(rapid.StringMatching(`[0-9]{1,15}`), rapid.String(), rapid.SampledFrom([]string{"", "a<b", `"`, `\`, "é", "\x7f", "+49 170"}))
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "time")).In(rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 5400)}).Draw(t, "zone"))
	})
	person := rapid.Custom(func(t *rapid.T) target { return target{Input: name.Draw(t, "input"), Phone: name.Draw(t, "phone")} })
	rapid.Check(t, func(t *rapid.T) {
		accepted := &stepAccepted{Group: name.Draw(t, "group"), Step: &step{Kind: rapid.SampledFrom([]stepKind{stepRemove, stepUpdate}).Draw(t, "kind"),
			Request: name.Draw(t, "request"), Due: at.Draw(t, "due"), People: rapid.SliceOfN(person, 0, 8).Draw(t, "people")}}
		done := &stepDone{Group: accepted.Group, At: accepted.Step.Due, Outcome: outcome{Code: rapid.SampledFrom([]int{0, 0, 131212}).Draw(t, "code"),
			Failed: rapid.SampledFrom([][]int{nil, {}, {0, 1}}).Draw(t, "failed")}}
		for _, c := range []change{accepted, done, &webhookDone{ID: rapid.Int64().Draw(t, "id")}} {
			got, ok := appendPlain(nil, c)
			if want, err := json.Marshal(c); ok && (err != nil || string(got) != string(want)) {
				t.Errorf("%s, want %s, %v", got, want, err)
			}
		}
		number := &number{digits: name.Draw(t, "digits"), id: name.Draw(t, "number"), waba: &waba{id: name.Draw(t, "waba")}}
		g := &group{id: accepted.Group, number: number}
		out := done.Outcome
		if len(out.Failed) != len(accepted.Step.People) {
			out.Failed = nil
		}
		event := removedEvent(g, accepted.Step, out, done.At)
		got, err := encodeEnvelope(number, fieldParticipants, webhookValue{Groups: []any{event}})
		want, wantErr := json.Marshal(envelope{Object: "whatsapp_business_account", Entry: []entry{{ID: number.waba.id, Changes: []fieldValue{{Field: fieldParticipants,
			Value: webhookValue{MessagingProduct: "whatsapp", Metadata: metadata{DisplayPhoneNumber: number.digits, PhoneNumberID: number.id}, Groups: []any{event}}}}}}})
		if err != nil || wantErr != nil || string(got) != string(want) {
			t.Errorf("%s, want %s; %v, %v", got, want, err, wantErr)
		}
	})
	c := &stepAccepted{Group: "1", Step: &step{Kind: stepRemove, Request: "r", People: []target{{Input: "49170", Phone: "49170"}}}}
	if _, ok := appendPlain(nil, c); !ok {
		t.Error("an ordinary removal is not written by hand")
	}
	ordinary := participantsEvent{Timestamp: "1", GroupID: "1", Type: typeRemove, RequestID: "r", InitiatedBy: byBusiness, Removed: []eventPerson{{Input: "49170"}}}
	if _, ok := appendRemoved(nil, &number{digits: "1", id: "2", waba: &waba{id: "3"}}, &ordinary); !ok {
		t.Error("an ordinary webhook is not written by hand")
	}
}
