package graph

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Calls that hang do not keep others from being answered, whichever protocol they share.
func TestSlowCallsHoldNobodyUp(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const slow = 40
			reached, open := make(chan string, slow), make(chan struct{})
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/SLOW") {
					reached <- r.Proto
					<-open
				}
				_, _ = io.WriteString(w, `{"id":"G","subject":"S"}`)
			}))
			s.EnableHTTP2 = http2
			s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 8} // far fewer than hang
			s.StartTLS()
			defer s.Close()
			transport := newTransport()
			defer transport.CloseIdleConnections()
			theirs, _ := s.Client().Transport.(*http.Transport)
			transport.TLSClientConfig = theirs.TLSClientConfig.Clone()
			transport.TLSClientConfig.NextProtos = nil // whatever the transport offers by itself
			c, err := New(Config{BaseURL: s.URL, Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range slow {
				all.Go(func() {
					if _, err := c.Group(t.Context(), creds, "SLOW"); err != nil {
						t.Error(err)
					}
				})
			}
			for range slow {
				select {
				case proto := <-reached:
					if http2 != (proto == "HTTP/2.0") {
						t.Errorf("the calls use %s", proto)
					}
				case <-time.After(20 * time.Second):
					t.Error("a call that hangs holds up others")
				}
			}
			if _, err := c.Group(t.Context(), creds, "G"); err != nil {
				t.Error(err)
			}
			close(open)
			all.Wait()
		})
	}
}
