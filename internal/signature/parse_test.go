package signature

import (
	"net/http"
	"strings"
	"testing"
)

// replaced gives an edit that replaces text in the Authorization header.
func replaced(old, new string) func(*Request) {
	return func(r *Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
	}
}

func headerSet(key, value string) func(*Request) {
	return func(r *Request) { r.Header.Set(key, value) }
}

func headerDeleted(key string) func(*Request) {
	return func(r *Request) { r.Header.Del(key) }
}

func headerAdded(key, value string) func(*Request) {
	return func(r *Request) { r.Header.Add(key, value) }
}

func TestParseRefusesACS3(t *testing.T) {
	const names = "host;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version"
	for _, c := range []struct {
		name  string
		edit  func(*Request)
		kind  Kind
		param string
	}{
		{"no credential", replaced("Credential=LTAI5tVectorKeyExample01", "Credential="), Missing, "AccessKeyId"},
		{"no signature", replaced("Signature=2fa8e44c27df22d2db385a689542e7db6aff79edf3f7c26b2b056e8deab04e76", "Signature="), Missing, "Signature"},
		{"no signed headers", replaced(names, ""), BadAuthorization, "SignedHeaders"},
		{"no fields", replaced(" Credential", ""), UnknownMethod, "Authorization"},
		{"method only", headerSet("Authorization", "ACS3-HMAC-SHA256"), BadAuthorization, "Authorization"},
		{"stray field", replaced("Credential", "Credentials"), BadAuthorization, "Authorization"},
		{"trailing comma", replaced("04e76", "04e76,"), BadAuthorization, "Authorization"},
		{"field twice", replaced("Credential", "Credential=x,Credential"), BadAuthorization, "Credential"},
		{"two authorizations", headerAdded("Authorization", "acs a:b"), Duplicate, "authorization"},
		{"RSA", replaced("ACS3-HMAC-SHA256", "ACS3-RSA-SHA256"), UnknownMethod, "Authorization"},
		{"version 4", headerSet("Authorization", "ACS4-HMAC-SHA256 Credential=a/20260102/r/p/aliyun_v4_request,Signature=0"), UnknownMethod, "Authorization"},
		{"ROA", headerSet("Authorization", "acs LTAI5tVectorKeyExample01:c2ln"), UnknownMethod, "Authorization"},
		{"bearer", headerSet("Authorization", "Bearer abc"), UnknownMethod, "Authorization"},
		{"basic", headerSet("Authorization", "Basic YTpi"), UnknownMethod, "Authorization"},
		{"no host", func(r *Request) { r.Host = "" }, Missing, "host"},
		{"no action", headerDeleted("X-Acs-Action"), Missing, "x-acs-action"},
		{"no version", headerDeleted("X-Acs-Version"), Missing, "x-acs-version"},
		{"no date", headerDeleted("X-Acs-Date"), Missing, "x-acs-date"},
		{"no nonce", headerDeleted("X-Acs-Signature-Nonce"), Missing, "x-acs-signature-nonce"},
		{"no content hash", headerDeleted("X-Acs-Content-Sha256"), Missing, "x-acs-content-sha256"},
		{"blank nonce", headerSet("X-Acs-Signature-Nonce", "  "), Missing, "x-acs-signature-nonce"},
		{"date without zone", headerSet("X-Acs-Date", "2026-01-02T03:04:05"), BadTime, "x-acs-date"},
		{"host unsigned", replaced("host;", ""), Unsigned, "host"},
		{"action unsigned", replaced("x-acs-action;", ""), Unsigned, "x-acs-action"},
		{"version unsigned", replaced(";x-acs-version", ""), Unsigned, "x-acs-version"},
		{"date unsigned", replaced("x-acs-date;", ""), Unsigned, "x-acs-date"},
		{"nonce unsigned", replaced("x-acs-signature-nonce;", ""), Unsigned, "x-acs-signature-nonce"},
		{"content hash unsigned", replaced("x-acs-content-sha256;", ""), Unsigned, "x-acs-content-sha256"},
		{"token unsigned", headerSet("X-Acs-Security-Token", "t"), Unsigned, "x-acs-security-token"},
		{"unknown x-acs header unsigned", headerSet("X-Acs-Owner-Id", "1"), Unsigned, "x-acs-owner-id"},
		{"absent name stands in for an unsigned one", func(r *Request) {
			replaced("x-acs-action;", "x-acs-nothing;")(r)
		}, Unsigned, "x-acs-action"},
		{"action twice", headerAdded("X-Acs-Action", "ListChatGroup"), Duplicate, "x-acs-action"},
		{"other x-acs header twice", headerAdded("X-Acs-Credentials-Provider", "x"), Duplicate, "x-acs-credentials-provider"},
		{"content type twice", func(r *Request) { r.Header["Content-Type"] = []string{"a", "b"} }, Duplicate, "content-type"},
		{"body's type unsigned", func(r *Request) {
			r.Body = []byte("a=b")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}, Unsigned, "content-type"},
		{"name twice", replaced("host;", "host;host;"), BadAuthorization, "SignedHeaders"},
		{"name twice apart", replaced("x-acs-version,", "x-acs-version;host,"), BadAuthorization, "SignedHeaders"},
		{"upper case name", replaced("host;", "Host;"), BadAuthorization, "SignedHeaders"},
		{"empty name", replaced("host;", "host;;"), BadAuthorization, "SignedHeaders"},
		{"signed authorization", replaced("host;", "authorization;host;"), BadAuthorization, "SignedHeaders"},
		{"long name", replaced("host;", "host;"+strings.Repeat("h", 129)+";"), BadAuthorization, "SignedHeaders"},
		{"too many names", replaced("host;", "host;"+strings.Repeat("a;", 60)), BadValue, "SignedHeaders"},
		{"long id", replaced("LTAI5t", strings.Repeat("L", 129)), BadValue, "AccessKeyId"},
		{"odd id", replaced("LTAI5t", "L\x01"), BadValue, "AccessKeyId"},
		{"long nonce", headerSet("X-Acs-Signature-Nonce", strings.Repeat("n", 257)), BadValue, "x-acs-signature-nonce"},
		{"nonce beyond ASCII", headerSet("X-Acs-Signature-Nonce", "n\xff"), BadValue, "x-acs-signature-nonce"},
		{"two ids", func(r *Request) {
			replaced("x-acs-action", "x-acs-accesskey-id;x-acs-action")(r)
			r.Header.Set("X-Acs-Accesskey-Id", "LTAI5tSomebodyElse")
		}, BadAuthorization, "x-acs-accesskey-id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := acs3Vectors[1].request(t)
			c.edit(r)
			_, err := Parse(r)
			wantError(t, err, c.kind, c.param)
		})
	}
}

func TestParseAcceptsACS3(t *testing.T) {
	for name, edit := range map[string]func(*Request){
		"spaces after commas": func(r *Request) {
			r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), ",", ", "))
		},
		"another order of fields": func(r *Request) {
			method, fields, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			f := strings.Split(fields, ",")
			r.Header.Set("Authorization", method+" "+f[2]+","+f[0]+","+f[1])
		},
		"unsigned header that says nothing": headerSet("X-Acs-Retry-Attempts", "1"),
		"unsigned other header":             headerSet("Accept-Encoding", "gzip"),
		"content type without a body":       headerSet("Content-Type", "text/plain"),
		"path left out":                     func(r *Request) { r.Path = "" },
		"query in another order": func(r *Request) {
			first, rest, _ := strings.Cut(r.RawQuery, "&")
			r.RawQuery = rest + "&" + first
		},
		"lower-case escapes and stray ampersands": func(r *Request) {
			r.RawQuery = "&" + strings.ReplaceAll(r.RawQuery, "%5B", "%5b") + "&&"
		},
		"bare characters that need no escape on the wire": func(r *Request) {
			r.RawQuery = strings.ReplaceAll(r.RawQuery, "%3A", ":")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := acs3Vectors[1].request(t)
			edit(r)
			if err := NewKey(vectorSecret).Verify(r, mustParse(t, r)); err != nil {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		edit  func(*Request)
		kind  Kind
		param string
	}{
		{"other body", func(r *Request) { r.Body = []byte("x") }, BodyHash, "x-acs-content-sha256"},
		{"upper-case hash", headerSet("X-Acs-Content-Sha256", strings.ToUpper(emptySHA256)), BodyHash, "x-acs-content-sha256"},
		{"hash of the other algorithm", headerSet("X-Acs-Content-Sha256", emptySM3), BodyHash, "x-acs-content-sha256"},
		{"cut escape", func(r *Request) { r.RawQuery += "&z=%4" }, BadEncoding, "z"},
		{"bad escape", func(r *Request) { r.RawQuery += "&z=%GG" }, BadEncoding, "z"},
		{"not UTF-8", func(r *Request) { r.RawQuery += "&z=%ff" }, BadEncoding, "z"},
		{"no name", func(r *Request) { r.RawQuery += "&=z" }, BadEncoding, ""},
		{"bad name", func(r *Request) { r.RawQuery += "&%=z" }, BadEncoding, ""},
		{"too many parameters", func(r *Request) { r.RawQuery = strings.Repeat("b&a&", 2049) }, BadValue, ""},
		{"line feed in a header", headerSet("X-Acs-Credentials-Provider", "a\nb"), BadEncoding, ""},
		{"line feed in the method", func(r *Request) { r.Method = "POST\n/" }, BadEncoding, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := acs3Vectors[1].request(t)
			c.edit(r)
			err := NewKey(vectorSecret).Verify(r, mustParse(t, r))
			wantError(t, err, c.kind, c.param)
		})
	}
}

func TestParseRefusesRPC(t *testing.T) {
	query := func(edit func(string) string) func(*Request) {
		return func(r *Request) { r.RawQuery = edit(r.RawQuery) }
	}
	swap := func(old, new string) func(*Request) {
		return query(func(q string) string { return strings.Replace(q, old, new, 1) })
	}
	add := func(s string) func(*Request) {
		return query(func(q string) string { return q + s })
	}
	for _, c := range []struct {
		name  string
		edit  func(*Request)
		kind  Kind
		param string
	}{
		{"nothing at all", func(r *Request) { r.RawQuery = "" }, Missing, "AccessKeyId"},
		{"no id", swap("AccessKeyId=LTAI5tVectorKeyExample01&", ""), Missing, "AccessKeyId"},
		{"empty id", swap("AccessKeyId=LTAI5tVectorKeyExample01", "AccessKeyId="), Missing, "AccessKeyId"},
		{"no signature", swap("&Signature=", "&Signatur="), Missing, "Signature"},
		{"no method", swap("SignatureMethod", "X"), Missing, "SignatureMethod"},
		{"no version", swap("SignatureVersion", "X"), Missing, "SignatureVersion"},
		{"no nonce", swap("SignatureNonce", "X"), Missing, "SignatureNonce"},
		{"no timestamp", swap("Timestamp", "X"), Missing, "Timestamp"},
		{"SHA-256", swap("HMAC-SHA1", "HMAC-SHA256"), UnknownMethod, "SignatureMethod"},
		{"version 2.0", swap("SignatureVersion=1.0", "SignatureVersion=2.0"), UnknownVersion, "SignatureVersion"},
		{"bad time", swap("2026-01-02T", "2026-13-02T"), BadTime, "Timestamp"},
		{"bearer", add("&SignatureType=BEARERTOKEN&BearerToken=t"), UnknownMethod, "SignatureType"},
		{"private key", add("&SignatureType=PRIVATEKEY"), UnknownMethod, "SignatureType"},
		{"id token", headerSet("X-Acs-Zero-Trust-Idtoken", "t"), UnknownMethod, "x-acs-zero-trust-idtoken"},
		{"nonce twice", add("&SignatureNonce=2"), Duplicate, "SignatureNonce"},
		{"action twice, once in the body", func(r *Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			r.Body = []byte("Action=ListChatGroup")
		}, Duplicate, "Action"},
		{"long nonce", swap("SignatureNonce=", "SignatureNonce="+strings.Repeat("n", 256)), BadValue, "SignatureNonce"},
		{"nul in the nonce", swap("SignatureNonce=", "SignatureNonce=%00"), BadValue, "SignatureNonce"},
		{"long id", swap("AccessKeyId=", "AccessKeyId="+strings.Repeat("n", 128)), BadValue, "AccessKeyId"},
		{"long token", add("&SecurityToken=" + strings.Repeat("t", 8193)), BadValue, "SecurityToken"},
		{"not UTF-8", add("&z=%c3"), BadEncoding, "z"},
		{"bad form", func(r *Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = []byte("z=%")
		}, BadEncoding, "z"},
		{"too many parameters in both", func(r *Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = []byte(strings.Repeat("a&", 4094) + "a")
		}, BadValue, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rpcVectors[1].request(t)
			c.edit(r)
			_, err := Parse(r)
			wantError(t, err, c.kind, c.param)
		})
	}
}

func TestVerifyRPC(t *testing.T) {
	form := "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name  string
		edit  func(*Request)
		match bool
	}{
		{"another path", func(r *Request) { r.Path = "/x" }, false},
		{"another method", func(r *Request) { r.Method = "PUT" }, false},
		{"no form", func(r *Request) { r.Header.Del("Content-Type") }, false},
		{"form type with parameters", headerSet("Content-Type", "Application/X-WWW-Form-Urlencoded ; charset=UTF-8"), true},
		{"a parameter more", func(r *Request) { r.Body = append(r.Body, "&Extra"...) }, false},
		{"space as %20", func(r *Request) { r.Body = []byte(strings.Replace(string(r.Body), "+", "%20", 1)) }, true},
		{"parameters moved to the query", func(r *Request) { r.RawQuery, r.Body = r.RawQuery+"&"+string(r.Body), nil }, true},
		{"another host", func(r *Request) { r.Host = "localhost:8020" }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rpcVectors[2].request(t)
			if r.Header.Get("Content-Type") != form || len(r.Body) == 0 {
				t.Fatal("the vector is not a form")
			}
			c.edit(r)
			if err := NewKey(vectorSecret).Verify(r, mustParse(t, r)); (err == nil) != c.match {
				t.Errorf("Verify: %v, want a match: %t", err, c.match)
			}
		})
	}
}

// TestClaimOfUnsignedRequest: a caller answers an unknown action before it complains about the signature.
func TestClaimOfUnsignedRequest(t *testing.T) {
	r := &Request{Method: "POST", Header: http.Header{"X-Acs-Action": {"NoSuch"}, "X-Acs-Version": {"2020-06-06"}}}
	c, err := Parse(r)
	wantError(t, err, Missing, "AccessKeyId")
	if c.Action != "NoSuch" || c.Version != "2020-06-06" {
		t.Errorf("claim has action %q, version %q", c.Action, c.Version)
	}
}

func TestEmptySecretVerifiesNothing(t *testing.T) {
	r := acs3Vectors[1].request(t)
	c := mustParse(t, r)
	if _, err := calculate(r, Credentials{}, c); err != nil {
		t.Fatal(err)
	}
	signature, _ := calculate(r, Credentials{}, c)
	c.Signature = signature
	if err := NewKey("").Verify(r, c); err == nil {
		t.Error("a request signed with the empty secret was accepted")
	}
}

func TestVerifyRefusesZeroClaim(t *testing.T) {
	if err := NewKey("s").Verify(acs3Vectors[1].request(t), &Claim{}); err == nil {
		t.Error("the zero Claim was accepted")
	}
}

func TestParseTimestamp(t *testing.T) {
	for s, want := range map[string]string{
		"2026-01-02T03:04:05Z":            "2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05.312Z":        "2026-01-02T03:04:05.312Z",
		"2026-01-02T03:04:05.123456789Z":  "2026-01-02T03:04:05.123456789Z",
		"2024-02-29T23:59:59Z":            "2024-02-29T23:59:59Z",
		"2026-01-02T03:04:05":             "",
		"2026-01-02T03:04:05+00:00":       "",
		"2026-01-02T03:04:05z":            "",
		"2026-01-02t03:04:05Z":            "",
		"2026-01-02 03:04:05Z":            "",
		"2026-01-02T3:04:05Z":             "",
		"2026-01-02T03:04:05.Z":           "",
		"2026-01-02T03:04:05,5Z":          "",
		"2026-01-02T03:04:05.1234567890Z": "",
		"2026-01-02T03:04:05.1x3Z":        "",
		"2026-02-30T03:04:05Z":            "",
		"2026-01-02T24:04:05Z":            "",
		"2026-01-02T03:04:60Z":            "",
		"1767323045":                      "",
		"":                                "",
	} {
		got, ok := parseTimestamp(s)
		if ok != (want != "") {
			t.Errorf("parseTimestamp(%q) ok = %t", s, ok)
		}
		if ok && got.Format("2006-01-02T15:04:05.999999999Z07:00") != want {
			t.Errorf("parseTimestamp(%q) = %s, want %s", s, got, want)
		}
	}
}
