package ram

// UserHas is how much a user has that has to go before the user can.
type UserHas struct{ Keys, Policies, Groups int }

// CheckUnused tells whether the user can be deleted. The error has a code DeleteConflict.User.….
func (h UserHas) CheckUnused() error {
	switch {
	case h.Keys > 0:
		return ErrUserHasAccessKey
	case h.Policies > 0:
		return ErrUserHasPolicy
	case h.Groups > 0:
		return ErrUserInGroup
	}
	return nil
}

// GroupHas is how much a group of users has that has to go before the group can.
type GroupHas struct{ Users, Policies int }

// CheckUnused tells whether the group can be deleted. The error has a code DeleteConflict.Group.….
func (h GroupHas) CheckUnused() error {
	switch {
	case h.Users > 0:
		return ErrGroupHasUser
	case h.Policies > 0:
		return ErrGroupHasPolicy
	}
	return nil
}

// CheckRoleUnused tells whether a role with so many policies can be deleted. The error has the code DeleteConflict.Role.Policy.
func CheckRoleUnused(policies int) error {
	if policies > 0 {
		return ErrRoleHasPolicy
	}
	return nil
}

// PolicyHas is to how many a custom policy is attached, and how many versions it has.
type PolicyHas struct{ Users, Groups, Roles, Versions int }

// CheckUnused tells whether the policy can be deleted: it is attached nowhere and its default version is its only one. The error has a
// code DeleteConflict.Policy.….
func (h PolicyHas) CheckUnused() error {
	switch {
	case h.Users > 0:
		return ErrPolicyAtUser
	case h.Groups > 0:
		return ErrPolicyAtGroup
	case h.Roles > 0:
		return ErrPolicyAtRole
	case h.Versions > 1:
		return ErrPolicyHasVersion
	}
	return nil
}

// MakeRoom tells which version of a policy goes for another one, 0 for none: with as many as there can be, the oldest that is not the
// default, if it may (rotate). The versions are the oldest first. The error has the code LimitExceeded.Policy.Version.
func MakeRoom(versions []int64, byDefault int64, rotate bool) (oldest int64, err error) {
	err = VersionsPerPolicy.CheckOneMore(len(versions))
	if err == nil || !rotate {
		return 0, err
	}
	for _, v := range versions {
		if v != byDefault {
			return v, nil
		}
	}
	return 0, err
}
