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
	decision := x.decide()
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

// decide asks the caller's policies, once for each resource that the call is about; the first refusal counts.
func (x *exchange) decide() ram.Decision {
	p := x.Caller.Principal
	x.Asked = ram.Request{
		Action: x.operation.RAMAction, Resource: anyResource, Time: x.now, SourceIP: x.origin.address, SecureTransport: x.origin.secure,
		PrincipalARN: p.ARN,
	}
	if x.operation.Anybody {
		return ram.Decision{Effect: ram.Allow}
	}
	if x.operation.Resource == nil {
		return ram.Decide(&p.Identity, &x.Asked)
	}
	var d ram.Decision
	for _, resource := range x.operation.Resource(p, x.Params) {
		x.Asked.Resource = resource
		if d = ram.Decide(&p.Identity, &x.Asked); !d.Allowed() {
			break
		}
	}
	return d
}

// deny says why, in the seven members that RAM documents. What the refused caller should not read goes encrypted.
func (s *Server) deny(x *exchange, d ram.Decision) error {
	p := x.Caller.Principal
	named := p.Named()
	diagnostic := Diagnostic{
		Action: x.operation.RAMAction, Resource: x.Asked.Resource, Principal: p.ARN, Kind: named.Type, Name: named.DisplayName,
		Owner: string(named.OwnerID), Source: x.origin.String(), Secure: x.origin.secure, Effect: d.Effect.String(), PolicyType: d.PolicyType,
		Statement: d.Statement, RequestID: x.RequestID, Time: x.now,
	}
	if a := d.Attached; a != nil {
		diagnostic.Policy, diagnostic.Type, diagnostic.Version, diagnostic.Entity = a.Name, string(a.Type), a.Version, string(a.Entity)
	}
	sealed, err := sealDiagnostic(s.diagnostics, &diagnostic)
	if err != nil {
		return err
	}
	r := x.refusal(d)
	r.detail = ram.Denied(d, x.operation.RAMAction, named, sealed)
	return r
}

// refusal says that a policy forbids the call, in the words of its product. RAM's do not say which policy, and whoever asks for a role
// has two sides to look at; so that is said behind them. It is no more than PolicyType tells.
func (x *exchange) refusal(d ram.Decision) *Refusal {
	switch {
	case !x.operation.RAMStyle:
		return refusef(codeNoPermission, "User not authorized to operate on the specified resource, or this API doesn't support RAM. Resource: %s Action: %s",
			x.Asked.Resource, x.operation.RAMAction)
	case d.PolicyType == ram.AssumeRolePolicy:
		return refusef(codeRAMNoPermission, "%s The caller's own policies allow it, but no role of that name has a trust policy that lets the caller take it.",
			errorTable[codeRAMNoPermission].Message)
	}
	return refusef(codeRAMNoPermission, "%s The caller's own policies do not allow %s on %.256s.",
		errorTable[codeRAMNoPermission].Message, x.operation.RAMAction, x.Asked.Resource)
}
