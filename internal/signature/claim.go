package signature

import (
	"log/slog"
	"strings"
	"time"
)

// Limits of what a request may claim. They are far above what official clients send and keep a stranger's
// request from costing memory or a row of unbounded size.
const (
	maxAccessKeyID   = 128
	maxNonce         = 256
	maxSecurityToken = 8192
	maxSignedHeaders = 64
	maxHeaderName    = 128
)

// Scheme is a way of signing.
type Scheme int

// The schemes served. The zero Scheme is none.
const (
	ACS3HMACSHA256 Scheme = iota + 1 // signature version 3 with SHA-256
	ACS3HMACSM3                      // signature version 3 with SM3
	RPCHMACSHA1                      // RPC signature 1.0
)

// String returns the scheme as it stands on the wire.
func (s Scheme) String() string {
	switch s {
	case ACS3HMACSHA256:
		return "ACS3-HMAC-SHA256"
	case ACS3HMACSM3:
		return "ACS3-HMAC-SM3"
	case RPCHMACSHA1:
		return "HMAC-SHA1"
	default:
		return "none"
	}
}

// Claim is what a request says of who signed it and how. Nothing in it is proven until Key.Verify agrees.
type Claim struct {
	Scheme        Scheme
	Action        string // the operation: the only one that the signature covers
	Version       string
	AccessKeyID   string
	SecurityToken string // "" unless temporary credentials signed
	Nonce         string
	Time          time.Time // UTC
	SignedHeaders string    // version 3: lower-case names, joined by ";", as sent
	Signature     string    // as sent: lower-case hex in version 3, base64 in RPC 1.0

	// Version 3.
	date            string // Time as sent
	contentHash     string
	accessKeyHeader string
	acsHeaders      int // how many x-acs-… headers the request has

	signed []Parameter // RPC 1.0: all parameters but Signature, sorted
}

// LogValue keeps the token and the signature out of logs.
func (c Claim) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("scheme", c.Scheme.String()),
		slog.String("access_key_id", c.AccessKeyID),
		slog.String("action", c.Action),
	)
}

// Parse reads who claims to have signed a request. It needs no secret and checks everything that can be
// checked without one, except the body's hash. It returns an *Error; the claim then still holds Scheme, Action
// and Version as far as they could be read.
func Parse(r *Request) (Claim, error) {
	var c Claim
	err := c.parse(r)
	if err != nil && c.Action == "" {
		c.Action, c.Version = r.first("X-Acs-Action"), r.first("X-Acs-Version")
	}
	return c, err
}

func (c *Claim) parse(r *Request) error {
	if _, err := r.single("Content-Type"); err != nil {
		return err
	}
	authorization, err := r.single("Authorization")
	if err != nil {
		return err
	}
	if authorization == "" {
		return parseUnauthorized(r, c)
	}
	method, fields, found := strings.Cut(authorization, " ")
	switch method {
	case "ACS3-HMAC-SHA256":
		c.Scheme = ACS3HMACSHA256
	case "ACS3-HMAC-SM3":
		c.Scheme = ACS3HMACSM3
	default:
		return refuseMethod(method)
	}
	if !found {
		return errAuthorization("Authorization", "the Authorization header ends after the signature method")
	}
	return parseACS3(r, c, fields)
}

// parseUnauthorized reads a request without an Authorization header: it is signed by parameters, or bears a
// token in place of a signature.
func parseUnauthorized(r *Request, c *Claim) error {
	switch {
	case len(r.Header["X-Acs-Bearer-Token"]) > 0:
		return errUnknownMethod("x-acs-bearer-token", "bearer tokens are not accepted: "+useHMAC)
	case len(r.Header["X-Acs-Zero-Trust-Idtoken"]) > 0:
		return errUnknownMethod("x-acs-zero-trust-idtoken", "id tokens are not accepted: "+useHMAC)
	}
	return parseRPC(r, c)
}

const useHMAC = "sign with an access key, by ACS3-HMAC-SHA256, ACS3-HMAC-SM3 or HMAC-SHA1"

func refuseMethod(method string) error {
	detail := "the signature method is not known: " + useHMAC
	switch lower := strings.ToLower(method); {
	case lower == "acs3-rsa-sha256":
		detail = "RSA key pairs are not accepted: " + useHMAC
	case strings.HasPrefix(lower, "acs4-"):
		detail = "signature version 4 is not accepted: " + useHMAC
	case lower == "acs":
		detail = "the signature of ROA products is not accepted: " + useHMAC
	case lower == "bearer":
		detail = "bearer tokens are not accepted: " + useHMAC
	}
	return errUnknownMethod("Authorization", detail)
}

func errUnknownMethod(param, detail string) error {
	return &Error{Kind: UnknownMethod, Param: param, Detail: detail}
}

// checkValue refuses a value that is too long or holds anything but printable ASCII. Identifiers and nonces
// are stored and written to logs; no official client makes other ones.
func checkValue(param, value string, limit int) error {
	if len(value) > limit {
		return errBadValue(param, "is too long")
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return errBadValue(param, "holds a character that is not printable ASCII")
		}
	}
	return nil
}
