package graph

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  Error
		want string
	}{
		{Error{Code: 131212, Title: "Participant not in group", Details: "+17865347866"}, "131212: Participant not in group"},
		{Error{Code: CodeSuspended}, "131207: Group is suspended"},
		{Error{Code: 7}, "7: error of the network"},
		{Error{HTTPStatus: 502}, "the network answered status 502"},
		{Error{Unreadable: true, HTTPStatus: 200}, "the network gave an answer that cannot be read"},
		{Error{Err: errors.New("dial tcp 10.0.0.1: refused")}, "the network did not answer"},
		{Error{Code: 1, Title: "a\r\nX-Evil: \x1b[31mb\x00"}, "1: aX-Evil: [31mb"},
		{Error{Code: 1, Title: strings.Repeat("é", 500)}, "1: " + strings.Repeat("é", 200)},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("text is %q, want %q", got, c.want)
		}
	}
}

func TestErrorEnvelope(t *testing.T) {
	t.Parallel()
	c, _ := answering(t, 429, `{"error":{"message":"(#131208) Group Rate Limit Hit","type":"OAuthException","code":131208,
		"error_data":{"messaging_product":"whatsapp","details":"wait"},"error_subcode":2494055,"is_transient":true,
		"fbtrace_id":"Az8or2yhqkZfEZ"}}`)
	_, err := c.Group(t.Context(), creds, "G")
	want := &Error{
		HTTPStatus: 429, Code: 131208, Subcode: 2494055, Title: "Group Rate Limit Hit", Message: "(#131208) Group Rate Limit Hit",
		Details: "wait", TraceID: "Az8or2yhqkZfEZ", Transient: true,
	}
	if diff := cmp.Diff(want, wantError(t, err, Throttled, 131208)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if want := "read group G: 131208: Group Rate Limit Hit"; err.Error() != want {
		t.Errorf("text is %q, want %q", err, want)
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	for class, codes := range map[Class][]int{
		Throttled: {4, 17, 341, 613, 80007, 80008, 130429, 131048, 131056, 131208},
		Temporary: {1, 2, 131000, 131016, 131057, 133004},
		Auth:      {3, 10, 104, 190, 200, 250, 299, 368, 130497, 131005, 131031, 131215},
		Permanent: {33, 100, 131008, 131020, 131041, 131059, 131201, 131202, 131203, 131204, 131207, 131209, 131210, 131211,
			131212, 131213, 131214, 300, 132001},
	} {
		for _, code := range codes {
			for _, status := range []int{0, 400} {
				if got := (&Error{Code: code, HTTPStatus: status}).Class(); got != class {
					t.Errorf("%d with status %d is %v, want %v", code, status, got, class)
				}
			}
		}
		for code := range classes {
			if c := classes[code]; (&Error{Code: code, HTTPStatus: 500}).Class() != c || (&Error{Code: code, HTTPStatus: 429}).Class() != c {
				t.Errorf("the status decides over the listed code %d", code)
			}
		}
	}
	for code := range permanent {
		if _, twice := classes[code]; twice || (&Error{Code: code, HTTPStatus: 500, Transient: true}).Class() != Permanent {
			t.Errorf("%d is not plainly permanent", code)
		}
	}
	for status, class := range map[int]Class{429: Throttled, 500: Temporary, 503: Temporary, 401: Auth, 403: Auth, 400: Permanent, 302: Temporary} {
		if got := (&Error{HTTPStatus: status}).Class(); got != class {
			t.Errorf("status %d is %v, want %v", status, got, class)
		}
	}
}

func TestClassOfAndCodeOf(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("remove participants of G: %w", &Error{Code: CodeGroupRateLimit})
	if ClassOf(err) != Throttled || CodeOf(err) != CodeGroupRateLimit {
		t.Errorf("wrapped: %v, %d", ClassOf(err), CodeOf(err))
	}
	if err := errors.New("other"); ClassOf(err) != Permanent || CodeOf(err) != 0 {
		t.Errorf("other: %v, %d", ClassOf(err), CodeOf(err))
	}
	if ClassOf(nil) != Permanent || CodeOf(nil) != 0 {
		t.Error("nil is not neutral")
	}
	if s := fmt.Sprint(Permanent, Throttled, Temporary, Auth); s != "permanent throttled temporary auth" {
		t.Error(s)
	}
}
