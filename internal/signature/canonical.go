package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/emmansun/gmsm/sm3"
)

// appendCanonicalRequest appends the canonical request: method, path, query, headers, SignedHeaders, body hash.
// Each header ends its own line, hence the empty line behind them.
func appendCanonicalRequest(dst []byte, r *Request, c *Claim) ([]byte, error) {
	start := len(dst)
	dst = append(append(dst, r.Method...), '\n')
	dst = append(append(dst, r.path()...), '\n')
	dst, err := appendCanonicalQuery(dst, r.RawQuery)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '\n')
	for rest, more := c.SignedHeaders, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ";")
		dst = c.appendHeader(dst, r, name)
	}
	dst = append(dst, '\n')
	dst = append(append(dst, c.SignedHeaders...), '\n')
	dst = append(dst, c.contentHash...)
	// A line feed inside a part would let one canonical request stand for two different requests.
	lines := strings.Count(c.SignedHeaders, ";") + 1 + 5
	if bytes.Count(dst[start:], []byte{'\n'}) != lines {
		return dst, &Error{Kind: BadEncoding, Detail: "a line feed stands where none can be"}
	}
	return dst, nil
}

// required returns the value of a header that every request must have, as read before. What is signed is then
// by construction what the claim says.
func (c *Claim) required(name string) (value string, ok bool) {
	switch name {
	case "x-acs-action":
		return c.Action, true
	case "x-acs-version":
		return c.Version, true
	case "x-acs-date":
		return c.date, true
	case "x-acs-signature-nonce":
		return c.Nonce, true
	case "x-acs-content-sha256":
		return c.contentHash, true
	}
	return "", false
}

// appendHeader appends one header's line. Several values are sorted and joined by commas; a header that is
// signed but absent has an empty value.
func (c *Claim) appendHeader(dst []byte, r *Request, name string) []byte {
	dst = append(append(dst, name...), ':')
	if value, ok := c.required(name); ok {
		return append(append(dst, value...), '\n')
	}
	if name == "host" {
		return append(append(dst, strings.TrimSpace(r.Host)...), '\n')
	}
	values := r.values(name)
	switch {
	case len(values) == 1:
		dst = append(dst, strings.TrimSpace(values[0])...)
	case len(values) > 1:
		dst = appendJoined(dst, values)
	case name == "content-length":
		dst = strconv.AppendInt(dst, int64(len(r.Body)), 10)
	case name == "transfer-encoding":
		dst = appendJoined(dst, r.TransferEncoding)
	}
	return append(dst, '\n')
}

func appendJoined(dst []byte, values []string) []byte {
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	slices.Sort(trimmed)
	return append(dst, strings.Join(trimmed, ",")...)
}

// The hashes of an empty body, which is what most calls have.
const (
	emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	emptySM3    = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"
)

// appendHash appends the lower-case hex of data's hash, by the scheme's hash.
func (s Scheme) appendHash(dst, data []byte) []byte {
	switch {
	case s == ACS3HMACSM3 && len(data) == 0:
		return append(dst, emptySM3...)
	case s == ACS3HMACSM3:
		sum := sm3.Sum(data)
		return hex.AppendEncode(dst, sum[:])
	case len(data) == 0:
		return append(dst, emptySHA256...)
	default:
		sum := sha256.Sum256(data)
		return hex.AppendEncode(dst, sum[:])
	}
}
