// Package signature tells who signed a request and whether the signature holds. It knows Alibaba Cloud's
// signature version 3 (ACS3-HMAC-SHA256 and ACS3-HMAC-SM3) and RPC signature 1.0 (HMAC-SHA1), both for
// checking and for signing. It is pure: it reads no clock and stores no nonce; whether a time is too old, a
// nonce was used or a key may do what it asks is decided by its callers.
package signature

import (
	"net/http"
	"strings"
)

// Request is one HTTP request as it arrived, or as it is to be sent.
type Request struct {
	Method   string
	Path     string      // escaped path as sent; "" counts as "/"
	RawQuery string      // without the question mark
	Host     string      // host[:port] as the client dialled it
	Header   http.Header // keys in net/http's canonical form
	Body     []byte      // the whole body, transfer encoding removed

	// TransferEncoding is what net/http's server takes out of Header, needed only when a client signed it.
	// A signed Content-Length that is not in Header is the length of Body.
	TransferEncoding []string
}

// FromHTTP describes a request of net/http, received or to be sent, whose body the caller has read. It shares
// the headers with r.
func FromHTTP(r *http.Request, body []byte) Request {
	req := Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host,
		Header: r.Header, Body: body, TransferEncoding: r.TransferEncoding,
	}
	// RequestURI is what was on the wire; URL may have been normalised on the way.
	if strings.HasPrefix(r.RequestURI, "/") {
		req.Path, _, _ = strings.Cut(r.RequestURI, "?")
	}
	if req.Host == "" {
		req.Host = r.URL.Host
	}
	return req
}

// Parameters returns the parameters of the query and, if the body is a form, those of the body behind them, in
// the order sent. A server that takes its parameters from here acts on exactly what was signed. It returns an
// *Error of kind BadEncoding or BadValue.
func Parameters(r *Request) ([]Parameter, error) {
	params, err := DecodeParameters(r.RawQuery)
	if err != nil || len(r.Body) == 0 || !IsForm(r.Header.Get("Content-Type")) {
		return params, err
	}
	form, err := DecodeParameters(string(r.Body))
	if err != nil {
		return nil, err
	}
	if len(params)+len(form) > maxParameters {
		return nil, errTooManyParameters()
	}
	return append(params, form...), nil
}

// IsForm says whether a Content-Type announces a form body, application/x-www-form-urlencoded, with or without
// media type parameters.
func IsForm(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
}

func (r *Request) path() string {
	if r.Path == "" {
		return "/"
	}
	return r.Path
}

// first returns the first value of a header, trimmed; "" if it is absent.
func (r *Request) first(key string) string {
	if values := r.Header[key]; len(values) > 0 {
		return strings.TrimSpace(values[0])
	}
	return ""
}

// single returns the one value of a header, trimmed; "" if it is absent. A header that decides something must
// not come twice, for two readers could then choose differently.
func (r *Request) single(key string) (string, error) {
	values := r.Header[key]
	if len(values) == 1 {
		return strings.TrimSpace(values[0]), nil
	}
	if len(values) == 0 {
		return "", nil
	}
	name := strings.ToLower(key)
	return "", &Error{Kind: Duplicate, Param: name, Detail: "the header " + name + " is sent more than once"}
}

// values returns the values of the header whose name is given in lower case. The canonical key is made on the
// stack, which http.CanonicalHeaderKey would allocate.
func (r *Request) values(name string) []string {
	var key [maxHeaderName]byte
	if len(name) > len(key) {
		return nil
	}
	upper := true
	for i := range len(name) {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		key[i] = c
		upper = c == '-'
	}
	return r.Header[string(key[:len(name)])]
}
