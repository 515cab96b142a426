package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
)

// HubSignatureHeader is the HTTP header that carries the signature of a webhook's body.
// Source: Meta, WhatsApp webhooks, page on creating an endpoint.
const HubSignatureHeader = "X-Hub-Signature-256"

// HubSignature returns the value of HubSignatureHeader for body: "sha256=" and the HMAC-SHA256 of the raw bytes under
// the app secret in lower-case hexadecimal.
func HubSignature(appSecret string, body []byte) string {
	sum := hubMAC(appSecret, body)
	return string(hex.AppendEncode([]byte("sha256="), sum[:]))
}

// VerifyHubSignature reports whether header is the signature of the raw body, in time that does not depend on how much
// of it is right. An empty secret verifies nothing.
func VerifyHubSignature(appSecret string, body []byte, header string) bool {
	digits, ok := strings.CutPrefix(header, "sha256=")
	if !ok || appSecret == "" || len(digits) != hex.EncodedLen(sha256.Size) {
		return false
	}
	got, err := hex.DecodeString(digits)
	sum := hubMAC(appSecret, body)
	return err == nil && hmac.Equal(got, sum[:])
}

// keyedMAC is a hash that was keyed before. Keying costs more than hashing the body of an ordinary webhook, and there is
// hardly ever more than one secret in a process.
type keyedMAC struct {
	secret string
	hash   hash.Hash
	sum    [sha256.Size]byte
}

var keyedMACs sync.Pool

func hubMAC(appSecret string, body []byte) [sha256.Size]byte {
	k, ok := keyedMACs.Get().(*keyedMAC)
	if !ok || k.secret != appSecret {
		k = &keyedMAC{secret: appSecret, hash: hmac.New(sha256.New, []byte(appSecret))}
	}
	defer keyedMACs.Put(k)
	k.hash.Reset()
	k.hash.Write(body)
	k.hash.Sum(k.sum[:0])
	return k.sum
}
