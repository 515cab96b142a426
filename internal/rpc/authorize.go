package rpc

import (
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
)

// anyResource is what operations are authorised against: the product has no resource of its own for groups.
const anyResource = "*"

// authorize asks whether the caller may do what it asks: by its policies, by the allowlist of the beta, and by how often.
func (s *Server) authorize(x *exchange) error {
	p := x.Caller.Principal
	decision := ram.Decide(&p.Identity, &ram.Request{
		Action: x.operation.RAMAction, Resource: anyResource, Time: x.now, SourceIP: x.origin.address,
		SecureTransport: x.origin.secure, PrincipalARN: p.ARN,
	})
	if !decision.Allowed() {
		return s.deny(x, decision)
	}
	if !p.Beta {
		return refuse(group.CodeNotAllowlisted)
	}
	return s.throttle.take(p.AccountID, x.operation.Action, x.now)
}

// deny says why, in the seven members that RAM documents. What the refused caller should not read goes encrypted.
func (s *Server) deny(x *exchange, d ram.Decision) error {
	p := x.Caller.Principal
	sealed, err := sealDiagnostic(s.diagnostics, &Diagnostic{
		Action: x.operation.RAMAction, Resource: anyResource, Principal: p.ARN, Source: x.origin.String(),
		Effect: d.Effect.String(), PolicyType: d.PolicyType, Policy: d.PolicyName(), Statement: d.Statement,
		RequestID: x.RequestID, Time: x.now,
	})
	if err != nil {
		return err
	}
	r := refusef(codeNoPermission, "User not authorized to operate on the specified resource, or this API doesn't support RAM. Resource: %s Action: %s", anyResource, x.operation.RAMAction)
	r.detail = ram.Denied(d, x.operation.RAMAction, ram.UserPrincipal(p.AccountID, p.UserID), sealed)
	return r
}
