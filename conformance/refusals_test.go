package conformance

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refused is what a call must be refused with.
type refused struct {
	status int
	codes  []string // any of these
}

// TestRefusals shows each client the refusals that its users meet, and looks at what it makes of them.
func TestRefusals(t *testing.T) {
	eachKind(t, func(t *testing.T, s server, k kind) {
		owner, reader := k.open(t, s.owner()), k.open(t, s.reader())
		t.Run("wrong secret", func(t *testing.T) { wrongSecret(t, s, k) })
		t.Run("unknown action", func(t *testing.T) {
			expect(t, owner, s.about("ListNothing", ""), refused{http.StatusNotFound, []string{"InvalidAction.NotFound"}})
		})
		t.Run("missing GroupId", func(t *testing.T) {
			expect(t, owner, s.about("DeleteChatGroup", ""), refused{http.StatusBadRequest, []string{"MissingGroupId"}})
		})
		t.Run("unknown group", func(t *testing.T) { unknownGroup(t, s, k, owner) })
		t.Run("read-only key", func(t *testing.T) { readOnly(t, s, reader) })
	})
}

// question is one call.
type question struct {
	action     string
	parameters map[string]any
}

// about is a call about a group; the empty one is left out.
func (s server) about(action, group string) question {
	parameters := map[string]any{"BusinessNumber": s.BusinessNumber, "CustSpaceId": s.CustSpaceID}
	if group != "" {
		parameters["GroupId"] = group
	}
	return question{action, parameters}
}

// removal is a call to remove somebody from a group.
func (s server) removal(group string) question {
	q := s.about("DeleteChatGroupParticipants", group)
	q.parameters["List"] = []any{map[string]any{"ParticipantNumber": "8613900000001"}}
	return q
}

// expect makes a call that the gateway must refuse, and returns what the client made of the refusal.
func expect(t *testing.T, c client, q question, want refused) refusal {
	t.Helper()
	seen, err := c.call(q.action, q.parameters)
	if err != nil {
		t.Fatalf("the client could not read the refusal: %v", err)
	}
	if seen.Raised == nil {
		t.Fatalf("the client took the refusal for a success: %d %s", seen.Status, seen.Body)
	}
	if seen.Status != want.status || !slices.Contains(want.codes, seen.Raised.Code) {
		t.Errorf("refused with %d %s (%s), want %d and one of %v", seen.Status, seen.Raised.Code, seen.Raised.Message, want.status, want.codes)
	}
	return *seen.Raised
}

func wrongSecret(t *testing.T, s server, k kind) {
	t.Helper()
	stranger := s.owner()
	stranger.AccessKeySecret = strings.Repeat("x", len(stranger.AccessKeySecret))
	c := k.open(t, stranger)
	got := expect(t, c, s.removal("any"), refused{http.StatusBadRequest, []string{"SignatureDoesNotMatch"}})
	if strings.Contains(got.Message, stranger.AccessKeySecret) || strings.Contains(got.Message, s.AccessKeySecret) {
		t.Error("the refusal shows a secret")
	}
	// This client compares the server's string to sign with its own, and blames itself when they differ.
	if _, ok := c.(oldSDK); ok && !strings.HasPrefix(got.Recommend, "InvalidAccessKeySecret") {
		t.Errorf("the client recommends %q, want it to say that the secret is wrong", got.Recommend)
	}
}

// unknownGroup is a refusal by the business, not by the gateway: HTTP 200, which only some clients make an error of.
func unknownGroup(t *testing.T, s server, k kind, c client) {
	t.Helper()
	q := s.removal("no-such-group")
	seen, err := c.call(q.action, q.parameters)
	if err != nil {
		t.Fatal(err)
	}
	var decoded body
	if err := json.Unmarshal(seen.Body, &decoded); err != nil {
		t.Fatal(err)
	}
	const want = "InvalidParameter.GroupNotExist"
	if seen.Status != http.StatusOK || decoded.Code != want {
		t.Errorf("answered %d %s, want 200 %s", seen.Status, decoded.Code, want)
	}
	if decoded.Success == nil || *decoded.Success {
		t.Errorf("Success is %s, want false", text(decoded.Success))
	}
	if raised := seen.Raised != nil; raised != k.raisesBusiness {
		t.Errorf("the client raised an error: %t, want %t", raised, k.raisesBusiness)
	}
}

// readOnly shows that the key may read, and may not remove.
func readOnly(t *testing.T, s server, reader client) {
	t.Helper()
	list := s.about("ListChatGroup", "")
	list.parameters["Page"] = map[string]any{"Index": 1, "Size": 1}
	seen, err := reader.call(list.action, list.parameters)
	if err != nil || seen.Raised != nil {
		t.Fatalf("the read-only key cannot list: %v, %+v", err, seen.Raised)
	}
	got := expect(t, reader, s.removal("no-such-group"), refused{http.StatusForbidden, []string{"Forbidden.RAM"}})
	if got.Detail == nil {
		t.Fatal("no AccessDeniedDetail")
	}
	var detail map[string]string // seven members, all of them texts
	if err := json.Unmarshal(got.Detail, &detail); err != nil {
		t.Fatalf("AccessDeniedDetail: %v in %s", err, got.Detail)
	}
	want := map[string]string{
		"AuthAction":        "cams:DeleteChatGroupParticipants",
		"AuthPrincipalType": "SubUser",
		"NoPermissionType":  "ImplicitDeny",
		"PolicyType":        "AccountLevelIdentityBasedPolicy",
	}
	for _, opaque := range []string{"AuthPrincipalDisplayName", "AuthPrincipalOwnerId", "EncodedDiagnosticMessage"} {
		if detail[opaque] == "" {
			t.Errorf("AccessDeniedDetail has no %s", opaque)
		}
		delete(detail, opaque)
	}
	if diff := cmp.Diff(want, detail); diff != "" {
		t.Errorf("AccessDeniedDetail (-want +got):\n%s", diff)
	}
}
