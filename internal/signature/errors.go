package signature

import "fmt"

// Kind says what is wrong with a request's signature data, apart from the signature itself.
type Kind int

const (
	// Missing: a piece that must be there is absent or empty; Param names it.
	Missing Kind = iota + 1
	// BadTime: the timestamp is not YYYY-MM-DDThh:mm:ssZ, with or without fractional seconds.
	BadTime
	// UnknownMethod: a way of signing, or a token in place of it, that is not served here.
	UnknownMethod
	// UnknownVersion: SignatureVersion is not 1.0.
	UnknownVersion
	// BadAuthorization: the Authorization header does not have the form that its method demands.
	BadAuthorization
	// Unsigned: the header that Param names counts, but is not in SignedHeaders.
	Unsigned
	// BodyHash: x-acs-content-sha256 is not the hash of the body.
	BodyHash
	// Duplicate: a header or common parameter that decides something is sent more than once.
	Duplicate
	// BadEncoding: an invalid percent-escape, text that is not UTF-8, or a line feed where none can be.
	BadEncoding
	// BadValue: a value that is too long or holds characters that it cannot have.
	BadValue
)

// Error is a request whose signature cannot even be checked. Param is the common parameter or lower-case
// header concerned, "" if none is; for Missing it is one of AccessKeyId, Signature, SignatureMethod,
// SignatureVersion, SignatureNonce, Timestamp, host or an x-acs-… header. Detail is a sentence for the caller,
// without values of the request.
type Error struct {
	Kind   Kind
	Param  string
	Detail string
}

func (e *Error) Error() string { return "read signature: " + e.Detail }

// MismatchError is a signature that is not the one calculated here. Its strings are what clients compare with
// their own; they repeat the caller's parameters, so they belong into the answer and not into a log.
type MismatchError struct {
	Scheme           Scheme
	StringToSign     string
	CanonicalRequest string // "" for RPC signature 1.0, which has none
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("verify signature: %s does not match", e.Scheme)
}

func errMissing(param string) error {
	return &Error{Kind: Missing, Param: param, Detail: param + " is missing"}
}

func errAuthorization(param, detail string) error {
	return &Error{Kind: BadAuthorization, Param: param, Detail: detail}
}

func errBadValue(param, detail string) error {
	return &Error{Kind: BadValue, Param: param, Detail: param + " " + detail}
}
