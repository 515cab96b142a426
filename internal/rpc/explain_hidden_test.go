package rpc

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// TestExplanationsHideValues: of what was signed an explanation shows what names the call, and nothing else, however it was escaped;
// neither does the message repeat it.
func TestExplanationsHideValues(t *testing.T) {
	private := url.Values{
		"StatusCallbackUrl": {"https://shop.example/in?key=c4llback/+key"}, "TemplateParams": {`{"code":"493817"}`}, "Content": {`{"text":"see you at *nine* & bring 20 €"}`},
		"SomeSecret": {"s3cret/+value"}, "To": {"8613911112222"}, "Participants.1.ParticipantNumber": {"8613911113333"}, "sneaky name": {"n4mes"},
	}
	query := private.Encode() + "&GroupId=G1&Page.Index=3&BusinessNumber=8613800000042&UserName=bob"
	query = strings.ReplaceAll(query, "+", "%20")
	secrets := []string{"493817", "nine", "s3cret", "8613911112222", "8613911113333", "8613800000042", "n4mes", "sneaky", "t0k", "w1th", "c4llback", "shop.example"}
	for _, scheme := range []signature.Scheme{signature.ACS3HMACSHA256, signature.ACS3HMACSM3, signature.RPCHMACSHA1} {
		for _, q := range []request{
			{action: "DeleteThing", query: query, token: "t0k/en+w1th=signs", scheme: scheme},
			{action: "DeleteThing", query: query, secret: "wrong", scheme: scheme},
			{action: "DeleteThing", query: query, key: officeKey, scheme: scheme},
		} {
			e := explained(t, q)
			signed := e.CanonicalRequest + e.StringToSign
			for _, part := range secrets {
				if strings.Contains(signed+e.Message, part) {
					t.Errorf("%s is kept: %s %s", part, signed, e.Message)
				}
			}
			for _, part := range []string{"G1", "8613*******42", "bob", "Content", "***"} {
				if !strings.Contains(signed, part) {
					t.Errorf("%s is not shown: %s", part, signed)
				}
			}
			if !e.ValuesHidden || len(e.StringToSignSHA256) != 64 {
				t.Errorf("nothing tells what is hidden, or what it was: %+v", e)
			}
		}
	}
}

// explained makes a call that is refused, and gives its explanation. Each has a world of its own: two explanations can want one place.
func explained(t *testing.T, q request) gateway.Explanation {
	t.Helper()
	w, stop := explaining(t)
	a := w.call(q)
	stop()
	e := w.explanation(a.RequestID)
	if _, repeated, _ := strings.Cut(a.Message, "server string to sign is:"); repeated != "" {
		sum := sha256.Sum256([]byte(repeated)) // whoever was told the string finds it by its hash
		if e.StringToSignSHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("the hash is %s", e.StringToSignSHA256)
		}
	}
	return e
}

// TestExplanationsOfMismatches: what can be shown of the string to sign stands there as it was signed, and in the message not again.
func TestExplanationsOfMismatches(t *testing.T) {
	for query, want := range map[string]string{"GroupId=1&Content=hello%20you": "Content%3D***%26Format", "GroupId=1": "POST&%2F&AccessKeyId%3D"} {
		e := explained(t, request{action: "DeleteThing", query: query, secret: "wrong", scheme: signature.RPCHMACSHA1})
		if !strings.Contains(e.StringToSign, want) || e.ValuesHidden != strings.Contains(query, "Content") {
			t.Errorf("the string is %s", e.StringToSign)
		}
		sum := sha256.Sum256([]byte(e.StringToSign))
		if !e.ValuesHidden && e.StringToSignSHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("nothing is hidden, and the string is not what was signed: %s", e.StringToSign)
		}
		if strings.Contains(e.Message, "POST") || !strings.HasPrefix(e.Message, "Specified signature is not matched with our calculation. server ") {
			t.Errorf("Message is %s", e.Message)
		}
	}
}

// TestExplanationsHideHeaders: a header that somebody has signed along is named, and its value is not shown.
func TestExplanationsHideHeaders(t *testing.T) {
	const canonical = "POST\n/\nGroupId=1&Content=hello\nauthorization-of-us:Basic eA==\nhost:cams.example.com\nx-acs-security-token:t0k\nx-empty:\n\na;b\nhash"
	const want = "POST\n/\nGroupId=1&Content=***\nauthorization-of-us:***\nhost:cams.example.com\nx-acs-security-token:***\nx-empty:\n\na;b\nhash"
	if got := hideCanonical(canonical); got != want {
		t.Errorf("%q", got)
	}
}

// TestMessagesHideValues: a refusal that quotes the request is kept without it.
func TestMessagesHideValues(t *testing.T) {
	x := &exchange{http: &http.Request{Header: http.Header{"X-Acs-Security-Token": {"t0ken"}}}}
	x.Params = Params{{Name: "Code", Value: "12"}, {Name: "Content", Value: "hello"}, {Name: "GroupId", Value: "G123"}}
	if got := x.hideMessage(codeInvalid, "12 of G123: hello with t0ken"); got != "12 of G123: *** with ***" {
		t.Error(got)
	}
}

// TestHideQueryLeaksNothing: whatever a value is, nothing of it is left, and the other pairs stay as they are.
func TestHideQueryLeaksNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
		value := rapid.StringN(1, 40, -1).Draw(t, "value")
		query := "Content=" + escape(value) + "&GroupId=" + escape(value)
		if got, want := hideQuery(query), "Content=***&GroupId="+escape(value); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		toSign := "POST&%2F&" + escape(query)
		want := "POST&%2F&Content%3D***%26GroupId%3D" + escape(escape(value))
		if got := hideStringToSign(toSign); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

// FuzzHide: whatever was signed, hiding does not stop anything, and is the same when done twice.
func FuzzHide(f *testing.F) {
	f.Add("POST\n/\nContent=a&b=%2&=x\nhost:a\n\nhost\nhash")
	f.Add("POST&%2F&Content%3Dhello%26%25")
	f.Add("\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		once := hideCanonical(text)
		if again := hideCanonical(once); again != once {
			t.Errorf("%q, and then %q", once, again)
		}
		hideStringToSign(text)
	})
}
