package simulator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// Every refusal, with the code and the HTTP status that Meta documents for it.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	empty := w.newGroup("nobody here")
	stopped := w.groupWith("stopped", anna)
	w.expect(200, "POST", "/groups/"+stopped.GroupID+"/suspend", nil)
	const product = `"messaging_product":"whatsapp"`
	people := func(items string) string { return `{` + product + `,"participants":[` + items + `]}` }
	text := func(to, rest string) string {
		return fmt.Sprintf(`{%s,"recipient_type":"group","to":%q%s}`, product, to, rest)
	}
	const hello = `,"type":"text","text":{"body":"hello"}`
	for name, c := range map[string]struct {
		method, path, body string
		status, code       int
		headers            []string
	}{
		"no token":        {"GET", g.GroupID, "", 401, graph.CodeTokenMissing, []string{"Authorization", ""}},
		"wrong token":     {"GET", g.GroupID, "", 401, graph.CodeTokenInvalid, []string{"Authorization", "Bearer wrong"}},
		"unknown object":  {"GET", "123456789", "", 404, graph.CodeObjectNotFound, nil},
		"unknown group":   {"GET", "Y2FwaV9ncm91cDo", "", 400, graph.CodeGroupUnknown, nil},
		"unknown edge":    {"GET", g.GroupID + "/friends", "", 400, graph.CodeInvalidParameter, nil},
		"unknown path":    {"GET", g.GroupID + "/a/b", "", 400, codeUnknownPath, nil},
		"unknown field":   {"GET", g.GroupID + "?fields=subject,colour", "", 400, graph.CodeInvalidParameter, nil},
		"too large":       {"POST", g.GroupID, strings.Repeat(" ", maxJSONBody+1), 413, graph.CodeInvalidParameter, nil},
		"not JSON":        {"POST", g.GroupID, "{", 400, graph.CodeInvalidParameter, nil},
		"no product":      {"POST", g.GroupID, `{"subject":"x"}`, 400, graph.CodeInvalidParameter, nil},
		"nothing to do":   {"POST", g.GroupID, `{` + product + `}`, 400, graph.CodeParameterMissing, nil},
		"empty subject":   {"POST", g.GroupID, `{` + product + `,"subject":"  "}`, 400, graph.CodeParameterValue, nil},
		"long words":      {"POST", g.GroupID, `{` + product + `,"description":"` + strings.Repeat("é", maxDescription+1) + `"}`, 400, graph.CodeParameterValue, nil},
		"picture by name": {"POST", g.GroupID, `{` + product + `,"profile_picture_file":"a.jpg"}`, 400, graph.CodeParameterValue, nil},
		"broken form":     {"POST", g.GroupID, "x", 400, graph.CodeInvalidParameter, []string{"Content-Type", "multipart/form-data"}},
		"limit 0":         {"GET", testNumID + "/groups?limit=0", "", 400, graph.CodeInvalidParameter, nil},
		"limit 1025":      {"GET", testNumID + "/groups?limit=1025", "", 400, graph.CodeInvalidParameter, nil},
		"no subject":      {"POST", testNumID + "/groups", `{` + product + `}`, 400, graph.CodeParameterMissing, nil},
		"long subject":    {"POST", testNumID + "/groups", `{` + product + `,"subject":"` + strings.Repeat("é", maxSubject+1) + `"}`, 400, graph.CodeParameterValue, nil},
		"strange mode":    {"POST", testNumID + "/groups", `{` + product + `,"subject":"x","join_approval_mode":"maybe"}`, 400, graph.CodeParameterValue, nil},
		"add people":      {"POST", g.GroupID + "/participants", people(`{"user":"` + berta + `"}`), 400, graph.CodeNotEligible, nil},
		"nobody to go":    {"DELETE", g.GroupID + "/participants", people(""), 400, graph.CodeParameterMissing, nil},
		"nine to go": {"DELETE", g.GroupID + "/participants", people(strings.TrimSuffix(strings.Repeat(`{"user":"`+anna+`"},`, 9), ",")),
			400, graph.CodeParameterValue, nil},
		"twice": {"DELETE", g.GroupID + "/participants", people(`{"user":"+` + anna + `"},{"user":"` + anna + `"}`), 400,
			graph.CodeDuplicateParticipants, nil},
		"both names": {"DELETE", g.GroupID + "/participants", people(`{"user":"` + anna + `","user_id":"DE.1"}`), 400,
			graph.CodeParameterValue, nil},
		"no name":           {"DELETE", g.GroupID + "/participants", people(`{}`), 400, graph.CodeParameterValue, nil},
		"no number":         {"DELETE", g.GroupID + "/participants", people(`{"user":"anna"}`), 400, graph.CodeParameterValue, nil},
		"not in the group":  {"DELETE", g.GroupID + "/participants", people(`{"user":"` + berta + `"}`), 400, graph.CodeNotInGroup, nil},
		"the business":      {"DELETE", g.GroupID + "/participants", people(`{"user":"` + testNumber + `"}`), 400, graph.CodeNotInGroup, nil},
		"suspended":         {"DELETE", stopped.GroupID + "/participants", people(`{"user":"` + anna + `"}`), 403, graph.CodeSuspended, nil},
		"empty group":       {"POST", testNumID + "/messages", text(empty.GroupID, hello), 400, graph.CodeGroupEmpty, nil},
		"message to none":   {"POST", testNumID + "/messages", text("Y2Fw", hello), 400, graph.CodeGroupUnknown, nil},
		"message suspended": {"POST", testNumID + "/messages", text(stopped.GroupID, hello), 403, graph.CodeSuspended, nil},
		"message to person": {"POST", testNumID + "/messages", `{` + product + `,"to":"` + anna + `"` + hello + `}`, 400, graph.CodeWindowClosed, nil},
		"message of a kind": {"POST", testNumID + "/messages", text(g.GroupID, `,"type":"order","order":{}`), 400, graph.CodeUnsupportedType, nil},
		"message no text":   {"POST", testNumID + "/messages", text(g.GroupID, `,"type":"text"`), 400, graph.CodeParameterMissing, nil},
		"message empty":     {"POST", testNumID + "/messages", text(g.GroupID, `,"text":{"body":""}`), 400, graph.CodeParameterValue, nil},
		"message to nobody": {"POST", testNumID + "/messages", text("", hello), 400, graph.CodeParameterMissing, nil},
		"message with a lot of data": {"POST", testNumID + "/messages", text(g.GroupID, hello+`,"biz_opaque_callback_data":"`+
			strings.Repeat("x", maxOpaque+1)+`"`), 400, graph.CodeParameterValue, nil},
		"link without product": {"POST", g.GroupID + "/invite_link", `{}`, 400, graph.CodeInvalidParameter, nil},
		"requests: none":       {"POST", g.GroupID + "/join_requests", `{` + product + `}`, 400, graph.CodeParameterMissing, nil},
		"requests: cursor":     {"GET", g.GroupID + "/join_requests?after=zzz", "", 400, graph.CodeCursorExpired, nil},
		"number field":         {"GET", testNumID + "?fields=colour", "", 400, graph.CodeInvalidParameter, nil},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer, code := w.raw(c.method, c.path, c.body, c.headers...)
			if status != c.status || code != c.code {
				t.Fatalf("status %d code %d, want %d %d: %v", status, code, c.status, c.code, answer)
			}
			e := answer["error"].(map[string]any)
			if want := fmt.Sprintf("(#%d) %s", c.code, titleOf(c.code)); e["message"] != want {
				t.Errorf("message %q, want %q", e["message"], want)
			}
			data := e["error_data"].(map[string]any)
			if data["messaging_product"] != "whatsapp" || data["details"] == "" || e["fbtrace_id"] == "" || e["type"] == "" {
				t.Errorf("envelope %v", e)
			}
		})
	}
	if got := w.members(g.GroupID); len(got) != 1 {
		t.Errorf("a refused call changed the members: %v", got)
	}
}

// Codes that no call leads to here, only an interference, still go out as Meta documents them.
func TestRefusalsOnDemand(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	for code, status := range map[int]int{
		graph.CodeGroupRateLimit: 429, graph.CodeCreationSuspended: 400, graph.CodeNotEligible: 400, graph.CodePermissionDenied: 403,
		graph.CodeServiceUnavailable: 503, graph.CodeTokenInvalid: 401, graph.CodeSomethingWentWrong: 500, graph.CodeAccountLocked: 403,
		999999: 400,
	} {
		w.sim.Interfere(&Interference{BeforeCall: func(c Call) CallFate {
			if c.Operation != "remove_participants" || c.Object != g.GroupID || !strings.Contains(string(c.Body), anna) {
				t.Errorf("call %+v", c)
			}
			return CallFate{Code: code}
		}})
		body := `{"messaging_product":"whatsapp","participants":[{"user":"` + anna + `"}]}`
		if got, _, gotCode := w.raw("DELETE", g.GroupID+"/participants", body); got != status || gotCode != code {
			t.Errorf("code %d: status %d code %d, want %d", code, got, gotCode, status)
		}
	}
	w.sim.Interfere(&Interference{BeforeCall: func(Call) CallFate { return CallFate{Code: graph.CodeAppRateLimit, Status: 429} }})
	if got, _, _ := w.raw("GET", g.GroupID, ""); got != 429 {
		t.Errorf("chosen status: %d", got)
	}
	w.sim.Interfere(nil)
	if got := w.members(g.GroupID); len(got) != 1 {
		t.Errorf("a refused call changed the members: %v", got)
	}
}

func TestPathsThatAreNone(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/x", "/v25.0", "/v25.0/", "/v.0/1", "/vx.0/1", "/25.0/1", "/v25/1"} {
		request, err := http.NewRequestWithContext(ctx(), "GET", "http://graph.test"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+testToken)
		response, err := InProcess(w.sim.Graph()).RoundTrip(request)
		if err != nil || response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v %v", path, response, err)
		}
	}
}

func TestClosedSimulatorRefuses(t *testing.T) {
	w := newWorld(t)
	g := w.groupWith("ward", anna)
	if err := w.sim.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, err := w.meta.RemoveParticipants(ctx(), creds, g.GroupID, []string{anna})
	if graph.CodeOf(err) != graph.CodeTemporarilyUnavailable || graph.ClassOf(err) != graph.Temporary {
		t.Errorf("remove: %v", err)
	}
	if _, code := w.expect(503, "POST", "/phones", fields{"number": berta}); code != "closed" {
		t.Errorf("code %q", code)
	}
	if err := w.sim.Close(context.Background()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func FuzzGraphCall(f *testing.F) {
	f.Add("POST", "/v25.0/"+testNumID+"/groups", "application/json", `{"messaging_product":"whatsapp","subject":"x"}`)
	f.Add("DELETE", "/v25.0/G/participants", "application/json", `{"messaging_product":"whatsapp","participants":[{"user":"+1"}]}`)
	f.Add("POST", "/v25.0/G", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\xd8\r\n--x--\r\n")
	f.Add("GET", "/v25.0/"+testNumID+"/groups?limit=3&after=b3JkZXI6MQZDZD", "", "")
	f.Add("POST", "/v25.0/"+testNumID+"/messages", "application/json", `{"messaging_product":"whatsapp","to":"G","text":{}}`)
	f.Add("POST", "/v25.0/G/join_requests", "application/json", `{"messaging_product":"whatsapp","join_requests":["a"]}`)
	sim, err := New(Config{Logger: quiet})
	if err != nil {
		f.Fatal(err)
	}
	number := Number{DisplayNumber: testNumber, PhoneNumberID: testNumID, WABAID: testWABA, Token: testToken}
	if err := sim.RegisterNumber(number); err != nil {
		f.Fatal(err)
	}
	sim.findNumber(testNumID).mu.Lock()
	known := &groupSet{ID: "G", GroupNumber: "1", Order: 1, Number: testNumID, State: groupCreating, Subject: "s", Mode: modeAutoApprove,
		Link: "L", Pending: []*step{{Kind: stepCreate}}}
	known.apply(sim)
	sim.findNumber(testNumID).mu.Unlock()
	(&stepDone{Group: "G"}).apply(sim)
	f.Fuzz(func(t *testing.T, method, path, contentType, body string) {
		request, err := http.NewRequestWithContext(ctx(), method, "http://graph.test", strings.NewReader(body))
		if err != nil {
			return
		}
		target, err := request.URL.Parse(path)
		if err != nil {
			return
		}
		request.URL = target
		request.Header.Set("Authorization", "Bearer "+testToken)
		request.Header.Set("Content-Type", contentType)
		response, err := InProcess(sim.Graph()).RoundTrip(request)
		if err != nil || response.StatusCode >= 500 {
			t.Fatalf("%s %s %q: %v %v", method, path, body, response, err)
		}
	})
}
