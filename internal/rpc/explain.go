package rpc

import (
	"net/url"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// maxExplained bounds what is kept of the strings that were signed.
const maxExplained = 8 << 10

// explain keeps why a call was refused, for the operator. Too many calls are told of by the throttle's own headers, and would
// crowd out the rest.
func (s *Server) explain(x *exchange, r *reply) {
	if r.refusal == nil || r.refusal.throttle != nil {
		return
	}
	verified := x.Caller.Principal != nil
	if !s.gateway.WantsExplanation(verified) {
		return
	}
	e := gateway.Explanation{RequestID: x.RequestID, At: x.now.UTC(), Code: r.Code, Status: r.Status, Message: r.Message,
		Method: x.http.Method, AccessKeyID: printable(x.claim.AccessKeyID), Source: x.origin.String(), Verified: verified}
	e.Action = printable(x.claim.Action)
	hide := x.secrets()
	if x.claim.Scheme != 0 && x.claimErr == nil {
		e.Scheme = x.claim.Scheme.String()
		if canonical, toSign, err := signature.Canonical(&x.signed, &x.claim); err == nil {
			e.CanonicalRequest, e.StringToSign = cut(hide.Replace(canonical)), cut(hide.Replace(toSign))
		}
	}
	e.Message = cut(hide.Replace(e.Message))
	if verified {
		explainDecision(x, &e)
		if d := r.refusal.detail; d != nil { // also where it was not the caller's own policies
			e.Effect, e.PolicyType = d.NoPermissionType, d.PolicyType
		}
	}
	s.gateway.Explain(e)
}

// explainDecision tells what the caller's policies said, also where something else stopped the call.
func explainDecision(x *exchange, e *gateway.Explanation) {
	p, d := x.Caller.Principal, x.decide()
	e.Principal, e.Resource = p.ARN, x.Asked.Resource
	e.Effect, e.PolicyType = d.Effect.String(), d.PolicyType
	e.Steps = ram.Explain(&p.Identity, &x.Asked)
}

func cut(text string) string {
	if len(text) <= maxExplained {
		return text
	}
	return strings.ToValidUTF8(text[:maxExplained], "") + "…"
}

// secrets hides the secrets of a request in texts made of it, however often they were escaped on the way.
func (x *exchange) secrets() *strings.Replacer {
	var pairs []string
	hide := func(value string) {
		if value == "" {
			return
		}
		for range 3 {
			pairs = append(pairs, value, "***")
			value = strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
		}
	}
	for _, p := range x.Params {
		if isSecret(p.Name) {
			hide(p.Value)
		}
	}
	for _, name := range [...]string{"X-Acs-Security-Token", "X-Acs-Bearer-Token"} {
		for _, value := range x.http.Header[name] {
			hide(strings.TrimSpace(value))
		}
	}
	return strings.NewReplacer(pairs...)
}

// isSecret tells whether a parameter of that name holds a secret. A ClientToken is none.
func isSecret(name string) bool {
	lower := strings.ToLower(name)
	return strings.Contains(lower, "secret") || strings.Contains(lower, "password") ||
		strings.Contains(lower, "token") && lower != "clienttoken"
}
