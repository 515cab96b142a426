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

func findUserGroup(tx *store.Tx, account int64, name string) (ram.Group, error) {
	g, err := tx.UserGroupByName(account, name)
	if errors.Is(err, store.ErrNoRow) {
		err = &ram.Error{Code: ram.ErrGroupNotExist.Code, Message: fmt.Sprintf("There is no group of users %.64q; create it first.", name)}
	}
	return g, err
}

func userGroupID(tx *store.Tx, account int64, name string) (int64, error) {
	g, err := findUserGroup(tx, account, name)
	if err != nil {
		return 0, err
	}
	return entityKey(g.ID)
}

// CreateGroup adds a group of users, without any. Refusals: InvalidParameter.GroupName.…, InvalidParameter.Comments.…,
// EntityAlreadyExists.Group, LimitExceeded.Group.
func (a *Administrator) CreateGroup(ctx context.Context, name, comments string) (g ram.Group, err error) {
	if err := errors.Join(ram.GroupName.Check(name), ram.Comments.Check(comments)); err != nil {
		return g, err
	}
	g = ram.Group{AccountID: a.caller.Principal.AccountID, Name: name, Comments: comments, CreatedAt: a.gateway.now()}
	g.UpdatedAt = g.CreatedAt
	if g.ID, err = ram.GenerateEntityID(rand.Reader); err != nil {
		return g, err
	}
	err = a.add(ctx, func(tx *store.Tx, op *group.Operation) error {
		have, err := tx.UserGroups(a.account)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(other ram.Group) bool { return other.Name == name }) {
			return ram.ErrGroupExists
		}
		if err := ram.GroupsPerAccount.CheckOneMore(len(have)); err != nil {
			return err
		}
		op.Result = name
		return tx.InsertUserGroup(&g)
	})
	return g, err
}

// Group gives a group of users. Refusals: EntityNotExist.Group.
func (a *Administrator) Group(ctx context.Context, name string) (g ram.Group, err error) {
	err = a.look(ctx, func(tx *store.Tx) (err error) {
		g, err = findUserGroup(tx, a.account, name)
		return err
	})
	return g, err
}

// Groups gives the groups of users by name.
func (a *Administrator) Groups(ctx context.Context) (list []ram.Group, err error) {
	err = a.look(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.UserGroups(a.account)
		return err
	})
	return list, err
}

// UpdateGroup changes the name or the comments of a group; what is empty stays. Refusals: InvalidParameter.New…,
// EntityNotExist.Group, EntityAlreadyExists.Group.
func (a *Administrator) UpdateGroup(ctx context.Context, name, newName, newComments string) (g ram.Group, err error) {
	if err := ram.Comments.For("NewComments").Check(newComments); err != nil {
		return g, err
	}
	if newName != "" {
		if err := ram.GroupName.For("NewGroupName").Check(newName); err != nil {
			return g, err
		}
	}
	err = a.change(ctx, func(tx *store.Tx, op *group.Operation) (err error) {
		if g, err = findUserGroup(tx, a.account, name); err != nil {
			return err
		}
		if newName != "" && newName != name {
			_, err := findUserGroup(tx, a.account, newName)
			if err = checkFree(err, ram.ErrGroupNotExist, ram.ErrGroupExists); err != nil {
				return err
			}
			g.Name = newName
		}
		if newComments != "" {
			g.Comments = newComments
		}
		g.UpdatedAt, op.Result = op.At, renamed(name, g.Name)
		return tx.UpdateUserGroup(&g)
	})
	return g, err
}

// DeleteGroup forgets a group without users and policies. Refusals: EntityNotExist.Group, DeleteConflict.Group.….
func (a *Administrator) DeleteGroup(ctx context.Context, name string) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		id, err := userGroupID(tx, a.account, name)
		if err != nil {
			return err
		}
		users, err := tx.UsersOfGroup(a.account, id)
		if err != nil {
			return err
		}
		links, err := tx.AttachedTo(store.Attachment{AccountID: a.account, GroupID: id})
		if err != nil {
			return err
		}
		if err := (ram.GroupHas{Users: len(users), Policies: len(links)}).CheckUnused(); err != nil {
			return err
		}
		op.Result = name
		return tx.DeleteUserGroup(a.account, id)
	})
}

// AddUserToGroup puts a user into a group. Refusals: EntityNotExist.User, EntityNotExist.Group, EntityAlreadyExists.User.Group,
// LimitExceeded.User.Group.
func (a *Administrator) AddUserToGroup(ctx context.Context, user, name string) error {
	return a.changeMembership(ctx, user, name, func(tx *store.Tx, m store.Membership) error {
		have, err := tx.UserGroupsOf(a.account, m.UserID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(j store.JoinedGroup) bool { return j.Name == name }) {
			return ram.ErrUserGroupExists
		}
		if err := ram.GroupsPerUser.CheckOneMore(len(have)); err != nil {
			return err
		}
		return tx.AddToUserGroup(m)
	})
}

// RemoveUserFromGroup takes a user out of a group. Refusals: EntityNotExist.User, EntityNotExist.Group, EntityNotExist.User.Group.
func (a *Administrator) RemoveUserFromGroup(ctx context.Context, user, name string) error {
	return a.changeMembership(ctx, user, name, func(tx *store.Tx, m store.Membership) error {
		err := tx.RemoveFromUserGroup(m)
		if errors.Is(err, store.ErrNoRow) {
			err = ram.ErrUserGroupNotExist
		}
		return err
	})
}

func (a *Administrator) changeMembership(ctx context.Context, user, name string, fn func(tx *store.Tx, m store.Membership) error) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		u, err := findUser(tx, a.account, user)
		if err != nil {
			return err
		}
		m := store.Membership{AccountID: a.account, JoinedAt: op.At}
		if m.UserID, err = entityKey(u.ID); err != nil {
			return err
		}
		if m.GroupID, err = userGroupID(tx, a.account, name); err != nil {
			return err
		}
		op.Result = user + " " + name
		return fn(tx, m)
	})
}

// GroupsFor gives the groups that a user is in. Refusals: EntityNotExist.User.
func (a *Administrator) GroupsFor(ctx context.Context, user string) (list []Since[ram.Group], err error) {
	err = a.look(ctx, func(tx *store.Tx) error {
		u, err := findUser(tx, a.account, user)
		if err != nil {
			return err
		}
		id, err := entityKey(u.ID)
		if err != nil {
			return err
		}
		have, err := tx.UserGroupsOf(a.account, id)
		list = nil
		for _, j := range have {
			list = append(list, Since[ram.Group]{j.Group, j.JoinedAt})
		}
		return err
	})
	return list, err
}

// UsersFor gives the users in a group. Refusals: EntityNotExist.Group.
func (a *Administrator) UsersFor(ctx context.Context, name string) (list []Since[ram.User], err error) {
	err = a.look(ctx, func(tx *store.Tx) error {
		id, err := userGroupID(tx, a.account, name)
		if err != nil {
			return err
		}
		have, err := tx.UsersOfGroup(a.account, id)
		list = nil
		for _, u := range have {
			list = append(list, Since[ram.User]{u.User, u.JoinedAt})
		}
		return err
	})
	return list, err
}
