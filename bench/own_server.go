package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// ownServers are the subjects that this program is itself, started with their name as the first word.
var ownServers = map[string]func(args []string) error{"floor": serveFloor, "no-database": serveNoDatabase}

// serveOwn prints its address and serves until it is killed. Garbage is collected as seldom as in the product, so that what is
// compared is the work.
func serveOwn(h http.Handler) error {
	debug.SetGCPercent(400)
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for the life of the process
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, l.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: withMetrics(h), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	return server.Serve(l)
}

// withMetrics tells of the one metric that is asked for, in the product's form.
func withMetrics(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			h.ServeHTTP(w, r)
			return
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprintf(w, "%s %d\n", mallocsMetric, m.Mallocs)
	})
}
