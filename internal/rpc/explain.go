package rpc

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// maxExplained bounds what is kept of the strings that were signed.
const maxExplained = 4 << 10

// explain keeps why a call was refused, for the operator. Too many calls are told of by the throttle's own headers, and would
// crowd out the rest.
func (s *Server) explain(x *exchange, r *reply) {
	if r.refusal == nil || r.refusal.throttle != nil {
		return
	}
	var account ram.AccountID
	verified := x.Caller.Principal != nil
	if verified {
		account = x.Caller.Principal.AccountID
	}
	if !s.gateway.WantsExplanation(account) {
		return
	}
	e := gateway.Explanation{RequestID: x.RequestID, At: x.now.UTC(), Code: r.Code, Status: r.Status, Message: r.Message,
		Method: x.http.Method, AccessKeyID: printable(x.claim.AccessKeyID), Source: x.origin.String(), Verified: verified, AccountID: account}
	e.Action = printable(x.claim.Action)
	explainStrings(x, &e)
	e.Message = cut(x.hideMessage(r.refusal.Kind, e.Message))
	if verified {
		explainDecision(x, &e)
		if d := r.refusal.detail; d != nil { // also where it was not the caller's own policies
			e.Effect, e.PolicyType = d.NoPermissionType, d.PolicyType
		}
	}
	s.gateway.Explain(e)
}

// explainStrings shows what was signed, without the values that are nobody's business. Whoever has the caller's own string compares its
// hash.
func explainStrings(x *exchange, e *gateway.Explanation) {
	if x.claim.Scheme == 0 || x.claimErr != nil {
		return
	}
	e.Scheme = x.claim.Scheme.String()
	canonical, toSign, err := signature.Canonical(&x.signed, &x.claim)
	if err != nil {
		return
	}
	sum := sha256.Sum256([]byte(toSign))
	e.StringToSignSHA256 = hex.EncodeToString(sum[:])
	shownRequest, shownString := hideCanonical(canonical), toSign
	if x.claim.Scheme == signature.RPCHMACSHA1 {
		shownString = hideStringToSign(toSign)
	}
	e.ValuesHidden = shownRequest != canonical || shownString != toSign
	e.CanonicalRequest, e.StringToSign = cut(shownRequest), cut(shownString)
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
