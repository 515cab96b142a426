package rpc

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// origin is where a request came from.
type origin struct {
	address netip.Addr // invalid if it is unknown
	secure  bool       // all the way by TLS, as far as we can know
}

// originOf finds out where a request came from. What X-Forwarded-For and X-Forwarded-Proto say counts only if the request came
// through a trusted proxy, and an address only as far as trusted proxies have passed it on: everybody can write these headers.
// Where a trusted proxy passes on something that is no address ("unknown", "_hidden", nothing), the address is unknown: the
// proxy's own would let everybody in whom it hides.
func originOf(r *http.Request, trusted []netip.Prefix) origin {
	o := origin{secure: r.TLS != nil}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		o.address = peer.Addr().Unmap().WithZone("")
	}
	if !isTrusted(o.address, trusted) {
		return o
	}
	if proto := splitList(r.Header["X-Forwarded-Proto"]); len(proto) > 0 {
		o.secure = !slices.ContainsFunc(proto, func(p string) bool { return !strings.EqualFold(p, "https") })
	}
	hops := splitList(r.Header["X-Forwarded-For"])
	for _, hop := range slices.Backward(hops) {
		o.address = parseHop(hop)
		if !isTrusted(o.address, trusted) {
			break
		}
	}
	return o
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// splitList gives the parts of a header that is a list, whether it came in one line or several.
func splitList(values []string) []string {
	var parts []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	return parts
}

// parseHop reads an address with or without a port; anything else gives the invalid address.
func parseHop(text string) netip.Addr {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap().WithZone("")
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// String gives the address for logs and the audit.
func (o origin) String() string {
	if !o.address.IsValid() {
		return "unknown"
	}
	return o.address.String()
}
