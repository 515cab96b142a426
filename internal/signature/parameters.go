package signature

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxParameters bounds the parameters of one request; the largest call of the product has a few hundred.
const maxParameters = 4096

// Parameter is one decoded query or form parameter.
type Parameter struct {
	Name  string
	Value string
}

// DecodeParameters decodes a query or form body: "+" and "%20" are both a space, a name without "=" has an empty
// value, empty pieces between two "&" are passed over. It returns an *Error of kind BadEncoding for an invalid
// escape, text that is not UTF-8 or a value without a name, and of kind BadValue for more than 4096 parameters.
func DecodeParameters(raw string) ([]Parameter, error) {
	if raw == "" {
		return nil, nil
	}
	n := strings.Count(raw, "&") + 1
	if n > maxParameters {
		return nil, errTooManyParameters()
	}
	params := make([]Parameter, 0, n)
	for piece := range strings.SplitSeq(raw, "&") {
		if piece == "" {
			continue
		}
		p, err := decodeParameter(piece)
		if err != nil {
			return nil, err
		}
		params = append(params, p)
	}
	return params, nil
}

func decodeParameter(piece string) (Parameter, error) {
	rawName, rawValue, _ := strings.Cut(piece, "=")
	name, ok := decode(rawName)
	if !ok || name == "" {
		return Parameter{}, &Error{Kind: BadEncoding, Detail: "a parameter's name is empty or not percent-encoded UTF-8"}
	}
	value, ok := decode(rawValue)
	if !ok {
		return Parameter{}, &Error{Kind: BadEncoding, Param: name, Detail: "a parameter's value is not percent-encoded UTF-8"}
	}
	return Parameter{Name: name, Value: value}, nil
}

func errTooManyParameters() error {
	return &Error{Kind: BadValue, Detail: "the request has too many parameters"}
}

func decode(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, utf8.ValidString(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			if len(s)-i < 3 || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "", false
			}
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b), utf8.Valid(b)
}

// sortParameters orders by name, then value, in byte order. Official clients never send a name twice, so the
// order of equal names is ours; it makes the signature independent of how a proxy arranged them.
func sortParameters(params []Parameter) {
	slices.SortFunc(params, func(a, b Parameter) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
}

func appendParameters(dst []byte, sorted []Parameter) []byte {
	for i, p := range sorted {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendEncoded(dst, p.Name)
		dst = append(dst, '=')
		dst = appendEncoded(dst, p.Value)
	}
	return dst
}

// appendCanonicalQuery appends the query in canonical form. Most clients send it in that form already; then it
// is taken as it is.
func appendCanonicalQuery(dst []byte, raw string) ([]byte, error) {
	if isCanonical(raw) {
		return append(dst, raw...), nil
	}
	params, err := DecodeParameters(raw)
	if err != nil {
		return dst, err
	}
	sortParameters(params)
	return appendParameters(dst, params), nil
}

// isCanonical says that decoding, sorting and encoding the query would give the very same bytes. It answers
// false where deciding would take a second look: escapes in names, equal names, bytes beyond ASCII.
func isCanonical(raw string) bool {
	start, inName, previous := 0, true, ""
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if unreserved[c] {
			continue
		}
		switch {
		case c == '=' && inName && raw[start:i] > previous:
			previous, inName = raw[start:i], false
		case c == '&' && !inName:
			start, inName = i+1, true
		case c == '%' && !inName && isNeededEscape(raw[i:]):
			i += 2
		default:
			return false
		}
	}
	return raw == "" || !inName
}

// isNeededEscape says that s begins with an upper-case escape of an ASCII character that has to be escaped.
func isNeededEscape(s string) bool {
	if len(s) < 3 || s[1] > '7' || s[1] < '0' || !isUpperHex(s[2]) {
		return false
	}
	return !unreserved[unhex(s[1])<<4|unhex(s[2])]
}

// unreserved are RFC 3986's unreserved characters, the only ones left bare.
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~") {
		set[c] = true
	}
	return set
}()

// appendEncoded appends s percent-encoded after RFC 3986 with upper-case escapes.
func appendEncoded[T string | []byte](dst []byte, s T) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; unreserved[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

func isHex(c byte) bool { return isUpperHex(c) || 'a' <= c && c <= 'f' }

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}
