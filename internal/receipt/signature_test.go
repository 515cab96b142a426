package receipt

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The example of the specification's own test suite.
func TestSignature(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	err := sign(h, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp": "1614265330",
		"Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	of := func(bytes int) string {
		return secretPrefix + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", bytes)))
	}
	for _, good := range []string{of(32), of(24), of(64)} {
		if err := CheckSecret(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "whsec_", "whsec_x", of(23), of(65), strings.TrimPrefix(of(32), secretPrefix)} {
		if err := CheckSecret(bad); !errors.Is(err, ErrSecret) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
