package rpc

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/signature"
)

const page = "Page=%7B%22Index%22%3A1%7D"

// TestSchemes: every way of signing, in every place where clients put the parameters.
func TestSchemes(t *testing.T) {
	w := newWorld(t)
	for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.ACS3HMACSM3, signature.RPCHMACSHA1} {
		for _, method := range []string{"GET", "POST"} {
			w.expect(w.call(request{action: "ListThings", query: page, scheme: scheme, method: method}), 200, "OK")
		}
		w.expect(w.call(request{action: "ListThings", body: page, form: true, scheme: scheme}), 200, "OK")
		w.expect(w.call(request{action: "ListThings", body: "Page.Index=1&page.size=2", form: true, scheme: scheme}), 200, "OK")
	}
}

// popPost sends everything in the form body, the signature too, and nothing in the query, as pop-core does.
func (w *world) popPost(q request) *http.Request {
	q.scheme = signature.RPCHMACSHA1
	all := w.signed(q).URL.RawQuery
	r := httptest.NewRequest("POST", "http://"+testHost+"/", strings.NewReader(all))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Acs-Action", "SomethingElse") // not covered by this signature: must not count
	r.ContentLength = -1                          // chunked
	return r
}

func TestEverythingInTheForm(t *testing.T) {
	w := newWorld(t)
	w.expect(w.send(w.popPost(request{action: "ListThings", query: page})), 200, "OK")
	w.expect(w.send(w.popPost(request{action: "ListThings", query: page, secret: "wrong"})), 400, "SignatureDoesNotMatch")
}

// TestOrderOfChecks removes one fault after the other from a call that has them all; each time the next is told.
func TestOrderOfChecks(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.CallsPerSecond = 1 })
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1"}), 200, "OK") // uses up the one call of this second
	used := w.signed(request{action: "DeleteRefused", nonce: "used"})
	w.expect(w.send(used), 200, "ChatGroup.Suspended")

	faulty := request{method: "PUT", path: "/x", action: "Nothing", version: "1999-01-01", key: "LTAI5tNobody", secret: "wrong",
		token: "t", nonce: "used", skew: time.Hour, query: "Format=YAML"}
	steps := []struct {
		status int
		code   string
		repair func(q *request)
	}{
		{404, "InvalidAction.NotFound", func(q *request) { q.path = "/" }},
		{405, "UnsupportedHTTPMethod", func(q *request) { q.method = "POST" }},
		{400, "InvalidVersion", func(q *request) { q.version = testVersion }},
		{404, "InvalidAction.NotFound", func(q *request) { q.action = "DeleteThing" }},
		{400, "InvalidParameter.Format", func(q *request) { q.query = "" }},
		{400, "InvalidTimeStamp.Expired", func(q *request) { q.skew = 0 }},
		{404, "InvalidAccessKeyId.NotFound", func(q *request) { q.key = inactiveKey }},
		{400, "InvalidAccessKeyId.Inactive", func(q *request) { q.key = readerKey }},
		{400, "InvalidSecurityToken.MismatchWithAccessKey", func(q *request) { q.token = "" }},
		{400, "SignatureDoesNotMatch", func(q *request) { q.secret = "" }},
		{403, "Forbidden.RAM", func(q *request) { q.key = strangerKey }},
		{200, "Authentication.NoAuth", func(q *request) { q.key = rootKey; q.nonce = "used" }},
		{400, "SignatureNonceUsed", func(q *request) { q.nonce = "" }},
		{400, "Throttling.User", func(*request) { w.clock.add(time.Second) }},
		{400, "MissingGroupId", func(q *request) { q.query = "GroupId=1"; w.clock.add(time.Second) }},
		{200, "OK", func(*request) {}},
	}
	for _, step := range steps {
		w.expect(w.call(faulty), step.status, step.code)
		step.repair(&faulty)
	}
}

// TestCommonParameters: what a call lacks is told before anything is looked up.
func TestCommonParameters(t *testing.T) {
	w := newWorld(t)
	drop := func(names ...string) func(*http.Request) {
		return func(r *http.Request) {
			q := r.URL.Query()
			for _, name := range names {
				r.Header.Del(name)
				q.Del(name)
			}
			r.URL.RawQuery = q.Encode()
		}
	}
	const v3, v1 = signature.ACS3HMACSHA256, signature.RPCHMACSHA1
	cases := []struct {
		scheme signature.Scheme
		raw    func(*http.Request)
		code   string
	}{
		{v1, drop("Action"), "MissingAction"},
		{v1, drop("Version"), "MissingVersion"},
		{v1, drop("AccessKeyId"), "MissingAccessKeyId"},
		{v1, drop("Signature"), "MissingSignature"},
		{v1, drop("SignatureMethod"), "MissingSignatureMethod"},
		{v1, drop("SignatureVersion"), "MissingSignatureVersion"},
		{v1, drop("SignatureNonce"), "MissingSignatureNonce"},
		{v1, drop("Timestamp"), "MissingTimestamp"},
		{v3, drop("X-Acs-Action"), "MissingAction"},
		{v3, drop("X-Acs-Version"), "MissingVersion"},
		{v3, drop("X-Acs-Date"), "MissingTimestamp"},
		{v3, drop("X-Acs-Signature-Nonce"), "MissingSignatureNonce"},
		{v3, drop("X-Acs-Content-Sha256"), "MissingContentSha256"},
		{v3, drop("Authorization"), "MissingAccessKeyId"},
		{v3, drop("Authorization", "X-Acs-Action"), "MissingAction"},
	}
	for _, c := range cases {
		a := w.call(request{action: "DeleteThing", query: "GroupId=1", scheme: c.scheme, raw: c.raw})
		w.expect(a, 400, c.code)
		if want := strings.TrimPrefix(c.code, "Missing") + " is mandatory for this action."; a.Message != want {
			t.Errorf("%s: Message is %q, want %q", c.code, a.Message, want)
		}
	}
	w.expect(w.send(httptest.NewRequest("GET", "http://x/", nil)), 400, "MissingAction")
}

// TestSpoiltCredentials: whatever is wrong with a signature's data has a code of its own.
func TestSpoiltCredentials(t *testing.T) {
	w := newWorld(t)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			if strings.HasPrefix(name, "X-") || name == "Authorization" {
				r.Header.Set(name, value)
				return
			}
			q := r.URL.Query()
			q.Set(name, value)
			r.URL.RawQuery = q.Encode()
		}
	}
	const v3, v1 = signature.ACS3HMACSHA256, signature.RPCHMACSHA1
	cases := []struct {
		scheme signature.Scheme
		raw    func(*http.Request)
		status int
		code   string
	}{
		{v1, set("SignatureMethod", "HMAC-MD5"), 400, "InvalidSignatureMethod"},
		{v1, set("SignatureVersion", "2.0"), 400, "InvalidSignatureVersion"},
		{v1, set("SignatureType", "BEARERTOKEN"), 400, "InvalidSignatureMethod"},
		{v1, set("Timestamp", "yesterday"), 400, "InvalidTimeStamp.Format"},
		{v1, set("GroupId", "2"), 400, "SignatureDoesNotMatch"},
		{v3, set("Authorization", "ACS4-HMAC-SHA256 Credential=x"), 400, "InvalidSignatureMethod"},
		{v3, set("Authorization", "ACS3-HMAC-SHA256 nonsense"), 400, "IncompleteSignature"},
		{v3, set("X-Acs-Date", "2026-01-02 03:04:05"), 400, "InvalidTimeStamp.Format"},
		{v3, set("X-Acs-Content-Sha256", strings.Repeat("0", 64)), 400, "SignatureDoesNotMatch"},
		{v3, set("X-Acs-Unsigned", "1"), 400, "IncompleteSignature"},
		{v3, func(r *http.Request) { r.Header.Add("X-Acs-Action", "DeleteThing") }, 400, "InvalidParameter"},
		{v3, func(r *http.Request) { r.Host = "proxy.example.com" }, 400, "SignatureDoesNotMatch"},
		{v3, func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Header.Set("X-Acs-Bearer-Token", "t")
		}, 400, "InvalidSignatureMethod"},
	}
	for _, c := range cases {
		w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1", scheme: c.scheme, raw: c.raw}), c.status, c.code)
	}
	if n := len(w.operations(testAccount)); n != 0 {
		t.Errorf("%d operations were recorded for calls that nobody is known to have made", n)
	}
}

func TestSecurityTokens(t *testing.T) {
	w := newWorld(t)
	for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.RPCHMACSHA1} {
		q := request{action: "ListSilently", key: "STS.NUxxxxxxxxxxxxxxxxxx", scheme: scheme}
		a := w.call(q)
		w.expect(a, 400, "MissingSecurityToken")
		if a.Message != "SecurityToken is mandatory for this action." {
			t.Errorf("Message is %q", a.Message)
		}
		q.token = "CAIS-made-up"
		w.expect(w.call(q), 400, "InvalidSecurityToken.Malformed")
		w.expect(w.call(request{action: "ListSilently", token: "CAIS", scheme: scheme}), 400, "InvalidSecurityToken.MismatchWithAccessKey")
	}
}

// TestClockSkew: fifteen minutes either way, and not a second more.
func TestClockSkew(t *testing.T) {
	w := newWorld(t)
	for skew, code := range map[time.Duration]string{
		0: "OK", 15 * time.Minute: "OK", -15 * time.Minute: "OK",
		15*time.Minute + time.Second:  "InvalidTimeStamp.Expired",
		-15*time.Minute - time.Second: "InvalidTimeStamp.Expired",
		24 * 365 * time.Hour:          "InvalidTimeStamp.Expired",
	} {
		for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.RPCHMACSHA1} {
			if a := w.call(request{action: "ListSilently", skew: skew, scheme: scheme}); a.Code != code {
				t.Errorf("%s, skew %s: %s, want %s", scheme, skew, a.Code, code)
			}
		}
	}
}

// TestHeaderDecidesInVersion3: only the header is signed as the action there; a parameter of that name is one like others.
func TestHeaderDecidesInVersion3(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call(request{action: "ListSilently", query: "Action=DeleteThing&Version=1999-01-01", key: readerKey}), 200, "OK")
}

// TestParametersDecideInVersion1: headers are not signed there.
func TestParametersDecideInVersion1(t *testing.T) {
	w := newWorld(t)
	q := request{action: "ListSilently", scheme: signature.RPCHMACSHA1, key: readerKey, raw: func(r *http.Request) {
		r.Header.Set("X-Acs-Action", "DeleteThing")
		r.Header.Set("X-Acs-Version", "1999-01-01")
	}}
	w.expect(w.call(q), 200, "OK")
	q.action, q.raw = "", func(r *http.Request) { r.Header.Set("X-Acs-Action", "ListSilently") }
	w.expect(w.call(q), 400, "MissingAction")
}

// TestRequired: a mandatory parameter must be there and not empty; an object or list may be there in parts.
func TestRequired(t *testing.T) {
	w := newWorld(t)
	for query, code := range map[string]string{
		"": "MissingPage", "Page=": "MissingPage", "Pages=1": "MissingPage", "Pag.e=1": "MissingPage",
		page: "OK", "Page.Index=1": "OK", "page=%7B%7D": "OK", "Page=1": "InvalidParameter.PageInvalid",
	} {
		if a := w.call(request{action: "ListThings", query: query}); a.Code != code {
			t.Errorf("%q: %s, want %s", query, a.Code, code)
		}
	}
}
