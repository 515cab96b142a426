package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"sort"
	"strings"
)

// The reference does what the documentation says in the plainest way, with net/url and maps, so that the code
// under test can be held against something that shares nothing with it.

func referenceEncode(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}

func referenceQuery(raw string) (string, bool) {
	var pairs [][2]string
	for _, piece := range strings.Split(raw, "&") {
		if piece == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(piece, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil || name == "" ||
			strings.ToValidUTF8(name, "") != name || strings.ToValidUTF8(value, "") != value {
			return "", false
		}
		pairs = append(pairs, [2]string{name, value})
	}
	sort.SliceStable(pairs, func(i, j int) bool {
		if pairs[i][0] != pairs[j][0] {
			return pairs[i][0] < pairs[j][0]
		}
		return pairs[i][1] < pairs[j][1]
	})
	encoded := make([]string, len(pairs))
	for i, p := range pairs {
		encoded[i] = referenceEncode(p[0]) + "=" + referenceEncode(p[1])
	}
	return strings.Join(encoded, "&"), true
}

// referenceAuthorization signs with ACS3-HMAC-SHA256 and the named headers.
func referenceAuthorization(r *Request, id, secret string, signed []string) string {
	query, _ := referenceQuery(r.RawQuery)
	lines := []string{r.Method, r.path(), query}
	sort.Strings(signed)
	for _, name := range signed {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		lines = append(lines, name+":"+strings.TrimSpace(value))
	}
	lines = append(lines, "", strings.Join(signed, ";"), r.Header.Get("X-Acs-Content-Sha256"))
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(sum[:])))
	return "ACS3-HMAC-SHA256 Credential=" + id + ",SignedHeaders=" + strings.Join(signed, ";") +
		",Signature=" + hex.EncodeToString(mac.Sum(nil))
}
