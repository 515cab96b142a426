package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Receipts are signed as the Standard Webhooks specification says (github.com/standard-webhooks/standard-webhooks, version 1): the
// headers webhook-id, webhook-timestamp in seconds, and webhook-signature, HMAC-SHA256 over the three of them with the body.

// Bounds of a secret, in bytes, as the specification gives them.
const (
	minSecret    = 24
	maxSecret    = 64
	secretPrefix = "whsec_"
)

// ErrSecret says that a text is no signing secret.
var ErrSecret = errors.New("a signing secret is whsec_ and, in base64, 24 to 64 random bytes")

// CheckSecret gives ErrSecret unless a text is a signing secret.
func CheckSecret(secret string) error {
	_, err := secretKey(secret)
	return err
}

func secretKey(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return nil, ErrSecret
	}
	return key, nil
}

// sign sets the headers of a body.
func sign(h http.Header, secret, id string, at time.Time, body []byte) error {
	key, err := secretKey(secret)
	if err != nil {
		return err
	}
	second := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + second + "."))
	mac.Write(body)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", second)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}
