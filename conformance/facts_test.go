package conformance

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// These tests pin how the clients behave by themselves, against a server that answers what the test says. They are the
// reasons why Rollcall answers as it does: when a new version of a client changes one of them, a rule may fall. The numbers
// are those of README.md.

// answering is a target that gives every call the same answer.
func answering(t *testing.T, status int, text string) target {
	t.Helper()
	return serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text) // the client under test tells what it did not get
	})
}

func serving(t *testing.T, handle http.HandlerFunc) target {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return target{
		Endpoint: server.Listener.Addr().String(), Protocol: "http",
		AccessKeyID: "LTAI5tConformanceExample", AccessKeySecret: "a-secret-of-no-worth-whatever",
	}
}

// kindsNamed returns the kinds whose name begins so.
func kindsNamed(t *testing.T, prefix string) []kind {
	t.Helper()
	var found []kind
	for _, k := range kinds {
		if strings.HasPrefix(k.name, prefix) {
			found = append(found, k)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no kind of client is named %s…", prefix)
	}
	return found
}

// ask makes a removal, the call that matters most.
func ask(t *testing.T, k kind, to target) (answer, error) {
	t.Helper()
	q := server{}.removal("G1")
	return k.open(t, to).call(q.action, q.parameters)
}

// caught turns a panic of the client into an error.
func caught(c client, q question) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	_, err = c.call(q.action, q.parameters)
	return err
}

// Fact 1: HTTP 200 with a Code other than OK is a normal return, but for pop-core, which throws.
func TestFact1BusinessRefusal(t *testing.T) {
	t.Parallel()
	to := answering(t, http.StatusOK, `{"Code":"InvalidParameter.GroupNotExist","Message":"no","Success":false,"RequestId":"R"}`)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			seen, err := ask(t, k, to)
			if err != nil {
				t.Fatal(err)
			}
			if raised := seen.Raised != nil; raised != k.raisesBusiness {
				t.Errorf("raised an error: %t, want %t", raised, k.raisesBusiness)
			}
		})
	}
}

// Fact 2: alibaba-cloud-sdk-go panics when AccessDeniedDetail of an error is a text. As an object it reaches the user of
// every client.
func TestFact2DetailOfErrors(t *testing.T) {
	t.Parallel()
	const form = `{"Code":"NoPermission","Message":"no","RequestId":"R","HostId":"h","AccessDeniedDetail":%s}`
	text := answering(t, http.StatusForbidden, fmt.Sprintf(form, `"{}"`))
	object := answering(t, http.StatusForbidden, fmt.Sprintf(form, `{"AuthAction":"cams:DeleteChatGroup"}`))
	for _, k := range kindsNamed(t, "alibaba-cloud-sdk-go") {
		err := caught(k.open(t, text), server{}.removal("G1"))
		if err == nil || !strings.HasPrefix(err.Error(), "panic: ") {
			t.Errorf("%s: %v, want a panic", k.name, err)
		}
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			seen, err := ask(t, k, object)
			if err != nil {
				t.Fatal(err)
			}
			if seen.Raised == nil || string(seen.Raised.Detail) != `{"AuthAction":"cams:DeleteChatGroup"}` {
				t.Errorf("raised %+v, want the detail as sent", seen.Raised)
			}
		})
	}
}

// Fact 3: on HTTP 200 an AccessDeniedDetail that is an object makes a typed SDK lose the whole answer. As a text, as null or
// absent it does no harm.
func TestFact3DetailOfSuccess(t *testing.T) {
	t.Parallel()
	k := kindsNamed(t, "typed")[0]
	for _, test := range []struct {
		name, member string
		lost         bool
	}{
		{"object", `,"AccessDeniedDetail":{}`, true},
		{"text", `,"AccessDeniedDetail":"{}"`, false},
		{"null", `,"AccessDeniedDetail":null`, false},
		{"absent", ``, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			to := answering(t, http.StatusOK, `{"Code":"OK","Success":true,"Result":1`+test.member+`}`)
			if _, err := ask(t, k, to); (err != nil) != test.lost {
				t.Errorf("error %v, want one: %t", err, test.lost)
			}
		})
	}
}

// Fact 4: pop-core goes by Code alone: an error without one is a success for it, whatever the status.
func TestFact4ErrorWithoutCode(t *testing.T) {
	t.Parallel()
	to := answering(t, http.StatusInternalServerError, `{"Message":"no","RequestId":"R"}`)
	for _, k := range kindsNamed(t, "pop-core") {
		seen, err := ask(t, k, to)
		if err != nil || seen.Raised != nil {
			t.Errorf("%s: %v, %+v, want it to be taken for a success", k.name, err, seen.Raised)
		}
	}
}

// Fact 5: an error page that is not JSON costs the darabonba cores and pop-core everything, the status included.
func TestFact5ErrorsThatAreNotJSON(t *testing.T) {
	t.Parallel()
	to := answering(t, http.StatusBadGateway, `<html>Bad Gateway</html>`)
	for _, prefix := range []string{"darabonba-openapi", "typed", "pop-core", "openapi-client"} {
		for _, k := range kindsNamed(t, prefix) {
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				if seen, err := ask(t, k, to); err == nil {
					t.Errorf("the client made %d, %+v of it, want an error of its own", seen.Status, seen.Raised)
				}
			})
		}
	}
}

// Fact 6: alibaba-cloud-sdk-go compares what follows "server string to sign is:" with its own string to sign. Only if they
// are the same to the last byte does it say that the secret is wrong; one full stop more and it says that it has a bug.
func TestFact6StringToSign(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, end, recommend string }{
		{"exact", "", "InvalidAccessKeySecret"},
		{"with a full stop", ".", "This may be a bug"},
	} {
		for _, k := range kindsNamed(t, "alibaba-cloud-sdk-go") {
			t.Run(k.name+" "+test.name, func(t *testing.T) {
				t.Parallel()
				seen, err := ask(t, k, serving(t, func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusBadRequest)
					_, _ = fmt.Fprintf(w, `{"Code":"SignatureDoesNotMatch","Message":%q,"RequestId":"R","HostId":"h"}`,
						"Specified signature is not matched with our calculation. server string to sign is:"+stringToSign(t, r)+test.end)
				}))
				if err != nil {
					t.Fatal(err)
				}
				if seen.Raised == nil || !strings.HasPrefix(seen.Raised.Recommend, test.recommend) {
					t.Errorf("raised %+v, want the recommendation %q", seen.Raised, test.recommend)
				}
			})
		}
	}
}

// stringToSign is that of the RPC signature 1.0, written here anew so that the test leans on no code of the product.
func stringToSign(t *testing.T, r *http.Request) string {
	t.Helper()
	if err := r.ParseForm(); err != nil {
		t.Error(err)
	}
	r.Form.Del("Signature")
	escape := func(text string) string {
		return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
	}
	// Encode sorts by name; its spaces are the only thing that differs from the signature's way of escaping.
	canonical := strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(r.Form.Encode())
	return r.Method + "&%2F&" + escape(canonical)
}

// Fact 7: pop-core writes a list as List.1.Member. With POST it puts everything into the form body, the signature as well,
// and nothing into the query.
func TestFact7FlattenedLists(t *testing.T) {
	t.Parallel()
	for _, k := range kindsNamed(t, "pop-core") {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			sent := capture(t, k)
			if got := sent.form.Get("List.1.ParticipantNumber"); got == "" || sent.form.Has("List") {
				t.Errorf("sent %v, want List.1.ParticipantNumber", sent.form)
			}
			if post := sent.method == http.MethodPost; post != (sent.query == "") {
				t.Errorf("%s with the query %q", sent.method, sent.query)
			}
			if !sent.form.Has("Signature") {
				t.Errorf("sent %v, want a Signature", sent.form)
			}
		})
	}
}

// Fact 8: the other clients send a list as one parameter that holds JSON.
func TestFact8ListsAsJSON(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"darabonba-openapi", "typed", "alibaba-cloud-sdk-go", "openapi-client"} {
		for _, k := range kindsNamed(t, prefix) {
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				want := []string{`[{"ParticipantNumber":"8613900000001"}]`}
				if diff := cmp.Diff(want, capture(t, k).form["List"]); diff != "" {
					t.Errorf("List (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Fact 9: the cores sign different headers, so the list must be taken from the request; x-acs-credentials-provider is on it
// for the newer ones.
func TestFact9SignedHeaders(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]bool{"darabonba-openapi": true, "openapi-client": true} {
		k := kindsNamed(t, name)[0]
		authorization := capture(t, k).header.Get("Authorization")
		if !strings.HasPrefix(authorization, "ACS3-HMAC-SHA256 Credential=LTAI5tConformanceExample,SignedHeaders=") {
			t.Errorf("%s: Authorization is %q", name, authorization)
		}
		if signed := strings.Contains(authorization, ";x-acs-credentials-provider;"); signed != extra {
			t.Errorf("%s: signs x-acs-credentials-provider: %t, want %t", name, signed, extra)
		}
	}
}

// Fact 10: pop-core waits three seconds for an answer unless it is told otherwise, so a removal that takes longer is asked
// for again by its user, with a new nonce, while the first is still under way.
func TestFact10ShortPatience(t *testing.T) {
	t.Parallel()
	k := kindsNamed(t, "pop-core GET")[0]
	released := make(chan struct{})
	to := serving(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done(): // the client hung up
		case <-released:
		}
	})
	defer close(released)
	began := time.Now()
	_, err := ask(t, k, to)
	if err == nil || !strings.Contains(err.Error(), "ReadTimeout") {
		t.Fatalf("error %v, want one about a time-out", err)
	}
	if took := time.Since(began); took < 2*time.Second || took > 10*time.Second {
		t.Errorf("gave up after %s, want about 3s", took)
	}
}

// sent is a request as it arrived.
type sent struct {
	method, query string
	header        http.Header
	form          url.Values // query and body
}

// capture lets a client make its removal and returns what it sent.
func capture(t *testing.T, k kind) sent {
	t.Helper()
	arrived := make(chan sent, 1)
	_, err := ask(t, k, serving(t, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		arrived <- sent{r.Method, r.URL.RawQuery, r.Header, r.Form}
		_, _ = io.WriteString(w, `{"Code":"OK","Success":true,"Result":1}`)
	}))
	if err != nil {
		t.Fatal(err)
	}
	return <-arrived
}
