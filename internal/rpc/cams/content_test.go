package cams

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// payload gives what the lane of a group keeps of the newest message.
func (w *world) payload(g group.Group) (c group.Content) {
	w.t.Helper()
	all := w.payloads(g)
	if err := json.Unmarshal([]byte(all[len(all)-1]), &c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// Each type of message is read in the product's words, as JSON of any shape that clients write.
func TestContents(t *testing.T) {
	w := newWorld(t)
	g := w.addGroup(ownNumber, "G", group.Active)
	good := valid()["SendChatappMessage"]
	first := w.call("SendChatappMessage", good).operation
	for name, c := range map[string]struct {
		kind, content string
		want          group.Content
	}{
		"image":          {"image", `{"link":"https://e.com/a","caption":"A"}`, group.Content{Kind: "image", Link: "https://e.com/a", Caption: "A"}},
		"document":       {"Document", `{"Link":"http://e.com/a","fileName":"a.pdf"}`, group.Content{Kind: "document", Link: "http://e.com/a", FileName: "a.pdf"}},
		"location":       {"location", `{"latitude":"31.2","longitude":121.5,"name":"N"}`, group.Content{Kind: "location", Place: &group.Place{Latitude: 31.2, Longitude: 121.5, Name: "N"}}},
		"contacts":       {"contacts", `[{"name":{"formatted_name":"A"}}]`, group.Content{Kind: "contacts", Contacts: json.RawMessage(`[{"name":{"formatted_name":"A"}}]`)}},
		"one contact":    {"contacts", `{"name":{"formatted_name":"A"}}`, group.Content{Kind: "contacts", Contacts: json.RawMessage(`[{"name":{"formatted_name":"A"}}]`)}},
		"named contacts": {"contacts", `{"contacts":[{"name":{"formatted_name":"A"}}]}`, group.Content{Kind: "contacts", Contacts: json.RawMessage(`[{"name":{"formatted_name":"A"}}]`)}},
		"reaction":       {"reaction", `{"messageId":"` + first + `","emoji":"👍"}`, group.Content{Kind: "reaction", MessageID: first, Emoji: "👍"}},
		"reaction back":  {"reaction", `{"messageId":"` + first + `"}`, group.Content{Kind: "reaction", MessageID: first}},
		"pin":            {"pin", `{"type":"pin","messageId":"` + first + `","expirationDays":30}`, group.Content{Kind: "pin", MessageID: first, Pin: &group.Pin{Days: 30}}},
		"Meta's pin":     {"pin", `{"type":"pin","message_id":"` + first + `","expiration_days":"1"}`, group.Content{Kind: "pin", MessageID: first, Pin: &group.Pin{Days: 1}}},
		"unpin":          {"pin", `{"type":"unpin","messageId":"` + first + `"}`, group.Content{Kind: "pin", MessageID: first, Pin: &group.Pin{Unpin: true}}},
		"text, true":     {"text", `{"text":"x","previewUrl":true}`, group.Content{Kind: "text", Text: "x", Preview: true}},
	} {
		a := w.call("SendChatappMessage", good.with(params{"MessageType": c.kind, "Content": c.content}))
		if a.code() != "OK" {
			t.Errorf("%s: %s", name, a.text)
			continue
		}
		if diff := cmp.Diff(c.want, w.payload(g)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, c := range map[string]struct{ kind, content, code string }{
		"ftp":                {"image", `{"link":"ftp://e.com/a"}`, "InvalidParameter.ContentError"},
		"no host":            {"image", `{"link":"https:///a"}`, "InvalidParameter.ContentError"},
		"empty link":         {"video", `{"link":""}`, "InvalidParameter.LinkNotEmpty"},
		"endless caption":    {"image", `{"link":"https://e.com/a","caption":"` + strings.Repeat("x", 1025) + `"}`, "InvalidParameter.ContentError"},
		"beyond the pole":    {"location", `{"latitude":91,"longitude":0}`, "InvalidParameter.ContentError"},
		"no latitude":        {"location", `{"longitude":0}`, "InvalidParameter.ContentError"},
		"no number":          {"location", `{"latitude":"NaN","longitude":0}`, "InvalidParameter.ContentError"},
		"contacts of nobody": {"contacts", `[]`, "InvalidParameter.ContentError"},
		"nameless contact":   {"contacts", `[{"phones":[]}]`, "InvalidParameter.ContentError"},
		"reaction to nobody": {"reaction", `{"emoji":"x"}`, "InvalidParameter.ContentError"},
		"reaction unknown":   {"reaction", `{"messageId":"77","emoji":"x"}`, "InvalidParameter.MessageNotExist"},
		"long emoji":         {"reaction", `{"messageId":"` + first + `","emoji":"` + strings.Repeat("x", 33) + `"}`, "InvalidParameter.ContentError"},
		"pin for ever":       {"pin", `{"messageId":"` + first + `","expirationDays":31}`, "InvalidParameter.ContentError"},
		"pin for no time":    {"pin", `{"messageId":"` + first + `","expirationDays":0}`, "InvalidParameter.ContentError"},
		"pin otherwise":      {"pin", `{"type":"glue","messageId":"` + first + `"}`, "InvalidParameter.ContentError"},
		"pin unknown":        {"pin", `{"messageId":"77"}`, "InvalidParameter.MessageNotExist"},
		"buttons":            {"interactive", `{"type":"button","action":{}}`, "InvalidParameter.MessageTypeNotSupport"},
		"a list":             {"image", `[]`, "InvalidParameter.ContentError"},
		"object in a text":   {"image", `{"link":{"a":1}}`, "InvalidParameter.ContentError"},
		"too deep":           {"contacts", strings.Repeat("[", 20) + strings.Repeat("]", 20), "InvalidParameter.ContentError"},
	} {
		a := w.call("SendChatappMessage", good.with(params{"MessageType": c.kind, "Content": c.content}))
		if a.status != 200 || a.code() != c.code || a.message() == "" {
			t.Errorf("%s: %d %s (%s), want %s", name, a.status, a.code(), a.message(), c.code)
		}
	}
}

// Programs of some years send all but Content and Payload in the form; others everything, or nothing.
func TestPlacesOfParameters(t *testing.T) {
	w := newWorld(t)
	g := w.addGroup(ownNumber, "G", group.Active)
	good := valid()["SendChatappMessage"]
	for name, inForm := range map[string]func(string) bool{
		"query":            func(string) bool { return false },
		"form":             func(string) bool { return true },
		"form and content": func(name string) bool { return name != "Content" && name != "Payload" },
	} {
		query, form := url.Values{}, url.Values{}
		for key, value := range good.with(params{"CustSpaceId": ownSpace, "Payload": `["a"]`}) {
			if inForm(key) {
				form.Set(key, value)
			} else {
				query.Set(key, value)
			}
		}
		before := len(w.payloads(g))
		w.expect(w.send(w.signed(ownKey, "SendChatappMessage", query.Encode(), form.Encode())), 200, "OK")
		if got := len(w.payloads(g)); got != before+1 {
			t.Errorf("%s: %d messages", name, got-before)
		}
	}
	twice := url.Values{}
	for key, value := range good {
		twice.Set(key, value)
	}
	a := w.send(w.signed(ownKey, "SendChatappMessage", twice.Encode(), "Content="+url.QueryEscape(`{"text":"other"}`)))
	w.expect(a, 400, "InvalidParameter")
}

// Templates and rows: what a call must name, and what is told of what is wrong.
func TestTemplateParameters(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active)
	one := valid()["SendChatappMessage"].with(params{"Type": "template", "TemplateCode": "greeting", "Language": "en"})
	many := valid()["SendChatappMassMessage"]
	for name, c := range map[string]struct {
		action string
		p      params
		code   string
	}{
		"by code":              {"SendChatappMessage", one, "OK"},
		"by name":              {"SendChatappMessage", one.with(params{"-TemplateCode": "", "TemplateName": "x"}), "OK"},
		"with parameters":      {"SendChatappMessage", one.with(params{"TemplateParams": `{"name":"x","n":1}`, "Payload": `["y"]`}), "OK"},
		"in parts":             {"SendChatappMessage", one.with(params{"TemplateParams.name": "x", "Payload.1": "y"}), "OK"},
		"to a person":          {"SendChatappMessage", one.with(params{"RecipientType": "individual", "To": "8613900000001"}), "OK"},
		"no code":              {"SendChatappMessage", one.with(params{"-TemplateCode": ""}), "InvalidParameter.TemplateCodeNotEmpty"},
		"no language":          {"SendChatappMessage", one.with(params{"Language": ""}), "InvalidParameter.LanguageNotEmpty"},
		"parameters of a list": {"SendChatappMessage", one.with(params{"TemplateParams": `["x"]`}), "TemplateParamInvalid"},
		"nested parameters":    {"SendChatappMessage", one.with(params{"TemplateParams": `{"a":{"b":1}}`}), "TemplateParamInvalid"},
		"empty parameter":      {"SendChatappMessage", one.with(params{"TemplateParams": `{"a":""}`}), "TemplateParamInvalid"},
		"places with a gap":    {"SendChatappMessage", one.with(params{"TemplateParams": `{"1":"a","3":"b"}`}), "TemplateParamInvalid"},
		"payload of an object": {"SendChatappMessage", one.with(params{"Payload": `{}`}), "TemplateParamInvalid"},
		"eleven payloads":      {"SendChatappMessage", one.with(params{"Payload": `["1","2","3","4","5","6","7","8","9","10","11"]`}), "TemplateParamInvalid"},
		"endless task":         {"SendChatappMessage", one.with(params{"TaskId": strings.Repeat("x", 256)}), "InvalidTaskId"},
		"a window":             {"SendChatappMessage", valid()["SendChatappMessage"].with(params{"RecipientType": "", "To": "8613900000001"}), "SessionWindowExpired"},
		"a plus":               {"SendChatappMessage", one.with(params{"RecipientType": "", "To": "+8613900000001"}), "InvalidParameter.ToOnlyNumeric"},
		"a short number":       {"SendChatappMessage", one.with(params{"RecipientType": "", "To": "123"}), "InvalidParameter.PhoneNumberError"},

		"rows":             {"SendChatappMassMessage", many, "OK"},
		"rows in parts":    {"SendChatappMassMessage", many.with(params{"-SenderList": "", "SenderList.1.To": "8613900000001", "SenderList.1.TemplateParams": `{"a":"b"}`, "SenderList.1.Payload": `["x"]`}), "OK"},
		"numbers in rows":  {"SendChatappMassMessage", many.with(params{"SenderList": `[{"To":8613900000001}]`}), "OK"},
		"text in a row":    {"SendChatappMassMessage", many.with(params{"SenderList": `[{"To":"8613900000001","TemplateParams":"{\"a\":\"b\"}","Payload":["x"]}]`}), "OK"},
		"no rows":          {"SendChatappMassMessage", many.with(params{"SenderList": `[]`}), "InvalidParameter.SenderListInvalid"},
		"no list":          {"SendChatappMassMessage", many.with(params{"-SenderList": ""}), "MissingSenderList"},
		"rows of texts":    {"SendChatappMassMessage", many.with(params{"SenderList": `["8613900000001"]`}), "InvalidParameter.SenderListInvalid"},
		"too many rows":    {"SendChatappMassMessage", many.with(params{"SenderList": "[" + strings.Repeat(`{"To":"8613900000001"},`, 1000) + `{"To":"1"}]`}), "InvalidParameter.SenderListInvalid"},
		"a bad row":        {"SendChatappMassMessage", many.with(params{"SenderList": `[{"To":"8613900000001"},{"To":"x"}]`}), "InvalidParameter.ToOnlyNumeric"},
		"an unknown group": {"SendChatappMassMessage", many.with(params{"SenderList": `[{"To":"8613900000001"},{"To":"x","RecipientType":"group"}]`}), "InvalidParameter.GroupNotExist"},
		"a bad payload":    {"SendChatappMassMessage", many.with(params{"SenderList": `[{"To":"8613900000001","Payload":{}}]`}), "TemplateParamInvalid"},
		"no template":      {"SendChatappMassMessage", many.with(params{"-TemplateCode": ""}), "InvalidParameter.TemplateCodeNotEmpty"},
	} {
		a := w.call(c.action, c.p)
		if a.code() != c.code {
			t.Errorf("%s: %d %s (%s), want %s", name, a.status, a.code(), a.message(), c.code)
		}
	}
	a := w.call("SendChatappMassMessage", many.with(params{"SenderList": `[{"To":"8613900000001"},{"To":"x"}]`}))
	if !strings.HasPrefix(a.message(), "Row 2 of SenderList: ") {
		t.Errorf("Message is %q", a.message())
	}
}

// TestListChatappMessage: filters, pages, and what a row shows.
func TestListChatappMessage(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active)
	sent := w.call("SendChatappMessage", valid()["SendChatappMessage"].with(params{"TaskId": "t"})).operation
	batch, _ := w.call("SendChatappMassMessage", valid()["SendChatappMassMessage"]).members["GroupMessageId"].(string)
	number, err := group.ParseNumber(ownNumber)
	if err != nil {
		t.Fatal(err)
	}
	w.write(func(tx *store.Tx) error {
		return tx.InsertInbound(&store.Message{AccountID: ownAccount, Number: number, At: epoch, StateAt: epoch, Inbound: true, State: group.MessageReceived,
			Person: 8613900000001, WAMID: "wamid.in", Kind: "text", Content: "hi"})
	})
	w.write(func(tx *store.Tx) error {
		return tx.InsertInbound(&store.Message{AccountID: ownAccount, Number: number, At: epoch, StateAt: epoch, Inbound: true, State: group.MessageReceived,
			Person: 551112345678, WAMID: "wamid.two", Kind: "text", Content: "oi"})
	})
	list := func(p params) []any {
		t.Helper()
		a := w.call("ListChatappMessage", valid()["ListChatappMessage"].with(p))
		w.expect(a, 200, "OK")
		rows, ok := a.members["Data"].([]any)
		if !ok {
			t.Fatalf("Data is %v", a.members["Data"])
		}
		return rows
	}
	for name, c := range map[string]struct {
		p    params
		want int
	}{
		"all": {params{}, 5}, "up": {params{"EventAction": "up"}, 2}, "down": {params{"EventAction": "DOWN"}, 3}, "person": {params{"UserNumber": "+86 139-0000-0001"}, 2}, "other spelling": {params{"UserNumber": "+55 11 91234-5678"}, 1},
		"batch": {params{"GroupMessageId": batch}, 2}, "no batch": {params{"GroupMessageId": "x"}, 0}, "batch 0": {params{"GroupMessageId": "0"}, 5},
		"sending": {params{"MessageStatus": "sending"}, 3}, "success": {params{"MessageStatus": "Success"}, 2}, "both": {params{"MessageStatus": "failed", "ClientAcceptStatus": "success"}, 0},
		"waiting": {params{"ClientAcceptStatus": "waiting"}, 3}, "template": {params{"TemplateCode": "greeting"}, 2}, "page 2": {params{"Page": `{"Index":2,"Size":3}`}, 2},
		"from": {params{"StartTime": millisOf(epoch)}, 5}, "until": {params{"EndTime": millisOf(epoch)}, 0}, "text": {params{"StartTimeStr": "2000-01-01 00:00:00", "EndTimeStr": "2000-01-02T00:00:00Z"}, 0},
	} {
		if got := len(list(c.p)); got != c.want {
			t.Errorf("%s: %d rows, want %d", name, got, c.want)
		}
	}
	row, _ := list(params{"Page": `{"Index":5,"Size":1}`})[0].(map[string]any)
	for name, want := range map[string]string{"MessageId": sent, "GroupId": "G", "EventAction": "DOWN", "MessageType": "TEXT", "MessageTypeName": "text", "Type": "message",
		"Message": "Hello", "MessageStatus": "sending", "MessageStatusName": "Accepted", "ClientAcceptStatusName": "Waiting", "BusinessNumber": ownNumber, "UserNumber": "",
		"SendTime": epoch.UTC().Format("2006-01-02T15:04:05.000") + "+00:00", "Month": epoch.UTC().Format("200601")} {
		if row[name] != want {
			t.Errorf("%s is %v, want %s", name, row[name], want)
		}
	}
	for name, p := range map[string]params{"InvalidEventAction": {"EventAction": "x"}, "InvalidMessageStatus": {"MessageStatus": "x"}, "InvalidClientAcceptStatus": {"ClientAcceptStatus": "x"},
		"InvalidStartTime": {"StartTime": "x"}, "InvalidEndTime": {"EndTimeStr": "yesterday"}} {
		w.expect(w.call("ListChatappMessage", valid()["ListChatappMessage"].with(p)), 400, name)
	}
	w.expect(w.call("ListChatappMessage", valid()["ListChatappMessage"].with(params{"Page": `{"Index":1001,"Size":100}`})), 200, "InvalidParameter.PageInvalid")
	w.expect(w.call("ListChatappMessage", valid()["ListChatappMessage"].with(params{"UserNumber": "x"})), 200, "InvalidParameter.PhoneNumberError")
}

func millisOf(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
