package ram

import (
	"net/netip"
	"time"
)

// Effect is the outcome of a decision. Its text is the NoPermissionType of
// Alibaba's refusals.
type Effect uint8

const (
	// ImplicitDeny means that nothing allows the request; it is where every
	// identity but the account itself begins.
	ImplicitDeny Effect = iota
	// Allow means that a statement allows the request and none denies it.
	Allow
	// ExplicitDeny means that a Deny statement matched; it beats every Allow.
	ExplicitDeny
)

// String gives Allow, ExplicitDeny or ImplicitDeny.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "Allow"
	case ExplicitDeny:
		return "ExplicitDeny"
	}
	return "ImplicitDeny"
}

// The kinds of policy that can decide here, as Alibaba's refusals name them.
const (
	AccountLevelIdentityBasedPolicy = "AccountLevelIdentityBasedPolicy"
	SessionPolicy                   = "SessionPolicy"
	AssumeRolePolicy                = "AssumeRolePolicy" // the trust policy of a role
)

// Request is what somebody wants to do, and the circumstances that conditions
// can ask for.
type Request struct {
	Action          string            // e.g. "cams:ListChatGroup"
	Resource        string            // an ARN, or "*" for an operation on no single resource
	Time            time.Time         // when the request came; acs:CurrentTime
	SourceIP        netip.Addr        // of the caller; acs:SourceIp, absent if invalid
	SecureTransport bool              // the request came by TLS; acs:SecureTransport
	MFAPresent      bool              // the console logon used a second factor; acs:MFAPresent
	PrincipalARN    string            // acs:PrincipalArn, absent if empty
	Keys            map[string]string // further keys of a service, e.g. "sts:ExternalId"

	account AccountID // of the identity, filled in by Decide
}

// Identity is who asks, with everything that binds them.
type Identity struct {
	// Root is the account itself, which no policy of an identity binds.
	Root bool
	// AccountID is the account that the identity belongs to.
	AccountID AccountID
	// Policies are a user's own and those of all its groups, or a role's.
	Policies []Attached
	// Session is the policy that came with AssumeRole; nil if none did.
	Session *Policy
}

// Attached is a policy as it is attached to an identity.
type Attached struct {
	Policy  *Policy
	Name    string
	Type    PolicyType
	Version string     // of the policy, e.g. "v1"
	Entity  EntityType // what it is attached to
	To      string     // the name of that user, group or role
}

// EntityType is what a policy is attached to, in RAM's words.
type EntityType string

// The entities that can have policies.
const (
	EntityUser  EntityType = "RamUser"
	EntityGroup EntityType = "RamGroup"
	EntityRole  EntityType = "RamRole"
)

// Decision is the answer to a request, and what it rests on.
type Decision struct {
	Effect Effect
	// PolicyType is the kind of policy that decided; empty for the account itself.
	PolicyType string
	// Attached is the policy that decided; nil if none matched or it was the
	// session policy.
	Attached *Attached
	// Statement is the number of the statement that decided, from 1; 0 if none did.
	Statement int
}

// Allowed tells whether the request may go on.
func (d Decision) Allowed() bool { return d.Effect == Allow }

// PolicyName is the name of the policy that decided; empty if none matched
// or it was the session policy.
func (d Decision) PolicyName() string {
	if d.Attached == nil {
		return ""
	}
	return d.Attached.Name
}

// Decide tells whether id may do req, in RAM's order (RAM, "Policy evaluation
// process"): the account itself may do everything; a session policy must
// allow, and its refusal is final; then among the policies of the identity a
// Deny beats an Allow, and without either the answer is no. A policy that is
// attached but was not loaded (nil) counts as a Deny, since nobody knows what
// it forbids. For an operation on no single resource, an Allow must be on `*`;
// a Deny is enough on all that the account has of the service.
func Decide(id *Identity, req *Request) Decision {
	if id.Root {
		return Decision{Effect: Allow}
	}
	asked := *req
	asked.account = id.AccountID
	req = &asked
	if id.Session != nil {
		effect, number := id.Session.verdict(req)
		if effect != Allow {
			return Decision{Effect: effect, PolicyType: SessionPolicy, Statement: number}
		}
	}
	return decideAttached(id.Policies, req)
}

func decideAttached(policies []Attached, req *Request) Decision {
	d := Decision{Effect: ImplicitDeny, PolicyType: AccountLevelIdentityBasedPolicy}
	for i := range policies {
		a := &policies[i]
		effect, number := ExplicitDeny, 0
		if a.Policy != nil {
			effect, number = a.Policy.verdict(req)
		}
		switch {
		case effect == ExplicitDeny:
			d.Effect, d.Attached, d.Statement = effect, a, number
			return d
		case effect == Allow && d.Effect != Allow:
			d.Effect, d.Attached, d.Statement = effect, a, number
		}
	}
	return d
}
