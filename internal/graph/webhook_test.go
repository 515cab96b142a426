package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// wrap puts one value into the envelope of a delivery; value is the inside of an object.
func wrap(field, value string) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"W1","changes":[{"field":%q,"value":{"messaging_product":"whatsapp",
		"metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},%s}}]}]}`, field, value)
}

func groups(field, items string) string { return wrap(field, `"groups":[`+items+`]`) }

// event fills in what every event out of wrap has.
func event(field string, e Event) Event {
	e.Field, e.WABAID, e.PhoneNumberID, e.DisplayPhoneNumber = field, "W1", "106540352242922", "15550783881"
	return e
}

var at = time.Unix(1755548877, 0).UTC()

const (
	header    = `"timestamp":"1755548877","group_id":"G"`
	anError   = `{"code":131212,"message":"Not in group","title":"Not in group","error_data":{"details":"d"}}`
	someError = `{"code":131201,"message":"Not all succeeded","title":"Not all succeeded"}`
)

func notInGroup() *Error {
	return &Error{Code: 131212, Title: "Not in group", Message: "Not in group", Details: "d"}
}

func notAll() *Error {
	return &Error{Code: 131201, Title: "Not all succeeded", Message: "Not all succeeded"}
}

// variants are the updates that Meta documents, and the forms in which its own material deviates.
var variants = []struct {
	name, body string
	want       Event
}{
	{"created", groups(fieldLifecycle, `{`+header+`,"type":"group_create","request_id":"R","subject":"S","description":"D",
		"invite_link":"https://chat.whatsapp.com/L","join_approval_mode":"auto_approve"}`),
		event(fieldLifecycle, Event{Type: GroupCreate, GroupID: "G", RequestID: "R", Timestamp: at,
			Group: GroupSettings{"S", "D", "https://chat.whatsapp.com/L", AutoApprove}})},
	{"created, old form", groups(fieldLifecycle, `{`+header+`,"type":"group_create","request_id":"R","added_participants":[{"wa_id":"1"}]}`),
		event(fieldLifecycle, Event{Type: GroupCreate, GroupID: "G", RequestID: "R", Timestamp: at, Added: []Participant{{WaID: "1"}}})},
	{"creation failed", groups(fieldLifecycle, `{"timestamp":1755548877,"type":"group_create","request_id":"R","subject":"S","errors":[`+anError+`]}`),
		event(fieldLifecycle, Event{Type: GroupCreate, RequestID: "R", Timestamp: at, Group: GroupSettings{Subject: "S"}, Errors: []*Error{notInGroup()}})},
	{"deleted", groups(fieldLifecycle, `{`+header+`,"type":"group_delete","request_id":"R"}`),
		event(fieldLifecycle, Event{Type: GroupDelete, GroupID: "G", RequestID: "R", Timestamp: at})},
	{"deletion failed", groups(fieldLifecycle, `{`+header+`,"type":"group_delete","request_id":"R","errors":[`+anError+`]}`),
		event(fieldLifecycle, Event{Type: GroupDelete, GroupID: "G", RequestID: "R", Timestamp: at, Errors: []*Error{notInGroup()}})},
	{"joined by link", groups(fieldParticipants, `{`+header+`,"type":"group_participants_add","reason":"invite_link",
		"added_participants":[{"wa_id":"1","user_id":"US.1","parent_user_id":"US.ENT.1","username":"@x"},{"user_id":"US.2"}]}`),
		event(fieldParticipants, Event{Type: ParticipantsAdd, GroupID: "G", Timestamp: at, Reason: "invite_link",
			Added: []Participant{{WaID: "1", UserID: "US.1", ParentUserID: "US.ENT.1", Username: "@x"}, {UserID: "US.2"}}})},
	{"requests approved", groups(fieldParticipants, `{`+header+`,"type":"group_participants_add","reason":"invite_link",
		"added_participants":[{"input":"+1","wa_id":"1"},{"input":"+2","wa_id":"2"}]}`),
		event(fieldParticipants, Event{Type: ParticipantsAdd, GroupID: "G", Timestamp: at, Reason: "invite_link",
			Added: []Participant{{Input: "+1", WaID: "1"}, {Input: "+2", WaID: "2"}}})},
	{"request made", groups(fieldParticipants, `{`+header+`,"type":"group_join_request_created","reason":"invite_link","join_request_id":"J","wa_id":"1","user_id":"US.1"}`),
		event(fieldParticipants, Event{Type: JoinRequestCreated, GroupID: "G", Timestamp: at, Reason: "invite_link",
			JoinRequestID: "J", Requester: Participant{WaID: "1", UserID: "US.1"}})},
	{"request withdrawn", groups(fieldParticipants, `{`+header+`,"type":"group_join_request_revoked","join_request_id":"J","wa_id":"1"}`),
		event(fieldParticipants, Event{Type: JoinRequestRevoked, GroupID: "G", Timestamp: at, JoinRequestID: "J", Requester: Participant{WaID: "1"}})},
	{"removed", groups(fieldParticipants, `{`+header+`,"type":"group_participants_remove","request_id":"R","initiated_by":"business","removed_participants":[{"input":"+1"}]}`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "G", RequestID: "R", Timestamp: at, InitiatedBy: ByBusiness, Removed: []Participant{{Input: "+1"}}})},
	{"removed in part", groups(fieldParticipants, `{`+header+`,"type":"group_participants_remove","request_id":"R","initiated_by":"business",
		"removed_participants":[{"input":"+1"}],"failed_participants":[{"input":"+2","errors":[`+anError+`]}],"errors":[`+someError+`]}`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "G", RequestID: "R", Timestamp: at, InitiatedBy: ByBusiness,
			Removed: []Participant{{Input: "+1"}}, Failed: []Participant{{Input: "+2", Errors: []*Error{notInGroup()}}}, Errors: []*Error{notAll()}})},
	{"removal failed", groups(fieldParticipants, `{`+header+`,"type":"group_participants_remove","request_id":"R","initiated_by":"business",
		"failed_participants":[{"input":"+2"}],"errors":[`+anError+`]}`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "G", RequestID: "R", Timestamp: at, InitiatedBy: ByBusiness,
			Failed: []Participant{{Input: "+2"}}, Errors: []*Error{notInGroup()}})},
	{"left alone", groups(fieldParticipants, `{`+header+`,"type":"group_participants_remove","initiated_by":"participant","removed_participants":[{"wa_id":"1","user_id":"US.1"}]}`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "G", Timestamp: at, InitiatedBy: ByParticipant, Removed: []Participant{{WaID: "1", UserID: "US.1"}}})},
	{"settings changed", groups(fieldSettings, `{`+header+`,"type":"group_settings_update","request_id":"R",
		"profile_picture":{"mime_type":"image/jpeg","sha256":"H","update_successful":true},
		"group_subject":{"text":"S","update_successful":"true"},"group_description":{"text":"D","update_successful":true}}`),
		event(fieldSettings, Event{Type: SettingsUpdate, GroupID: "G", RequestID: "R", Timestamp: at, Settings: Settings{
			Subject: &SettingOutcome{Successful: true, Text: "S"}, Description: &SettingOutcome{Successful: true, Text: "D"},
			Picture: &SettingOutcome{Successful: true, MIMEType: "image/jpeg", SHA256: "H"}}})},
	{"setting failed in part", groups(fieldSettings, `{`+header+`,"type":"group_settings_update","request_id":"R",
		"group_subject":{"text":"S","update_successful":true},"group_description":{"text":"D","update_successful":false,"errors":[`+anError+`]},"errors":[`+someError+`]}`),
		event(fieldSettings, Event{Type: SettingsUpdate, GroupID: "G", RequestID: "R", Timestamp: at, Errors: []*Error{notAll()}, Settings: Settings{
			Subject: &SettingOutcome{Successful: true, Text: "S"}, Description: &SettingOutcome{Text: "D", Errors: []*Error{notInGroup()}}}})},
	{"setting without outcome", groups(fieldSettings, `{`+header+`,"group_subject":{"text":"S"},"group_description":{"text":"D","errors":[`+anError+`]}}`),
		event(fieldSettings, Event{Type: SettingsUpdate, GroupID: "G", Timestamp: at, Settings: Settings{
			Subject: &SettingOutcome{Successful: true, Text: "S"}, Description: &SettingOutcome{Text: "D", Errors: []*Error{notInGroup()}}}})},
	{"suspended", groups(fieldStatus, `{"timestamp":"1755548877","type":"group_suspend","group_id":"G"}`),
		event(fieldStatus, Event{Type: Suspend, GroupID: "G", Timestamp: at})},
	{"suspension cleared", groups(fieldStatus, `{"timestamp":"1755548877","type":"group_suspend_cleared","group_id":"G"}`),
		event(fieldStatus, Event{Type: SuspendCleared, GroupID: "G", Timestamp: at})},

	{"OpenAPI names, add", groups("group_participant_update", `{`+header+`,"type":"group_add_participants","added_participants":[{"wa_id":"1"}]}`),
		event("group_participant_update", Event{Type: ParticipantsAdd, GroupID: "G", Timestamp: at, Added: []Participant{{WaID: "1"}}})},
	{"OpenAPI names, remove", groups("group_participant_update", `{`+header+`,"type":"group_remove_participants","removed_participants":[{"input":"+1"}]}`),
		event("group_participant_update", Event{Type: ParticipantsRemove, GroupID: "G", Timestamp: at, Removed: []Participant{{Input: "+1"}}})},
	{"removal typed as creation", groups("group_participant_update", `{`+header+`,"type":"group_create","removed_participants":[{"input":"+1"}]}`),
		event("group_participant_update", Event{Type: ParticipantsRemove, GroupID: "G", Timestamp: at, Removed: []Participant{{Input: "+1"}}})},
	{"join typed as creation", groups("group_participant_update", `{`+header+`,"type":"group_create","added_participants":[{"wa_id":"1"}]}`),
		event("group_participant_update", Event{Type: ParticipantsAdd, GroupID: "G", Timestamp: at, Added: []Participant{{WaID: "1"}}})},
	{"participants without type", groups(fieldParticipants, `{`+header+`,"failed_participants":[{"input":"+1"}]}`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "G", Timestamp: at, Failed: []Participant{{Input: "+1"}}})},
	{"initiated_by in the value", wrap(fieldParticipants, `"initiated_by":"business","groups":[{`+header+`,"type":"group_participants_remove","removed_participants":[{"input":"+1"}]}]`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "G", Timestamp: at, InitiatedBy: ByBusiness, Removed: []Participant{{Input: "+1"}}})},
	{"initiated_by in both", wrap(fieldParticipants, `"initiated_by":"business","groups":[{`+header+`,"type":"group_participants_remove","initiated_by":"participant","removed_participants":[{"wa_id":"1"}]}]`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "G", Timestamp: at, InitiatedBy: ByParticipant, Removed: []Participant{{WaID: "1"}}})},
	{"numbers and strings swapped", groups(fieldParticipants, `{"timestamp":1755548877,"group_id":7,"type":"group_participants_remove",
		"removed_participants":[{"input":16505551234}],"errors":[{"code":"131201","title":"Not all succeeded","message":"Not all succeeded"}]}`),
		event(fieldParticipants, Event{Type: ParticipantsRemove, GroupID: "7", Timestamp: at, Removed: []Participant{{Input: "16505551234"}}, Errors: []*Error{notAll()}})},
	{"odd members", groups(fieldParticipants, `{"timestamp":{},"group_id":"G","type":"group_participants_add","added_participants":[{"wa_id":"1"},7,null,{},{"wa_id":[]}],"errors":"none","reason":null}`),
		event(fieldParticipants, Event{Type: ParticipantsAdd, GroupID: "G", Added: []Participant{{WaID: "1"}}})},
	{"lone objects for lists", wrap(fieldParticipants, `"groups":{`+header+`,"type":"group_participants_add","added_participants":{"wa_id":"1"}}`),
		event(fieldParticipants, Event{Type: ParticipantsAdd, GroupID: "G", Timestamp: at, Added: []Participant{{WaID: "1"}}})},

	{"message", wrap(fieldMessages, `"contacts":[{"profile":{"name":"N"},"wa_id":"1650","user_id":"US.1"}],
		"messages":[{"from":"1650","group_id":"G","id":"wamid.1","timestamp":"1755548877","type":"text","text":{"body":"hello"}}]`),
		event(fieldMessages, Event{Type: MessageReceived, GroupID: "G", Timestamp: at, Message: &Message{
			ID: "wamid.1", Kind: "text", From: "1650", FromUserID: "US.1", Name: "N", Text: "hello"}})},
	{"message of somebody with a username", wrap(fieldMessages, `"contacts":[{"profile":{"name":"N"},"user_id":"US.1"}],
		"messages":[{"from_user_id":"US.1","group_id":"G","id":"wamid.1","timestamp":1755548877,"type":"image"}]`),
		event(fieldMessages, Event{Type: MessageReceived, GroupID: "G", Timestamp: at, Message: &Message{
			ID: "wamid.1", Kind: "image", FromUserID: "US.1", Name: "N"}})},
	{"message that names only a contact", wrap(fieldMessages, `"contacts":[{"profile":{"name":"N"},"wa_id":"1650"}],
		"messages":[{"group_id":"G","id":"wamid.1","timestamp":1755548877,"type":"text","text":"odd"}]`),
		event(fieldMessages, Event{Type: MessageReceived, GroupID: "G", Timestamp: at, Message: &Message{ID: "wamid.1", Kind: "text", From: "1650", Name: "N"}})},
	{"unsupported message", wrap(fieldMessages, `"messages":[{"from":"1650","group_id":"G","id":"wamid.1","timestamp":"1755548877","type":"unsupported","errors":[{"code":130501,"title":"T"}]}]`),
		event(fieldMessages, Event{Type: MessageReceived, GroupID: "G", Timestamp: at, Message: &Message{
			ID: "wamid.1", Kind: "unsupported", From: "1650", Errors: []*Error{{Code: CodeUnsupportedMessage, Title: "T"}}}})},
	{"sent", wrap(fieldMessages, `"statuses":[{"id":"wamid.1","status":"sent","timestamp":"1755548877","recipient_id":"G","recipient_type":"group","biz_opaque_callback_data":"op-1"}]`),
		event(fieldMessages, Event{Type: MessageStatus, GroupID: "G", Timestamp: at, Status: &Status{MessageID: "wamid.1", Status: "sent", CallbackData: "op-1"}})},
	{"failed", wrap(fieldMessages, `"statuses":[{"id":"wamid.1","status":"failed","timestamp":"1755548877","recipient_id":"G","recipient_type":"group","errors":[`+anError+`]}]`),
		event(fieldMessages, Event{Type: MessageStatus, GroupID: "G", Timestamp: at, Status: &Status{MessageID: "wamid.1", Status: "failed", Errors: []*Error{notInGroup()}}})},
	{"delivered", wrap(fieldMessages, `"statuses":[{"id":"wamid.1","status":"delivered","timestamp":"1755548877","recipient_id":"G","recipient_type":"group",
		"recipient_participant_id":"1650","recipient_participant_user_id":"US.1","pricing":{"billable":true}}]`),
		event(fieldMessages, Event{Type: MessageStatus, GroupID: "G", Timestamp: at, Status: &Status{MessageID: "wamid.1", Status: "delivered", Participant: "1650", UserID: "US.1"}})},
	{"read, other spelling", wrap(fieldMessages, `"statuses":[{"id":"wamid.1","status":"read","timestamp":"1755548877","recipient_id":"G","participant_recipient_id":"1650"}]`),
		event(fieldMessages, Event{Type: MessageStatus, GroupID: "G", Timestamp: at, Status: &Status{MessageID: "wamid.1", Status: "read", Participant: "1650"}})},
	{"status outside groups", wrap(fieldMessages, `"statuses":[{"id":"wamid.1","status":"read","timestamp":"1755548877","recipient_id":"1650"}]`),
		event(fieldMessages, Event{Type: MessageStatus, Timestamp: at, Status: &Status{MessageID: "wamid.1", Status: "read", Participant: "1650"}})},

	{"unknown type", groups(fieldParticipants, `{`+header+`,"type":"group_promote"}`),
		event(fieldParticipants, Event{Type: Unknown, GroupID: "G", Timestamp: at})},
	{"participants without anybody", groups(fieldParticipants, `{`+header+`,"type":"group_create"}`),
		event(fieldParticipants, Event{Type: Unknown, GroupID: "G", Timestamp: at})},
	{"unknown field", wrap("account_update", `"event":"X"`), event("account_update", Event{Type: Unknown})},
	{"errors alone", wrap(fieldMessages, `"errors":[`+anError+`]`), event(fieldMessages, Event{Type: Unknown, Errors: []*Error{notInGroup()}})},
	{"message without id", wrap(fieldMessages, `"messages":[{"from":"1"}]`), event(fieldMessages, Event{Type: Unknown})},
	{"status without status", wrap(fieldMessages, `"statuses":[{"id":"wamid.1"}]`), event(fieldMessages, Event{Type: Unknown})},
	{"item of another kind", groups(fieldLifecycle, `"odd"`), event(fieldLifecycle, Event{Type: Unknown})},
}

func TestParseWebhook(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseWebhook([]byte(v.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Event{v.want}, got, cmpopts.IgnoreFields(Event{}, "Raw")); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if !json.Valid(got[0].Raw) || !strings.Contains(v.body, string(got[0].Raw)) {
				t.Errorf("raw is %s", got[0].Raw)
			}
		})
	}
}

func TestParseWebhookMany(t *testing.T) {
	t.Parallel()
	item := func(group, kind string) string { return fmt.Sprintf(`{"group_id":%q,"type":%q}`, group, kind) }
	change := func(field, number, items string) string {
		return fmt.Sprintf(`{"field":%q,"value":{"metadata":{"phone_number_id":%q},"groups":[%s]}}`, field, number, items)
	}
	body := `{"object":"whatsapp_business_account","entry":[
		{"id":"W1","changes":[` + change(fieldStatus, "1", item("G1", "group_suspend")+`,`+item("G2", "brand_new")+`,`+item("G3", "group_suspend_cleared")) + `,
			` + change(fieldLifecycle, "2", item("G4", "group_delete")) + `]},
		{"id":"W2","changes":["odd",` + change(fieldLifecycle, "3", item("G5", "group_create")) + `]},
		{"id":"W3"}, 5, {"id":6,"changes":[{}]}]}`
	events, err := ParseWebhook([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprint(e.WABAID, " ", e.PhoneNumberID, " ", e.GroupID, " ", e.Type))
	}
	want := []string{
		"W1 1 G1 group_suspend", "W1 1 G2 unknown", "W1 1 G3 group_suspend_cleared", "W1 2 G4 group_delete",
		"W2   unknown", "W2 3 G5 group_create", "W3   unknown", "   unknown", "6   unknown",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestParseWebhookRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		"": ErrWebhookBroken, " ": ErrWebhookBroken, "null": ErrWebhookBroken, "[]": ErrWebhookBroken, `"x"`: ErrWebhookBroken,
		"{": ErrWebhookBroken, `{"entry":[{]}`: ErrWebhookBroken, `{}x`: ErrWebhookBroken, "\x00": ErrWebhookBroken,
		`{"groups":[{"type":"x"},"initiated_by":"business"]}`:                         ErrWebhookBroken,
		strings.Repeat("[", 1<<20):                                                    ErrWebhookTooLarge,
		`{"entry":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat("}", 41):     ErrWebhookTooLarge,
		`{"entry":[` + strings.Repeat("{},", 300_000) + `{}]}`:                        ErrWebhookTooLarge,
		`{"entry":[{"changes":[` + strings.Repeat("{},", maxWebhookEvents) + `{}]}]}`: ErrWebhookTooLarge,
		`{"entry":"` + strings.Repeat("x", MaxWebhookBytes) + `"}`:                    ErrWebhookTooLarge,
	} {
		if events, err := ParseWebhook([]byte(body)); !errors.Is(err, want) || events != nil {
			t.Errorf("%.40q: %d events, error %v, want %v", body, len(events), err, want)
		}
	}
	for _, body := range []string{
		`{}`, `{"entry":"x"}`, `{"entry":{}}`, ` {"entry":[[]]}`, `{"a":"` + strings.Repeat(`[{\"`, 1000) + `"}`,
		`{"entry":[{"changes":[` + strings.Repeat("{},", maxWebhookEvents-1) + `{}]}]}`,
	} {
		events, err := ParseWebhook([]byte(body))
		if err != nil || len(events) == 0 || events[0].Type != Unknown {
			t.Errorf("%.40q: %d events, error %v; want it kept raw", body, len(events), err)
		}
	}
}

// Updates of groups in their documented shape take the short way; what is odd about them does not, or changes nothing.
func TestOrdinaryWebhooks(t *testing.T) {
	t.Parallel()
	ordinary := map[string]bool{}
	for _, v := range variants {
		ordinary[v.name] = checkSame(t, []byte(v.body))
	}
	for _, name := range []string{"created", "creation failed", "deleted", "joined by link", "request made", "removed", "removed in part",
		"removal failed", "left alone", "suspended", "initiated_by in the value"} {
		if !ordinary[name] {
			t.Errorf("%s takes the long way", name)
		}
	}
	const good = `{"entry":[{"id":"W","changes":[{"value":{"groups":[{"group_id":"G","type":"group_suspend"}]},"field":"group_status_update"}]}]}`
	for _, c := range []struct {
		old, new string
		ordinary bool
	}{
		{`"id":`, `"time":-1.5e3,"deep":[{"a":"]}\"","b":[null,true]}],"id":`, true},
		{`"G"`, `"G\u00e9\/\\"`, true}, {`"G"`, "\"G\xff\"", true}, {`"G"`, `"é"`, true}, {`"G"`, "\n \"G\"\t", true},
		{`"G"`, `"\x"`, false}, {`"G"`, "\"\x00\"", false}, {`"G"`, `7`, false}, {`"G"`, `null`, false}, {`"G"`, `"G","group_id":"H"`, false},
		{`"group_id"`, `"timestamp":01,"group_id"`, false}, {`"group_id"`, `"timestamp":1.5,"group_id"`, false},
		{`"group_id"`, `"timestamp":"-1","group_id"`, false}, {`"group_id"`, `"timestamp":18,"group_id"`, true},
		{`"group_id"`, `"Group_ID":"H","group_id"`, false}, {`"group_id"`, `"group\u005fid"`, false}, {`"group_id"`, `"group_ıd":1,"group_id"`, false},
		{`"id":`, `"x":nul,"id":`, false}, {`"id":`, `"x":,"id":`, false}, {`"id":`, `"x":[1,],"id":`, false}, {`"id":`, `"x":{"a"},"id":`, false},
		{`"id":`, `"x":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `,"id":`, false},
		{`]}]}`, `]}],"entry":[]}`, false}, {`]}]}`, `]}]}x`, false}, {`]}]}`, `]}]`, false}, {`]}]}`, `]},]}`, false}, {`]}]}`, `]}]} `, true},
		{`"field":`, `"field":"x","field":`, false}, {`"value":`, `"value":{},"value":`, true}, {`"value":`, `"value":7,"value":`, false},
		{`"changes":`, `"changes":[],"changes":`, true}, {`}]}]}`, `}],"changes":[]}]}`, false}, {`"groups":`, `"groups":[],"groups":`, true},
		{`}]}`, `}],"groups":[]}`, false}, {`"groups":`, `"messages":[],"groups":`, false}, {`[{"id"`, `[{},{"id"`, false},
	} {
		body := strings.Replace(good, c.old, c.new, 1)
		if body == good || checkSame(t, []byte(body)) != c.ordinary {
			t.Errorf("%q: short way is not %v", body, c.ordinary)
		}
	}
	if long := strings.Replace(good, `"G"`, `"`+strings.Repeat("G", maxOrdinary)+`"`, 1); checkSame(t, []byte(long)) {
		t.Error("a large body takes the short way")
	}
}

func FuzzParseWebhook(f *testing.F) {
	for _, v := range variants {
		f.Add([]byte(v.body))
	}
	f.Add([]byte(`{"entry":[{"changes":[{},"odd",{"value":[]}]},null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := ParseWebhook(body)
		if err != nil {
			if !errors.Is(err, ErrWebhookBroken) && !errors.Is(err, ErrWebhookTooLarge) {
				t.Fatalf("uncoded error %v", err)
			}
			return
		}
		again, _ := ParseWebhook(body)
		checkSame(t, body)
		if len(events) == 0 || len(events) > maxWebhookEvents || len(again) != len(events) {
			t.Fatalf("%d events, then %d", len(events), len(again))
		}
		for i, e := range events {
			checkEvent(t, e)
			if e.Key() != again[i].Key() {
				t.Fatal("the key changes")
			}
		}
	})
}

// checkSame states that the short way gives what the long way gives, wherever it gives anything.
func checkSame(t *testing.T, body []byte) (ordinary bool) {
	t.Helper()
	got, ok := parseOrdinary(body)
	if !ok {
		return false
	}
	want, err := parseLoosely(body)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%s\nevents differ (-long way +short way), error %v:\n%s", body, err, diff)
	}
	return true
}

// checkEvent states what holds for every event of any body.
func checkEvent(t *testing.T, e Event) {
	t.Helper()
	if e.Type == "" || len(e.Key()) != 64 || !json.Valid(e.Raw) {
		t.Fatalf("event %+v", e)
	}
	if (e.Type == MessageReceived) != (e.Message != nil) || (e.Type == MessageStatus) != (e.Status != nil) {
		t.Fatalf("type and content disagree: %+v", e)
	}
	for _, p := range append(append(append([]Participant{}, e.Added...), e.Removed...), e.Failed...) {
		if p.Input == "" && p.WaID == "" && p.UserID == "" {
			t.Fatalf("a participant without a name: %+v", e)
		}
	}
	for _, err := range e.Errors {
		if len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Fatalf("error text %q", err)
		}
		_ = err.Class().String()
	}
}
