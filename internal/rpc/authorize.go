package rpc

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
)

// authorize asks whether the caller may do what it asks: by its policies, by the allowlist of the beta, and by how often. How
// often is asked first, because a refusal is written into the audit and must cost a flood its share too. Calls that are refused
// count by themselves, so that a user without permission cannot use up what others of the account may do.
func (s *Server) authorize(ctx context.Context, x *exchange) error {
	p := x.Caller.Principal
	asked := s.asked(x)
	decision := ram.Decide(&p.Identity, &asked)
	barred := x.operation.Beta && !p.Beta
	counted := bucketName{account: p.AccountID, action: x.operation.Action, refused: !decision.Allowed() || barred}
	if err := s.throttle.take(counted, x.now); err != nil {
		return err
	}
	if err := s.shared.spend(ctx, &s.throttle, counted, x.now); err != nil {
		return err
	}
	switch {
	case !decision.Allowed():
		return s.deny(x, decision)
	case barred:
		return refuse(group.CodeNotAllowlisted)
	}
	return nil
}

// asked is what a call is authorised for.
func (s *Server) asked(x *exchange) ram.Request {
	p := x.Caller.Principal
	return ram.Request{
		Action: x.operation.RAMAction, Resource: x.operation.resource(p.AccountID, x.Params), Time: x.now, SourceIP: x.origin.address,
		SecureTransport: x.origin.secure, PrincipalARN: p.ARN,
	}
}

// deny says why, in the seven members that RAM documents. What the refused caller should not read goes encrypted.
func (s *Server) deny(x *exchange, d ram.Decision) error {
	p := x.Caller.Principal
	sealed, err := sealDiagnostic(s.diagnostics, &Diagnostic{
		Action: x.operation.RAMAction, Resource: x.operation.resource(p.AccountID, x.Params), Principal: p.ARN, Source: x.origin.String(),
		Effect: d.Effect.String(), PolicyType: d.PolicyType, Policy: d.PolicyName(), Statement: d.Statement,
		RequestID: x.RequestID, Time: x.now,
	})
	if err != nil {
		return err
	}
	r := refusef(codeNoPermission, "User not authorized to operate on the specified resource, or this API doesn't support RAM. Resource: %s Action: %s",
		x.operation.resource(p.AccountID, x.Params), x.operation.RAMAction)
	r.detail = ram.Denied(d, x.operation.RAMAction, ram.UserPrincipal(p.AccountID, p.UserID), sealed)
	return r
}
