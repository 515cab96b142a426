package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// written is what a test of messages reads of an answer, over all operations.
type written struct {
	Code, Message  string
	MessageID      string `json:"MessageId"`
	GroupMessageID string `json:"GroupMessageId"`
	Data           []struct {
		MessageID     string `json:"MessageId"`
		EventAction   string
		UserNumber    string
		MessageStatus string
		TemplateName  string
		Message       string
	}
}

// letters is one client that writes to one person.
type letters struct {
	t      *testing.T
	server server
	client client
	phones phones
	person string
}

// TestMessages sends and lists messages outside of groups with each client: a template, many at once, a text within the window, and a message
// of another kind. Each client is refused what has to be refused, and sees the same code.
func TestMessages(t *testing.T) {
	next := 0
	eachKind(t, func(t *testing.T, s server, k kind) {
		next++
		l := letters{t: t, server: s, client: k.open(t, s.owner()), phones: openPhones(t, s), person: fmt.Sprintf("86137%04d0001", next)}
		l.phones.add(l.person)
		l.refusals()
		l.exchange()
		l.list()
		reader := letters{t: t, server: s, client: k.open(t, s.reader()), person: l.person}
		reader.refused("Forbidden.RAM", "SendChatappMessage", reader.text("no"))
		reader.refused("Forbidden.RAM", "SendChatappMassMessage", reader.many())
	})
}

func (l *letters) text(text string) map[string]any {
	content, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		l.t.Fatal(err)
	}
	return map[string]any{"ChannelType": "whatsapp", "Type": "message", "MessageType": "text", "From": l.server.BusinessNumber, "To": l.person,
		"CustSpaceId": l.server.CustSpaceID, "Content": string(content)}
}

func (l *letters) template(name string) map[string]any {
	return map[string]any{"ChannelType": "whatsapp", "Type": "template", "From": l.server.BusinessNumber, "To": l.person, "CustSpaceId": l.server.CustSpaceID,
		"TemplateName": name, "Language": "en", "TemplateParams": `{"name":"` + awkwardName + `"}`}
}

// awkwardName is awkward without what would have to be escaped in JSON.
const awkwardName = `é/群 *~ +&=%?#'(!)`

func (l *letters) many() map[string]any {
	return map[string]any{"ChannelType": "whatsapp", "From": l.server.BusinessNumber, "CustSpaceId": l.server.CustSpaceID, "TemplateName": "greeting",
		"Language": "en", "SenderList": []any{map[string]any{"To": l.person, "RecipientType": "individual", "TemplateParams": `{"name":"first"}`},
			map[string]any{"To": l.person, "TemplateParams": `{"name":"second"}`}}}
}

func (l *letters) page(more map[string]any) map[string]any {
	all := map[string]any{"BusinessNumber": l.server.BusinessNumber, "CustSpaceId": l.server.CustSpaceID, "ChannelType": "WHATSAPP",
		"UserNumber": l.person, "Page": map[string]any{"Index": 1, "Size": 20}}
	for name, value := range more {
		all[name] = value
	}
	return all
}

// call makes a call and gives the code that the client lets its user see.
func (l *letters) call(action string, parameters map[string]any) (string, written) {
	l.t.Helper()
	seen, err := l.client.call(action, parameters)
	if err != nil {
		l.t.Fatalf("%s: %v", action, err)
	}
	if seen.Raised != nil {
		return seen.Raised.Code, written{}
	}
	var w written
	if err := json.Unmarshal(seen.Body, &w); err != nil {
		l.t.Fatalf("%s: %v in the answer %s", action, err, seen.Body)
	}
	return w.Code, w
}

func (l *letters) ok(action string, parameters map[string]any) written {
	l.t.Helper()
	code, w := l.call(action, parameters)
	if code != "OK" {
		l.t.Fatalf("%s: %s %s", action, code, w.Message)
	}
	return w
}

func (l *letters) refused(want, action string, parameters map[string]any) {
	l.t.Helper()
	if code, _ := l.call(action, parameters); code != want {
		l.t.Errorf("%s: %s, want %s", action, code, want)
	}
}

func (l *letters) refusals() {
	l.t.Helper()
	l.refused("SessionWindowExpired", "SendChatappMessage", l.text("too early"))
	l.refused("TemplateNotFound", "SendChatappMessage", l.template("nobody's"))
	plus := l.text("x")
	plus["To"] = "+" + l.person
	l.refused("InvalidParameter.ToOnlyNumeric", "SendChatappMessage", plus)
	image := l.text("x")
	image["MessageType"] = "image"
	l.refused("InvalidParameter.LinkNotEmpty", "SendChatappMessage", image)
	nobody := l.many()
	nobody["SenderList"] = []any{map[string]any{"To": "nobody"}}
	l.refused("InvalidParameter.ToOnlyNumeric", "SendChatappMassMessage", nobody)
	l.refused("InvalidEventAction", "ListChatappMessage", l.page(map[string]any{"EventAction": "SIDEWAYS"}))
}

// exchange has the person get templates, write, and get a text and a place.
func (l *letters) exchange() {
	l.t.Helper()
	l.ok("SendChatappMessage", l.template("greeting"))
	if batch := l.ok("SendChatappMassMessage", l.many()).GroupMessageID; !digits.MatchString(batch) {
		l.t.Errorf("GroupMessageId is %q, want digits", batch)
	}
	l.phones.do(http.MethodPost, "/sim/v1/phones/"+l.person+"/messages", map[string]string{"to": l.server.BusinessNumber, "text": "hi"}, nil)
	s := story{t: l.t}
	s.await("the message of the person", func() bool {
		return len(l.ok("ListChatappMessage", l.page(map[string]any{"EventAction": "UP"})).Data) == 1
	})
	if id := l.ok("SendChatappMessage", l.text(awkward)).MessageID; !digits.MatchString(id) {
		l.t.Errorf("MessageId is %q, want digits", id)
	}
	place := l.text("")
	place["MessageType"], place["Content"] = "location", `{"latitude":"31.2","longitude":"121.4"}`
	l.ok("SendChatappMessage", place)
	want := []string{"Hello " + awkwardName + ", welcome.", "Hello first, welcome.", "Hello second, welcome.", awkward, ""}
	s.await("five messages", func() bool { return len(l.phones.texts(l.person, "")) == len(want) })
	for i, text := range l.phones.texts(l.person, "") {
		if text != want[i] {
			l.t.Errorf("message %d is %q, want %q", i, text, want[i])
		}
	}
}

// list finds what was written and what became of it.
func (l *letters) list() {
	l.t.Helper()
	s := story{t: l.t}
	s.await("everything to be delivered", func() bool {
		return len(l.ok("ListChatappMessage", l.page(map[string]any{"ClientAcceptStatus": "success"})).Data) == 5
	})
	all := l.ok("ListChatappMessage", l.page(nil)).Data
	if len(all) != 6 {
		l.t.Fatalf("%d messages, want 6", len(all))
	}
	for _, m := range all {
		if m.UserNumber != l.person || m.MessageStatus != "success" || !digits.MatchString(m.MessageID) || (m.EventAction == "UP") != (m.Message == "hi") {
			l.t.Errorf("row %+v", m)
		}
	}
}
