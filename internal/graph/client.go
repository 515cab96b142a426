package graph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// DefaultBaseURL is where Meta serves the Graph API.
const DefaultBaseURL = "https://graph.facebook.com"

// DefaultVersion is the version of the Graph API that is asked for when the configuration names none.
const DefaultVersion = "v25.0"

// maxAnswer bounds the body of an answer, in bytes. A page of 1024 groups with the longest subjects, each character
// escaped as a surrogate pair, still fits.
const maxAnswer = 2 << 20

const product = "whatsapp"

// Config says where the Graph API is and how to reach it. The zero value reaches Meta.
type Config struct {
	BaseURL   string            // http or https, without version; default DefaultBaseURL
	Version   string            // such as "v25.0"; default DefaultVersion
	Transport http.RoundTripper // default: TLS, kept connections, proxy from the environment
	Timeout   time.Duration     // for one call from dialling to the end of the body; default 30 s
	UserAgent string            // default "rollcall"
}

// Credentials are those of one business number. They print without the token.
type Credentials struct {
	PhoneNumberID string
	AccountID     string // of the WhatsApp Business Account that the number belongs to; calls do not need it
	Token         string
}

// String names the number and hides the token.
func (c Credentials) String() string { return "phone number " + c.PhoneNumberID }

// GoString is String, for %#v.
func (c Credentials) GoString() string { return c.String() }

// LogValue is String, for log/slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Client calls the Graph API. It is safe for concurrent use, never follows a redirect and never repeats a call.
type Client struct {
	http      *http.Client
	timeout   time.Duration
	root      *url.URL // with the version
	userAgent string
}

// New returns a client. The error says which member of config is wrong.
func New(config Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(cmp.Or(config.BaseURL, DefaultBaseURL), "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("graph base URL must look like https://graph.facebook.com")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("graph base URL must have no user, query or fragment")
	}
	version := cmp.Or(config.Version, DefaultVersion)
	if !versionForm.MatchString(version) {
		return nil, fmt.Errorf("graph version %q must look like %s", version, DefaultVersion)
	}
	base.Host = strings.TrimSuffix(base.Host, ":") // as net/http does: an empty port is none
	root, err := url.Parse(base.String() + "/" + version)
	if err != nil {
		return nil, fmt.Errorf("graph base URL: %w", err)
	}
	transport := config.Transport
	if transport == nil {
		transport = newTransport()
	}
	return &Client{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		timeout:   cmp.Or(config.Timeout, 30*time.Second),
		root:      root,
		userAgent: cmp.Or(config.UserAgent, "rollcall"),
	}, nil
}

// newTransport keeps more connections to its one host than Go's default of two.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

var versionForm = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// Accepted is the answer to a change that Meta completes later and reports by webhook.
type Accepted struct {
	RequestID string // names the change in its webhook; empty where the answer carried none
}

// call is one request before it is sent.
type call struct {
	method      string
	id          string // the object: a phone number, a group, a business account
	edge        string // what hangs on the object; may be empty
	query       url.Values
	body        []byte
	contentType string
	mayBeEmpty  bool // an empty answer with a 2xx status is an acceptance
}

// withJSON gives the call a JSON body.
func (k call) withJSON(payload any) (call, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return k, err
	}
	k.body, k.contentType = body, "application/json"
	return k, nil
}

// accept sends a change and reads the request id of its answer.
func (c *Client) accept(ctx context.Context, creds Credentials, k call) (Accepted, error) {
	answer, err := c.do(ctx, creds, k)
	if answer.plain || err != nil || len(answer.body) == 0 {
		return Accepted{RequestID: answer.requestID}, err
	}
	var out struct {
		RequestID text `json:"request_id"`
	}
	err = decode(answer.body, &out)
	return Accepted{RequestID: string(out.RequestID)}, err
}

// fetch sends a call and decodes its answer into out.
func (c *Client) fetch(ctx context.Context, creds Credentials, k call, out any) error {
	answer, err := c.do(ctx, creds, k)
	if err != nil {
		return err
	}
	return decode(answer.body, out)
}

// exchange sends a call and reads and judges its answer.
func (c *Client) exchange(ctx context.Context, creds Credentials, k call) (answer, error) {
	if c.timeout > 0 {
		// Not the timeout of http.Client, which takes a goroutine for each call through a transport that is not its own.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	req, err := c.request(ctx, creds, k)
	if err != nil {
		return answer{}, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, &Error{Title: "the network did not answer", Err: err}
	}
	defer res.Body.Close()
	body, err := readAnswer(res)
	got := answer{status: res.StatusCode, body: body, usage: usageOf(res.Header)}
	if got.readPlain(); got.plain {
		return got, nil
	}
	failure := judge(res, body, k.mayBeEmpty)
	if err != nil {
		failure = &Error{HTTPStatus: res.StatusCode, Unreadable: true, Err: err, RetryAfter: retryAfter(res.Header)}
	}
	if failure != nil {
		failure.hide(creds.Token)
		return got, failure
	}
	return got, nil
}

func (c *Client) request(ctx context.Context, creds Credentials, k call) (*http.Request, error) {
	if creds.Token == "" {
		return nil, &Error{Code: CodeTokenMissing}
	}
	if k.id == "" || len(k.id) > 255 || k.id == "." || k.id == ".." {
		return nil, invalid("the id of a group, number or account must have 1 to 255 characters")
	}
	var body io.Reader
	if k.body != nil {
		body = bytes.NewReader(k.body)
	}
	req, err := http.NewRequestWithContext(ctx, k.method, "/", body)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	req.URL, req.Host = c.address(k), c.root.Host
	values := [...]string{"Bearer " + creds.Token, c.userAgent, "application/json", k.contentType}
	req.Header["Authorization"] = values[0:1:1]
	req.Header["User-Agent"] = values[1:2:2]
	req.Header["Accept"] = values[2:3:3]
	if k.contentType != "" {
		req.Header["Content-Type"] = values[3:4:4]
	}
	return req, nil
}

// address is where a call goes. An id is one segment of the path, whatever it holds.
func (c *Client) address(k call) *url.URL {
	u := *c.root
	u.Path += "/" + k.id
	if escaped := url.PathEscape(k.id); escaped != k.id || u.RawPath != "" {
		u.RawPath = c.root.EscapedPath() + "/" + escaped
	}
	if k.edge != "" {
		u.Path += "/" + k.edge
		if u.RawPath != "" {
			u.RawPath += "/" + k.edge
		}
	}
	u.RawQuery = k.query.Encode()
	return &u
}

// invalid refuses an argument before anything is sent, with the code the network would use.
func invalid(title string) *Error { return &Error{Code: CodeInvalidParameter, Title: title} }
