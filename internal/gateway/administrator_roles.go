package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

func findRole(tx *store.Tx, account int64, name string) (ram.Role, error) {
	r, err := tx.RoleByName(account, name)
	if errors.Is(err, store.ErrNoRow) {
		err = &ram.Error{Code: ram.ErrRoleNotExist.Code, Message: fmt.Sprintf("There is no role %.64q; create it first.", name)}
	}
	return r, err
}

func roleID(tx *store.Tx, account int64, name string) (int64, error) {
	r, err := findRole(tx, account, name)
	if err != nil {
		return 0, err
	}
	return entityKey(r.ID)
}

// CreateRole adds a role that whom its trust policy names can take. Id, account and times are filled in; MaxSessionDuration 0 is an hour.
// Refusals: InvalidParameter.…, MalformedPolicyDocument, EntityAlreadyExists.Role, LimitExceeded.Role.
func (a *Administrator) CreateRole(ctx context.Context, r ram.Role) (ram.Role, error) {
	if r.MaxSessionDuration == 0 {
		r.MaxSessionDuration = ram.DefaultSessionDuration
	}
	_, err := ram.ParseTrustPolicy([]byte(r.TrustPolicy), "AssumeRolePolicyDocument")
	err = errors.Join(ram.RoleName.Check(r.Name), ram.Description.Check(r.Description),
		ram.CheckMaxSessionDuration("MaxSessionDuration", r.MaxSessionDuration), err)
	if err != nil {
		return r, err
	}
	r.AccountID, r.CreatedAt = a.caller.Principal.AccountID, a.gateway.now()
	r.UpdatedAt = r.CreatedAt
	if r.ID, err = ram.GenerateEntityID(rand.Reader); err != nil {
		return r, err
	}
	err = a.add(ctx, func(tx *store.Tx, op *group.Operation) error {
		have, err := tx.Roles(a.account)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(other ram.Role) bool { return other.Name == r.Name }) {
			return ram.ErrRoleExists
		}
		if err := ram.RolesPerAccount.CheckOneMore(len(have)); err != nil {
			return err
		}
		op.Result = r.Name
		return tx.InsertRole(&r)
	})
	return r, err
}

// Role gives a role. Refusals: EntityNotExist.Role.
func (a *Administrator) Role(ctx context.Context, name string) (r ram.Role, err error) {
	err = a.look(ctx, func(tx *store.Tx) (err error) {
		r, err = findRole(tx, a.account, name)
		return err
	})
	return r, err
}

// Roles gives the roles by name.
func (a *Administrator) Roles(ctx context.Context) (list []ram.Role, err error) {
	err = a.look(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Roles(a.account)
		return err
	})
	return list, err
}

// UpdateRole changes a role. Sessions that there are go on. Refusals: InvalidParameter.New…, MalformedPolicyDocument,
// EntityNotExist.Role.
func (a *Administrator) UpdateRole(ctx context.Context, name string, c ram.RoleChange) (r ram.Role, err error) {
	if err := c.Check(); err != nil {
		return r, err
	}
	err = a.add(ctx, func(tx *store.Tx, op *group.Operation) (err error) {
		if r, err = findRole(tx, a.account, name); err != nil {
			return err
		}
		c.Apply(&r)
		r.UpdatedAt, op.Result = op.At, name
		return tx.UpdateRole(&r)
	})
	return r, err
}

// DeleteRole forgets a role without policies, and ends its sessions. Refusals: EntityNotExist.Role, DeleteConflict.Role.Policy.
func (a *Administrator) DeleteRole(ctx context.Context, name string) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		id, err := roleID(tx, a.account, name)
		if err != nil {
			return err
		}
		links, err := tx.AttachedTo(store.Attachment{AccountID: a.account, RoleID: id})
		if err != nil {
			return err
		}
		if err := ram.CheckRoleUnused(len(links)); err != nil {
			return err
		}
		op.Result = name
		return tx.DeleteRole(a.account, id)
	})
}
