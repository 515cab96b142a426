package rpc

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // Content-MD5 is defined by it; nothing is protected with it
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// Call is what an operation sees of a request: who asks, and with which parameters. The caller has been authenticated and may
// do what it asks.
type Call struct {
	RequestID string // an upper-case UUID
	Caller    gateway.Caller
	Params    Params
	Asked     ram.Request // the call as policies see it
}

// exchange is one request on its way through the phases, and what has been found out about it so far.
type exchange struct {
	Call
	operation *Operation // nil until it is known
	writer    http.ResponseWriter
	http      *http.Request
	signed    signature.Request
	claim     signature.Claim
	claimErr  error
	origin    origin
	now       time.Time // when the request came
	traceID   string
	xml       bool   // the answer is to be XML
	release   func() // gives the room of the body back
}

// newExchange gives a request its ids.
func newExchange(w http.ResponseWriter, r *http.Request, now time.Time) *exchange {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails, by its documentation
	return &exchange{
		Call:    Call{RequestID: uuid(([16]byte)(random[:16]))},
		traceID: hex.EncodeToString(random[16:]),
		writer:  w, http: r, now: now,
		xml:     wantsXML(nil, r.Header), // until the parameters have been read
		release: func() {},
	}
}

// uuid writes random bytes as an upper-case UUID of version 4, the form that request ids have.
func uuid(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	const digits = "0123456789ABCDEF"
	var out [36]byte
	at := 0
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out[at] = '-'
			at++
		}
		out[at], out[at+1] = digits[c>>4], digits[c&15]
		at += 2
	}
	return string(out[:])
}

// read takes in query and body, once. Everything later works on what was read here, which is what was signed.
func (x *exchange) read(ctx context.Context, limits *Limits) error {
	r := x.http
	if len(r.URL.RawQuery) > limits.QueryBytes {
		return refuse(codeTooLarge)
	}
	body, err := x.readBody(ctx, limits)
	if err != nil {
		return err
	}
	x.signed = signature.FromHTTP(r, body)
	list, err := signature.Parameters(&x.signed)
	if err != nil {
		return refuseClaim(err)
	}
	if x.Params, err = newParams(list, limits.Parameters); err != nil {
		return err
	}
	x.xml = wantsXML(x.Params, r.Header)
	return nil
}

func (x *exchange) readBody(ctx context.Context, limits *Limits) ([]byte, error) {
	r := x.http
	if r.ContentLength > limits.BodyBytes {
		return nil, refuse(codeTooLarge)
	}
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, release, err := limits.Bodies.Read(ctx, http.MaxBytesReader(x.writer, r.Body, limits.BodyBytes))
	x.release = release
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(codeTooLarge)
	case errors.Is(err, ErrNoRoom):
		return nil, refusef(codeUnavailable, "Too many large requests are being read at the moment; try again in a few seconds.")
	case err != nil:
		return nil, refuse(codeTruncated)
	}
	return body, checkDigest(r.Header, body)
}

// checkDigest compares the body with Content-MD5, which one of the official cores sends.
func checkDigest(h http.Header, body []byte) error {
	announced := h["Content-Md5"]
	if len(announced) == 0 {
		return nil
	}
	sum := md5.Sum(body) //nolint:gosec // see the import
	claimed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(announced[0]))
	if err != nil || !bytes.Equal(claimed, sum[:]) {
		return refuse(codeBodyDigest)
	}
	return nil
}

// wantsXML tells whether the answer is to be XML: the parameter Format decides, without it an Accept header that names
// nothing else.
func wantsXML(p Params, h http.Header) bool {
	if format, sent := p.Lookup("Format"); sent {
		return strings.EqualFold(format, "XML")
	}
	accept := h.Get("Accept")
	return accept == "application/xml" || accept == "text/xml"
}

// checkFormat refuses an answer format that there is not.
func (x *exchange) checkFormat() error {
	format := x.Params.Text("Format")
	if format == "" || strings.EqualFold(format, "JSON") || strings.EqualFold(format, "XML") {
		return nil
	}
	return refuse(codeFormat)
}

// name gives the operation that the request names. In version 3 that is the signed header; signature 1.0 does not cover
// headers, so there only parameters count. A request that is not signed at all is asked both, to be told what it lacks.
func (x *exchange) name() (action, version string) {
	action, version = x.claim.Action, x.claim.Version
	byParameters := x.claim.Scheme == 0 && len(x.http.Header["Authorization"]) == 0
	if byParameters {
		if text, sent := x.Params.Lookup("Action"); sent {
			action = text
		}
		if text, sent := x.Params.Lookup("Version"); sent {
			version = text
		}
	}
	return action, version
}
