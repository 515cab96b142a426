package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// ClockTolerance is how far a request's date may be from ours, either way (Alibaba Cloud, error centre,
// InvalidTimeStamp.Expired).
const ClockTolerance = 15 * time.Minute

// authenticate makes sure who calls: the claim is complete, its time is near, the key exists and signed the request, and the
// nonce is new. A nonce counts as used only behind a good signature, or anybody could use up other people's.
func (s *Server) authenticate(ctx context.Context, x *exchange) error {
	if x.claimErr != nil {
		return refuseClaim(x.claimErr)
	}
	if age := x.now.Sub(x.claim.Time); age > ClockTolerance || age < -ClockTolerance {
		return refuse(codeTimeExpired)
	}
	p, err := s.principal(ctx, &x.claim, x.now)
	if err != nil {
		return err
	}
	if err := p.Key.Verify(&x.signed, &x.claim); err != nil {
		return refuseClaim(err)
	}
	sum := s.nonces.sum(p.AccessKeyID, x.claim.Nonce)
	if err := s.nonces.useBy(p.AccountID, sum, x.now); err != nil {
		return err
	}
	if err := s.shared.useNonce(ctx, sum, x.now); err != nil {
		return err
	}
	x.Caller = gateway.Caller{Principal: p, Action: x.operation.Action, RequestID: x.RequestID, Source: x.origin.String(),
		Nonce: int64(sum)} //nolint:gosec // the same 64 bits as a signed number, which databases have
	return nil
}

// principal finds who a key stands for, and checks that the key may be used and goes with the token.
func (s *Server) principal(ctx context.Context, c *signature.Claim, now time.Time) (*gateway.Principal, error) {
	if strings.HasPrefix(c.AccessKeyID, "STS.") {
		return s.sessionPrincipal(ctx, c, now)
	}
	p, err := s.gateway.Principal(ctx, c.AccessKeyID)
	switch {
	case errors.Is(err, gateway.ErrNoKey):
		return nil, refuse(codeKeyUnknown)
	case err != nil:
		return nil, err
	case !p.Active:
		return nil, refuse(codeKeyInactive)
	case c.SecurityToken != "":
		return nil, refuse(codeTokenMismatch)
	}
	return p, nil
}

// sessionPrincipal finds who a temporary key stands for, by the token that goes with it. The key's secret is in the token, so that the
// signature shows that both come from whom we gave them to.
func (s *Server) sessionPrincipal(ctx context.Context, c *signature.Claim, now time.Time) (*gateway.Principal, error) {
	if c.SecurityToken == "" {
		return nil, refuse(codeTokenMissing)
	}
	session, err := s.tokens.open(c.SecurityToken)
	switch {
	case err != nil:
		return nil, refuse(codeTokenMalformed)
	case session.AccessKeyID != c.AccessKeyID:
		return nil, refuse(codeTokenMismatch)
	case !now.Before(session.ExpiresAt):
		return nil, refuse(codeTokenExpired)
	}
	p, err := s.gateway.SessionPrincipal(ctx, &session)
	if errors.Is(err, gateway.ErrNoKey) {
		return nil, refusef(codeKeyUnknown, "Specified access key is not found: the role of the session has been deleted.")
	}
	return p, err
}

// refuseClaim puts what the signature package says into a refusal.
func refuseClaim(err error) error {
	var mismatch *signature.MismatchError
	var bad *signature.Error
	switch {
	case errors.As(err, &mismatch):
		return refuseMismatch(mismatch)
	case errors.As(err, &bad):
		return refuseBadClaim(bad)
	}
	return err
}

// What is repeated of a request whose signature does not hold. Nobody has signed it, so it must not cost many times what it
// is itself.
const (
	maxStringEcho  = 64 << 10 // of the string to sign of signature 1.0; it is repeated whole or not at all
	maxRequestEcho = 8 << 10  // of the canonical request of version 3
)

// refuseMismatch repeats what was signed here. Old clients compare everything behind the colon with their own string, so
// nothing may follow it; they then know whether the secret or the request is wrong.
func refuseMismatch(m *signature.MismatchError) error {
	if m.Scheme == signature.RPCHMACSHA1 {
		if len(m.StringToSign) > maxStringEcho {
			return refusef(codeSignatureMismatch, "Specified signature is not matched with our calculation: the string to sign has %d bytes, too many to be repeated.",
				len(m.StringToSign))
		}
		return &Refusal{Kind: codeSignatureMismatch,
			Message: "Specified signature is not matched with our calculation. server string to sign is:" + m.StringToSign}
	}
	canonical, rest := m.CanonicalRequest, ""
	if len(canonical) > maxRequestEcho {
		rest = fmt.Sprintf("; of its %d bytes the first %d are repeated", len(canonical), maxRequestEcho)
		canonical = canonical[:maxRequestEcho]
	}
	return refusef(codeSignatureMismatch, "Specified signature does not match our calculation. server StringToSign is [%s] server CanonicalRequest is [%s]%s",
		m.StringToSign, canonical, rest)
}

func refuseBadClaim(e *signature.Error) error {
	switch e.Kind {
	case signature.Missing:
		return Missing(parameterName(e.Param))
	case signature.BadTime:
		return refuse(codeTimeFormat)
	case signature.UnknownMethod:
		return &Refusal{Kind: codeSignatureMethod, Message: sentence(e.Detail)}
	case signature.UnknownVersion:
		return Invalid("SignatureVersion", sentence(e.Detail))
	case signature.BadAuthorization, signature.Unsigned:
		return refusef(codeSignatureShape, "The request signature does not conform to Aliyun standards: %s", sentence(e.Detail))
	case signature.BodyHash: // an old client looks for a colon in the text of this code
		return refusef(codeSignatureMismatch, "Specified signature does not match our calculation: %s", sentence(e.Detail))
	}
	return &Refusal{Kind: codeMalformed, Message: sentence(e.Detail)}
}

// parameterName gives the common parameter that a header of version 3 stands for.
func parameterName(param string) string {
	switch param {
	case "x-acs-action":
		return "Action"
	case "x-acs-version":
		return "Version"
	case "x-acs-date":
		return "Timestamp"
	case "x-acs-signature-nonce":
		return "SignatureNonce"
	case "x-acs-content-sha256":
		return "ContentSha256"
	case "host":
		return "Host"
	}
	return param
}

// sentence ends a clause.
func sentence(clause string) string { return clause + "." }
