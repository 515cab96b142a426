package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// attack is one way to get in: with an odd key or time, or by changing what was signed.
type attack struct {
	name  string
	as    func(*request)
	spoil func(*signature.Request)
	codes []string // one of which is the answer
}

// TestP6NobodyGetsIn tries each attack on each wish, by each way of signing; and at the end the same wishes with nothing wrong.
func TestP6NobodyGetsIn(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	for _, a := range append(f.badClaims(), f.forgeries()...) {
		for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.ACS3HMACSM3, signature.RPCHMACSHA1} {
			for _, r := range f.wishes() {
				r.scheme = scheme
				f.try(a, r)
			}
		}
		f.unchanged(a.name)
	}
	for _, r := range f.wishes() {
		r.key = f.mighty
		if a := f.sent(f.sign(r)); !a.ok() {
			t.Errorf("%s, with nothing wrong: %s", r.action, a.Body)
		}
	}
	f.arrived(hiddenPhone, f.g, "from a stranger") // behind whatever an attack might have put into the lane
	if got := f.inbox(hiddenPhone, f.g); len(got) != 1 {
		t.Errorf("inbox %v, want the one message that was allowed", got)
	}
	if diff := cmp.Diff([]string{hiddenPhone}, f.truth(f.g)); diff != "" {
		t.Errorf("on the network (-want +got):\n%s", diff)
	}
}

// try tries one attack on one wish.
func (f *fortress) try(a attack, r request) {
	f.t.Helper()
	if a.as != nil {
		a.as(&r)
	}
	signed := f.sign(r)
	if a.spoil != nil {
		a.spoil(signed)
	}
	f.refused(fmt.Sprintf("%s, %v, %s", a.name, r.scheme, r.action), f.sent(signed), a.codes...)
}

// badClaims are requests of those who may not, or not now.
func (f *fortress) badClaims() []attack {
	key := func(k app.Credentials) func(*request) { return func(r *request) { r.key = k } }
	secret := func(change func(string) string) func(*request) {
		return func(r *request) { r.key = f.owner(); r.key.AccessKeySecret = change(r.key.AccessKeySecret) }
	}
	mismatch := []string{"SignatureDoesNotMatch"}
	aged := func(d time.Duration) func(*request) { return func(r *request) { r.age = d } }
	return []attack{
		{name: "the secret of another", as: secret(func(string) string { return f.stranger.AccessKeySecret }), codes: mismatch},
		{name: "the secret but for its end", as: secret(func(s string) string { return s[:len(s)-1] }), codes: mismatch},
		{name: "an empty secret", as: secret(func(string) string { return "" }), codes: mismatch},
		{name: "an unknown key", as: key(app.Credentials{AccessKeyID: "LTAI5tNobodyHasThisKey", AccessKeySecret: "secret"}),
			codes: []string{"InvalidAccessKeyId.NotFound"}},
		{name: "an inactive key", as: key(f.inactive), codes: []string{"InvalidAccessKeyId.Inactive"}},
		{name: "a user without a policy", as: key(f.weak), codes: []string{"Forbidden.RAM"}},
		{name: "an account that is not on the allowlist", as: key(f.noBeta), // a message is asked first whose the channel is
			codes: []string{"Authentication.NoAuth", "Unknown.ResourceOwnerId"}},
		{name: "another account's key", as: key(f.stranger), codes: []string{"Unknown.ResourceOwnerId"}},
		{name: "a date of sixteen minutes ago", as: aged(16 * time.Minute), codes: []string{"InvalidTimeStamp.Expired"}},
		{name: "a date in sixteen minutes", as: aged(-16 * time.Minute), codes: []string{"InvalidTimeStamp.Expired"}},
		{name: "a date of last year", as: aged(366 * 24 * time.Hour), codes: []string{"InvalidTimeStamp.Expired"}},
		{name: "a token that nobody gave", as: func(r *request) { r.key = f.owner(); r.key.SecurityToken = "CAIS" },
			codes: []string{"InvalidSecurityToken.MismatchWithAccessKey"}},
	}
}

// forgeries are the owner's requests, changed on the way.
func (f *fortress) forgeries() []attack {
	mismatch := []string{"SignatureDoesNotMatch"}
	return []attack{
		{name: "no signature", spoil: unsign, codes: []string{"MissingAccessKeyId", "MissingSignature"}},
		{name: "a parameter more", spoil: func(r *signature.Request) { r.RawQuery += "&ClientToken=x" }, codes: mismatch},
		{name: "another group", spoil: func(r *signature.Request) { set(r, "GroupId", f.foreignGroup.ID) }, codes: mismatch},
		{name: "another person", spoil: func(r *signature.Request) { set(r, "List", `[{"ParticipantNumber":"`+carla+`"}]`) }, codes: mismatch},
		{name: "another action", spoil: swap("X-Acs-Action", "Action", "DeleteChatGroup"), codes: mismatch},
		{name: "another nonce", spoil: swap("X-Acs-Signature-Nonce", "SignatureNonce", "another"), codes: mismatch},
		{name: "another date", spoil: swap("X-Acs-Date", "Timestamp", time.Now().Add(time.Minute).UTC().Format(time.RFC3339)), codes: mismatch},
		{name: "another key's name", spoil: func(r *signature.Request) {
			for i, text := range r.Header["Authorization"] {
				r.Header["Authorization"][i] = strings.ReplaceAll(text, f.ready.AccessKeyID, f.mighty.AccessKeyID)
			}
			r.RawQuery = strings.ReplaceAll(r.RawQuery, f.ready.AccessKeyID, f.mighty.AccessKeyID)
		}, codes: mismatch},
		{name: "another method", spoil: func(r *signature.Request) { r.Method = http.MethodGet }, codes: mismatch},
		{name: "a method that is not served", spoil: func(r *signature.Request) { r.Method = http.MethodPut },
			codes: []string{"UnsupportedHTTPMethod"}},
		{name: "another path", spoil: func(r *signature.Request) { r.Path = "/v1" }, codes: []string{"InvalidAction.NotFound"}},
		{name: "a body behind it", spoil: func(r *signature.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = []byte("Extra=1")
		}, codes: []string{"SignatureDoesNotMatch", "IncompleteSignature"}},
	}
}

// swap puts another value where the way of signing has it: in a header, or in the query.
func swap(header, parameter, value string) func(*signature.Request) {
	return func(r *signature.Request) {
		if r.Header.Get("Authorization") == "" {
			set(r, parameter, value)
			return
		}
		r.Header.Set(header, value)
	}
}

// set changes a parameter of the query and leaves the signature as it was.
func set(r *signature.Request, name, value string) {
	query, _ := url.ParseQuery(r.RawQuery)
	query.Set(name, value)
	r.RawQuery = query.Encode()
}

func unsign(r *signature.Request) {
	r.Header.Del("Authorization")
	query, _ := url.ParseQuery(r.RawQuery)
	query.Del("Signature")
	r.RawQuery = query.Encode()
}

// TestP6EveryCharacterOfTheSignatureCounts changes one character of a signature at a time.
func TestP6EveryCharacterOfTheSignatureCounts(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	wish := f.wishes()[0]
	signed := f.sign(wish)
	authorization := signed.Header.Get("Authorization")
	start := strings.Index(authorization, "Signature=") + len("Signature=")
	for at := start; at < len(authorization); at++ {
		other := byte('0')
		if authorization[at] == other {
			other = '1'
		}
		signed.Header.Set("Authorization", authorization[:at]+string(other)+authorization[at+1:])
		f.refused(fmt.Sprint("another character ", at-start), f.sent(signed), "SignatureDoesNotMatch")
		signed.Header.Set("Authorization", authorization[:at])
		f.refused(fmt.Sprint("cut at ", at-start), f.sent(signed), "SignatureDoesNotMatch", "IncompleteSignature", "MissingSignature")
	}
	signed.Header.Set("Authorization", authorization+"0")
	f.refused("a character more", f.sent(signed), "SignatureDoesNotMatch")
	f.unchanged("guessing")
	signed.Header.Set("Authorization", authorization)
	if a := f.sent(signed); !a.ok() { // none of the forgeries has used its nonce up
		t.Errorf("the true one, after all that: %s", a.Body)
	}
	f.refused("the true one again", f.sent(signed), "SignatureNonceUsed")
}

// TestP6AddressAndBodyAreSigned: a recorded request is good for one host alone, and with its own body alone.
func TestP6AddressAndBodyAreSigned(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	for _, r := range f.wishes() {
		signed := f.sign(r)
		signed.Host = "rollcall.example.com"
		f.refused("another host, "+r.action, f.sent(signed), "SignatureDoesNotMatch")
		r.form = true
		signed = f.sign(r)
		signed.Body = bytes.ReplaceAll(signed.Body, []byte(f.g.ID), []byte(f.foreignGroup.ID))
		signed.Body = append(signed.Body, "&Extra=1"...)
		f.refused("another body, "+r.action, f.sent(signed), "SignatureDoesNotMatch")
		signed.Body = nil
		f.refused("no body, "+r.action, f.sent(signed), "SignatureDoesNotMatch")
	}
	f.unchanged("all that")
}

// TestP6ReadersReadAndChangeNothing: the read-only user sees, and every change is forbidden.
func TestP6ReadersReadAndChangeNothing(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	reader := app.Credentials{AccessKeyID: f.ready.ReadonlyAccessKeyID, AccessKeySecret: f.ready.ReadonlyAccessKeySecret}
	for _, r := range append(f.wishes(), request{action: "AddChatGroup", values: url.Values{"Subject": {"x"}}},
		request{action: "UpdateChatGroup", values: url.Values{"GroupId": {f.g.ID}, "Subject": {"x"}}},
		request{action: "DeleteChatGroup", values: url.Values{"GroupId": {f.g.ID}}},
		request{action: "AddChatGroupInviteLink", values: url.Values{"GroupId": {f.g.ID}}},
		request{action: "DeleteChatGroupInviteLink", values: url.Values{"GroupId": {f.g.ID}}}) {
		r.key = reader
		a := f.sent(f.sign(r))
		if reads := strings.HasPrefix(r.action, "List"); reads {
			if !a.ok() {
				t.Errorf("%s: %s", r.action, a.Body)
			}
			continue
		}
		f.refused(r.action, a, "Forbidden.RAM")
	}
	f.unchanged("the reader")
}

// TestP6AccountsAreApart: another account names what is not its own, in every mixture.
func TestP6AccountsAreApart(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	ours := f.mustCall("AddChatGroupInviteLink", "GroupId", f.g.ID).OperationID
	for _, space := range []string{f.ready.CustSpaceID, f.foreign.CustSpaceID} {
		for _, number := range []string{f.ready.BusinessNumber, f.foreign.BusinessNumber} {
			for _, r := range f.wishes() {
				r.key = f.stranger
				r.values.Set("CustSpaceId", space)
				r.values.Set("BusinessNumber", number)
				if r.values.Has("From") {
					r.values.Set("From", number)
				}
				a := f.sent(f.sign(r))
				if r.action == "ListChatGroup" && a.ok() && space == f.foreign.CustSpaceID && number == f.foreign.BusinessNumber {
					continue // their own groups
				}
				f.refused(fmt.Sprintf("%s of %s in %s", r.action, number, space), a, "Unknown.ResourceOwnerId", "InvalidParameter.GroupNotExist")
			}
		}
	}
	read := request{action: "GetChatGroupOperation", values: url.Values{"OperationId": {ours}}, key: f.stranger}
	f.refused("the operation of another account", f.sent(f.sign(read)), "InvalidParameter.OperationNotExist")
	f.unchanged("the other account")
}

// TestP6ANonceIsGoodOnce sends fifty equal requests at once, and later again.
func TestP6ANonceIsGoodOnce(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.RPCHMACSHA1} {
		r := f.message(f.g, "once by "+scheme.String())
		r.scheme = scheme
		signed := f.sign(r)
		answers := make(chan *answer, 50)
		var all sync.WaitGroup
		for range cap(answers) {
			all.Go(func() {
				a, err := f.send(context.Background(), signed)
				if err != nil {
					t.Error(err)
					return
				}
				answers <- a
			})
		}
		all.Wait()
		close(answers)
		passed := 0
		for a := range answers {
			if a.ok() {
				passed++
				continue
			}
			f.refused("one of fifty", a, "SignatureNonceUsed")
		}
		if passed != 1 {
			t.Errorf("%v: %d of fifty equal requests passed", scheme, passed)
		}
		f.refused("later", f.sent(signed), "SignatureNonceUsed")
		f.arrived(hiddenPhone, f.g, "once by "+scheme.String())
	}
	look := f.wishes()[1]
	look.nonce = "used twice"
	if a := f.sent(f.sign(look)); !a.ok() {
		t.Errorf("the first look: %s", a.Body)
	}
	f.refused("a look with a used nonce, signed anew", f.sent(f.sign(look)), "SignatureNonceUsed")
	if got := f.inbox(hiddenPhone, f.g); len(got) != 2 {
		t.Errorf("inbox %v, want each text once", got)
	}
}

// TestP6TheNetworkIsNotServedToCallers: nothing of the simulator is on the callers' address, and no web page reaches it at all.
func TestP6TheNetworkIsNotServedToCallers(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	leave := `{"group_id":"` + f.g.ID + `"}`
	for _, path := range []string{"/sim/v1/phones", "/sim/v1/groups", "/sim/v1/groups/" + f.g.ID, "/sim/v1/journal", "//sim/v1/groups",
		"/console/../sim/v1/groups", "/%73im/v1/groups", "/sim/v1/phones/" + anna + "/leave", "/v23.0/" + f.g.ID} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			f.refused(method+" "+path, f.raw(method, "http://"+f.ready.Endpoint+path, leave, nil), "404")
		}
	}
	page := http.Header{"Origin": {"https://evil.example.com"}, "Sec-Fetch-Site": {"cross-site"}}
	f.refused("a web page", f.raw("POST", f.ready.SimulatorURL+"/sim/v1/phones/"+anna+"/leave", leave, page), "403")
	f.refused("Graph without a token", f.raw("DELETE", f.ready.SimulatorURL+"/v23.0/"+f.g.ID, "", nil), "401")
	f.unchanged("all that")
}

// TestP6TooLargeIsRefused: what is too large is refused before anything is looked at, and without waiting for all of it.
func TestP6TooLargeIsRefused(t *testing.T) {
	t.Parallel()
	f := buildFortress(t)
	for _, r := range f.wishes() {
		r.values.Set("Padding", strings.Repeat("x", 260<<10))
		f.refused("a long query, "+r.action, f.sent(f.sign(r)), "RequestTooLarge")
		r.form = true
		r.values.Set("Padding", strings.Repeat("x", 1<<20))
		f.refused("a long body, "+r.action, f.sent(f.sign(r)), "RequestTooLarge")
	}
	f.unchanged("what was too large")
}
