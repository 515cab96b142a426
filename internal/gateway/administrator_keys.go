package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// keyOwner finds the user whose keys are meant: the named one; without a name the caller's own, which for the account's key is the
// account itself (0).
func (a *Administrator) keyOwner(tx *store.Tx, user string) (int64, error) {
	p := a.caller.Principal
	switch {
	case user != "":
		return userID(tx, a.account, user)
	case p.Session != nil:
		return 0, &ram.Error{Code: ram.ErrUserNotExist.Code, Message: "A session of a role is no user and has no access keys of its own; give UserName."}
	case p.UserID == "":
		return 0, nil
	}
	return entityKey(p.UserID)
}

// CreateAccessKey makes a key for a user, "" for the caller's own. Its secret is given this once. Refusals: EntityNotExist.User,
// LimitExceeded.User.AccessKey.
func (a *Administrator) CreateAccessKey(ctx context.Context, user string) (ram.AccessKey, error) {
	k, err := ram.GenerateAccessKey(rand.Reader)
	if err != nil {
		return ram.AccessKey{}, err
	}
	k.CreatedAt = a.gateway.now()
	err = a.add(ctx, func(tx *store.Tx, op *group.Operation) error {
		owner, err := a.keyOwner(tx, user)
		if err != nil {
			return err
		}
		return addKey(tx, op, owner, &k)
	})
	return k, err
}

// AccessKeys gives the keys of a user, "" for the caller's own, oldest first and without secrets. Refusals: EntityNotExist.User.
func (a *Administrator) AccessKeys(ctx context.Context, user string) (keys []ram.AccessKey, err error) {
	err = a.look(ctx, func(tx *store.Tx) error {
		owner, err := a.keyOwner(tx, user)
		if err != nil {
			return err
		}
		keys, err = keysOf(tx, a.account, owner, user)
		return err
	})
	return keys, err
}

// SetAccessKeyStatus switches a key of a user on or off. Refusals: InvalidParameter.Status, EntityNotExist.User,
// EntityNotExist.User.AccessKey.
func (a *Administrator) SetAccessKeyStatus(ctx context.Context, user, key, status string) error {
	s, err := ram.ParseKeyStatus(status)
	if err != nil {
		return err
	}
	return a.changeKey(ctx, user, key, func(tx *store.Tx, op *group.Operation) error {
		op.Result += " " + string(s)
		return tx.SetAccessKeyActive(a.account, key, s == ram.KeyActive)
	})
}

// DeleteAccessKey deletes a key of a user for good. Refusals: EntityNotExist.User, EntityNotExist.User.AccessKey.
func (a *Administrator) DeleteAccessKey(ctx context.Context, user, key string) error {
	return a.changeKey(ctx, user, key, func(tx *store.Tx, _ *group.Operation) error { return tx.DeleteAccessKey(a.account, key) })
}

// changeKey changes a key after it is certain that it is the user's: who may change one user's keys may not change another's.
func (a *Administrator) changeKey(ctx context.Context, user, key string, fn func(tx *store.Tx, op *group.Operation) error) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		owner, err := a.keyOwner(tx, user)
		if err != nil {
			return err
		}
		have, err := tx.AccessKeys(a.account, owner)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(have, func(k store.AccessKey) bool { return k.ID == key }) {
			return &ram.Error{Code: ram.ErrAccessKeyNotExist.Code,
				Message: fmt.Sprintf("The user has no access key %.40q; list the keys to see which there are.", key)}
		}
		op.Result = key
		return fn(tx, op)
	})
}
