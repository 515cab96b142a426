package signature

import (
	"bufio"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// request reads the vector as net/http's server would.
func (v vector) request(t testing.TB) *Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(v.wire())))
	if err != nil {
		t.Fatalf("read vector %q: %v", v.name, err)
	}
	req := FromHTTP(r, []byte(v.body))
	return &req
}

func (v vector) wire() string {
	return strings.ReplaceAll(v.head, "\n", "\r\n") + "\r\n\r\n"
}

func (v vector) key() *Key {
	if v.secret != "" {
		return NewKey(v.secret)
	}
	return NewKey(vectorSecret)
}

func allVectors() []vector {
	return append(append([]vector{}, acs3Vectors...), rpcVectors...)
}

// mustParse parses a request that is well formed.
func mustParse(t testing.TB, r *Request) *Claim {
	t.Helper()
	c, err := Parse(r)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return &c
}

func TestVectorsVerify(t *testing.T) {
	for _, v := range allVectors() {
		t.Run(v.name, func(t *testing.T) {
			r := v.request(t)
			c := mustParse(t, r)
			if c.Signature != v.signature {
				t.Errorf("Signature = %q, want %q", c.Signature, v.signature)
			}
			if err := v.key().Verify(r, c); err != nil {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

func TestVectorsMismatchShowsStringToSign(t *testing.T) {
	for _, v := range allVectors() {
		t.Run(v.name, func(t *testing.T) {
			r := v.request(t)
			c := mustParse(t, r)
			var got *MismatchError
			if err := NewKey("another secret").Verify(r, c); !errors.As(err, &got) {
				t.Fatalf("Verify with another secret: %v, want *MismatchError", err)
			}
			want := &MismatchError{Scheme: c.Scheme, StringToSign: v.toSign, CanonicalRequest: v.canonical}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// TestVectorsSign signs each vector's request anew with its own id, time and nonce.
func TestVectorsSign(t *testing.T) {
	for _, v := range allVectors() {
		t.Run(v.name, func(t *testing.T) {
			r := v.request(t)
			c := mustParse(t, r)
			cred := Credentials{AccessKeyID: c.AccessKeyID, AccessKeySecret: v.secret, SecurityToken: c.SecurityToken}
			if v.secret == "" {
				cred.AccessKeySecret = vectorSecret
			}
			authorization := r.Header.Get("Authorization")
			r.Header.Del("Authorization")
			if strings.HasPrefix(v.name, "RPC 1.0, pop-core POST") {
				r.RawQuery, r.Body = string(r.Body), nil // our client puts the common parameters into the query
			}
			if err := Sign(r, cred, SignOptions{Scheme: c.Scheme, Time: c.Time, Nonce: c.Nonce}); err != nil {
				t.Fatalf("Sign: %v", err)
			}
			if got := r.Header.Get("Authorization"); got != authorization {
				t.Errorf("Authorization = %q, want %q", got, authorization)
			}
			if got := mustParse(t, r).Signature; got != v.signature {
				t.Errorf("Signature = %q, want %q", got, v.signature)
			}
		})
	}
}

func TestVectorClaims(t *testing.T) {
	sts := mustParse(t, acs3Vectors[4].request(t))
	rpc := mustParse(t, rpcVectors[3].request(t))
	for _, c := range []*Claim{sts, rpc} {
		got := []string{c.AccessKeyID, c.SecurityToken, c.Nonce, c.Action, c.Version, c.Time.Format(timestampLayout)}
		want := []string{"STS.NUvectorKeyExample000001", "CAIS-vector/token+with=odd chars",
			"0123456789abcdef0123456789abcdef", "ListChatGroup", "2020-06-06", "2026-01-02T03:04:05Z"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s claim (-want +got):\n%s", c.Scheme, diff)
		}
	}
	if sts.Scheme != ACS3HMACSHA256 || rpc.Scheme != RPCHMACSHA1 {
		t.Errorf("schemes %s and %s", sts.Scheme, rpc.Scheme)
	}
}

func TestBearerVectorIsRefused(t *testing.T) {
	_, err := Parse(vector{name: "bearer", head: bearerVector}.request(t))
	wantError(t, err, UnknownMethod, "x-acs-bearer-token")
	if !strings.Contains(err.Error(), "bearer tokens are not accepted") {
		t.Errorf("error %q does not say what is refused", err)
	}
}

// wantError checks kind and parameter of an *Error.
func wantError(t testing.TB, err error, kind Kind, param string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *Error", err)
	}
	if e.Kind != kind || e.Param != param {
		t.Errorf("error kind %d of %q (%s), want kind %d of %q", e.Kind, e.Param, e.Detail, kind, param)
	}
	if e.Detail == "" {
		t.Error("the error has no sentence")
	}
}
