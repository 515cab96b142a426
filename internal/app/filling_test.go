package app

import (
	"net/url"
	"slices"
	"testing"
)

// TestFillIn: a call that names a channel or a sender keeps to it, and nothing is added that the operation has no use for.
func TestFillIn(t *testing.T) {
	t.Parallel()
	ready := &Ready{CustSpaceID: "cams-demo", BusinessNumber: "8613800000000"}
	for _, c := range []struct {
		action string
		given  url.Values
		want   []string
	}{
		{"ListChatGroup", url.Values{}, []string{"CustSpaceId", "BusinessNumber"}},
		{"ListChatGroup", url.Values{"CustSpaceId": {"cams-other"}}, nil},
		{"ListChatGroup", url.Values{"BusinessNumber": {"8613800000000"}}, []string{"CustSpaceId"}},
		{"ListChatGroup", url.Values{"BusinessNumber": {"8613800000009"}}, nil},
		{"QueryChatappPhoneNumbers", url.Values{}, nil}, // those of all channels
		{"UpdatePhoneWebhook", url.Values{}, []string{"CustSpaceId"}},
		{"SendChatappMessage", url.Values{"From": {"8613800000009"}}, nil},
		{"ChatappBindWaba", url.Values{"WabaId": {"501"}}, nil},
		{"CreateInstance", url.Values{}, nil},
		{"CreateUser", url.Values{}, nil},
		{"AssumeRole", url.Values{}, nil},
		{"NoSuchAction", url.Values{}, nil},
	} {
		if got := FillIn(c.action, c.given, ready); !slices.Equal(got, c.want) {
			t.Errorf("%s: added %v, want %v", c.action, got, c.want)
		}
	}
	given := url.Values{}
	if FillIn("ListChatGroup", given, &Ready{}); len(given) != 0 {
		t.Errorf("nothing was known, and added: %v", given)
	}
}

func TestWhyNotServed(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"listchatgroup":               "there is no listchatgroup; did you mean ListChatGroup?",
		"DeleteChatGroupParticipant":  "there is no DeleteChatGroupParticipant; did you mean DeleteChatGroupParticipants?",
		"CreateFlow":                  "CreateFlow is an official operation that is not served; see docs/reference.md",
		"SomethingElseThatNobodyHas":  "",
		"DeleteChatGroupParticipants": "", // served here, though perhaps not there
	} {
		if got := WhyNotServed(action); got != want {
			t.Errorf("%s: %q, want %q", action, got, want)
		}
	}
}
