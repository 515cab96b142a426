package signature

import (
	"slices"
	"strings"
)

// checkSignedHeaders sees to it that the list is well formed and that no header that counts was left out:
// host, a body's Content-Type, and every x-acs-… header except those that say nothing about the call. All of
// them are counted first, which needs no allocation; only if the count is off is the culprit looked for.
func (c *Claim) checkSignedHeaders(r *Request) error {
	list := c.SignedHeaders
	if strings.Count(list, ";") >= maxSignedHeaders {
		return errBadValue("SignedHeaders", "has too many names")
	}
	signed, ok := c.readSignedHeaders(r)
	switch {
	case !ok:
		return errAuthorization("SignedHeaders", "SignedHeaders must be header names in lower case, joined by semicolons, without authorization")
	case !signed.ascending && hasRepeatedName(list):
		return errAuthorization("SignedHeaders", "SignedHeaders has a name more than once")
	case !signed.host:
		return errUnsigned("host")
	case !signed.contentType && len(r.Body) > 0 && len(r.Header["Content-Type"]) > 0:
		return errUnsigned("content-type")
	case signed.acs == c.acsHeaders:
		return nil
	}
	for _, name := range acsHeaders(r) {
		if !slices.Contains(strings.Split(list, ";"), name) && !saysNothing(name) {
			return errUnsigned(name)
		}
	}
	return nil
}

// signedHeaders is what a list of signed headers holds.
type signedHeaders struct {
	host, contentType bool
	ascending         bool // and so without repetition
	acs               int  // x-acs-… headers that the request has
}

// readSignedHeaders goes through the list once; false for a name that cannot be one.
func (c *Claim) readSignedHeaders(r *Request) (signedHeaders, bool) {
	signed := signedHeaders{ascending: true}
	previous := ""
	for rest, more := c.SignedHeaders, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ";")
		if !isHeaderName(name) || name == "authorization" {
			return signed, false
		}
		signed.ascending = signed.ascending && name > previous
		previous = name
		signed.host = signed.host || name == "host"
		signed.contentType = signed.contentType || name == "content-type"
		if strings.HasPrefix(name, "x-acs-") && c.has(r, name) {
			signed.acs++
		}
	}
	return signed, true
}

func (c *Claim) has(r *Request, name string) bool {
	_, ok := c.required(name)
	return ok || len(r.values(name)) > 0
}

// acsHeaders returns the names of all x-acs-… headers in lower case, sorted.
func acsHeaders(r *Request) []string {
	var names []string
	for key, values := range r.Header {
		if strings.HasPrefix(key, "X-Acs-") && len(values) > 0 {
			names = append(names, strings.ToLower(key))
		}
	}
	slices.Sort(names)
	return names
}

// saysNothing names the x-acs-… headers that only describe the client. They alone may be unsigned.
func saysNothing(name string) bool {
	switch name {
	case "x-acs-credentials-provider", "x-acs-retry-attempts", "x-acs-retry-delay":
		return true
	}
	return false
}

func errUnsigned(name string) error {
	return &Error{Kind: Unsigned, Param: name, Detail: "the header " + name + " must be among the SignedHeaders"}
}

func hasRepeatedName(list string) bool {
	names := strings.Split(list, ";")
	slices.Sort(names)
	return len(slices.Compact(names)) < strings.Count(list, ";")+1
}

// isHeaderName accepts a token of RFC 9110 in lower case.
func isHeaderName(s string) bool {
	for i := range len(s) {
		if !headerNameByte[s[i]] {
			return false
		}
	}
	return s != "" && len(s) <= maxHeaderName
}

var headerNameByte = func() (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&'*+^`|~") {
		set[c] = true
	}
	return set
}()
