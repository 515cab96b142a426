package signature

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// verifyingServer answers every request with what Verify said of it.
func verifyingServer(t *testing.T) *httptest.Server {
	key := NewKey("secret")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		body, _ := io.ReadAll(hr.Body)
		r := FromHTTP(hr, body)
		c, err := Parse(&r)
		if err == nil {
			err = key.Verify(&r, &c)
		}
		fmt.Fprint(w, err)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestHeadersThatTheServerMoves: the official Python core signs every header that it sets, and net/http's
// server keeps some of those elsewhere than in Header.
func TestHeadersThatTheServerMoves(t *testing.T) {
	server := verifyingServer(t)
	for _, chunked := range []bool{false, true} {
		hr, err := http.NewRequest("POST", server.URL+"/?b=x+y&a=%e4%BD%A0", strings.NewReader("z=1"))
		if err != nil {
			t.Fatal(err)
		}
		hr.Header = http.Header{"Accept": {"application/json"}, "User-Agent": {"python"}, "Content-Type": {"application/x-www-form-urlencoded"}}
		hr.Header["X-Acs-Content-Sha256"] = []string{string(ACS3HMACSHA256.appendHash(nil, []byte("z=1")))}
		hr.Header["X-Acs-Action"], hr.Header["X-Acs-Version"] = []string{"A"}, []string{"V"}
		hr.Header["X-Acs-Date"], hr.Header["X-Acs-Signature-Nonce"] = []string{"2026-01-02T03:04:05Z"}, []string{"n"}
		names := []string{"accept", "content-type", "host", "user-agent", "x-acs-action", "x-acs-content-sha256",
			"x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
		r := FromHTTP(hr, []byte("z=1"))
		r.Header = hr.Header.Clone()
		if chunked {
			hr.ContentLength = -1
			names = append(names, "transfer-encoding")
			r.Header.Set("Transfer-Encoding", "chunked")
		} else {
			names = append(names, "content-length")
			r.Header.Set("Content-Length", "3")
		}
		hr.Header.Set("Authorization", referenceAuthorization(&r, "id", "secret", names))
		if got := send(t, hr); got != "<nil>" {
			t.Errorf("chunked %t: %s", chunked, got)
		}
	}
}

func send(t *testing.T, hr *http.Request) string {
	t.Helper()
	res, err := http.DefaultClient.Do(hr)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestSignedContentLengthWithoutHeader: an intermediary may have turned the body into chunks.
func TestSignedContentLengthWithoutHeader(t *testing.T) {
	r := acs3Vectors[2].request(t)
	cred := Credentials{AccessKeyID: propertyID, AccessKeySecret: "secret"}
	r.Header.Set("Content-Length", fmt.Sprint(len(r.Body)))
	if err := Sign(r, cred, SignOptions{Scheme: ACS3HMACSHA256, Time: signTime, Nonce: "n", Headers: []string{"Content-Length"}}); err != nil {
		t.Fatal(err)
	}
	r.Header.Del("Content-Length")
	if err := accepts(r); err != nil {
		t.Error(err)
	}
}

// TestSignOverHTTP signs with Sign, sends with net/http and verifies on the other side.
func TestSignOverHTTP(t *testing.T) {
	server := verifyingServer(t)
	for scheme := ACS3HMACSHA256; scheme <= RPCHMACSHA1; scheme++ {
		hr, err := http.NewRequest("POST", server.URL+"?List=%5B%22a+b%22%5D&A=~*", nil)
		if err != nil {
			t.Fatal(err)
		}
		r := FromHTTP(hr, nil)
		cred := Credentials{AccessKeyID: "id", AccessKeySecret: "secret", SecurityToken: "t"}
		if err := Sign(&r, cred, SignOptions{Scheme: scheme, Action: "A", Version: "V", Time: signTime, Nonce: "n"}); err != nil {
			t.Fatal(err)
		}
		hr.URL.RawQuery = r.RawQuery
		if got := send(t, hr); got != "<nil>" {
			t.Errorf("%s: %s", scheme, got)
		}
	}
}

func TestSeveralValuesOfASignedHeader(t *testing.T) {
	r := acs3Vectors[1].request(t)
	r.Header["Accept"] = []string{"b", " a "}
	cred := Credentials{AccessKeyID: "id", AccessKeySecret: "secret"}
	if err := Sign(r, cred, SignOptions{Scheme: ACS3HMACSHA256, Time: signTime, Nonce: "n", Headers: []string{"accept"}}); err != nil {
		t.Fatal(err)
	}
	err := NewKey("other").Verify(r, mustParse(t, r))
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) || !strings.Contains(mismatch.CanonicalRequest, "\naccept:a,b\n") {
		t.Errorf("canonical request has no line accept:a,b: %+v", err)
	}
}

func TestKeyServesManyAtOnce(t *testing.T) {
	right, wrong := NewKey(vectorSecret), NewKey("wrong")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for _, v := range allVectors()[1:] {
				if v.secret != "" {
					continue
				}
				r := v.request(t)
				c := mustParse(t, r)
				for range 50 {
					if err := right.Verify(r, c); err != nil {
						t.Errorf("%s: %v", v.name, err)
					}
					if wrong.Verify(r, c) == nil {
						t.Errorf("%s: the wrong key was accepted", v.name)
					}
				}
			}
		})
	}
	group.Wait()
}

// TestNothingSecretIsPrinted: neither secrets nor tokens nor the caller's parameters reach a log by accident.
func TestNothingSecretIsPrinted(t *testing.T) {
	r := acs3Vectors[4].request(t)
	c := mustParse(t, r)
	cred := Credentials{AccessKeyID: "id", AccessKeySecret: vectorSecret, SecurityToken: "CAIS-vector"}
	key := NewKey(vectorSecret)
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).InfoContext(context.Background(), "m", "claim", *c, "cred", cred, "key", key,
		"err", NewKey("x").Verify(r, c))
	fmt.Fprintf(&out, "%v %+v %#v %s %+v %#v", cred, cred, cred, NewKey("x").Verify(r, c), key, key)
	for _, secret := range []string{vectorSecret, "CAIS-vector", c.Signature, "8613800000000"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the output:\n%s", secret, out.String())
		}
	}
	if !strings.Contains(out.String(), c.AccessKeyID) {
		t.Error("the log does not say who it was")
	}
}
