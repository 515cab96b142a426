package signature

import (
	"bufio"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func addVectors(f *testing.F) {
	for _, v := range allVectors() {
		f.Add(v.wire(), v.body)
	}
	f.Add(vector{head: bearerVector}.wire(), "")
	f.Add("POST / HTTP/1.1\r\nHost: h\r\nAuthorization: ACS3-HMAC-SHA256 Credential=a, SignedHeaders=;;, Signature=\r\n\r\n", "=&%")
}

// FuzzParse reads any request. It must come to an *Error or to a claim within the limits.
func FuzzParse(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, head, body string) {
		hr, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			return
		}
		r := FromHTTP(hr, []byte(body))
		c, err := Parse(&r)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Kind == 0 || e.Detail == "" {
				t.Fatalf("error without kind or sentence: %#v", err)
			}
			return
		}
		if c.Scheme == 0 || c.AccessKeyID == "" || c.Nonce == "" || c.Signature == "" || c.Time.IsZero() && c.Time.Year() != 1 {
			t.Fatalf("incomplete claim: %+v", c)
		}
		if len(c.AccessKeyID) > maxAccessKeyID || len(c.Nonce) > maxNonce || len(c.SecurityToken) > maxSecurityToken {
			t.Fatalf("claim beyond its limits: %+v", c)
		}
	})
}

// FuzzVerify signs any request with each scheme and expects it back; and checks the request as it is, which
// must not verify unless it is one of the vectors' own signatures.
func FuzzVerify(f *testing.F) {
	addVectors(f)
	key := NewKey(vectorSecret)
	known := make(map[string]bool)
	for _, v := range allVectors() {
		known[v.signature] = true
	}
	f.Fuzz(func(t *testing.T, head, body string) {
		hr, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			return
		}
		r := FromHTTP(hr, []byte(body))
		if c, err := Parse(&r); err == nil && key.Verify(&r, &c) == nil && !known[c.Signature] {
			t.Fatalf("verified a signature that nobody made: %q", c.Signature)
		}
		canonical, err := appendCanonicalQuery(nil, r.RawQuery)
		want, ok := referenceQuery(r.RawQuery)
		if strings.Count(r.RawQuery, "&") < maxParameters && (ok != (err == nil) || ok && string(canonical) != want) {
			t.Fatalf("canonical query of %q = %q, %v, want %q", r.RawQuery, canonical, err, want)
		}
		cred := Credentials{AccessKeyID: "id", AccessKeySecret: vectorSecret}
		for scheme := ACS3HMACSHA256; scheme <= RPCHMACSHA1; scheme++ {
			r := FromHTTP(hr, []byte(body))
			r.Header = hr.Header.Clone()
			if scheme == RPCHMACSHA1 {
				r.Header.Del("Authorization")
			}
			if Sign(&r, cred, SignOptions{Scheme: scheme, Action: "A", Version: "V", Time: signTime, Nonce: "n"}) != nil {
				continue
			}
			c, err := Parse(&r)
			if err != nil {
				t.Fatalf("%s: parse what was signed: %v", scheme, err)
			}
			if err := key.Verify(&r, &c); err != nil {
				t.Fatalf("%s: verify what was signed: %v", scheme, err)
			}
		}
	})
}
