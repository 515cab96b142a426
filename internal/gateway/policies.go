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
	Document    string // of the default version
	Default     string // id of the default version, e.g. "v1"
	Attached    int64  // to how many users, groups and roles
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// PutPolicy adds a custom policy or gives it a new version, which holds from the next request on, also where the policy is attached;
// of more than five versions the oldest goes. Refusals: EntityNotExist.Account, InvalidParameter.PolicyName.…,
// InvalidParameter.Description.…, InvalidParameter.PolicyDocument.Length, MalformedPolicyDocument, EntityAlreadyExists.Policy for the
// name of a system policy, LimitExceeded.Policy.
func (g *Gateway) PutPolicy(ctx context.Context, account string, p Policy) error {
	if err := checkPolicy(p); err != nil {
		return err
	}
	return g.manageExisting(ctx, account, "account policy put", func(tx *store.Tx, op *group.Operation) error {
		row, err := tx.Policy(op.AccountID, p.Name)
		if errors.Is(err, store.ErrNoRow) {
			return addPolicy(tx, op, p)
		}
		if err != nil {
			return err
		}
		row.Description = p.Description
		_, err = addVersion(tx, op, row, NewVersion{Document: p.Document, Default: true, Rotate: true})
		return err
	})
}

func checkPolicy(p Policy) error {
	if err := errors.Join(ram.PolicyName.Check(p.Name), ram.Description.Check(p.Description)); err != nil {
		return err
	}
	if _, ok := ram.FindSystemPolicy(p.Name); ok {
		return &ram.Error{Code: ram.ErrPolicyExists.Code, Message: "There is a system policy " + p.Name + "; give another name."}
	}
	_, err := ram.ParseCustomPolicy([]byte(p.Document))
	return err
}

// addPolicy adds a policy with its first version.
func addPolicy(tx *store.Tx, op *group.Operation, p Policy) error {
	have, err := tx.Policies(op.AccountID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(have, func(other store.Policy) bool { return other.Name == p.Name }) {
		return &ram.Error{Code: ram.ErrPolicyExists.Code, Message: "There is already a policy " + p.Name + "; give it a new version, or another name."}
	}
	if err := ram.PoliciesPerAccount.CheckOneMore(len(have)); err != nil {
		return err
	}
	op.Result = p.Name
	return tx.PutPolicy(&store.Policy{AccountID: op.AccountID, Name: p.Name, Description: p.Description, Document: p.Document,
		CreatedAt: op.At, UpdatedAt: op.At})
}

// NewVersion is a version that a policy is to get.
type NewVersion struct {
	Document string
	Default  bool // it holds from now on
	Rotate   bool // with as many versions as there can be, the oldest goes that is not the default
}

// addVersion gives a policy another version.
func addVersion(tx *store.Tx, op *group.Operation, row store.Policy, v NewVersion) (PolicyVersion, error) {
	have, err := tx.PolicyVersions(op.AccountID, row.Name)
	if err != nil {
		return PolicyVersion{}, err
	}
	numbers := make([]int64, len(have))
	for i := range have {
		numbers[i] = have[i].Number
	}
	oldest, err := ram.MakeRoom(numbers, row.Default, v.Rotate)
	if err == nil && oldest != 0 {
		err = tx.DeletePolicyVersion(op.AccountID, row.Name, oldest)
	}
	if err != nil {
		return PolicyVersion{}, err
	}
	row.Last++
	row.UpdatedAt = op.At
	if v.Default {
		row.Default, row.Document = row.Last, v.Document
	}
	op.Result = row.Name + " " + ram.VersionID(row.Last)
	made := store.PolicyVersion{AccountID: op.AccountID, Policy: row.Name, Number: row.Last, Document: v.Document, CreatedAt: op.At}
	if err := errors.Join(tx.PutPolicyVersion(&made), tx.PutPolicy(&row)); err != nil {
		return PolicyVersion{}, err
	}
	return shownVersion(made, row.Default), nil
}

// Policies gives the policies that can be attached in an account: the system's, then its own by name. Refusals:
// EntityNotExist.Account.
func (g *Gateway) Policies(ctx context.Context, account string) ([]Policy, error) {
	var out []Policy
	err := g.look(ctx, account, func(tx *store.Tx, id int64) (err error) {
		out, err = policiesOf(tx, id)
		return err
	})
	return out, err
}

func policiesOf(tx *store.Tx, account int64) ([]Policy, error) {
	counts, err := tx.CountAttachments(account)
	if err != nil {
		return nil, err
	}
	own, err := tx.Policies(account)
	if err != nil {
		return nil, err
	}
	var out []Policy
	for _, p := range ram.SystemPolicies() {
		out = append(out, systemPolicy(p))
	}
	for _, p := range own {
		out = append(out, customPolicy(p))
	}
	for _, c := range counts {
		i := slices.IndexFunc(out, func(p Policy) bool { return p.Name == c.Policy && string(p.Type) == c.Kind })
		if i >= 0 {
			out[i].Attached = c.Times
		}
	}
	return out, nil
}

func systemPolicy(p ram.SystemPolicy) Policy {
	return Policy{Name: p.Name, Type: ram.PolicySystem, Description: p.Description, Document: p.Document, Default: p.Version}
}

func customPolicy(p store.Policy) Policy {
	return Policy{Name: p.Name, Type: ram.PolicyCustom, Description: p.Description, Document: p.Document, Default: ram.VersionID(p.Default),
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}
}

// UserPolicies gives the names of the policies that a user has. Refusals: EntityNotExist.Account, EntityNotExist.User.
func (g *Gateway) UserPolicies(ctx context.Context, account, user string) ([]string, error) {
	var names []string
	err := g.look(ctx, account, func(tx *store.Tx, id int64) error {
		links, err := attachedTo(tx, id, UserEntity(user))
		names = nil
		for _, l := range links {
			names = append(names, l.Policy)
		}
		return err
	})
	return names, err
}

// AttachPolicy gives a user a policy, the system's or the account's own of that name. Refusals: EntityNotExist.Account,
// EntityNotExist.User, EntityNotExist.Policy, EntityAlreadyExists.User.Policy, LimitExceeded.User.Policy.
func (g *Gateway) AttachPolicy(ctx context.Context, account, user, policy string) error {
	return g.link(ctx, account, policy, "account policy attach", func(tx *store.Tx, op *group.Operation, p PolicyName) error {
		return attach(tx, op, UserEntity(user), p)
	})
}

// DetachPolicy takes a policy from a user. Refusals: EntityNotExist.Account, EntityNotExist.User, EntityNotExist.Policy,
// EntityNotExist.User.Policy.
func (g *Gateway) DetachPolicy(ctx context.Context, account, user, policy string) error {
	return g.link(ctx, account, policy, "account policy detach", func(tx *store.Tx, op *group.Operation, p PolicyName) error {
		return detach(tx, op, UserEntity(user), p)
	})
}

func (g *Gateway) link(ctx context.Context, account, policy, action string, fn func(tx *store.Tx, op *group.Operation, p PolicyName) error) error {
	return g.manageExisting(ctx, account, action, func(tx *store.Tx, op *group.Operation) error {
		kind, err := policyType(tx, op.AccountID, policy)
		if err != nil {
			return err
		}
		return fn(tx, op, PolicyName{Type: kind, Name: policy})
	})
}

// policyType finds out whose policy a name means. No custom policy is made with the name of a system policy.
func policyType(tx *store.Tx, account int64, name string) (ram.PolicyType, error) {
	if _, ok := ram.FindSystemPolicy(name); ok {
		return ram.PolicySystem, nil
	}
	_, err := findPolicy(tx, account, name)
	return ram.PolicyCustom, err
}

func findPolicy(tx *store.Tx, account int64, name string) (store.Policy, error) {
	p, err := tx.Policy(account, name)
	if errors.Is(err, store.ErrNoRow) {
		err = &ram.Error{Code: ram.ErrPolicyNotExist.Code,
			Message: fmt.Sprintf("There is no policy %.128q; list the policies to see which there are.", name)}
	}
	return p, err
}
