package store

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
)

// entityKey reads the two ids that every entity of RAM has.
func entityKey(text string, owner ram.AccountID) (id, account int64, err error) {
	if id, err = strconv.ParseInt(text, 10, 64); err != nil {
		return 0, 0, fmt.Errorf("read the id of an entity: %w", err)
	}
	account, err = strconv.ParseInt(string(owner), 10, 64)
	return id, account, err
}

// InsertUserGroup adds a group of users.
func (tx *Tx) InsertUserGroup(g *ram.Group) error {
	id, account, err := entityKey(g.ID, g.AccountID)
	if err != nil {
		return err
	}
	return tx.run(`INSERT INTO ram_group (id, account_id, name, comments, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, account, g.Name, g.Comments, millis(g.CreatedAt), millis(g.UpdatedAt))
}

// UpdateUserGroup writes what people can change of a group.
func (tx *Tx) UpdateUserGroup(g *ram.Group) error {
	id, account, err := entityKey(g.ID, g.AccountID)
	if err != nil {
		return err
	}
	return tx.must(`UPDATE ram_group SET name = $1, comments = $2, updated_at = $3 WHERE account_id = $4 AND id = $5`,
		g.Name, g.Comments, millis(g.UpdatedAt), account, id)
}

// DeleteUserGroup forgets a group, in which nobody is any more.
func (tx *Tx) DeleteUserGroup(account, id int64) error {
	return tx.must(`DELETE FROM ram_group WHERE account_id = $1 AND id = $2`, account, id)
}

const selectUserGroup = `SELECT g.id, g.account_id, g.name, g.comments, g.created_at, g.updated_at FROM ram_group g `

func scanUserGroup(row scanner) (ram.Group, error) { return scanUserGroupAnd(row) }

// scanUserGroupAnd reads a group, and what else stands in the row.
func scanUserGroupAnd(row scanner, more ...any) (ram.Group, error) {
	var g ram.Group
	var id, account, at, updated int64
	err := row.Scan(append([]any{&id, &account, &g.Name, &g.Comments, &at, &updated}, more...)...)
	g.ID, g.AccountID = strconv.FormatInt(id, 10), ram.AccountID(strconv.FormatInt(account, 10))
	g.CreatedAt, g.UpdatedAt = fromMillis(at), fromMillis(updated)
	return g, err
}

// UserGroups gives the groups of users of an account by name.
func (tx *Tx) UserGroups(account int64) ([]ram.Group, error) {
	return all(tx, scanUserGroup, selectUserGroup+`WHERE g.account_id = $1 ORDER BY g.name`, account)
}

// UserGroup gives a group of users by its id.
func (tx *Tx) UserGroup(id int64) (ram.Group, error) {
	return firstOf(all(tx, scanUserGroup, selectUserGroup+`WHERE g.id = $1`, id))
}

// UserGroupByName gives a group of users of an account by name.
func (tx *Tx) UserGroupByName(account int64, name string) (ram.Group, error) {
	return firstOf(all(tx, scanUserGroup, selectUserGroup+`WHERE g.account_id = $1 AND g.name = $2`, account, name))
}

// Membership says that a user is in a group of users.
type Membership struct {
	AccountID int64
	UserID    int64
	GroupID   int64
	JoinedAt  time.Time
}

// AddToUserGroup puts a user into a group.
func (tx *Tx) AddToUserGroup(m Membership) error {
	return tx.run(`INSERT INTO ram_membership (account_id, user_id, group_id, joined_at) VALUES ($1, $2, $3, $4)`,
		m.AccountID, m.UserID, m.GroupID, millis(m.JoinedAt))
}

// RemoveFromUserGroup takes a user out of a group; ErrNoRow when they are not in it.
func (tx *Tx) RemoveFromUserGroup(m Membership) error {
	return tx.must(`DELETE FROM ram_membership WHERE account_id = $1 AND user_id = $2 AND group_id = $3`, m.AccountID, m.UserID, m.GroupID)
}

// JoinedGroup is a group that a user is in, and since when.
type JoinedGroup struct {
	ram.Group
	JoinedAt time.Time
}

// UserGroupsOf gives the groups that a user is in, by name.
func (tx *Tx) UserGroupsOf(account, user int64) ([]JoinedGroup, error) {
	return all(tx, func(row scanner) (j JoinedGroup, err error) {
		var at int64
		j.Group, err = scanUserGroupAnd(row, &at)
		j.JoinedAt = fromMillis(at)
		return j, err
	}, `SELECT g.id, g.account_id, g.name, g.comments, g.created_at, g.updated_at, m.joined_at FROM ram_membership m
		JOIN ram_group g ON g.id = m.group_id WHERE m.account_id = $1 AND m.user_id = $2 ORDER BY g.name`, account, user)
}

// GroupUser is a user in a group, and since when.
type GroupUser struct {
	ram.User
	JoinedAt time.Time
}

// UsersOfGroup gives the users in a group, by name.
func (tx *Tx) UsersOfGroup(account, group int64) ([]GroupUser, error) {
	return all(tx, func(row scanner) (u GroupUser, err error) {
		var at int64
		u.User, err = scanUserAnd(row, &at)
		u.JoinedAt = fromMillis(at)
		return u, err
	}, `SELECT `+userColumns+`, m.joined_at FROM ram_membership m JOIN ram_user u ON u.id = m.user_id
		WHERE m.account_id = $1 AND m.group_id = $2 ORDER BY u.name`, account, group)
}
