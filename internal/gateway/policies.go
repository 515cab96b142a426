package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Policy is a policy as it can be attached in an account.
type Policy struct {
	Name        string
	Type        ram.PolicyType
	Description string
	Document    string
	CreatedAt   time.Time // zero for a system policy
}

// PutPolicy adds a custom policy or replaces its document; what is replaced holds from the next request on, also where it is
// attached. Refusals: EntityNotExist.Account, InvalidParameter.PolicyName.…, InvalidParameter.Description.…,
// InvalidParameter.PolicyDocument.Length, MalformedPolicyDocument, EntityAlreadyExists.Policy for the name of a system policy,
// LimitExceeded.Policy.
func (g *Gateway) PutPolicy(ctx context.Context, account string, p Policy) error {
	if err := checkPolicy(p); err != nil {
		return err
	}
	return g.manageExisting(ctx, account, "account policy put", func(tx *store.Tx, op *group.Operation) error {
		have, err := tx.Policies(op.AccountID)
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(have, func(other store.Policy) bool { return other.Name == p.Name })
		if err := ram.PoliciesPerAccount.CheckOneMore(len(have)); err != nil && !known {
			return err
		}
		op.Result = p.Name
		return tx.PutPolicy(&store.Policy{AccountID: op.AccountID, Name: p.Name, Description: p.Description, Document: p.Document,
			CreatedAt: op.At})
	})
}

func checkPolicy(p Policy) error {
	if err := errors.Join(ram.PolicyName.Check(p.Name), ram.Description.Check(p.Description)); err != nil {
		return err
	}
	if _, taken := ram.FindSystemPolicy(p.Name); taken {
		return &ram.Error{Code: ram.ErrPolicyExists.Code, Message: p.Name + " is a system policy; give yours another name."}
	}
	_, err := ram.ParseCustomPolicy([]byte(p.Document))
	return err
}

// Policies gives the policies that can be attached in an account: the system's, then its own by name. Refusals:
// EntityNotExist.Account.
func (g *Gateway) Policies(ctx context.Context, account string) ([]Policy, error) {
	var out []Policy
	for _, p := range ram.SystemPolicies() {
		out = append(out, Policy{Name: p.Name, Type: ram.PolicySystem, Description: p.Description, Document: p.Document})
	}
	err := g.look(ctx, account, func(tx *store.Tx, id int64) error {
		own, err := tx.Policies(id)
		for _, p := range own {
			out = append(out, Policy{Name: p.Name, Type: ram.PolicyCustom, Description: p.Description, Document: p.Document,
				CreatedAt: p.CreatedAt})
		}
		return err
	})
	return out, err
}

// UserPolicies gives the names of the policies that a user has. Refusals: EntityNotExist.Account, EntityNotExist.User.
func (g *Gateway) UserPolicies(ctx context.Context, account, user string) ([]string, error) {
	var names []string
	err := g.look(ctx, account, func(tx *store.Tx, id int64) error {
		_, links, err := attachments(tx, id, user)
		for _, l := range links {
			names = append(names, l.Policy)
		}
		return err
	})
	return names, err
}

// attachments gives the key of a user and what is attached to them.
func attachments(tx *store.Tx, account int64, user string) (int64, []store.Attachment, error) {
	if user == "" {
		return 0, nil, &ram.Error{Code: ram.ErrUserNotExist.Code,
			Message: "Policies belong to users; the account itself may do everything. Name a user."}
	}
	id, err := userID(tx, account, user)
	if err != nil {
		return 0, nil, err
	}
	links, err := tx.Attachments(account, id)
	return id, links, err
}

// linkage is a user and a policy that are to be tied together or parted.
type linkage struct{ account, user, policy string }

// AttachPolicy gives a user a policy, the system's or the account's own of that name. Refusals: EntityNotExist.Account,
// EntityNotExist.User, EntityNotExist.Policy, EntityAlreadyExists.User.Policy, LimitExceeded.User.Policy.
func (g *Gateway) AttachPolicy(ctx context.Context, account, user, policy string) error {
	l := linkage{account, user, policy}
	return g.link(ctx, l, "account policy attach", func(tx *store.Tx, have []store.Attachment, a store.Attachment) error {
		if slices.Contains(have, a) {
			return &ram.Error{Code: ram.ErrUserPolicyExists.Code, Message: "User " + user + " has the policy " + policy + " already."}
		}
		quota := ram.SystemPoliciesPerUser
		if a.Kind == string(ram.PolicyCustom) {
			quota = ram.CustomPoliciesPerUser
		}
		others := slices.DeleteFunc(have, func(other store.Attachment) bool { return other.Kind != a.Kind })
		if err := quota.CheckOneMore(len(others)); err != nil {
			return err
		}
		return tx.Attach(a)
	})
}

// DetachPolicy takes a policy from a user. Refusals: EntityNotExist.Account, EntityNotExist.User, EntityNotExist.Policy,
// EntityNotExist.User.Policy.
func (g *Gateway) DetachPolicy(ctx context.Context, account, user, policy string) error {
	l := linkage{account, user, policy}
	return g.link(ctx, l, "account policy detach", func(tx *store.Tx, have []store.Attachment, a store.Attachment) error {
		if !slices.Contains(have, a) {
			return &ram.Error{Code: ram.ErrUserPolicyNotExist.Code, Message: "User " + user + " does not have the policy " + policy + "."}
		}
		return tx.Detach(a)
	})
}

func (g *Gateway) link(ctx context.Context, l linkage, action string,
	fn func(tx *store.Tx, have []store.Attachment, a store.Attachment) error) error {
	return g.manageExisting(ctx, l.account, action, func(tx *store.Tx, op *group.Operation) error {
		owner, have, err := attachments(tx, op.AccountID, l.user)
		if err != nil {
			return err
		}
		kind, err := policyType(tx, op.AccountID, l.policy)
		if err != nil {
			return err
		}
		op.Result = l.user + " " + l.policy
		return fn(tx, have, store.Attachment{AccountID: op.AccountID, UserID: owner, Kind: string(kind), Policy: l.policy})
	})
}

// policyType finds out whose policy a name means. No custom policy has the name of a system policy.
func policyType(tx *store.Tx, account int64, name string) (ram.PolicyType, error) {
	if _, ok := ram.FindSystemPolicy(name); ok {
		return ram.PolicySystem, nil
	}
	own, err := tx.Policies(account)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(own, func(p store.Policy) bool { return p.Name == name }) {
		return ram.PolicyCustom, nil
	}
	return "", &ram.Error{Code: ram.ErrPolicyNotExist.Code,
		Message: fmt.Sprintf("There is no policy %.128q; list the policies to see which there are.", name)}
}
