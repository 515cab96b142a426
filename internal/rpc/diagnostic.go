package rpc

import (
	"crypto/cipher"
	"errors"
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

func sealDiagnostic(seal cipher.AEAD, d *Diagnostic) (string, error) {
	return sealValue(seal, diagnosticLabel, d)
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
	if err := openValue(seal, diagnosticLabel, text, &d); err != nil {
		return Diagnostic{}, ErrDiagnostic
	}
	return d, nil
}
