package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var creds = Credentials{PhoneNumberID: "106540352242922", AccountID: "W", Token: "EAAtopsecret"}

// request is what a server saw of a call.
type request struct {
	Line        string // method, path and query
	Body        string
	Auth        string
	ContentType string
}

// answering returns a client whose server gives one answer to everything, and a channel with what it saw.
func answering(t *testing.T, status int, body string) (*Client, <-chan request) {
	t.Helper()
	seen := make(chan request, 16)
	return client(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen <- request{r.Method + " " + r.URL.RequestURI(), string(got), r.Header.Get("Authorization"), r.Header.Get("Content-Type")}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}), seen
}

func client(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(Config{BaseURL: server.URL, Version: "v25.0", Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantRequest also checks what every call must carry.
func wantRequest(t *testing.T, seen <-chan request, line, body string) {
	t.Helper()
	got := <-seen
	want := request{Line: line, Body: body, Auth: "Bearer EAAtopsecret"}
	if body != "" {
		want.ContentType = "application/json"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func wantError(t *testing.T, err error, class Class, code int) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *Error", err)
	}
	if e.Class() != class || e.Code != code {
		t.Fatalf("error is %v: %v with code %d, want %v with code %d", e, e.Class(), e.Code, class, code)
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", err, e), creds.Token) {
		t.Fatalf("error shows the token: %#v", e)
	}
	return e
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, config := range []Config{
		{BaseURL: "graph.facebook.com"}, {BaseURL: "ftp://graph.facebook.com"}, {BaseURL: "https://"}, {BaseURL: "https://u:p@h"},
		{BaseURL: "https://h?x=y"}, {BaseURL: "://"}, {Version: "25.0"}, {Version: "v25"}, {Version: "v25.0/../x"},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("New(%+v) accepts it", config)
		}
	}
	c, err := New(Config{})
	if err != nil || c.root.String() != "https://graph.facebook.com/v25.0" {
		t.Errorf("zero config gives %v, %v", c, err)
	}
}

// The address of a call is what its text, escaped and parsed, would give.
func TestAddressProperty(t *testing.T) {
	t.Parallel()
	var clients []*Client
	for _, base := range []string{"https://graph.test", "http://[::1]:80/", "http://h:/a%2Fb//c/.."} {
		c, err := New(Config{BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(clients).Draw(t, "client")
		k := call{id: rapid.OneOf(rapid.StringN(1, 20, -1), rapid.StringMatching(`[A-Za-z0-9]{1,60}`)).Draw(t, "id"),
			edge: rapid.SampledFrom([]string{"", "participants"}).Draw(t, "edge")}
		text := c.root.String() + "/" + url.PathEscape(k.id)
		if k.edge != "" {
			text += "/" + k.edge
		}
		if rapid.Bool().Draw(t, "query") {
			k.query = url.Values{"after": {"x&y"}}
			text += "?" + k.query.Encode()
		}
		want, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := c.address(k)
		if got.String() != want.String() || got.RequestURI() != want.RequestURI() || got.Path != want.Path || got.Host != want.Host {
			t.Fatalf("address %#v, want %#v", got, want)
		}
	})
}

// An answer is plain only where judging it in full finds nothing to object and nothing to add.
func TestPlainAnswers(t *testing.T) {
	t.Parallel()
	for body, plain := range map[string]bool{
		`{"messaging_product":"whatsapp","request_id":"R"}`: true, `{ "request_id" : "R" , "x":[{"error":1}]}`: true, `{}`: true,
		`{"request_id":"R","success":true}`: false, `{"request_id":7}`: false, `{"request_id":"R","request_id":"S"}`: false,
		`{"request_id":"R","error":{}}`: false, `{"request_id":"R","Error":{"code":1}}`: false, `{"errors":[]}`: false,
		`{"failed_participants":[{"input":"1"}]}`: false, `{"request_id":"R"`: false, `{"request_id":"R"}x`: false, `[]`: false, ``: false,
	} {
		for _, status := range []int{200, 206, 302, 400, 500} {
			a := answer{status: status, body: []byte(body)}
			if a.readPlain(); a.plain != (plain && status == 200) {
				t.Errorf("status %d, %s: plain is %v", status, body, a.plain)
			}
			if a.plain {
				if failure := judge(&http.Response{StatusCode: status}, a.body, false); failure != nil {
					t.Errorf("%s: %v", body, failure)
				}
				if r := readRemoval(a); r.RequestID != a.requestID || r.Partial || len(r.Removed)+len(r.Errors) > 0 {
					t.Errorf("%s: %+v", body, r)
				}
			}
		}
	}
}

func TestCredentialsHideToken(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, creds); strings.Contains(s, creds.Token) {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	if s := creds.LogValue().String(); strings.Contains(s, creds.Token) {
		t.Errorf("slog prints %s", s)
	}
}

func TestBadArgumentsAreNotSent(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{}`)
	_, err := c.Group(t.Context(), Credentials{PhoneNumberID: "1"}, "G")
	wantError(t, err, Auth, CodeTokenMissing)
	for _, id := range []string{"", ".", "..", strings.Repeat("x", 256)} {
		_, err := c.Group(t.Context(), creds, id)
		wantError(t, err, Permanent, CodeInvalidParameter)
	}
	_, err = c.UpdateGroup(t.Context(), creds, "G", GroupUpdate{})
	wantError(t, err, Permanent, CodeInvalidParameter)
	for _, people := range [][]string{nil, {""}, {"1", ""}, strings.Split("123456789", "")} {
		_, err := c.RemoveParticipants(t.Context(), creds, "G", people)
		wantError(t, err, Permanent, CodeInvalidParameter)
	}
	for _, limit := range []int{-1, 1025} {
		_, err := c.ListGroups(t.Context(), creds, limit, "")
		wantError(t, err, Permanent, CodeInvalidParameter)
	}
	if len(seen) != 0 {
		t.Errorf("sent %+v", <-seen)
	}
}

func TestIDsAreEscaped(t *testing.T) {
	t.Parallel()
	c, seen := answering(t, 200, `{"id":"x"}`)
	if _, err := c.Group(t.Context(), creds, "a/../b?c=d#e", "subject"); err != nil {
		t.Fatal(err)
	}
	wantRequest(t, seen, "GET /v25.0/a%2F..%2Fb%3Fc=d%23e?fields=subject", "")
}

// everyCall runs each method of the client once.
var everyCall = map[string]func(context.Context, *Client) error{
	"CreateGroup": func(ctx context.Context, c *Client) error {
		_, err := c.CreateGroup(ctx, creds, NewGroup{Subject: "S"})
		return err
	},
	"ListGroups": func(ctx context.Context, c *Client) error {
		_, err := c.ListGroups(ctx, creds, 0, "")
		return err
	},
	"Group": func(ctx context.Context, c *Client) error {
		_, err := c.Group(ctx, creds, "G")
		return err
	},
	"UpdateGroup": func(ctx context.Context, c *Client) error {
		_, err := c.UpdateGroup(ctx, creds, "G", GroupUpdate{Subject: new("S")})
		return err
	},
	"UploadPicture": func(ctx context.Context, c *Client) error {
		_, err := c.UploadPicture(ctx, creds, "G", []byte("jpeg"), GroupUpdate{})
		return err
	},
	"DeleteGroup": func(ctx context.Context, c *Client) error {
		_, err := c.DeleteGroup(ctx, creds, "G")
		return err
	},
	"InviteLink": func(ctx context.Context, c *Client) error {
		_, err := c.InviteLink(ctx, creds, "G")
		return err
	},
	"ResetInviteLink": func(ctx context.Context, c *Client) error {
		_, err := c.ResetInviteLink(ctx, creds, "G")
		return err
	},
	"DeleteInviteLink": func(ctx context.Context, c *Client) error { return c.DeleteInviteLink(ctx, creds, "G") },
	"RemoveParticipants": func(ctx context.Context, c *Client) error {
		_, err := c.RemoveParticipants(ctx, creds, "G", []string{"+17865347866"})
		return err
	},
	"SendText": func(ctx context.Context, c *Client) error {
		_, err := c.Send(ctx, creds, Outgoing{Group: true, To: "G", Body: TextBody{Body: "hello"}})
		return err
	},
	"SubscribeApp": func(ctx context.Context, c *Client) error { return c.SubscribeApp(ctx, creds, "W") },
	"PhoneNumber": func(ctx context.Context, c *Client) error {
		_, err := c.PhoneNumber(ctx, creds)
		return err
	},
	"PhoneNumbers": func(ctx context.Context, c *Client) error {
		_, err := c.PhoneNumbers(ctx, creds)
		return err
	},
	"BusinessAccount": func(ctx context.Context, c *Client) error {
		_, err := c.BusinessAccount(ctx, creds)
		return err
	},
	"SubscribedApps": func(ctx context.Context, c *Client) error {
		_, err := c.SubscribedApps(ctx, creds)
		return err
	},
	"InspectToken": func(ctx context.Context, c *Client) error {
		_, err := c.InspectToken(ctx, creds)
		return err
	},
	"Subscriptions": func(ctx context.Context, c *Client) error {
		_, err := c.Subscriptions(ctx, creds, "A")
		return err
	},
}

// mayBeEmpty are the calls for which Meta documents no content of the answer.
var mayBeEmpty = map[string]bool{
	"UpdateGroup": true, "UploadPicture": true, "DeleteGroup": true, "DeleteInviteLink": true, "RemoveParticipants": true,
}

func TestEveryCallMeetsBadAnswers(t *testing.T) {
	t.Parallel()
	answers := map[string]struct {
		status int
		body   string
		class  Class
		code   int
	}{
		"truncated":           {200, `{"messaging_product":"whatsapp","request_id":"AB`, Temporary, 0},
		"HTML":                {200, "<html><body>captive portal</body></html>", Temporary, 0},
		"HTML 502":            {502, "<html><body>bad gateway</body></html>", Temporary, 0},
		"HTML 404":            {404, "<html><body>not here</body></html>", Temporary, 0},
		"array":               {200, `[1,2,3]`, Temporary, 0},
		"null":                {200, `null`, Temporary, 0},
		"empty 500":           {500, "", Temporary, 0},
		"empty 429":           {429, "", Throttled, 0},
		"success false":       {200, `{"success":false}`, Permanent, 0},
		"success \"false\"":   {200, `{"success":"false"}`, Permanent, 0},
		"too long":            {200, `{"x":"` + strings.Repeat("x", maxAnswer) + `"}`, Temporary, 0},
		"redirect":            {302, "", Temporary, 0},
		"error with 200":      {200, `{"error":{"message":"(#131207) Group suspended","code":131207}}`, Permanent, 131207},
		"131208 with 429":     {429, `{"error":{"message":"(#131208) Group Rate Limit Hit","code":131208}}`, Throttled, 131208},
		"131208 with 400":     {400, `{"error":{"message":"(#131208) Group Rate Limit Hit","code":"131208"}}`, Throttled, 131208},
		"130429 with 400":     {400, `{"error":{"message":"(#130429) Rate limit hit","code":130429}}`, Throttled, 130429},
		"expired token":       {401, `{"error":{"message":"Malformed access token EAAtopsecret","code":190,"error_subcode":463}}`, Auth, 190},
		"token in details":    {400, `{"error":{"code":100,"message":"x EAAtopsecret","error_data":{"details":"EAAtopsecret"}}}`, Permanent, 100},
		"not eligible as 10":  {403, `{"error":{"message":"(#10) no","code":10}}`, Auth, 10},
		"200 family":          {403, `{"error":{"code":294}}`, Auth, 294},
		"group unknown":       {400, `{"error":{"message":"(#131041) Group does not exist","code":131041}}`, Permanent, 131041},
		"131000 with 500":     {500, `{"error":{"message":"(#131000) Something went wrong","code":131000}}`, Temporary, 131000},
		"new code, transient": {400, `{"error":{"code":999999,"is_transient":"true"}}`, Temporary, 999999},
		"new code":            {400, `{"error":{"code":999999}}`, Permanent, 999999},
		"errors array":        {400, `{"errors":[{"code":131212,"title":"t"}]}`, Permanent, 131212},
	}
	for callName, do := range everyCall {
		for name, answer := range answers {
			t.Run(callName+"/"+name, func(t *testing.T) {
				t.Parallel()
				c, seen := answering(t, answer.status, answer.body)
				wantError(t, do(t.Context(), c), answer.class, answer.code)
				want := 1
				if callName == "PhoneNumber" && answer.code == CodeInvalidParameter {
					want = 2 // the second time without the fields that some versions do not know
				}
				if n := len(seen); n != want {
					t.Errorf("sent %d requests, want %d", n, want)
				}
			})
		}
	}
}

func TestEveryCallMeetsEmptyAnswer(t *testing.T) {
	t.Parallel()
	for name, do := range everyCall {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := answering(t, 200, "")
			err := do(t.Context(), c)
			if mayBeEmpty[name] {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if e := wantError(t, err, Temporary, 0); !e.OutcomeUnknown() {
				t.Error("the outcome counts as known")
			}
		})
	}
}

func TestEveryCallMeetsBrokenConnection(t *testing.T) {
	t.Parallel()
	for name, do := range everyCall {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := client(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			if e := wantError(t, do(t.Context(), before), Temporary, 0); !e.OutcomeUnknown() {
				t.Error("closed before the answer: the outcome counts as known")
			}
			within := client(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, `{"request_id":"A"`)
			})
			if e := wantError(t, do(t.Context(), within), Temporary, 0); !e.OutcomeUnknown() || !errors.Is(e, io.ErrUnexpectedEOF) {
				t.Errorf("closed within the answer: %#v", e)
			}
		})
	}
}

func TestNoConnectionMeansNotDone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	c, err := New(Config{BaseURL: "http://" + address})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateGroup(t.Context(), creds, NewGroup{Subject: "S"})
	if e := wantError(t, err, Temporary, 0); e.OutcomeUnknown() {
		t.Error("nothing was sent, yet the outcome counts as unknown")
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c := client(t, func(_ http.ResponseWriter, r *http.Request) { <-release })
	t.Cleanup(func() { close(release) }) // runs before the server closes
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := c.Group(ctx, creds, "G")
	if e := wantError(t, err, Temporary, 0); !errors.Is(e, context.DeadlineExceeded) || !e.OutcomeUnknown() {
		t.Errorf("error is %#v", e)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const usage = "X-Business-Use-Case-Usage"
	for _, c := range []struct {
		header, value string
		want          time.Duration
	}{
		{usage, `{"1":[{"type":"x","call_count":100,"estimated_time_to_regain_access":19}]}`, 19 * time.Minute},
		{usage, `{"1":[{"estimated_time_to_regain_access":"3"},{"estimated_time_to_regain_access":7}],"2":[{}]}`, 7 * time.Minute},
		{usage, `{"1":[{"estimated_time_to_regain_access":-5}]}`, 0},
		{usage, `{"1":[{"estimated_time_to_regain_access":9223372036854775807}]}`, 24 * time.Hour},
		{usage, `{"1":"odd"}`, 0},
		{usage, `{"1":[{"type":"ads_management","estimated_time_to_regain_access":9},{"type":"leadgen"}]}`, 0}, // not ours
		{usage, `no JSON`, 0},
		{"Retry-After", "30", 30 * time.Second},
		{"Retry-After", "-1", 0},
		{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT", 0},
	} {
		if got := retryAfter(http.Header{c.header: {c.value}}); got != c.want {
			t.Errorf("%s: %s gives %v, want %v", c.header, c.value, got, c.want)
		}
	}
	throttled := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(usage, `{"1":[{"estimated_time_to_regain_access":2}]}`)
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":{"code":131208,"message":"(#131208) Group Rate Limit Hit"}}`)
	})
	_, err := throttled.DeleteGroup(t.Context(), creds, "G")
	if e := wantError(t, err, Throttled, CodeGroupRateLimit); e.RetryAfter != 2*time.Minute {
		t.Errorf("wait is %v", e.RetryAfter)
	}
}
