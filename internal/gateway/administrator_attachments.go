package gateway

import (
	"context"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// AttachPolicy gives a user, a group or a role a policy. Refusals: EntityNotExist.<entity>, EntityNotExist.Policy,
// EntityAlreadyExists.<entity>.Policy, LimitExceeded.<entity>.Policy.
func (a *Administrator) AttachPolicy(ctx context.Context, e Entity, p PolicyName) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		if err := a.checkPolicyExists(tx, p); err != nil {
			return err
		}
		return attach(tx, op, e, p)
	})
}

// DetachPolicy takes a policy from a user, a group or a role. Refusals: EntityNotExist.<entity>, EntityNotExist.Policy,
// EntityNotExist.<entity>.Policy.
func (a *Administrator) DetachPolicy(ctx context.Context, e Entity, p PolicyName) error {
	return a.change(ctx, func(tx *store.Tx, op *group.Operation) error {
		if err := a.checkPolicyExists(tx, p); err != nil {
			return err
		}
		return detach(tx, op, e, p)
	})
}

func (a *Administrator) checkPolicyExists(tx *store.Tx, p PolicyName) error {
	if p.Type == ram.PolicySystem {
		if _, ok := ram.FindSystemPolicy(p.Name); !ok {
			return ram.ErrPolicyNotExist
		}
		return nil
	}
	_, err := findPolicy(tx, a.account, p.Name)
	return err
}

// AttachedPolicy is a policy that an entity has, and since when.
type AttachedPolicy struct {
	Policy
	AttachedAt time.Time // zero where it was not written down
}

// PoliciesFor gives the policies of a user, a group or a role. Refusals: EntityNotExist.<entity>.
func (a *Administrator) PoliciesFor(ctx context.Context, e Entity) (list []AttachedPolicy, err error) {
	err = a.look(ctx, func(tx *store.Tx) error {
		links, err := attachedTo(tx, a.account, e)
		if err != nil {
			return err
		}
		list = nil
		for _, l := range links {
			p, err := a.named(tx, l)
			if err != nil {
				return err
			}
			list = append(list, AttachedPolicy{p, l.AttachedAt})
		}
		return nil
	})
	return list, err
}

// named gives the policy of an attachment.
func (a *Administrator) named(tx *store.Tx, l store.Attachment) (Policy, error) {
	if ram.PolicyType(l.Kind) == ram.PolicySystem {
		p, _ := ram.FindSystemPolicy(l.Policy)
		return systemPolicy(p), nil
	}
	p, err := findPolicy(tx, a.account, l.Policy)
	return customPolicy(p), err
}

// Entities are those who have a policy, each with the time since when.
type Entities struct {
	Users  []Since[ram.User]
	Groups []Since[ram.Group]
	Roles  []Since[ram.Role]
}

// Since is something that has been so since a time, which is zero where it was not written down.
type Since[T any] struct {
	Of T
	At time.Time
}

// EntitiesFor gives those who have a policy. Refusals: EntityNotExist.Policy.
func (a *Administrator) EntitiesFor(ctx context.Context, p PolicyName) (found Entities, err error) {
	err = a.look(ctx, func(tx *store.Tx) error {
		if err := a.checkPolicyExists(tx, p); err != nil {
			return err
		}
		links, err := tx.AttachmentsOf(a.account, string(p.Type), p.Name)
		found = Entities{}
		for _, l := range links {
			if err == nil {
				err = found.add(tx, l)
			}
		}
		return err
	})
	return found, err
}

func (e *Entities) add(tx *store.Tx, l store.Attachment) error {
	switch {
	case l.UserID != 0:
		u, err := tx.User(l.UserID)
		e.Users = append(e.Users, Since[ram.User]{u, l.AttachedAt})
		return err
	case l.GroupID != 0:
		g, err := tx.UserGroup(l.GroupID)
		e.Groups = append(e.Groups, Since[ram.Group]{g, l.AttachedAt})
		return err
	}
	r, err := tx.Role(l.RoleID)
	e.Roles = append(e.Roles, Since[ram.Role]{r, l.AttachedAt})
	return err
}
