package gateway

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// PolicyName names a policy among those of an account.
type PolicyName struct {
	Type ram.PolicyType
	Name string
}

// Entity names a user, a group of users or a role that policies are attached to.
type Entity struct {
	Type ram.EntityType
	Name string
}

// UserEntity names a user.
func UserEntity(name string) Entity { return Entity{ram.EntityUser, name} }

// GroupEntity names a group of users.
func GroupEntity(name string) Entity { return Entity{ram.EntityGroup, name} }

// RoleEntity names a role.
func RoleEntity(name string) Entity { return Entity{ram.EntityRole, name} }

// attachable is what RAM says of one type of entity.
type attachable struct {
	exists, absent *ram.Error // the policy is attached already, or is not
	system, custom ram.Quota
}

var attachables = map[ram.EntityType]attachable{
	ram.EntityUser:  {ram.ErrUserPolicyExists, ram.ErrUserPolicyNotExist, ram.SystemPoliciesPerUser, ram.CustomPoliciesPerUser},
	ram.EntityGroup: {ram.ErrGroupPolicyExists, ram.ErrGroupPolicyNotExist, ram.SystemPoliciesPerGroup, ram.CustomPoliciesPerGroup},
	ram.EntityRole:  {ram.ErrRolePolicyExists, ram.ErrRolePolicyNotExist, ram.SystemPoliciesPerRole, ram.CustomPoliciesPerRole},
}

// owner finds an entity and gives an attachment that names it.
func owner(tx *store.Tx, account int64, e Entity) (store.Attachment, error) {
	a := store.Attachment{AccountID: account}
	var err error
	switch e.Type {
	case ram.EntityGroup:
		a.GroupID, err = userGroupID(tx, account, e.Name)
	case ram.EntityRole:
		a.RoleID, err = roleID(tx, account, e.Name)
	default:
		if e.Name == "" {
			return a, &ram.Error{Code: ram.ErrUserNotExist.Code, Message: "Policies belong to users; the account itself may do everything. Name a user."}
		}
		a.UserID, err = userID(tx, account, e.Name)
	}
	return a, err
}

// attachedTo gives the policies of an entity.
func attachedTo(tx *store.Tx, account int64, e Entity) ([]store.Attachment, error) {
	o, err := owner(tx, account, e)
	if err != nil {
		return nil, err
	}
	return tx.AttachedTo(o)
}

// attach gives an entity a policy, which is known to exist.
func attach(tx *store.Tx, op *group.Operation, e Entity, p PolicyName) error {
	a, err := owner(tx, op.AccountID, e)
	if err != nil {
		return err
	}
	have, err := tx.AttachedTo(a)
	if err != nil {
		return err
	}
	rule := attachables[e.Type]
	if slices.ContainsFunc(have, p.is) {
		return &ram.Error{Code: rule.exists.Code, Message: e.Name + " has the policy " + p.Name + " already."}
	}
	quota := rule.system
	if p.Type == ram.PolicyCustom {
		quota = rule.custom
	}
	others := slices.DeleteFunc(have, func(other store.Attachment) bool { return other.Kind != string(p.Type) })
	if err := quota.CheckOneMore(len(others)); err != nil {
		return err
	}
	op.Result = e.Name + " " + p.Name
	a.Kind, a.Policy, a.AttachedAt = string(p.Type), p.Name, op.At
	return tx.Attach(a)
}

// detach takes a policy from an entity.
func detach(tx *store.Tx, op *group.Operation, e Entity, p PolicyName) error {
	a, err := owner(tx, op.AccountID, e)
	if err != nil {
		return err
	}
	op.Result = e.Name + " " + p.Name
	a.Kind, a.Policy = string(p.Type), p.Name
	err = tx.Detach(a)
	if errors.Is(err, store.ErrNoRow) {
		err = &ram.Error{Code: attachables[e.Type].absent.Code, Message: fmt.Sprintf("%s does not have the policy %.128q.", e.Name, p.Name)}
	}
	return err
}

func (p PolicyName) is(a store.Attachment) bool {
	return a.Kind == string(p.Type) && a.Policy == p.Name
}
