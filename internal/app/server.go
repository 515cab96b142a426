package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// What a client may take its time for. Parameters travel in the query, so headers may be long.
const (
	headerTime     = 10 * time.Second
	readTime       = 30 * time.Second
	idleTime       = 2 * time.Minute
	maxHeaderBytes = maxQuery + 64<<10 // a query that is a little too long gets an answer in the callers' form
	maxStreams     = 64                // requests at a time on one connection of HTTP/2
	streamBuffer   = 64 << 10          // bytes of bodies that such a connection can send before they are read
)

// server is one address that is served.
type server struct {
	http     *http.Server
	listener net.Listener
	log      *slog.Logger
	done     chan struct{}
}

// serving says what is served where.
type serving struct {
	flag        string // by which the address is given
	address     string
	certificate *tls.Certificate // nil: plain HTTP
	handler     http.Handler
	answerTime  time.Duration // how long a request may take from its headers to the end of its answer
}

// listen opens the address and begins to serve it. What ends the serving, other than stop, is sent to failed.
func listen(ctx context.Context, what serving, log *slog.Logger, failed chan<- error) (*server, error) {
	opened, err := new(net.ListenConfig).Listen(ctx, "tcp", what.address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; give another address with %s, or port 0 for a free one", what.address, err, what.flag)
	}
	tcp, ok := opened.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("listen on %s: it is no TCP address", what.address), opened.Close())
	}
	listener := newCrowd(tcp, maxConnections, headerRoom)
	s := &server{listener: listener, log: log, done: make(chan struct{}), http: &http.Server{
		Handler:           attend(what.handler),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      what.answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         listener.watch,
		ConnContext:       listener.remember,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: streamBuffer,
			MaxReceiveBufferPerStream: streamBuffer},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // broken handshakes of passers-by, mostly
	}}
	serve := func() error { return s.http.Serve(listener) }
	if what.certificate != nil {
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*what.certificate}, MinVersion: tls.VersionTLS12}
		serve = func() error { return s.http.ServeTLS(listener, "", "") }
	}
	go func() {
		defer close(s.done)
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve %s: %w", s.addr(), err)
		}
	}()
	return s, nil
}

func (s *server) addr() string { return s.listener.Addr().String() }

// stop takes no more connections and waits for the requests that are running. When ctx ends first, they are cut off.
func (s *server) stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("wait for requests on %s: %w", s.addr(), err), s.http.Close())
	}
	<-s.done
	return err
}
