package rpc

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/signature"
)

var (
	upperUUID = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
	traceID   = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// everyAnswer gives one request for each way in which a call can end.
func everyAnswer(w *world) map[string]*http.Request {
	plain := func(method, target string) *http.Request {
		return httptest.NewRequest(method, "http://"+testHost+target, nil)
	}
	big := plain("POST", "/")
	big.ContentLength = 1 << 30
	return map[string]*http.Request{
		"success":          w.signed(request{action: "ListThings", query: page}),
		"success, empty":   w.signed(request{action: "ListSilently"}),
		"success, change":  w.signed(request{action: "DeleteThing", query: "GroupId=1"}),
		"pending":          w.signed(request{action: "DeletePending"}),
		"business refusal": w.signed(request{action: "ListRefused"}),
		"not allowlisted":  w.signed(request{action: "ListSilently", key: strangerKey}),
		"no permission":    w.signed(request{action: "DeleteThing", key: readerKey}),
		"missing":          w.signed(request{action: "DeleteThing"}),
		"unknown key":      w.signed(request{action: "ListSilently", key: "LTAI5tNobody", secret: "x"}),
		"wrong secret v3":  w.signed(request{action: "ListSilently", secret: "x"}),
		"wrong secret v1":  w.signed(request{action: "ListSilently", secret: "x", scheme: signature.RPCHMACSHA1}),
		"wrong body hash":  w.signed(request{action: "ListSilently", raw: func(r *http.Request) { r.Header.Set("X-Acs-Content-Sha256", "00") }}),
		"panic":            w.signed(request{action: "DeletePanic"}),
		"panic, writing":   w.signed(request{action: "DeletePanicLate"}),
		"error of ours":    w.signed(request{action: "ListBroken"}),
		"no call at all":   plain("GET", "/"),
		"another path":     plain("GET", "/favicon.ico"),
		"a folder's path":  plain("POST", "//"),
		"dots in the path": plain("GET", "/a/../"),
		"PUT":              plain("PUT", "/"),
		"OPTIONS":          plain("OPTIONS", "/"),
		"DELETE":           plain("DELETE", "/"),
		"too large":        big,
		"not UTF-8":        plain("GET", "/?a=%ff"),
		"twice":            plain("GET", "/?Action=a&Action=b"),
	}
}

// readable says what at least one official client core cannot bear, or takes for something else. What they do was seen by
// running them; the conformance module runs them against this server.
var readable = map[string]func(t *testing.T, a answered, body string){
	"errors are objects with text in Code, Message, RequestId and HostId": func(t *testing.T, a answered, body string) {
		for _, name := range []string{"Code", "Message", "RequestId", "HostId", "Recommend"} {
			if text, ok := a.Members[name].(string); a.status() >= 400 && (!ok || text == "") {
				t.Errorf("%s is %v in %s", name, a.Members[name], body)
			}
		}
	},
	"AccessDeniedDetail is an object on errors, and absent on 200": func(t *testing.T, a answered, body string) {
		detail, sent := a.Members["AccessDeniedDetail"]
		if _, object := detail.(map[string]any); sent && (a.status() == 200 || !object) {
			t.Errorf("%d with %s", a.status(), body)
		}
	},
	"Code is there and text, also on 200": func(t *testing.T, a answered, body string) {
		if a.Code == "" || a.RequestID == "" || a.Message == "" {
			t.Errorf("a member is absent or empty: %s", body)
		}
	},
	"names begin with a capital": func(t *testing.T, a answered, body string) {
		for name := range a.Members {
			if name[0] < 'A' || name[0] > 'Z' {
				t.Errorf("%s in %s", name, body)
			}
		}
	},
	"a wrong signature's Message has a colon": func(t *testing.T, a answered, body string) {
		if a.Code == "SignatureDoesNotMatch" && !strings.Contains(a.Message, ":") {
			t.Errorf("no colon in %s", body)
		}
	},
	"JSON has its content type": func(t *testing.T, a answered, _ string) {
		if got := a.Header().Get("Content-Type"); got != "application/json;charset=utf-8" {
			t.Errorf("Content-Type is %q", got)
		}
	},
	"no answer is empty, HTML or begun by a byte order mark": func(t *testing.T, _ answered, body string) {
		if !strings.HasPrefix(body, "{") || strings.TrimSpace(body) == "{}" {
			t.Errorf("answer is %q", body)
		}
	},
	"success is Code OK, and nothing else is": func(t *testing.T, a answered, body string) {
		if good := a.Members["Success"] == true; good != (a.Code == "OK") {
			t.Errorf("Success and Code disagree: %s", body)
		}
		if a.status() == 200 && a.Members["Success"] == nil {
			t.Errorf("no Success: %s", body)
		}
	},
	"200 is the only status of success, and no member is null": func(t *testing.T, a answered, body string) {
		if a.status() < 400 && a.status() != 200 || strings.Contains(body, "null") {
			t.Errorf("%d %s", a.status(), body)
		}
	},
	"nothing is redirected": func(t *testing.T, a answered, _ string) {
		if a.status()/100 == 3 || a.Header().Get("Location") != "" {
			t.Errorf("redirected with %d", a.status())
		}
	},
}

// TestAnswersThatOfficialClientsCanRead holds every rule against every answer.
func TestAnswersThatOfficialClientsCanRead(t *testing.T) {
	w := newWorld(t)
	for name, r := range everyAnswer(w) {
		a := w.send(r)
		for rule, check := range readable {
			t.Run(name+"/"+rule, func(t *testing.T) { check(t, a, a.Body.String()) })
		}
	}
}

// TestXMLThatOfficialClientsCanRead: they compare the content type letter by letter. Whoever asks for XML gets it, even when
// nothing of the request could be read.
func TestXMLThatOfficialClientsCanRead(t *testing.T) {
	w := newWorld(t)
	for name, r := range everyAnswer(w) {
		if r.URL.Query().Has("Format") {
			continue // the parameter decides, and clients of signature 1.0 always send it
		}
		r.Header.Set("Accept", "text/xml")
		recorder := httptest.NewRecorder()
		w.ServeHTTP(recorder, r)
		if got := recorder.Header().Get("Content-Type"); got != "text/xml;charset=utf-8" {
			t.Errorf("%s: Content-Type is %q", name, got)
		}
		var answer struct {
			RequestID string `xml:"RequestId"`
			Code      string
		}
		if err := xml.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || answer.Code == "" || !upperUUID.MatchString(answer.RequestID) {
			t.Errorf("%s: %v in %s", name, err, recorder.Body)
		}
	}
}

func TestXML(t *testing.T) {
	w := newWorld(t)
	ask := func(q request) string {
		recorder := httptest.NewRecorder()
		w.ServeHTTP(recorder, w.signed(q))
		if got := recorder.Header().Get("Content-Type"); got != "text/xml;charset=utf-8" {
			t.Errorf("%s: Content-Type is %q", q.action, got)
		}
		return strings.ReplaceAll(recorder.Body.String(), recorder.Header().Get("X-Acs-Request-Id"), "ID")
	}
	const declaration = `<?xml version='1.0' encoding='UTF-8'?>`
	cases := []struct{ got, want string }{
		{ask(request{action: "ListThings", query: page + "&Format=xml", scheme: signature.RPCHMACSHA1}),
			declaration + `<ListThingsResponse><Message>OK</Message><RequestId>ID</RequestId><Code>OK</Code><Success>true</Success>` +
				`<Data><Index>1</Index><List><N>0</N><Odd>false</Odd></List><List><N>1</N><Odd>true</Odd></List></Data></ListThingsResponse>`},
		{ask(request{action: "DeleteThing", query: "Format=XML"}),
			declaration + `<Error><RequestId>ID</RequestId><HostId>` + testHost + `</HostId><Code>MissingGroupId</Code>` +
				`<Message>GroupId is mandatory for this action.</Message>` +
				`<Recommend><![CDATA[https://api.aliyun.com/troubleshoot?q=MissingGroupId&product=cams&requestId=ID]]></Recommend></Error>`},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	denied := ask(request{action: "DeleteThing", key: readerKey, query: "Format=XML"})
	if !strings.Contains(denied, "<AccessDeniedDetail><AuthAction>cams:DeleteThing</AuthAction>") {
		t.Errorf("no detail in %s", denied)
	}
}

func TestJSON(t *testing.T) {
	w := newWorld(t)
	ask := func(q request) string {
		a := w.call(q)
		return strings.ReplaceAll(a.Body.String(), a.RequestID, "ID")
	}
	cases := []struct{ got, want string }{
		{ask(request{action: "ListThings", query: page}),
			`{"Message":"OK","RequestId":"ID","Code":"OK","Success":true,"Data":{"Index":"1","List":[{"N":0,"Odd":false},{"N":1,"Odd":true}]}}`},
		{ask(request{action: "DeletePending"}),
			`{"Message":"Wait.","RequestId":"ID","Code":"ChatGroup.OperationPending","Success":false,"Result":0}`},
		{ask(request{action: "ListRefused"}),
			`{"Message":"There is no such group in this channel; take the GroupId from ListChatGroup.","RequestId":"ID","Code":"InvalidParameter.GroupNotExist","Success":false}`},
		{ask(request{action: "DeleteThing"}),
			`{"RequestId":"ID","HostId":"` + testHost + `","Code":"MissingGroupId","Message":"GroupId is mandatory for this action.",` +
				`"Recommend":"https://api.aliyun.com/troubleshoot?q=MissingGroupId&product=cams&requestId=ID"}`},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestHeaders: what every answer has, and what only some have.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for name, r := range everyAnswer(w) {
		a := w.send(r)
		h := a.Header()
		if id := h.Get("X-Acs-Request-Id"); id != a.RequestID || !upperUUID.MatchString(id) || seen[id] {
			t.Errorf("%s: X-Acs-Request-Id is %q, RequestId %q", name, id, a.RequestID)
		}
		seen[a.RequestID] = true
		if !traceID.MatchString(h.Get("X-Acs-Trace-Id")) || h.Get("Access-Control-Allow-Origin") != "*" ||
			h.Get("Content-Length") != strconv.Itoa(a.Body.Len()) {
			t.Errorf("%s: headers are %v", name, h)
		}
		if allow := h.Get("Allow"); (allow == "GET, POST") != (a.status() == 405) {
			t.Errorf("%s: Allow is %q", name, allow)
		}
	}
	for action, want := range map[string]string{"DeleteThing": "42", "DeletePending": "9", "DeletePanicLate": "7", "DeleteRefused": "", "ListSilently": ""} {
		a := w.call(request{action: action, query: "GroupId=1"})
		if got := a.Header().Get("X-Rollcall-Operation-Id"); got != want {
			t.Errorf("%s: X-Rollcall-Operation-Id is %q, want %q", action, got, want)
		}
	}
}

// TestHEAD: an answer to HEAD has no body, but says how long it would have been.
func TestHEAD(t *testing.T) {
	w := newWorld(t)
	a := w.send(httptest.NewRequest("HEAD", "http://x/", nil))
	if length, _ := strconv.Atoi(a.Header().Get("Content-Length")); a.status() != 405 || a.Body.Len() != 0 || length == 0 {
		t.Errorf("%d with %d bytes, Content-Length %d", a.status(), a.Body.Len(), length)
	}
}

// TestStringToSign: old clients cut the Message behind this text and compare the rest with their own; only then do they say
// that the secret is wrong.
func TestStringToSign(t *testing.T) {
	w := newWorld(t)
	const awkward = "GroupId=a%20%2B%22%3A%5C%3C%E7%BE%A4%0Aserver%20string%20to%20sign%20is%3A"
	for scheme, want := range map[signature.Scheme]func(*signature.MismatchError) string{
		signature.RPCHMACSHA1: func(m *signature.MismatchError) string {
			return "Specified signature is not matched with our calculation. server string to sign is:" + m.StringToSign
		},
		signature.ACS3HMACSHA256: func(m *signature.MismatchError) string {
			return "Specified signature does not match our calculation. server StringToSign is [" + m.StringToSign +
				"] server CanonicalRequest is [" + m.CanonicalRequest + "]"
		},
	} {
		r := w.signed(request{action: "DeleteThing", query: awkward, secret: "x", scheme: scheme})
		s := signature.FromHTTP(r, nil)
		claim, err := signature.Parse(&s)
		if err != nil {
			t.Fatal(err)
		}
		var mismatch *signature.MismatchError
		if err := signature.NewKey("y").Verify(&s, &claim); !errors.As(err, &mismatch) {
			t.Fatal(err)
		}
		a := w.send(r)
		w.expect(a, 400, "SignatureDoesNotMatch")
		if a.Message != want(mismatch) {
			t.Errorf("Message is\n%s\nwant\n%s", a.Message, want(mismatch))
		}
	}
}

func TestRecommend(t *testing.T) {
	w := newWorld(t)
	a := w.call(request{action: "Nothing at all&x=<>"})
	u, err := url.Parse(a.Recommend)
	if err != nil || u.Host != "api.aliyun.com" || u.Query().Get("q") != "InvalidAction.NotFound" ||
		u.Query().Get("product") != "cams" || u.Query().Get("requestId") != a.RequestID {
		t.Errorf("Recommend is %q", a.Recommend)
	}
}

// TestPanicShowsNothing: the stack is in the log and nowhere else.
func TestPanicShowsNothing(t *testing.T) {
	w := newWorld(t)
	for _, action := range []string{"DeletePanic", "DeletePanicLate", "ListBroken"} {
		a := w.call(request{action: action})
		w.expect(a, 500, "InternalError")
		for _, leak := range []string{"secret place", "goroutine", ".go:", "fire", "while writing"} {
			if strings.Contains(a.Body.String(), leak) {
				t.Errorf("%s: %q is in %s", action, leak, a.Body)
			}
		}
	}
	for _, want := range []string{"secret place", "goroutine", "on fire", "while writing"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("%q is not in the log", want)
		}
	}
}

// TestStoreGone: without a store there is still an answer.
func TestStoreGone(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call(request{action: "ListSilently"}), 200, "OK")
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextWithTimeout(t, 50*time.Millisecond)
	defer cancel()
	a := w.send(w.signed(request{action: "ListSilently"}).WithContext(ctx))
	w.expect(a, 503, "ServiceUnavailable")
}

// TestHostIsRepeatedSafely: HostId is what the client sent.
func TestHostIsRepeatedSafely(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest("GET", "http://x/", nil)
	r.Host = "a\"b\\\xff</x>\x01"
	a := w.send(r)
	if want := "a\"b\\\ufffd</x>\x01"; a.HostID != want {
		t.Errorf("HostId is %q, want %q", a.HostID, want)
	}
	if !json.Valid(a.Body.Bytes()) {
		t.Errorf("not JSON: %s", a.Body)
	}
}
