package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	// Rollcall and its simulated network are given this long for each asynchronous step.
	patience = 20 * time.Second
	// Slow enough not to meet the limit of calls per second.
	pollEvery = 200 * time.Millisecond

	// Every character here is one that some client, signature or encoding has to escape, each in its own way.
	awkward = `é/群 *~ +&=%?#"'(!)`
)

// body is what the story reads of an answer, over all operations.
type body struct {
	Code       string
	Message    string
	RequestID  string `json:"RequestId"`
	Success    *bool
	Result     *int64
	UniqueCode string
	InviteLink string
	MessageID  string `json:"MessageId"`
	Data       struct {
		Total int64
		List  []row
	}
}

// row is a group or a participant of a list.
type row struct {
	GroupID               string `json:"GroupId"`
	GroupStatus           string
	Subject               string
	InviteLink            string
	TotalParticipantCount int64
	ParticipantNumber     string
}

var (
	digits    = regexp.MustCompile(`^[0-9]+$`)
	requestID = regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)
)

// story is the life of one group, told by one client.
type story struct {
	t       *testing.T
	server  server
	client  client
	phones  phones
	subject string
	people  []string // numbers, in order
	group   string   // GroupId, "" until the group is active
}

// TestStory tells the whole life of a group with each client: made, joined, written to, and left by somebody who was removed
// and gets nothing any more.
func TestStory(t *testing.T) {
	next := 0
	eachKind(t, func(t *testing.T, s server, k kind) {
		next++
		told := &story{
			t: t, server: s, client: k.open(t, s.owner()), phones: openPhones(t, s),
			subject: fmt.Sprintf("Team %d %s", next, awkward),
		}
		for person := range 3 {
			told.people = append(told.people, fmt.Sprintf("86139%04d%04d", next, person+1))
		}
		told.tell()
	})
}

func (s *story) tell() {
	s.found()
	s.gather()
	s.rename()
	s.send("first")
	s.receive(s.people, "first")

	out := s.people[2]
	operation := s.remove(out, 1)
	s.remove(out, 0)
	s.participants(s.people[:2])

	s.send("second")
	s.receive(s.people[:2], "first", "second")
	s.receive(s.people[2:], "first") // the two others have it: the third never will

	s.lookUp(operation)
	s.dissolve()
}

// found makes the group and waits until it is there.
func (s *story) found() {
	s.t.Helper()
	if code := s.call("AddChatGroup", map[string]any{"Subject": s.subject, "Description": awkward}).UniqueCode; !digits.MatchString(code) {
		s.t.Errorf("UniqueCode is %q, want digits", code)
	}
	s.await("the group to become active", func() bool {
		found := s.list()
		if len(found) != 1 || found[0].GroupStatus != "ACTIVE" {
			return false
		}
		s.group = found[0].GroupID
		return s.group != ""
	})
}

// list returns the rows whose subject is the story's own.
func (s *story) list() []row {
	s.t.Helper()
	listed := s.call("ListChatGroup", map[string]any{
		"Subject": s.subject,
		"Page":    map[string]any{"Index": 1, "Size": 20},
	})
	return listed.Data.List
}

// gather makes the people and lets them join by the link.
func (s *story) gather() {
	s.t.Helper()
	link := s.call("AddChatGroupInviteLink", nil).InviteLink
	if !strings.HasPrefix(link, "https://chat.whatsapp.com/") {
		s.t.Errorf("InviteLink is %q, want one of chat.whatsapp.com", link)
	}
	for _, number := range s.people {
		s.phones.add(number)
		if group := s.phones.join(number, link); group != s.group {
			s.t.Errorf("%s joined the group %q, want %q", number, group, s.group)
		}
	}
	s.participants(s.people)
}

// participants waits until exactly these people are listed.
func (s *story) participants(want []string) {
	s.t.Helper()
	var listed body
	s.await(fmt.Sprintf("the participants to be %v", want), func() bool {
		listed = s.call("ListChatGroupParticipants", map[string]any{"Page": map[string]any{"Index": 1, "Size": 20}})
		numbers := make([]string, 0, len(listed.Data.List))
		for _, participant := range listed.Data.List {
			numbers = append(numbers, participant.ParticipantNumber)
		}
		slices.Sort(numbers)
		return cmp.Equal(want, numbers)
	})
	if listed.Data.Total != int64(len(want)) {
		s.t.Errorf("Total of the participants is %d, want %d", listed.Data.Total, len(want))
	}
}

func (s *story) rename() {
	s.t.Helper()
	s.subject += " renamed"
	s.result("UpdateChatGroup", map[string]any{"Subject": s.subject}, 1)
	s.await("the new subject", func() bool {
		found := s.list()
		return len(found) == 1 && found[0].Subject == s.subject && found[0].GroupStatus == "ACTIVE"
	})
}

// text is what a message of this story says.
func (s *story) text(word string) string { return word + " to " + s.subject + "\nand a line" }

func (s *story) send(word string) {
	s.t.Helper()
	content, err := json.Marshal(map[string]string{"text": s.text(word)})
	if err != nil {
		s.t.Fatal(err)
	}
	sent := s.call("SendChatappMessage", map[string]any{
		"ChannelType":   "whatsapp",
		"Type":          "message",
		"MessageType":   "text",
		"RecipientType": "group",
		"From":          s.server.BusinessNumber,
		"To":            s.group,
		"Content":       string(content),
	})
	if sent.MessageID == "" {
		s.t.Error("SendChatappMessage gave no MessageId")
	}
}

// receive waits until each of the people has received exactly these messages.
func (s *story) receive(people []string, words ...string) {
	s.t.Helper()
	want := make([]string, 0, len(words))
	for _, word := range words {
		want = append(want, s.text(word))
	}
	for _, number := range people {
		var got []string
		s.await(fmt.Sprintf("%s to have %d messages", number, len(want)), func() bool {
			got = s.phones.texts(number, s.group)
			return len(got) >= len(want)
		})
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			s.t.Errorf("messages on %s (-want +got):\n%s", number, diff)
		}
	}
}

// remove removes one person, expects that this call took out so many, and returns the operation where the client shows it.
func (s *story) remove(number string, want int64) string {
	s.t.Helper()
	return s.result("DeleteChatGroupParticipants", map[string]any{
		"List": []any{map[string]any{"ParticipantNumber": number}},
	}, want)
}

// lookUp reads what became of an operation, an extension of Rollcall.
func (s *story) lookUp(operation string) {
	s.t.Helper()
	if operation == "" {
		s.t.Fatalf("no %s on the answer of a removal", operationHeader)
	}
	s.call("GetChatGroupOperation", map[string]any{"OperationId": operation})
}

// dissolve takes down the link, then the group.
func (s *story) dissolve() {
	s.t.Helper()
	s.result("DeleteChatGroupInviteLink", nil, 1)
	s.result("DeleteChatGroup", nil, 1)
	s.await("the group to leave the list", func() bool { return len(s.list()) == 0 })
}

// result makes a change, expects the count, and returns the operation.
func (s *story) result(action string, parameters map[string]any, want int64) string {
	s.t.Helper()
	seen, decoded := s.exchange(action, parameters)
	if decoded.Result == nil || *decoded.Result != want {
		s.t.Errorf("%s: Result is %s, want %d; the answer is %s", action, text(decoded.Result), want, seen.Body)
	}
	return seen.Header[operationHeader]
}

func (s *story) call(action string, parameters map[string]any) body {
	s.t.Helper()
	_, decoded := s.exchange(action, parameters)
	return decoded
}

// exchange calls an operation about the story's group and expects it to succeed.
func (s *story) exchange(action string, parameters map[string]any) (answer, body) {
	s.t.Helper()
	all := map[string]any{"BusinessNumber": s.server.BusinessNumber, "CustSpaceId": s.server.CustSpaceID}
	if s.group != "" && action != "ListChatGroup" && action != "SendChatappMessage" {
		all["GroupId"] = s.group
	}
	for name, value := range parameters {
		all[name] = value
	}
	seen, err := s.client.call(action, all)
	if err != nil {
		s.t.Fatalf("%s: %v", action, err)
	}
	if seen.Raised != nil {
		s.t.Fatalf("%s: refused: %+v", action, *seen.Raised)
	}
	var decoded body
	if err := json.Unmarshal(seen.Body, &decoded); err != nil {
		s.t.Fatalf("%s: %v in the answer %s", action, err, seen.Body)
	}
	s.sound(action, seen, decoded)
	return seen, decoded
}

// sound checks what holds for every good answer.
func (s *story) sound(action string, seen answer, decoded body) {
	s.t.Helper()
	if seen.Status != http.StatusOK || decoded.Code != "OK" {
		s.t.Fatalf("%s: status %d, Code %s, Message %s", action, seen.Status, decoded.Code, decoded.Message)
	}
	// SendChatappMessage has no Success in the documents.
	if success := decoded.Success; action != "SendChatappMessage" && (success == nil || !*success) {
		s.t.Errorf("%s: Success is %s beside Code OK", action, text(success))
	}
	if !requestID.MatchString(decoded.RequestID) {
		s.t.Errorf("%s: RequestId is %q, want an upper-case UUID", action, decoded.RequestID)
	}
}

// await polls until done, which makes calls itself.
func (s *story) await(what string, done func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			s.t.Fatalf("waited %s in vain for %s", patience, what)
		case <-tick.C:
		}
	}
}

// text writes what a pointer points to.
func text[T any](value *T) string {
	if value == nil {
		return "absent"
	}
	return fmt.Sprint(*value)
}
