package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// HubSignatureHeader is the HTTP header that carries the signature of a webhook's body.
// Source: Meta, WhatsApp webhooks, page on creating an endpoint.
const HubSignatureHeader = "X-Hub-Signature-256"

// HubSignature returns the value of HubSignatureHeader for body: "sha256=" and the HMAC-SHA256 of the raw bytes under
// the app secret in lower-case hexadecimal.
func HubSignature(appSecret string, body []byte) string {
	return "sha256=" + hex.EncodeToString(hubMAC(appSecret, body))
}

// VerifyHubSignature reports whether header is the signature of the raw body, in time that does not depend on how much
// of it is right. An empty secret verifies nothing.
func VerifyHubSignature(appSecret string, body []byte, header string) bool {
	digits, ok := strings.CutPrefix(header, "sha256=")
	if !ok || appSecret == "" || len(digits) != hex.EncodedLen(sha256.Size) {
		return false
	}
	got, err := hex.DecodeString(digits)
	return err == nil && hmac.Equal(got, hubMAC(appSecret, body))
}

func hubMAC(appSecret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(body)
	return mac.Sum(nil)
}
