package graph

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The vector is test case 2 of RFC 4231.
func TestHubSignatureVector(t *testing.T) {
	t.Parallel()
	const want = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	body := []byte("what do ya want for nothing?")
	if got := HubSignature("Jefe", body); got != want {
		t.Errorf("got %s", got)
	}
	if !VerifyHubSignature("Jefe", body, want) {
		t.Error("the vector does not verify")
	}
}

func TestVerifyHubSignatureRefuses(t *testing.T) {
	t.Parallel()
	body := []byte(`{"object":"whatsapp_business_account"}`)
	good := HubSignature("secret", body)
	for _, header := range []string{
		"", "sha256=", strings.TrimPrefix(good, "sha256="), "sha1=" + good[7:], good[:len(good)-2], good + "00",
		"sha256=" + strings.Repeat("zz", 32), " " + good,
	} {
		if VerifyHubSignature("secret", body, header) {
			t.Errorf("accepts %q", header)
		}
	}
	if VerifyHubSignature("other", body, good) || VerifyHubSignature("secret", append(body, ' '), good) {
		t.Error("accepts another secret or body")
	}
	if VerifyHubSignature("", body, HubSignature("", body)) {
		t.Error("an empty secret verifies")
	}
}

func TestHubSignatureProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(1, 40, -1).Draw(t, "secret")
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		header := HubSignature(secret, body)
		if !VerifyHubSignature(secret, body, header) {
			t.Fatal("own signature does not verify")
		}
		i := rapid.IntRange(7, len(header)-1).Draw(t, "digit")
		changed := []byte(header)
		changed[i] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", changed[i])+1)%16]
		if VerifyHubSignature(secret, body, string(changed)) {
			t.Fatal("a changed signature verifies")
		}
	})
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	query := func(mode, token, challenge string) url.Values {
		return url.Values{"hub.mode": {mode}, "hub.verify_token": {token}, "hub.challenge": {challenge}}
	}
	if challenge, ok := Handshake(query("subscribe", "token", "1158201444"), "token"); !ok || challenge != "1158201444" {
		t.Errorf("got %q, %v", challenge, ok)
	}
	for _, q := range []url.Values{
		query("subscribe", "Token", "1"), query("subscribe", "", "1"), query("unsubscribe", "token", "1"),
		query("subscribe", "token", ""), query("subscribe", "token", strings.Repeat("1", 1025)), {},
	} {
		if challenge, ok := Handshake(q, "token"); ok || challenge != "" {
			t.Errorf("accepts %v", q)
		}
	}
	if _, ok := Handshake(query("subscribe", "", "1"), ""); ok {
		t.Error("an empty verify token admits")
	}
}
