package app

import (
	"net"
	"net/http"
	"strings"
)

// guardControl keeps web pages away from the simulator's control API, which asks for no credentials. A browser on this machine
// reaches it, so neither a page of another origin may call it nor one whose name has been made to point here: the Host must be
// this machine's loopback, the address that the connection came to, or the name that we were told to listen on.
func guardControl(listen string, control http.Handler) http.Handler {
	name, _, _ := net.SplitHostPort(listen)
	guarded := http.NewCrossOriginProtection().Handler(control)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ownHost(r, name) {
			say(w, http.StatusForbidden, "the control API answers to 127.0.0.1, localhost or the address it listens on, and not to this Host")
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

func ownHost(r *http.Request, name string) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") || name != "" && strings.EqualFold(host, name) {
		return true
	}
	ip := net.ParseIP(host)
	if ip == nil {
		return false
	}
	at, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ip.IsLoopback() || at != nil && ip.Equal(at.IP)
}
