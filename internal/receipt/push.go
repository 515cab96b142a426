package receipt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/outbound"
)

// The values of settings that are not given. Time and retries are those of the official service: an answer within three seconds (page
// "ChatAppStatus"), and again after one and after five minutes, three pushes in all (page "ChatAppAudit", its acknowledgement rule).
const (
	DefaultTimeout = 3 * time.Second
	DefaultAtOnce  = 8
)

// DefaultRetries is how long the official service waits before it pushes again, each time.
func DefaultRetries() []time.Duration { return []time.Duration{time.Minute, 5 * time.Minute} }

// Config says how receipts are pushed. The zero value is what the official service does.
type Config struct {
	Timeout time.Duration    // for the whole answer
	Retries []time.Duration  // waits before the second and later pushes; nil for DefaultRetries, empty for none
	AnyCode bool             // any numeric code acknowledges, and not 0 alone
	Allow   []netip.Prefix   // private addresses that callbacks may lead to
	AtOnce  int              // pushes to one callback that run at the same time
	Now     func() time.Time // defaults to time.Now
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Retries == nil {
		c.Retries = DefaultRetries()
	}
	if c.AtOnce == 0 {
		c.AtOnce = DefaultAtOnce
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Destination is a customer's callback.
type Destination struct {
	URL    string
	Secret string // "" does not sign
}

// Pusher brings receipts to callbacks. Every address is checked when it is dialled, so neither a name that changes its mind nor a
// redirect leads to where the operator does not allow it; and redirects are not followed.
type Pusher struct {
	cfg  Config
	http *http.Client
}

// NewPusher makes a pusher.
func NewPusher(cfg Config) *Pusher {
	cfg = cfg.withDefaults()
	guarded := *outbound.New(outbound.Config{Allow: cfg.Allow, Timeout: cfg.Timeout}).HTTPClient()
	guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Pusher{cfg: cfg, http: &guarded}
}

// Retries gives the waits before the second and later pushes, and AtOnce how many pushes to one callback run at the same time.
func (p *Pusher) Retries() []time.Duration { return p.cfg.Retries }

// AtOnce is described at Retries.
func (p *Pusher) AtOnce() int { return p.cfg.AtOnce }

// Barred says in a word or two why nothing is ever pushed to a host, "" if something may be. Of a name that shows only when it is dialled.
func (p *Pusher) Barred(host string) string {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	return outbound.Barred(addr, p.cfg.Allow)
}

// Close closes connections that are kept for later pushes.
func (p *Pusher) Close() { p.http.CloseIdleConnections() }

// maxAnswer is the most bytes of a receiver's answer that are read; one that acknowledges has a few dozen.
const maxAnswer = 64 << 10

// Push brings items to a callback in one request and gives nil if they were acknowledged: HTTP 200 and a JSON object whose member
// code is a number, and 0. The error says what was wrong, without the address. id names the request and is the same when it is repeated.
func (p *Pusher) Push(ctx context.Context, to Destination, id string, items []json.RawMessage) error {
	body, err := json.Marshal(items)
	if err != nil {
		return fmt.Errorf("write receipts: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the callback's address is no URL")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if to.Secret != "" {
		if err := sign(req.Header, to.Secret, id, p.cfg.Now(), body); err != nil {
			return err
		}
	}
	res, err := p.http.Do(req)
	if err != nil {
		return p.unreached(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New("the receiver answered status " + strconv.Itoa(res.StatusCode) + " and not 200")
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return p.unreached(err)
	}
	return acknowledged(answer, p.cfg.AnyCode)
}

// unreached says why there is no answer, without the address, which may hold a secret.
func (p *Pusher) unreached(err error) error {
	var refused *outbound.Error
	var late interface{ Timeout() bool }
	switch {
	case errors.As(err, &refused) && refused.Code != outbound.CodeUnreachable:
		return errors.New(refused.Message)
	case errors.As(err, &late) && late.Timeout():
		return fmt.Errorf("the receiver did not answer within %s", p.cfg.Timeout)
	}
	return errors.New("the receiver could not be reached")
}

// Acknowledges tells what keeps the body of an answer with status 200 from acknowledging receipts; nil for one that does.
func Acknowledges(body []byte) error { return acknowledged(body, false) }

// acknowledged looks for the number that acknowledges.
func acknowledged(body []byte, anyCode bool) error {
	var answer struct {
		Code json.RawMessage `json:"code"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Code) == 0 {
		return errors.New(`the receiver answered 200 without a code; it has to answer {"code":0}`)
	}
	if c := answer.Code[0]; c != '-' && (c < '0' || c > '9') {
		return errors.New(`the receiver answered a code that is no number; it has to answer {"code":0}`)
	}
	if n, err := strconv.ParseFloat(string(answer.Code), 64); !anyCode && (err != nil || n != 0) {
		return fmt.Errorf("the receiver answered the code %.20s and not 0", answer.Code)
	}
	return nil
}
