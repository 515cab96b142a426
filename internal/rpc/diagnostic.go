package rpc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Diagnostic is what the EncodedDiagnosticMessage of a refusal stands for: more than the refused caller should read, and what
// the account's administrator needs.
type Diagnostic struct {
	Action     string    `json:"action"`
	Resource   string    `json:"resource"`
	Principal  string    `json:"principal"` // ARN
	Kind       string    `json:"kind"`      // of principal, as a refusal names it: SubUser, AssumedRoleUser
	Name       string    `json:"name"`      // of the principal, as a refusal names it
	Owner      string    `json:"owner"`     // the principal's account
	Source     string    `json:"source"`
	Secure     bool      `json:"secure,omitempty"` // the request came by TLS
	Effect     string    `json:"effect"`
	PolicyType string    `json:"policy_type"`
	Policy     string    `json:"policy,omitempty"`    // the policy that denied
	Type       string    `json:"type,omitempty"`      // of that policy: Custom, System
	Version    string    `json:"version,omitempty"`   // of that policy
	Entity     string    `json:"entity,omitempty"`    // what that policy is attached to: RamUser, RamGroup, RamRole
	Statement  int       `json:"statement,omitempty"` // its statement, from 1
	RequestID  string    `json:"request_id"`
	Time       time.Time `json:"time"`
}

// diagnosticLabel is bound to the ciphertext, so that the key can serve other purposes too.
const diagnosticLabel = "rollcall diagnostic 1"

func newDiagnosticSeal(key []byte) (cipher.AEAD, error) { return newSealOf(key, "diagnostic messages") }

func newSealOf(key []byte, what string) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the key for %s has %d bytes and needs 32", what, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use the key for %s: %w", what, err)
	}
	return cipher.NewGCM(block)
}

func sealDiagnostic(seal cipher.AEAD, d *Diagnostic) (string, error) {
	plain, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("encode diagnostic message: %w", err)
	}
	nonce := make([]byte, seal.NonceSize(), seal.NonceSize()+len(plain)+seal.Overhead())
	_, _ = rand.Read(nonce) // never fails, by its documentation
	return base64.StdEncoding.EncodeToString(seal.Seal(nonce, nonce, plain, []byte(diagnosticLabel))), nil
}

// ErrDiagnostic says that a text is no diagnostic message of this server.
var ErrDiagnostic = errors.New("the text is no diagnostic message of this server")

// OpenDiagnostic reads an EncodedDiagnosticMessage with the key it was made with. It returns ErrDiagnostic for anything else.
func OpenDiagnostic(key []byte, text string) (Diagnostic, error) {
	var d Diagnostic
	seal, err := newDiagnosticSeal(key)
	if err != nil {
		return d, err
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sealed) < seal.NonceSize() {
		return d, ErrDiagnostic
	}
	plain, err := seal.Open(nil, sealed[:seal.NonceSize()], sealed[seal.NonceSize():], []byte(diagnosticLabel))
	if err != nil {
		return d, ErrDiagnostic
	}
	if err := json.Unmarshal(plain, &d); err != nil {
		return d, ErrDiagnostic
	}
	return d, nil
}
