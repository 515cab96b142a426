package gateway

import (
	"context"
	"errors"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Administrator does for one call what RAM's API offers: it looks after the users, groups, roles, policies and keys of the caller's
// account. That the caller may do it has been asked before. Changes hold from the next request on, on every node, and stand in the
// audit with who asked, by which key and from where.
type Administrator struct {
	gateway   *Gateway
	caller    Caller
	account   int64
	operation int64
}

// Administrator makes one for a call.
func (g *Gateway) Administrator(c Caller) *Administrator {
	return &Administrator{gateway: g, caller: c, account: c.Principal.account}
}

// Operation is the key of the operation that stands for the change that was made; 0 before one.
func (a *Administrator) Operation() int64 { return a.operation }

// change makes a change in its transaction. What fn fills in must be filled in anew each time it runs.
func (a *Administrator) change(ctx context.Context, fn func(tx *store.Tx, op *group.Operation) error) error {
	return a.keep(ctx, forgetRAM, fn)
}

// add is change for what no node keeps in memory: something new that nothing is attached to, a new key, what is written of a role.
func (a *Administrator) add(ctx context.Context, fn func(tx *store.Tx, op *group.Operation) error) error {
	return a.keep(ctx, forgetNothing, fn)
}

func (a *Administrator) keep(ctx context.Context, forget func(*store.Tx) error, fn func(tx *store.Tx, op *group.Operation) error) (err error) {
	op := a.gateway.begin(a.caller, group.KindAccount)
	op.ClientToken, op.ParamsDigest = "", "" // RAM knows no such token: what is there already is told by the error
	a.operation, err = a.gateway.keep(ctx, op, forget, fn)
	if err != nil {
		a.operation = 0
	}
	return err
}

// look reads.
func (a *Administrator) look(ctx context.Context, fn func(tx *store.Tx) error) error {
	return a.gateway.store.Snapshot(ctx, fn)
}

// CreateUser adds a user, who may do nothing yet. Id and times are filled in, an empty DisplayName becomes the name. Refusals:
// InvalidParameter.…, EntityAlreadyExists.User, LimitExceeded.User.
func (a *Administrator) CreateUser(ctx context.Context, u ram.User) (ram.User, error) {
	if u.DisplayName == "" {
		u.DisplayName = u.Name
	}
	u.AccountID = a.caller.Principal.AccountID
	if err := a.gateway.prepareUser(&u); err != nil {
		return ram.User{}, err
	}
	err := a.add(ctx, func(tx *store.Tx, op *group.Operation) error { return addUser(tx, op, &u) })
	return u, err
}

// User gives a user. Refusals: EntityNotExist.User.
func (a *Administrator) User(ctx context.Context, name string) (u ram.User, err error) {
	err = a.look(ctx, func(tx *store.Tx) (err error) {
		u, err = findUser(tx, a.account, name)
		return err
	})
	return u, err
}

// Users gives the users by name.
func (a *Administrator) Users(ctx context.Context) (users []ram.User, err error) {
	err = a.look(ctx, func(tx *store.Tx) (err error) {
		users, err = tx.Users(a.account)
		return err
	})
	return users, err
}

// UpdateUser changes what people have written of a user. Keys, policies and groups stay the user's, also under a new name. Refusals:
// InvalidParameter.New…, EntityNotExist.User, EntityAlreadyExists.User.
func (a *Administrator) UpdateUser(ctx context.Context, name string, c ram.UserChange) (u ram.User, err error) {
	if err := c.Check(); err != nil {
		return u, err
	}
	err = a.change(ctx, func(tx *store.Tx, op *group.Operation) (err error) {
		if u, err = findUser(tx, a.account, name); err != nil {
			return err
		}
		if c.Name != "" && c.Name != name {
			_, err := findUser(tx, a.account, c.Name)
			if err = checkFree(err, ram.ErrUserNotExist, ram.ErrUserExists); err != nil {
				return err
			}
		}
		c.Apply(&u)
		u.UpdatedAt, op.Result = op.At, renamed(name, u.Name)
		return tx.UpdateUser(&u)
	})
	return u, err
}

// checkFree tells by what became of a look-up whether a name is free: it is when the look-up was refused with absent. That it could
// not be looked up says nothing.
func checkFree(looked error, absent, taken *ram.Error) error {
	switch {
	case looked == nil:
		return taken
	case errors.Is(looked, absent):
		return nil
	}
	return looked
}

// renamed tells the audit which name became which.
func renamed(before, after string) string {
	if before == after {
		return before
	}
	return before + " to " + after
}

// DeleteUser forgets a user who has no keys and policies and is in no group. Refusals: EntityNotExist.User, DeleteConflict.User.….
func (a *Administrator) DeleteUser(ctx context.Context, name string) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		id, err := userID(tx, a.account, name)
		if err != nil {
			return err
		}
		if err := a.checkLeaving(tx, id); err != nil {
			return err
		}
		op.Result = name
		return tx.DeleteUser(a.account, id)
	})
}

// checkLeaving tells what a user still has.
func (a *Administrator) checkLeaving(tx *store.Tx, id int64) error {
	keys, err := tx.AccessKeys(a.account, id)
	if err != nil {
		return err
	}
	links, err := tx.Attachments(a.account, id)
	if err != nil {
		return err
	}
	groups, err := tx.UserGroupsOf(a.account, id)
	if err != nil {
		return err
	}
	return ram.UserHas{Keys: len(keys), Policies: len(links), Groups: len(groups)}.CheckUnused()
}
