package cams

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

func TestListChatGroupParticipants(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000002", "8613900000001")
	a := w.call("ListChatGroupParticipants", params{"GroupId": "G"})
	w.expect(a, 200, "OK")
	want := map[string]any{"Total": 2.0, "List": []any{
		map[string]any{"ParticipantNumber": "8613900000001"}, map[string]any{"ParticipantNumber": "8613900000002"},
	}}
	if diff := cmp.Diff(want, a.data()); diff != "" {
		t.Errorf("Data (-want +got):\n%s", diff)
	}
	w.addGroup(ownNumber, "empty", group.Active)
	if a := w.call("ListChatGroupParticipants", params{"GroupId": "empty"}); !strings.Contains(a.text, `"Data":{"Total":0,"List":[]}`) {
		t.Errorf("answered %s", a.text)
	}
}

func listOf(numbers ...string) string {
	var b strings.Builder
	for i, n := range numbers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ParticipantNumber":%q}`, n)
	}
	return "[" + b.String() + "]"
}

// TestRemovalLists: which lists are taken, and as whom.
func TestRemovalLists(t *testing.T) {
	const bad, number, pending = "InvalidParameter.ListInvalid", "InvalidParameter.PhoneNumberError", "ChatGroup.OperationPending"
	hundred := make([]string, 0, 101)
	for i := range 101 {
		hundred = append(hundred, fmt.Sprintf("86139000%05d", i))
	}
	twice := append(append([]string{}, hundred[:100]...), hundred[:100]...)
	cases := []struct {
		name  string
		more  params
		code  string
		named []string // numbers in the operation
	}{
		{"absent", params{}, bad, nil},
		{"empty", params{"List": ""}, bad, nil},
		{"empty list", params{"List": "[]"}, bad, nil},
		{"null", params{"List": "null"}, bad, nil},
		{"an object", params{"List": "{}"}, bad, nil},
		{"a number", params{"List": "8613900000001"}, bad, nil},
		{"texts", params{"List": `["8613900000001"]`}, bad, nil},
		{"an entry without number", params{"List": `[{}]`}, bad, nil},
		{"an entry with an empty number", params{"List": `[{"ParticipantNumber":""}]`}, bad, nil},
		{"an entry with null", params{"List": `[{"ParticipantNumber":null}]`}, bad, nil},
		{"a list in the entry", params{"List": `[{"ParticipantNumber":["8613900000001"]}]`}, bad, nil},
		{"cut off", params{"List": `[{"ParticipantNumber":"8613900000001"`}, bad, nil},
		{"an object's text", params{"List": "[object Object]"}, bad, nil},
		{"both forms", params{"List": listOf("8613900000001"), "List.1.ParticipantNumber": "8613900000001"}, bad, nil},
		{"a gap", params{"List.1.ParticipantNumber": "8613900000001", "List.3.ParticipantNumber": "8613900000002"}, bad, nil},
		{"letters", params{"List": listOf("8613900000001", "86139abc")}, number, nil},
		{"true", params{"List": `[{"ParticipantNumber":true}]`}, number, nil},
		{"a fraction", params{"List": `[{"ParticipantNumber":86139.5}]`}, number, nil},
		{"a fraction of nothing", params{"List": `[{"ParticipantNumber":861390000000.0}]`}, number, nil},
		{"a fraction of the right length", params{"List": `[{"ParticipantNumber":8613900000.001}]`}, number, nil},
		{"an exponent", params{"List": `[{"ParticipantNumber":8613900000001e0}]`}, number, nil},
		{"an exponent without digits behind", params{"List": `[{"ParticipantNumber":861.3900000001E10}]`}, number, nil},
		{"a negative number", params{"List": `[{"ParticipantNumber":-8613900000001}]`}, number, nil},
		{"a fraction of nothing as text", params{"List": listOf("861390000000.0")}, number, nil},
		{"a fraction as text", params{"List": listOf("+86139000000.01")}, number, nil},
		{"a fraction in parts", params{"List.1.ParticipantNumber": "861390000000.1 "}, number, nil},
		{"a point at the end", params{"List": listOf("8613900000001.")}, number, nil},
		{"a negative number as text", params{"List": listOf(" -8613900000001")}, number, nil},
		{"one of two is a fraction", params{"List": `[{"ParticipantNumber":8613900000001},{"ParticipantNumber":861390000000.2}]`}, number, nil},
		{"too short", params{"List": listOf("12345")}, number, nil},
		{"zero", params{"List": listOf("0")}, number, nil},
		{"101 people", params{"List": listOf(hundred...)}, bad, nil},
		{"10,000 entries", params{"List": listOf(make([]string, 10_000)...)}, bad, nil},
		{"10,000 times the same", params{"List": strings.Replace(strings.Repeat(`,{"ParticipantNumber":"8613900000001"}`, 10_000), ",", "[", 1) + "]"}, bad, nil},
		{"100 people", params{"List": listOf(hundred[:100]...)}, pending, hundred[:100]},
		{"100 people twice", params{"List": listOf(twice...)}, pending, hundred[:100]},
		{"one", params{"List": listOf("8613900000001")}, pending, []string{"8613900000001"}},
		{"a number as a number", params{"List": `[{"ParticipantNumber":8613900000001}]`}, pending, []string{"8613900000001"}},
		{"as people write it, twice", params{"List": listOf("+86 139-0000-0001", "8613900000001", "(86) 139.0000.0002")}, pending, []string{"8613900000001", "8613900000002"}},
		{"parted by points", params{"List": listOf("86.1.39.00.00.00.01", "86139.00000002")}, pending, []string{"8613900000001", "8613900000002"}},
		{"in parts", params{"List.1.ParticipantNumber": "8613900000001", "List.2.participantNumber": "8613900000002"}, pending, []string{"8613900000001", "8613900000002"}},
		{"in order", params{"List": listOf("8613900000002", "8613900000001")}, pending, []string{"8613900000002", "8613900000001"}},
	}
	w := newWorld(t)
	for i, c := range cases {
		id := fmt.Sprintf("G%d", i)
		w.addGroup(ownNumber, id, group.Active, "8613900000001", "8613900000002")
		began := time.Now()
		a := w.call("DeleteChatGroupParticipants", c.more.with(params{"GroupId": id}))
		if took := time.Since(began); c.named == nil && took > 2*time.Second {
			t.Errorf("%s: refused after %s", c.name, took)
		}
		if a.status != 200 || a.code() != c.code {
			t.Errorf("%s: %d %s (%s), want %s", c.name, a.status, a.code(), a.message(), c.code)
			continue
		}
		if c.named == nil {
			if a.operation != "" {
				t.Errorf("%s: something was begun", c.name)
			}
			continue
		}
		var named []string
		for _, p := range w.operation(a.operation).People {
			named = append(named, p.Number.String())
		}
		if diff := cmp.Diff(c.named, named); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestLongListInParts: ten thousand parameters are too many for any call.
func TestLongListInParts(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"BusinessNumber": {ownNumber}, "CustSpaceId": {ownSpace}, "GroupId": {"G"}}
	for i := range 3000 {
		form.Set(fmt.Sprintf("List.%d.ParticipantNumber", i+1), "8613900000001")
	}
	w.expect(w.send(w.signed(ownKey, "DeleteChatGroupParticipants", "", form.Encode())), 400, "InvalidParameter")
}

// TestRemovalAnswers: how a removal is answered while it is pending and once it has ended in any way.
func TestRemovalAnswers(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000001", "8613900000002", "8613900000003")
	p := params{"GroupId": "G", "List": listOf("8613900000001", "8613900000002", "8613900000003"), "ClientToken": "t"}
	first := w.call("DeleteChatGroupParticipants", p)
	w.expect(first, 200, "ChatGroup.OperationPending")
	if first.result() != 0 || first.members["Success"] != false || !strings.Contains(first.message(), first.operation) {
		t.Errorf("answered %s", first.text)
	}
	settle := func(state group.OperationState, people ...group.Person) answered {
		w.finish(first.operation, func(op *group.Operation) {
			op.State = state
			for i := range people {
				people[i].Number = op.People[i].Number
			}
			op.People = people
		})
		return w.call("DeleteChatGroupParticipants", p)
	}
	out, was, open := group.Person{State: group.PersonOut}, group.Person{State: group.PersonWasOut}, group.Person{}
	refused := group.Person{State: group.PersonRefused, Code: 131215, Message: "Not in this group."}
	bare := group.Person{State: group.PersonRefused}
	cases := []struct {
		state   group.OperationState
		people  []group.Person
		code    string
		result  float64
		message string
	}{
		{group.Pending, []group.Person{out, open, was}, "ChatGroup.OperationPending", 1, ""},
		{group.Pending, []group.Person{out, open, refused}, "ChatGroup.OperationPending", 1, ""},
		{group.Done, []group.Person{out, out, was}, "OK", 2, "OK"},
		{group.Done, []group.Person{was, was, was}, "OK", 0, "OK"},
		{group.Failed, []group.Person{out, refused, was}, "ChatGroup.PartialFailure", 1,
			"1 of 3 people could not be removed: 8613900000002 (131215: Not in this group.)."},
		{group.Failed, []group.Person{refused, bare, out}, "ChatGroup.PartialFailure", 1,
			"2 of 3 people could not be removed: 8613900000001 (131215: Not in this group.); 8613900000002."},
		{group.Failed, []group.Person{refused, refused, refused}, "ChatGroup.PartialFailure", 0,
			"3 of 3 people could not be removed: 8613900000001 (131215: Not in this group.); 8613900000002 (131215: Not in this group.); 8613900000003 (131215: Not in this group.)."},
	}
	for i, c := range cases {
		a := settle(c.state, c.people...)
		w.expect(a, 200, c.code)
		if a.result() != c.result || a.members["Success"] != (c.code == "OK") || a.operation != first.operation {
			t.Errorf("%d: answered %s", i, a.text)
		}
		if c.message != "" && a.message() != c.message {
			t.Errorf("%d: Message is %q, want %q", i, a.message(), c.message)
		}
	}
}

// TestRemovalIsOKOnlyForAll: as long as anything is not known of anybody, the answer is not OK.
func TestRemovalIsOKOnlyForAll(t *testing.T) {
	for name, ch := range map[string]gateway.Change{
		"nobody known":       {},
		"one of two known":   {People: []group.Person{{State: group.PersonOut}}},
		"one of two pending": {People: []group.Person{{State: group.PersonOut}, {}}},
	} {
		if a := removal(&ch, 2); a.Code != rpc.CodePending {
			t.Errorf("%s: %q", name, a.Code)
		}
	}
}

// TestRepeatedRemovalJoins: the same removal again, without a token and with a new nonce, waits for the first.
func TestRepeatedRemovalJoins(t *testing.T) {
	w := newWorld(t)
	w.addGroup(ownNumber, "G", group.Active, "8613900000001")
	p := params{"GroupId": "G", "List": listOf("8613900000001")}
	first, again := w.call("DeleteChatGroupParticipants", p), w.call("DeleteChatGroupParticipants", p)
	w.expect(again, 200, "ChatGroup.OperationPending")
	if first.operation == "" || first.operation != again.operation {
		t.Errorf("operations %q and %q", first.operation, again.operation)
	}
}
