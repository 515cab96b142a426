package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// CreateUser adds a RAM user, who may do nothing until a policy is attached. displayName "" is the name itself. Refusals:
// EntityNotExist.Account, InvalidParameter.UserName.…, InvalidParameter.DisplayName.…, EntityAlreadyExists.User,
// LimitExceeded.User.
func (g *Gateway) CreateUser(ctx context.Context, account, name, displayName string) (ram.User, error) {
	if displayName == "" {
		displayName = name
	}
	u := ram.User{AccountID: ram.AccountID(account), Name: name, DisplayName: displayName}
	if err := g.prepareUser(&u); err != nil {
		return ram.User{}, err
	}
	err := g.manageExisting(ctx, account, "account user create", func(tx *store.Tx, op *group.Operation) error {
		return addUser(tx, op, &u)
	})
	return u, err
}

// prepareUser checks a new user and gives it its id.
func (g *Gateway) prepareUser(u *ram.User) (err error) {
	if err := u.Check(); err != nil {
		return err
	}
	u.CreatedAt = g.now()
	u.UpdatedAt = u.CreatedAt
	u.ID, err = ram.GenerateEntityID(rand.Reader)
	return err
}

func addUser(tx *store.Tx, op *group.Operation, u *ram.User) error {
	users, err := tx.Users(op.AccountID)
	if err != nil {
		return err
	}
	for i := range users {
		if users[i].Name == u.Name {
			return &ram.Error{Code: ram.ErrUserExists.Code, Message: "There is already a user " + u.Name + "; give another name."}
		}
	}
	if err := ram.UsersPerAccount.CheckOneMore(len(users)); err != nil {
		return err
	}
	op.Result = u.Name
	return tx.InsertUser(u)
}

// Users gives the users of an account by name. Refusals: EntityNotExist.Account.
func (g *Gateway) Users(ctx context.Context, account string) ([]ram.User, error) {
	var users []ram.User
	err := g.look(ctx, account, func(tx *store.Tx, id int64) (err error) {
		users, err = tx.Users(id)
		return err
	})
	return users, err
}

// userID gives the key of a user, 0 for the account itself.
func userID(tx *store.Tx, account int64, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	u, err := findUser(tx, account, name)
	if err != nil {
		return 0, err
	}
	return entityKey(u.ID)
}

func findUser(tx *store.Tx, account int64, name string) (ram.User, error) {
	u, err := tx.UserByName(account, name)
	if errors.Is(err, store.ErrNoRow) {
		err = &ram.Error{Code: ram.ErrUserNotExist.Code,
			Message: fmt.Sprintf("There is no user %.64q in account %d; create it first.", name, account)}
	}
	return u, err
}

// CreateAccessKey makes a key for a user, or with user "" for the account itself. Its secret is given this once. Refusals:
// EntityNotExist.Account, EntityNotExist.User, LimitExceeded.User.AccessKey.
func (g *Gateway) CreateAccessKey(ctx context.Context, account, user string) (ram.AccessKey, error) {
	k, err := ram.GenerateAccessKey(rand.Reader)
	if err != nil {
		return ram.AccessKey{}, err
	}
	k.UserName, k.CreatedAt = user, g.now()
	err = g.manageExisting(ctx, account, "account key create", func(tx *store.Tx, op *group.Operation) error {
		owner, err := userID(tx, op.AccountID, user)
		if err != nil {
			return err
		}
		return addKey(tx, op, owner, &k)
	})
	if err != nil {
		return ram.AccessKey{}, err
	}
	return k, nil
}

// addKey gives a key to a user, or with owner 0 to the account itself.
func addKey(tx *store.Tx, op *group.Operation, owner int64, k *ram.AccessKey) error {
	have, err := tx.AccessKeys(op.AccountID, owner)
	if err != nil {
		return err
	}
	if ram.AccessKeysPerUser.CheckOneMore(len(have)) != nil {
		return &ram.Error{Code: "LimitExceeded.User.AccessKey", Message: "There are two access keys already; delete one first."}
	}
	op.Result = k.ID
	return tx.InsertAccessKey(&store.AccessKey{ID: k.ID, AccountID: op.AccountID, UserID: owner, Secret: k.Secret, Active: true,
		CreatedAt: k.CreatedAt})
}

// AccessKeys gives the keys of a user, or with user "" those of the account itself, oldest first and without secrets.
// Refusals: EntityNotExist.Account, EntityNotExist.User.
func (g *Gateway) AccessKeys(ctx context.Context, account, user string) ([]ram.AccessKey, error) {
	var out []ram.AccessKey
	err := g.look(ctx, account, func(tx *store.Tx, id int64) error {
		owner, err := userID(tx, id, user)
		if err != nil {
			return err
		}
		out, err = keysOf(tx, id, owner, user)
		return err
	})
	return out, err
}

// keysOf gives the keys of a user, or with owner 0 those of the account itself.
func keysOf(tx *store.Tx, account, owner int64, user string) ([]ram.AccessKey, error) {
	keys, err := tx.AccessKeys(account, owner)
	out := make([]ram.AccessKey, 0, len(keys))
	for _, k := range keys {
		status := ram.KeyInactive
		if k.Active {
			status = ram.KeyActive
		}
		out = append(out, ram.AccessKey{ID: k.ID, Status: status, UserName: user, CreatedAt: k.CreatedAt})
	}
	return out, err
}

// SetAccessKeyStatus switches a key on or off: Active or Inactive. Refusals: EntityNotExist.Account, InvalidParameter.Status,
// EntityNotExist.User.AccessKey.
func (g *Gateway) SetAccessKeyStatus(ctx context.Context, account, id, status string) error {
	s, err := ram.ParseKeyStatus(status)
	if err != nil {
		return err
	}
	action := "account key disable"
	if s == ram.KeyActive {
		action = "account key enable"
	}
	return g.changeKey(ctx, account, id, action, func(tx *store.Tx, account int64) error {
		return tx.SetAccessKeyActive(account, id, s == ram.KeyActive)
	})
}

// DeleteAccessKey deletes a key for good. Refusals: EntityNotExist.Account, EntityNotExist.User.AccessKey.
func (g *Gateway) DeleteAccessKey(ctx context.Context, account, id string) error {
	return g.changeKey(ctx, account, id, "account key delete", func(tx *store.Tx, account int64) error {
		return tx.DeleteAccessKey(account, id)
	})
}

func (g *Gateway) changeKey(ctx context.Context, account, id, action string, fn func(tx *store.Tx, account int64) error) error {
	return g.manageExisting(ctx, account, action, func(tx *store.Tx, op *group.Operation) error {
		op.Result = id
		err := fn(tx, op.AccountID)
		if errors.Is(err, store.ErrNoRow) {
			return &ram.Error{Code: ram.ErrAccessKeyNotExist.Code,
				Message: fmt.Sprintf("Account %s has no access key %.40q; list the keys to see which there are.", account, id)}
		}
		return err
	})
}
