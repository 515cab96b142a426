package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// PolicyVersion is what a policy said, says or may come to say.
type PolicyVersion struct {
	ID        string // v1, v2 and so on
	Default   bool   // it is what holds
	Document  string
	CreatedAt time.Time // zero for a system policy's
}

func shownVersion(v store.PolicyVersion, byDefault int64) PolicyVersion {
	return PolicyVersion{ID: ram.VersionID(v.Number), Default: v.Number == byDefault, Document: v.Document, CreatedAt: v.CreatedAt}
}

// CreatePolicy adds a custom policy with its first version. Refusals: InvalidParameter.…, MalformedPolicyDocument,
// EntityAlreadyExists.Policy, LimitExceeded.Policy.
func (a *Administrator) CreatePolicy(ctx context.Context, p Policy) (Policy, error) {
	if err := checkPolicy(p); err != nil {
		return p, err
	}
	err := a.add(ctx, func(tx *store.Tx, op *group.Operation) error {
		p.Type, p.Default, p.CreatedAt, p.UpdatedAt = ram.PolicyCustom, ram.VersionID(1), op.At, op.At
		return addPolicy(tx, op, p)
	})
	return p, err
}

// Policies gives the policies that can be attached, the system's first.
func (a *Administrator) Policies(ctx context.Context) (list []Policy, err error) {
	err = a.look(ctx, func(tx *store.Tx) (err error) {
		list, err = policiesOf(tx, a.account)
		return err
	})
	return list, err
}

// Policy gives one policy. Refusals: EntityNotExist.Policy.
func (a *Administrator) Policy(ctx context.Context, name PolicyName) (p Policy, err error) {
	err = a.look(ctx, func(tx *store.Tx) error {
		if err := a.checkPolicyExists(tx, name); err != nil {
			return err
		}
		link := store.Attachment{Kind: string(name.Type), Policy: name.Name}
		if p, err = a.named(tx, link); err != nil {
			return err
		}
		links, err := tx.AttachmentsOf(a.account, link.Kind, link.Policy)
		p.Attached = int64(len(links))
		return err
	})
	return p, err
}

// DeletePolicy forgets a custom policy that is attached nowhere and has its default version alone. Refusals: EntityNotExist.Policy,
// DeleteConflict.Policy.….
func (a *Administrator) DeletePolicy(ctx context.Context, name string) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		if _, err := findPolicy(tx, a.account, name); err != nil {
			return err
		}
		if err := a.checkUnused(tx, name); err != nil {
			return err
		}
		op.Result = name
		return tx.DeletePolicy(a.account, name)
	})
}

// checkUnused tells what still needs a policy.
func (a *Administrator) checkUnused(tx *store.Tx, name string) error {
	links, err := tx.AttachmentsOf(a.account, string(ram.PolicyCustom), name)
	if err != nil {
		return err
	}
	versions, err := tx.PolicyVersions(a.account, name)
	if err != nil {
		return err
	}
	has := ram.PolicyHas{Versions: len(versions)}
	for _, l := range links {
		switch {
		case l.UserID != 0:
			has.Users++
		case l.GroupID != 0:
			has.Groups++
		default:
			has.Roles++
		}
	}
	return has.CheckUnused()
}

// CreatePolicyVersion gives a custom policy another version. Refusals: InvalidParameter.PolicyDocument.Length,
// MalformedPolicyDocument, EntityNotExist.Policy, LimitExceeded.Policy.Version.
func (a *Administrator) CreatePolicyVersion(ctx context.Context, policy string, v NewVersion) (made PolicyVersion, err error) {
	if _, err := ram.ParseCustomPolicy([]byte(v.Document)); err != nil {
		return made, err
	}
	err = a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		row, err := findPolicy(tx, a.account, policy)
		if err != nil {
			return err
		}
		made, err = addVersion(tx, op, row, v)
		return err
	})
	return made, err
}

// PolicyVersions gives the versions of a policy, oldest first. Refusals: EntityNotExist.Policy.
func (a *Administrator) PolicyVersions(ctx context.Context, name PolicyName) (list []PolicyVersion, err error) {
	if name.Type == ram.PolicySystem {
		p, ok := ram.FindSystemPolicy(name.Name)
		if !ok {
			return nil, ram.ErrPolicyNotExist
		}
		return []PolicyVersion{{ID: p.Version, Default: true, Document: p.Document}}, nil
	}
	err = a.look(ctx, func(tx *store.Tx) error {
		row, err := findPolicy(tx, a.account, name.Name)
		if err != nil {
			return err
		}
		versions, err := tx.PolicyVersions(a.account, name.Name)
		list = nil
		for _, v := range versions {
			list = append(list, shownVersion(v, row.Default))
		}
		return err
	})
	return list, err
}

// PolicyVersion gives one version of a policy. Refusals: InvalidParameter.VersionId.Format, EntityNotExist.Policy,
// EntityNotExist.Policy.Version.
func (a *Administrator) PolicyVersion(ctx context.Context, name PolicyName, id string) (PolicyVersion, error) {
	if _, err := ram.ParseVersionID(id); err != nil {
		return PolicyVersion{}, err
	}
	list, err := a.PolicyVersions(ctx, name)
	if err != nil {
		return PolicyVersion{}, err
	}
	i := slices.IndexFunc(list, func(v PolicyVersion) bool { return v.ID == id })
	if i < 0 {
		return PolicyVersion{}, ram.ErrPolicyVersionNotExist
	}
	return list[i], nil
}

// DeletePolicyVersion forgets a version that is not the default. Refusals: InvalidParameter.VersionId.Format, EntityNotExist.Policy,
// EntityNotExist.Policy.Version, DeleteConflict.Policy.Version.Default.
func (a *Administrator) DeletePolicyVersion(ctx context.Context, policy, id string) error {
	return a.changeVersion(ctx, policy, id, func(tx *store.Tx, row store.Policy, v store.PolicyVersion) error {
		if row.Default == v.Number {
			return ram.ErrVersionIsDefault
		}
		return tx.DeletePolicyVersion(a.account, policy, v.Number)
	})
}

// SetDefaultPolicyVersion makes a version the one that holds, wherever the policy is attached. Refusals:
// InvalidParameter.VersionId.Format, EntityNotExist.Policy, EntityNotExist.Policy.Version.
func (a *Administrator) SetDefaultPolicyVersion(ctx context.Context, policy, id string) error {
	return a.changeVersion(ctx, policy, id, func(tx *store.Tx, row store.Policy, v store.PolicyVersion) error {
		row.Default, row.Document, row.UpdatedAt = v.Number, v.Document, a.gateway.now()
		return tx.PutPolicy(&row)
	})
}

func (a *Administrator) changeVersion(ctx context.Context, policy, id string, fn func(tx *store.Tx, row store.Policy, v store.PolicyVersion) error) error {
	number, err := ram.ParseVersionID(id)
	if err != nil {
		return err
	}
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		row, err := findPolicy(tx, a.account, policy)
		if err != nil {
			return err
		}
		versions, err := tx.PolicyVersions(a.account, policy)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(versions, func(v store.PolicyVersion) bool { return v.Number == number })
		if i < 0 {
			return ram.ErrPolicyVersionNotExist
		}
		op.Result = policy + " " + id
		return fn(tx, row, versions[i])
	})
}
