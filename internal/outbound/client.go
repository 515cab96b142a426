package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// maxRedirects is how many redirects one fetch follows.
const maxRedirects = 3

// Config says where customers' addresses may lead. The zero value allows public addresses on any port.
type Config struct {
	Allow     []netip.Prefix // reachable although not public, such as Loopback; for development and private networks
	Ports     []int          // the only ports allowed; empty allows any
	Timeout   time.Duration  // for one fetch with its redirects and its body; default 15 s
	UserAgent string         // default "rollcall"

	// Lookup resolves a name; default is the system's resolver. What it answers is checked like all else.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Loopback are the machine's own addresses, for Config.Allow.
var Loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Client fetches what customers name. It is safe for concurrent use and takes no proxy from the environment.
type Client struct {
	http *http.Client
}

// New returns a client.
func New(config Config) *Client {
	transport := &http.Transport{
		DialContext:            newDialer(config).dial,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
	}
	return &Client{http: &http.Client{
		Transport:     &guard{next: transport, ports: config.Ports, userAgent: cmp.Or(config.UserAgent, "rollcall")},
		CheckRedirect: checkRedirect,
		Timeout:       cmp.Or(config.Timeout, 15*time.Second),
	}}
}

// HTTPClient returns a client for requests other than a plain fetch. It has the same guard: any URL it is given, and
// any redirect, is checked. Its errors have an *Error in their chain where the guard refused.
func (c *Client) HTTPClient() *http.Client { return c.http }

// CloseIdleConnections closes connections that are kept for later requests.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Fetch reads the body behind an http or https URL, at most limit bytes, and its media type without parameters (empty
// if the answer names none). Every error is an *Error.
func (c *Client) Fetch(ctx context.Context, address string, limit int64) (body []byte, contentType string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", errURL
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, "", explain(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, "", &Error{Code: CodeStatus, Message: fmt.Sprintf(
			"the server answered status %d instead of 200; make the URL readable without signing in", res.StatusCode)}
	}
	body, err = readBounded(res, limit)
	if err != nil {
		return nil, "", explain(err)
	}
	contentType, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type"))
	return body, contentType, nil
}

func readBounded(res *http.Response, limit int64) ([]byte, error) {
	tooLarge := &Error{Code: CodeTooLarge, Message: fmt.Sprintf("the file is larger than %d bytes; offer a smaller one", limit)}
	if res.ContentLength > limit {
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = tooLarge
	}
	return body, err
}

// guard checks the URL of every request, the first and each redirect, before it is sent.
type guard struct {
	next      *http.Transport
	ports     []int
	userAgent string
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.check(req.URL); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", g.userAgent)
	}
	return g.next.RoundTrip(req)
}

// CloseIdleConnections lets http.Client reach the transport's own.
func (g *guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

func (g *guard) check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return errURL
	}
	if len(g.ports) == 0 {
		return nil
	}
	port := map[string]int{"http": 80, "https": 443}[u.Scheme]
	if p := u.Port(); p != "" {
		port, _ = strconv.Atoi(p)
	}
	if !slices.Contains(g.ports, port) {
		return &Error{Code: CodePortRefused, Message: fmt.Sprintf("port %d is not allowed; use one of %v", port, g.ports)}
	}
	return nil
}

// checkRedirect counts redirects; the guard checks where they lead. The Referer is cut, since the URL before may hold a
// signature that is not for the next host.
func checkRedirect(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer")
	if len(via) > maxRedirects {
		return &Error{Code: CodeTooManyRedirects, Message: "the URL redirects more than 3 times; give the final address"}
	}
	return nil
}

var errURL = &Error{
	Code:    CodeURLInvalid,
	Message: "the URL must be absolute, start with http:// or https://, and hold no user name or password",
}

// explain turns any error of a request into an *Error.
func explain(err error) error {
	var coded *Error
	var timeout net.Error
	switch {
	case errors.As(err, &coded):
		return coded
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Code: CodeTimeout, Message: "the server did not send the whole file in time; try a faster one", Err: err}
	}
	return &Error{
		Code: CodeUnreachable, Err: err,
		Message: "the server could not be reached; check the name, the port and the certificate",
	}
}
