package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/rollcall-im/rollcall/internal/signature"
)

// maxAnswer is the most bytes of an answer that a client reads.
const maxAnswer = 8 << 20

// Credentials are an access key. They print without the secret.
type Credentials = signature.Credentials

// Client calls operations as any client of the API does: signed, over HTTP. It serves the command line and tests.
type Client struct {
	Endpoint    string // host:port
	Protocol    string // http or https
	Credentials Credentials
	OldSigning  bool         // RPC signature 1.0 in place of version 3
	HTTP        *http.Client // nil: one that waits 30 s
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Code   string // of the body, "" if it has none
	named  bool   // it has a RequestId, as all answers have
}

// OK tells whether the call did what it was asked for. Answers of RAM and STS have no Code when they did.
func (a *Answer) OK() bool {
	return a.Status == http.StatusOK && (a.Code == "OK" || a.Code == "" && a.named)
}

// Call signs a request with a new nonce, sends it and reads the answer. A refusal is an answer and not an error.
func (c *Client) Call(ctx context.Context, action string, parameters url.Values) (*Answer, error) {
	req, err := c.request(ctx, action, parameters)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", action, err)
	}
	client := c.HTTP
	if client == nil {
		client = &http.Client{Timeout: 30 * time.Second}
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", action, unreachable(hideQuery(err)))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", action, err)
	}
	answer := &Answer{Status: res.StatusCode, Header: res.Header, Body: body}
	var coded struct {
		Code      string
		RequestID string `json:"RequestId"`
	}
	if json.Unmarshal(body, &coded) == nil {
		answer.Code, answer.named = coded.Code, coded.RequestID != ""
	}
	return answer, nil
}

// hideQuery takes the address out of a transport error: its query holds phone numbers and a signature.
func hideQuery(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// unreachable says what is most likely when nobody listens.
func unreachable(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w; is the server running? On a developer's machine, start: rollcall dev", err)
	}
	return err
}

func (c *Client) request(ctx context.Context, action string, parameters url.Values) (*http.Request, error) {
	signed := signature.Request{Method: http.MethodPost, Path: "/", RawQuery: parameters.Encode(), Host: c.Endpoint,
		Header: http.Header{"Accept": {"application/json"}}}
	options := signature.SignOptions{Scheme: signature.ACS3HMACSHA256, Action: action, Version: VersionOf(action), Time: time.Now(),
		Nonce: rand.Text()}
	if c.OldSigning {
		options.Scheme = signature.RPCHMACSHA1
	}
	if err := signature.Sign(&signed, c.Credentials, options); err != nil {
		return nil, err
	}
	target := url.URL{Scheme: c.Protocol, Host: c.Endpoint, Path: "/", RawQuery: signed.RawQuery}
	req, err := http.NewRequestWithContext(ctx, signed.Method, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header, req.Host = signed.Header, c.Endpoint
	return req, nil
}

// TrustFile makes an HTTP client that trusts the certificates of a PEM file and nobody else. A server's own certificate will
// do as well as its authority's.
func TrustFile(path string) (*http.Client, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("there is no certificate in %s; name a PEM file", path)
	}
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}}, nil
}
