package signature

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var signTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// drawQuery draws a raw query: names and values of any text, escaped in one of the ways that clients use.
func drawQuery(t *rapid.T) string {
	names := rapid.SliceOfN(rapid.OneOf(rapid.StringMatching(`[A-Za-z.]{1,6}`), rapid.StringN(1, 4, -1)), 0, 6).Draw(t, "names")
	pieces := make([]string, len(names))
	for i, name := range names {
		escape := rapid.SampledFrom([]func(string) string{url.QueryEscape, url.PathEscape, referenceEncode}).Draw(t, "escape")
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,12}`)).Draw(t, "value")
		pieces[i] = url.QueryEscape(name) + "=" + strings.NewReplacer("+", "%2B", "&", "%26").Replace(escape(value))
		if escape(" ") == "+" {
			pieces[i] = url.QueryEscape(name) + "=" + escape(value)
		}
	}
	return strings.Join(pieces, "&")
}

func drawRequest(t *rapid.T) *Request {
	r := &Request{
		Method:   rapid.SampledFrom([]string{"GET", "POST", "PUT"}).Draw(t, "method"),
		Path:     rapid.SampledFrom([]string{"", "/", "/a/b%20c"}).Draw(t, "path"),
		RawQuery: drawQuery(t),
		Host:     rapid.StringMatching(`[a-z]{1,8}(\.[a-z]{1,8})?(:[0-9]{2,5})?`).Draw(t, "host"),
		Header:   http.Header{"User-Agent": {"x"}, "X-Acs-Owner": {"a b"}},
	}
	switch rapid.IntRange(0, 2).Draw(t, "body") {
	case 1:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = []byte(drawQuery(t))
	case 2:
		r.Header.Set("Content-Type", "application/octet-stream")
		r.Body = rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "bytes")
	}
	return r
}

func signed(t *rapid.T, r *Request, scheme Scheme) {
	cred := Credentials{AccessKeyID: propertyID, AccessKeySecret: "secret"}
	cred.SecurityToken = rapid.SampledFrom([]string{"", "token +/="}).Draw(t, "token")
	opt := SignOptions{Scheme: scheme, Action: "ListChatGroup", Version: "2020-06-06", Time: signTime, Nonce: "n-1", Headers: []string{"User-Agent"}}
	if err := Sign(r, cred, opt); err != nil {
		t.Fatalf("Sign: %v", err)
	}
}

const propertyID = "LTAI5tPropertyTest"

// accepts parses and verifies as a server does that knows one access key.
func accepts(r *Request) error {
	c, err := Parse(r)
	if err != nil {
		return err
	}
	if c.AccessKeyID != propertyID {
		return errors.New("no such access key")
	}
	return NewKey("secret").Verify(r, &c)
}

func TestSignThenVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		scheme := Scheme(rapid.IntRange(1, 3).Draw(t, "scheme"))
		signed(t, r, scheme)
		if err := accepts(r); err != nil {
			t.Fatalf("%s: %v", scheme, err)
		}
		signed(t, r, scheme) // a retry signs the same request again
		if err := accepts(r); err != nil {
			t.Fatalf("%s, signed again: %v", scheme, err)
		}
	})
}

// changeByte replaces one byte of s by another one.
func changeByte(t *rapid.T, s string) string {
	i := rapid.IntRange(0, len(s)-1).Draw(t, "index")
	b := []byte(s)
	b[i] ^= rapid.ByteRange(1, 255).Draw(t, "xor")
	return string(b)
}

// changeLetter is changeByte with letters only, for places where blanks at the ends do not count.
func changeLetter(t *rapid.T, s string) string {
	i := rapid.IntRange(0, len(s)-1).Draw(t, "index")
	other := byte('q')
	if s[i] == other {
		other = 'k'
	}
	return s[:i] + string(other) + s[i+1:]
}

func TestChangedRequestIsRefused(t *testing.T) {
	changes := map[string]func(*rapid.T, *Request){
		"method": func(t *rapid.T, r *Request) { r.Method = changeByte(t, r.Method) },
		"host":   func(t *rapid.T, r *Request) { r.Host = changeLetter(t, r.Host) },
		"path":   func(t *rapid.T, r *Request) { r.Path = changeByte(t, r.path()) },
		"body":   func(t *rapid.T, r *Request) { r.Body = []byte(changeByte(t, string(append(r.Body, 'x')))) },
		"header": func(t *rapid.T, r *Request) {
			key := rapid.SampledFrom([]string{"User-Agent", "X-Acs-Owner", "X-Acs-Action", "X-Acs-Version", "X-Acs-Date",
				"X-Acs-Signature-Nonce", "X-Acs-Content-Sha256", "Authorization"}).Draw(t, "key")
			r.Header.Set(key, changeLetter(t, r.Header.Get(key)))
		},
		"header dropped": func(t *rapid.T, r *Request) {
			r.Header.Del(rapid.SampledFrom([]string{"User-Agent", "X-Acs-Owner"}).Draw(t, "key"))
		},
		"parameter added":   func(t *rapid.T, r *Request) { r.RawQuery += "&zz" },
		"parameter renamed": func(t *rapid.T, r *Request) { r.RawQuery = "Na" + r.RawQuery },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r := drawRequest(t)
				r.RawQuery = "me=1&" + r.RawQuery
				signed(t, r, Scheme(rapid.IntRange(1, 2).Draw(t, "scheme")))
				change(t, r)
				if accepts(r) == nil {
					t.Fatalf("accepted after a change: %+v", r)
				}
			})
		})
	}
}

// TestChangedQueryCounts changes any byte of the raw query or form. The signature must hold exactly if the
// decoded parameters are still the same.
func TestChangedQueryCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		if !IsForm(r.Header.Get("Content-Type")) {
			r.Body = nil
		}
		r.RawQuery = "z=1&" + r.RawQuery
		signed(t, r, Scheme(rapid.IntRange(1, 3).Draw(t, "scheme")))
		before, beforeOK := referenceQuery(r.RawQuery)
		if !beforeOK {
			t.Fatalf("query %q", r.RawQuery)
		}
		r.RawQuery = changeByte(t, r.RawQuery)
		after, afterOK := referenceQuery(r.RawQuery)
		if err := accepts(r); (err == nil) != (afterOK && before == after) {
			t.Fatalf("query now %q: %v", r.RawQuery, err)
		}
	})
}

func TestChangedFormIsRefusedByRPC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = []byte("z=1&" + drawQuery(t))
		signed(t, r, RPCHMACSHA1)
		before, _ := referenceQuery(string(r.Body))
		r.Body = []byte(changeByte(t, string(r.Body)))
		after, ok := referenceQuery(string(r.Body))
		if err := accepts(r); (err == nil) != (ok && before == after) {
			t.Fatalf("form now %q: %v", r.Body, err)
		}
	})
}

// TestCanonicalQueryAgreesWithReference holds both ways, as it is and decoded, against the plain one.
func TestCanonicalQueryAgreesWithReference(t *testing.T) {
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(
			rapid.Custom(drawQuery),
			rapid.StringMatching(`([ab.~%2A47Ff=&+*]{0,12}&){0,3}[a-c]=[%0-9A-Fa-f~]{0,9}`),
			rapid.Map(rapid.Custom(drawQuery), func(q string) string { c, _ := referenceQuery(q); return c }),
		).Draw(t, "raw")
		want, ok := referenceQuery(raw)
		got, err := appendCanonicalQuery(nil, raw)
		if ok != (err == nil) || ok && string(got) != want {
			t.Fatalf("canonical query of %q = %q, %v, want %q, %t", raw, got, err, want, ok)
		}
		if isCanonical(raw) {
			taken++
			if raw != want {
				t.Fatalf("%q taken as canonical, but it is %q", raw, want)
			}
		}
	})
	if taken == 0 {
		t.Error("the fast way was never taken")
	}
}

// TestUsualQueriesTakeTheFastWay: what official clients send for this product is canonical already.
func TestUsualQueriesTakeTheFastWay(t *testing.T) {
	for _, i := range []int{0, 1, 4, 5} {
		if r := acs3Vectors[i].request(t); !isCanonical(r.RawQuery) {
			t.Errorf("%q is not taken as canonical", r.RawQuery)
		}
	}
}

func TestDuplicatesSortByValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"a=1", "a=2", "a", "b=1", "a.b=0", "a=%C3%A9"}), 1, 8).Draw(t, "pieces")
		want, err1 := appendCanonicalQuery(nil, strings.Join(pieces, "&"))
		got, err2 := appendCanonicalQuery(nil, strings.Join(rapid.Permutation(pieces).Draw(t, "permuted"), "&"))
		if err1 != nil || err2 != nil || !slices.Equal(got, want) {
			t.Fatalf("%q (%v) and %q (%v) differ", got, err1, want, err2)
		}
	})
}

// TestSignRefusesWhatNoServerAccepts: Sign reads back what it made.
func TestSignRefusesWhatNoServerAccepts(t *testing.T) {
	good := SignOptions{Scheme: ACS3HMACSHA256, Action: "a", Version: "v", Time: signTime, Nonce: "n"}
	cred := Credentials{AccessKeyID: "id", AccessKeySecret: "s"}
	for name, edit := range map[string]func(*SignOptions, *Request){
		"no action": func(o *SignOptions, r *Request) { o.Action = "" },
		"no nonce":  func(o *SignOptions, r *Request) { o.Nonce = "" },
		"no host":   func(o *SignOptions, r *Request) { r.Host = "" },
		"no scheme": func(o *SignOptions, r *Request) { o.Scheme = 0 },
		"bad query": func(o *SignOptions, r *Request) { r.RawQuery = "a=%" },
		"common parameter in the form": func(o *SignOptions, r *Request) {
			o.Scheme = RPCHMACSHA1
			r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			r.Body = []byte("SignatureNonce=1")
		},
	} {
		opt, r := good, &Request{Method: "POST", Host: "h"}
		edit(&opt, r)
		if err := Sign(r, cred, opt); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	if err := Sign(&Request{Method: "POST", Host: "h"}, cred, good); err != nil {
		t.Errorf("good request: %v", err)
	}
}

func TestWrongSecretIsAMismatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		signed(t, r, Scheme(rapid.IntRange(1, 3).Draw(t, "scheme")))
		c, err := Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		var mismatch *MismatchError
		if err := NewKey("secrets").Verify(r, &c); !errors.As(err, &mismatch) {
			t.Fatalf("Verify with a wrong secret: %v", err)
		}
	})
}
