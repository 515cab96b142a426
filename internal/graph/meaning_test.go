package graph_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/graph"
)

func TestReason(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  graph.Error
		want string
	}{
		{"details come first", graph.Error{Code: 100, Title: "title", Message: "message", Details: "details"}, "details"},
		{"then the title", graph.Error{Code: 100, Title: "title", Message: "message"}, "title"},
		{"details without words", graph.Error{Title: "title", Details: "\x00\n"}, "title"},
		{"our words for a code", graph.Error{Code: graph.CodeNotInGroup}, "Participant is not in the group"},
		{"a status", graph.Error{HTTPStatus: 502}, "the network answered status 502"},
		{"in one line", graph.Error{Details: "a\r\nb\x1b[2J\u202e"}, "a  b[2J"},
		{"a number", graph.Error{Details: "+4915110000001 is not in the group"}, "+4915*******01 is not in the group"},
		{"a number as people write it", graph.Error{Details: "call +49 (151) 1000-0001."}, "call +49 (15*) ****-**01."},
		{"a number in other digits", graph.Error{Details: "٤٩١٥١١٠٠٠٠٠٠١"}, "٤٩١٥*******٠١"},
		{"a number with something hidden inside", graph.Error{Details: "491511\x000000001"}, "4915*******01"},
		{"codes", graph.Error{Details: "(#131215) see 131212 131201 and 10"}, "(#131215) see 131212 131201 and 10"},
		{"a code behind a number", graph.Error{Details: "131212: 4915110000001"}, "131212: 4915*******01"},
		{"short numbers", graph.Error{Details: "at most 8 of 10000 in 86400 s"}, "at most 8 of 10000 in 86400 s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.err.Reason()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the network says, a reason is short, plain, never empty, and holds no long run of digits.
func TestReasonIsFitForCallers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		noise := rapid.OneOf(rapid.String(), rapid.StringMatching(`[+(]?[0-9]{1,16}[ ().-]{0,3}[0-9]{0,8}`), rapid.Just(strings.Repeat("4915110000001 ", 40)))
		e := graph.Error{Title: noise.Draw(t, "title"), Details: noise.Draw(t, "a") + noise.Draw(t, "b") + noise.Draw(t, "c")}
		got := e.Reason()
		if got == "" || utf8.RuneCountInString(got) > 200 || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("the reason is %q", got)
		}
		run := 0
		for _, r := range got {
			if run++; !unicode.IsDigit(r) {
				run = 0
			}
			if run > 6 {
				t.Fatalf("a number is left in %q", got)
			}
		}
	})
}

func TestMeanings(t *testing.T) {
	t.Parallel()
	wrapped := func(code int) error { return fmt.Errorf("do it: %w", &graph.Error{Code: code}) }
	for name, is := range map[string]struct {
		of    func(error) bool
		codes []int
	}{
		"GroupUnknown": {graph.GroupUnknown, []int{graph.CodeGroupUnknown}},
		"NotInGroup":   {graph.NotInGroup, []int{graph.CodeNotInGroup}},
		"TokenExpired": {graph.TokenExpired, []int{graph.CodeTokenInvalid, graph.CodeTokenMissing}},
		"MayLackLink":  {graph.MayLackLink, []int{graph.CodeInvalidParameter}},
	} {
		want := map[int]bool{}
		for _, code := range is.codes {
			want[code] = true
		}
		for code := range 140_000 {
			if is.of(wrapped(code)) != want[code] {
				t.Errorf("%s(%d) is %v", name, code, !want[code])
			}
		}
		if is.of(nil) || is.of(io.EOF) {
			t.Errorf("%s of something else", name)
		}
	}
	partial, terms := &graph.Error{Code: graph.CodePartialSuccess}, &graph.Error{Code: graph.CodeTermsNotAccepted}
	if got := graph.FirstReason(nil, []*graph.Error{nil}, []*graph.Error{partial}, []*graph.Error{terms}); got != terms {
		t.Errorf("the first reason is %v", got)
	}
	if got := graph.FirstReason([]*graph.Error{partial}); got != nil {
		t.Errorf("the first reason of a partial success is %v", got)
	}
	if got := graph.FormatNumber("4915110000001"); got != "+4915110000001" {
		t.Error(got)
	}
}

// scripted answers calls by method and path.
type scripted map[string]string

func (s scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	body, ok := s[r.Method+" "+strings.TrimPrefix(r.URL.Path, "/"+graph.DefaultVersion)]
	if !ok {
		return nil, io.ErrUnexpectedEOF
	}
	status := http.StatusOK
	if strings.Contains(body, `"error"`) {
		status = http.StatusBadRequest
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
}

func (s scripted) client(t *testing.T) *graph.Client {
	t.Helper()
	c, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var speaker = graph.Credentials{PhoneNumberID: "1", Token: "t"}

func TestRollIsCompleteOnlyWhenEverybodyIsNamed(t *testing.T) {
	t.Parallel()
	const anna, berta = `{"wa_id":"4915110000001"}`, `{"wa_id":"4915110000002","user_id":"DE.2"}`
	both := []string{"4915110000001", "4915110000002"}
	tests := []struct {
		name, answer string
		numbers      []string
		complete     bool
	}{
		{"all", `{"participants":[` + anna + `,` + berta + `],"total_participant_count":2}`, both, true},
		{"all, and the count in quotes", `{"participants":[` + anna + `,` + berta + `],"total_participant_count":"2"}`, both, true},
		{"all, without a count", `{"participants":[` + anna + `,` + berta + `]}`, both, true},
		{"nobody", `{"participants":[],"total_participant_count":0}`, nil, true},
		{"nobody, said by the count alone", `{"total_participant_count":0}`, nil, true},
		{"nothing is said", `{"id":"g"}`, nil, false},
		{"one goes by a user id", `{"participants":[` + anna + `,{"user_id":"DE.2"}],"total_participant_count":2}`, both[:1], false},
		{"one goes by a user id, without a count", `{"participants":[` + anna + `,{"user_id":"DE.2"}]}`, both[:1], false},
		{"one goes by a name", `{"participants":[` + anna + `,{"username":"@b"}],"total_participant_count":1}`, both[:1], false},
		{"one is odd", `{"participants":[` + anna + `,"DE.2"]}`, both[:1], false},
		{"one is missing", `{"participants":[` + anna + `],"total_participant_count":2}`, both[:1], false},
		{"one is there twice", `{"participants":[` + anna + `,` + anna + `],"total_participant_count":2}`, both[:1], false},
		{"the list is no list", `{"participants":"none"}`, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := scripted{"GET /g": tt.answer}.client(t).Roll(context.Background(), speaker, "g")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(graph.Roll{Numbers: tt.numbers, Complete: tt.complete}, r); diff != "" {
				t.Error(diff)
			}
		})
	}
	r, err := scripted{"GET /g": `{"subject":"s","description":"d","suspended":"true"}`}.client(t).Roll(context.Background(), speaker, "g")
	if diff := cmp.Diff(graph.Roll{Subject: "s", Description: "d", Suspended: true}, r); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err = (scripted{"GET /g": `{"error":{"code":131041}}`}).client(t).Roll(context.Background(), speaker, "g"); !graph.GroupUnknown(err) {
		t.Error(err)
	}
}

func TestFindInviteLink(t *testing.T) {
	t.Parallel()
	const group, refusal = `{"id":"g","subject":"s"}`, `{"error":{"code":100}}`
	tests := []struct {
		name, link, group string
		want              string
		code              int // of the error, -1 for one without
	}{
		{"there is one", `{"invite_link":"https://chat.whatsapp.com/x"}`, group, "https://chat.whatsapp.com/x", 0},
		{"there is none", refusal, group, "", 0},
		{"an empty one", `{"invite_link":""}`, group, "", 0},
		{"the group cannot be read either", refusal, refusal, "", 100},
		{"the group is not there", refusal, `{"error":{"code":131041}}`, "", 131041},
		{"another refusal", `{"error":{"code":10}}`, group, "", 10},
		{"no JSON", `<html>`, group, "", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			link, err := scripted{"GET /g/invite_link": tt.link, "GET /g": tt.group}.client(t).FindInviteLink(context.Background(), speaker, "g")
			if link != tt.want || (err == nil) != (tt.code == 0) || tt.code > 0 && graph.CodeOf(err) != tt.code {
				t.Errorf("link %q, error %v", link, err)
			}
		})
	}
}
