package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPhones(t *testing.T) {
	w := newWorld(t)
	answer, _ := w.expect(201, "POST", "/phones", fields{"number": "+49 170 0000001", "name": "Anna"})
	want := map[string]any{"number": anna, "name": "Anna", "groups": []any{}, "messages_received": 0.0, "messages_sent": 0.0}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Error(diff)
	}
	w.expect(200, "POST", "/phones", fields{"number": anna, "name": "Anna"})
	w.expect(200, "POST", "/phones", fields{"number": anna, "name": "Anna B", "user_id": "DE.1"})
	w.addPhones(berta)
	g := w.groupWith("ward", anna)
	answer, _ = w.expect(200, "GET", "/phones/+"+anna, nil)
	seat := answer["groups"].([]any)[0].(map[string]any)
	if answer["name"] != "Anna B" || seat["group_id"] != g.GroupID || seat["subject"] != "ward" || seat["state"] != "member" {
		t.Errorf("phone %v", answer)
	}
	answer, _ = w.expect(200, "GET", "/phones", nil)
	if list := answer["phones"].([]any); len(list) != 2 || list[1].(map[string]any)["number"] != berta {
		t.Errorf("phones %v", list)
	}
	answer, _ = w.expect(200, "GET", "/groups", nil)
	view := answer["groups"].([]any)[0].(map[string]any)
	if view["id"] != g.GroupID || view["state"] != "active" || view["invite_link"] != g.Group.InviteLink || len(view["people"].([]any)) != 1 {
		t.Errorf("group %v", view)
	}
}

func TestControlRefusals(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	w.addPhones(berta)
	w.expect(200, "POST", "/phones", fields{"number": anna, "name": "Anna", "user_id": "DE.1"})
	link := fields{"invite_link": g.Group.InviteLink}
	long := strings.Repeat("x", maxText+1)
	for _, c := range []struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		{"GET", "/nothing", nil, 404, "unknown_path"},
		{"PUT", "/phones", fields{}, 404, "unknown_path"},
		{"POST", "/phones", fields{"number": "hello"}, 400, "invalid_number"},
		{"POST", "/phones", fields{"number": carla, "name": strings.Repeat("x", maxName+1)}, 400, "invalid_number"},
		{"POST", "/phones", fields{"number": testNumber}, 409, "number_in_use"},
		{"POST", "/phones", fields{"number": berta, "user_id": "DE.1"}, 409, "user_id_in_use"},
		{"POST", "/phones", fields{"phone": anna}, 400, "invalid_request"},
		{"POST", "/phones", []int{1}, 400, "invalid_request"},
		{"POST", "/phones", strings.Repeat("x", maxJSONBody), 400, "invalid_request"},
		{"GET", "/phones/" + carla, nil, 404, "unknown_phone"},
		{"GET", "/phones/" + carla + "/messages", nil, 404, "unknown_phone"},
		{"POST", "/phones/" + carla + "/messages", fields{}, 404, "unknown_phone"},
		{"POST", "/phones/" + carla + "/join", link, 404, "unknown_phone"},
		{"POST", "/phones/" + carla + "/leave", fields{"group_id": g.GroupID}, 404, "unknown_phone"},
		{"POST", "/phones/" + anna + "/join", fields{"invite_link": "https://example.com/x"}, 409, "link_dead"},
		{"POST", "/phones/" + anna + "/join", fields{"invite_link": linkPrefix + "x"}, 409, "link_dead"},
		{"POST", "/phones/" + anna + "/join", 7, 400, "invalid_request"},
		{"POST", "/phones/" + anna + "/leave", 7, 400, "invalid_request"},
		{"POST", "/phones/" + anna + "/leave", fields{"group_id": "x"}, 404, "unknown_group"},
		{"POST", "/phones/" + berta + "/leave", fields{"group_id": g.GroupID}, 409, "not_member"},
		{"POST", "/phones/" + anna + "/messages", 7, 400, "invalid_request"},
		{"POST", "/phones/" + anna + "/messages", fields{"text": "to nobody"}, 400, "invalid_request"},
		{"POST", "/phones/" + anna + "/messages", fields{"group_id": g.GroupID, "text": " "}, 400, "invalid_text"},
		{"POST", "/phones/" + anna + "/messages", fields{"group_id": g.GroupID, "text": long}, 400, "invalid_text"},
		{"POST", "/phones/" + anna + "/messages", fields{"group_id": "x", "text": "x"}, 404, "unknown_group"},
		{"POST", "/phones/" + berta + "/messages", fields{"group_id": g.GroupID, "text": "x"}, 409, "not_member"},
		{"POST", "/groups/x/suspend", nil, 404, "unknown_group"},
		{"POST", "/groups/x/clear", nil, 404, "unknown_group"},
		{"GET", "/groups/x", nil, 404, "unknown_group"},
		{"GET", "/journal?since=x", nil, 400, "invalid_request"},
	} {
		answer, code := w.expect(c.status, c.method, c.path, c.body)
		if code != c.code || answer["error"].(map[string]any)["message"] == "" {
			t.Errorf("%s %s: %v, want %s", c.method, c.path, answer, c.code)
		}
	}
	w.expect(200, "POST", "/groups/"+g.GroupID+"/suspend", nil)
	if _, code := w.expect(409, "POST", "/phones/"+anna+"/messages", fields{"group_id": g.GroupID, "text": "x"}); code != "suspended" {
		t.Errorf("code %q", code)
	}
}

func TestJournal(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	w.raw("GET", g.GroupID+"?access_token="+testToken+"&fields=subject", "")
	answer, _ := w.expect(200, "GET", "/journal", nil)
	text := fmt.Sprint(answer)
	if strings.Contains(text, testToken) || strings.Contains(text, testSecret) || strings.Contains(text, testVerify) {
		t.Errorf("the journal shows a secret: %s", text)
	}
	seen := map[string]bool{}
	for _, e := range answer["entries"].([]any) {
		entry := e.(map[string]any)
		seen[entry["kind"].(string)+" "+fmt.Sprint(entry["operation"])] = true
		if entry["operation"] == "create_group" && entry["request"].(map[string]any)["subject"] != "ward" {
			t.Errorf("entry %v", entry)
		}
	}
	for _, want := range []string{"graph create_group", "graph get_group", "handshake <nil>", "webhook group_lifecycle_update/group_create"} {
		if !seen[want] {
			t.Errorf("no entry %q in %v", want, seen)
		}
	}
	for range journalLength {
		w.raw("GET", g.GroupID, "")
	}
	last := int64(answer["last"].(float64))
	answer, _ = w.expect(200, "GET", "/journal", nil)
	if n := len(answer["entries"].([]any)); n != journalLength {
		t.Errorf("%d entries are kept", n)
	}
	answer, _ = w.expect(200, "GET", fmt.Sprintf("/journal?since=%d", int64(answer["last"].(float64))-2), nil)
	if n := len(answer["entries"].([]any)); n != 2 || int64(answer["last"].(float64)) < last+journalLength {
		t.Errorf("%d entries since, last %v", n, answer["last"])
	}
	if answer, _ := w.expect(200, "GET", "/journal?since=99999999", nil); len(answer["entries"].([]any)) != 0 {
		t.Errorf("entries of the future: %v", answer)
	}
}

func TestBodiesInTheJournal(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		`{"a":1}`:                          `{"a":1}`,
		"a\x00\"":                          `"a\u0000\""`,
		strings.Repeat("x", journalBody+1): `"16385 bytes, beginning with ` + strings.Repeat("x", 256) + `"`,
	} {
		if got := string(shown([]byte(in))); got != want {
			t.Errorf("shown(%.20q) = %s", in, got)
		}
	}
}

func TestInProcessSurvivesItsHandler(t *testing.T) {
	endless, limited := ctx(), t.Context()
	for name, handler := range map[string]http.HandlerFunc{
		"abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"panic": func(http.ResponseWriter, *http.Request) { panic("bug") },
	} {
		for _, ctx := range []context.Context{endless, limited} {
			request, err := http.NewRequestWithContext(ctx, "GET", "http://x.test/", nil)
			if err != nil {
				t.Fatal(err)
			}
			if response, err := InProcess(handler).RoundTrip(request); err == nil {
				t.Errorf("%s: answer %v", name, response)
			}
		}
	}
}

func TestInProcessLetsItsCallerGo(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	limited, cancel := context.WithCancel(ctx())
	request, err := http.NewRequestWithContext(limited, "GET", "http://x.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	stuck := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	})
	if _, err := InProcess(stuck).RoundTrip(request); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

// What a handler changes after its status left is not seen.
func TestInProcessAnswersAsItStoodAtTheStatus(t *testing.T) {
	for _, first := range []string{"", "yes"} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if first != "" {
				w.Header().Set("X-First", first)
			}
			w.WriteHeader(http.StatusAccepted)
			w.Header().Set("X-Late", "yes")
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte("body"))
		})
		request, err := http.NewRequestWithContext(ctx(), "GET", "http://x.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := InProcess(handler).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if response.Status != "202 Accepted" || response.Header.Get("X-First") != first || response.Header.Get("X-Late") != "" ||
			string(body) != "body" || response.ContentLength != 4 || err != nil {
			t.Errorf("answer %+v, %q, %v", response, body, err)
		}
	}
}
