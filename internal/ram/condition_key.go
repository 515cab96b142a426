package ram

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// conditionKey names what a condition looks at: one of RAM's global keys, or
// a key of a service, which the caller passes in Request.Keys.
type conditionKey struct {
	global globalKey
	name   string
}

type globalKey uint8

const (
	serviceKey globalKey = iota
	currentTime
	secureTransport
	sourceIP
	mfaPresent
	principalARN
)

// globalKeys are the keys that every request has (RAM, "Policy elements").
// They are found without regard to case: a Deny must not lose its effect
// because somebody wrote acs:sourceIP.
var globalKeys = map[string]globalKey{
	"acs:currenttime":     currentTime,
	"acs:securetransport": secureTransport,
	"acs:sourceip":        sourceIP,
	"acs:mfapresent":      mfaPresent,
	"acs:principalarn":    principalARN,
}

func compileKey(name string) (conditionKey, error) {
	service, rest, _ := strings.Cut(name, ":")
	if service == "" || rest == "" {
		return conditionKey{}, errors.New("it is not of the form service:key")
	}
	return conditionKey{global: globalKeys[strings.ToLower(name)], name: name}, nil
}

// subject is the value that a request has for a key. What it was before it
// was text is kept, so that nothing is written out only to be read again.
type subject struct {
	text string
	time time.Time
	addr netip.Addr
}

// subject finds the value of the key in the request, and whether it has one.
func (k *conditionKey) subject(req *Request) (s subject, present bool) {
	switch k.global {
	case currentTime:
		// RAM's value is ISO 8601 in whole seconds; with fractions DateEquals
		// would never hold.
		return subject{time: req.Time.Truncate(time.Second)}, !req.Time.IsZero()
	case secureTransport:
		return subject{text: strconv.FormatBool(req.SecureTransport)}, true
	case sourceIP:
		return subject{addr: req.SourceIP.Unmap().WithZone("")}, req.SourceIP.IsValid()
	case mfaPresent:
		return subject{text: strconv.FormatBool(req.MFAPresent)}, true
	case principalARN:
		return subject{text: req.PrincipalARN}, req.PrincipalARN != ""
	}
	text, present := req.Keys[k.name]
	return subject{text: text}, present
}

func (s subject) asText() string {
	switch {
	case s.addr.IsValid():
		return s.addr.String()
	case !s.time.IsZero():
		return s.time.UTC().Format(time.RFC3339)
	}
	return s.text
}

func (s subject) asTime() (time.Time, bool) {
	if !s.time.IsZero() {
		return s.time, true
	}
	return parseDate(s.text)
}

func (s subject) asAddr() (netip.Addr, bool) {
	if s.addr.IsValid() {
		return s.addr, true
	}
	addr, err := netip.ParseAddr(s.text)
	return addr.Unmap().WithZone(""), err == nil
}
