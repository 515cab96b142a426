package signature

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Credentials are what a caller signs with. SecurityToken is set for temporary credentials only.
type Credentials struct {
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string
}

// LogValue keeps the secret and the token out of logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.AccessKeyID) }

// String keeps the secret and the token out of formatted text.
func (c Credentials) String() string { return c.AccessKeyID }

// GoString is String, for %#v.
func (c Credentials) GoString() string { return c.AccessKeyID }

// SignOptions say how to sign. Time and Nonce are the caller's: a retry must have new ones.
type SignOptions struct {
	Scheme  Scheme
	Action  string // the operation; "" keeps what the request already says
	Version string // of the product; "" keeps what the request already says
	Time    time.Time
	Nonce   string   // up to 256 characters of ASCII
	Headers []string // version 3: headers to sign besides host, content-type and x-acs-…
}

// Sign signs a request in place. Version 3 sets x-acs-… headers and Authorization; RPC 1.0 writes the common
// parameters and Signature into the query (with Format=JSON unless it has one). Method and Host must be set. A
// request may be signed again. The result is read back as a server would read it, so a request that could not
// be accepted gives Parse's *Error.
func Sign(r *Request, cred Credentials, opt SignOptions) error {
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	var err error
	switch opt.Scheme {
	case ACS3HMACSHA256, ACS3HMACSM3:
		err = signACS3(r, cred, opt)
	case RPCHMACSHA1:
		err = signRPC(r, cred, opt)
	default:
		err = fmt.Errorf("scheme %d is not served", opt.Scheme)
	}
	if err == nil {
		_, err = Parse(r)
	}
	if err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	return nil
}

func signACS3(r *Request, cred Credentials, opt SignOptions) error {
	c := Claim{Scheme: opt.Scheme, contentHash: string(opt.Scheme.appendHash(nil, r.Body))}
	setHeaders(r.Header, map[string]string{
		"X-Acs-Date":            opt.Time.UTC().Format(timestampLayout),
		"X-Acs-Signature-Nonce": opt.Nonce,
		"X-Acs-Content-Sha256":  c.contentHash,
	})
	if opt.Action != "" {
		r.Header.Set("X-Acs-Action", opt.Action)
	}
	if opt.Version != "" {
		r.Header.Set("X-Acs-Version", opt.Version)
	}
	r.Header.Del("X-Acs-Accesskey-Id")
	r.Header.Del("X-Acs-Security-Token")
	if cred.SecurityToken != "" {
		setHeaders(r.Header, map[string]string{
			"X-Acs-Accesskey-Id": cred.AccessKeyID, "X-Acs-Security-Token": cred.SecurityToken,
		})
	}
	if err := c.readACS3Headers(r); err != nil {
		return err
	}
	c.SignedHeaders = headersToSign(r, opt.Headers)
	signature, err := calculate(r, cred, &c)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", opt.Scheme.String()+" Credential="+cred.AccessKeyID+
		",SignedHeaders="+c.SignedHeaders+",Signature="+signature)
	return nil
}

func setHeaders(h http.Header, values map[string]string) {
	for key, value := range values {
		h.Set(key, value)
	}
}

func headersToSign(r *Request, more []string) string {
	names := append(acsHeaders(r), "host")
	if len(r.Header["Content-Type"]) > 0 {
		names = append(names, "content-type")
	}
	for _, name := range more {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ";")
}

func signRPC(r *Request, cred Credentials, opt SignOptions) error {
	common := []Parameter{
		{"AccessKeyId", cred.AccessKeyID}, {"SignatureMethod", "HMAC-SHA1"}, {"SignatureVersion", "1.0"},
		{"SignatureNonce", opt.Nonce}, {"Timestamp", opt.Time.UTC().Format(timestampLayout)},
	}
	for _, p := range []Parameter{{"Action", opt.Action}, {"Version", opt.Version}, {"SecurityToken", cred.SecurityToken}} {
		if p.Value != "" {
			common = append(common, p)
		}
	}
	query, err := DecodeParameters(r.RawQuery)
	if err != nil {
		return err
	}
	query = slices.DeleteFunc(query, func(p Parameter) bool {
		return p.Name == "Signature" || p.Name == "SecurityToken" || hasName(common, p.Name)
	})
	query = append(query, common...)
	if !hasName(query, "Format") {
		query = append(query, Parameter{"Format", "JSON"})
	}
	return r.signQuery(cred, query)
}

// signQuery makes query and Signature the request's query.
func (r *Request) signQuery(cred Credentials, query []Parameter) error {
	sortParameters(query)
	r.RawQuery = string(appendParameters(nil, query))
	params, err := Parameters(r)
	if err != nil {
		return err
	}
	signature, err := calculate(r, cred, &Claim{Scheme: RPCHMACSHA1, signed: signedParameters(params)})
	if err != nil {
		return err
	}
	query = append(query, Parameter{"Signature", signature})
	sortParameters(query)
	r.RawQuery = string(appendParameters(nil, query))
	return nil
}

func hasName(params []Parameter, name string) bool {
	return slices.ContainsFunc(params, func(p Parameter) bool { return p.Name == name })
}

func calculate(r *Request, cred Credentials, c *Claim) (string, error) {
	s := new(scratch)
	if err := s.prepare(r, c); err != nil {
		return "", err
	}
	s.sign(NewKey(cred.AccessKeySecret), c.Scheme)
	return string(s.signature), nil
}
