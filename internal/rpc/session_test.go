package rpc

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
)

func tokenSeal(t testing.TB, key byte) *TokenSeal {
	t.Helper()
	seal, err := NewTokenSeal([]byte(strings.Repeat(string(key), 32)))
	if err != nil {
		t.Fatal(err)
	}
	return seal
}

// TestTokenIsTheSession: whoever has the key reads the whole session, and nobody else reads or makes one.
func TestTokenIsTheSession(t *testing.T) {
	t.Parallel()
	seal := tokenSeal(t, 'a')
	s := gateway.Session{AccountID: testAccount, RoleID: 7, Name: "night", Policy: `{"Version":"1"}`, AccessKeyID: "STS.x", Secret: "secret",
		TakenBy: "LTAI5tTaker", ExpiresAt: testEpoch.Add(time.Hour)}
	token, err := seal.Seal(&s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tokenSeal(t, 'a').open(token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, got); diff != "" || got.Secret != ram.Secret("secret") {
		t.Errorf("the session (-want +got):\n%s", diff)
	}
	if again, _ := seal.Seal(&s); again == token {
		t.Error("two tokens of one session are the same")
	}
	sealed, _ := base64.StdEncoding.DecodeString(token)
	for i := range sealed {
		bad := append([]byte(nil), sealed...)
		bad[i] ^= 1
		if _, err := seal.open(base64.StdEncoding.EncodeToString(bad)); err == nil {
			t.Errorf("byte %d was changed, and nobody noticed", i)
		}
	}
	if _, err := tokenSeal(t, 'b').open(token); err == nil {
		t.Error("another key opens the token")
	}
	diagnostic, err := sealDiagnostic(seal.seal, &Diagnostic{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.open(diagnostic); err == nil {
		t.Error("a message of another kind is taken for a token")
	}
	if _, err := (*TokenSeal)(nil).open(token); err == nil {
		t.Error("without a key a token is opened")
	}
	if _, err := NewTokenSeal([]byte("short")); err == nil {
		t.Error("a short key is taken")
	}
}

// FuzzOpenToken: what somebody makes up is never a token, and never stops anything.
func FuzzOpenToken(f *testing.F) {
	seal := tokenSeal(f, 'a')
	token, err := seal.Seal(&gateway.Session{Name: "night"})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{"", "!", "AAAA", token[:len(token)-4], "CAIS" + token} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := seal.open(text); err == nil && strings.NewReplacer("\r", "", "\n", "").Replace(text) != token {
			t.Errorf("%q opens as %+v", text, s)
		}
	})
}
