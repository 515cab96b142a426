package ram

// Error is a refusal with the code that RAM's own API gives it. Codes and
// texts follow the RAM API reference, "Error messages", and for sessions the
// STS API reference, AssumeRole.
type Error struct {
	Code    string
	Message string
}

// Error gives the code and the message in one line.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is makes errors.Is compare refusals by code, whatever their message says.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other != nil && other.Code == e.Code
}

// What is named does not exist.
var (
	ErrUserNotExist          = &Error{"EntityNotExist.User", "The user does not exist."}
	ErrAccessKeyNotExist     = &Error{"EntityNotExist.User.AccessKey", "The user access key does not exist."}
	ErrUserPolicyNotExist    = &Error{"EntityNotExist.User.Policy", "The policy is not attached to the user."}
	ErrUserGroupNotExist     = &Error{"EntityNotExist.User.Group", "The user has not joined the group."}
	ErrGroupNotExist         = &Error{"EntityNotExist.Group", "The group does not exist."}
	ErrGroupPolicyNotExist   = &Error{"EntityNotExist.Group.Policy", "The policy is not attached to the group."}
	ErrRoleNotExist          = &Error{"EntityNotExist.Role", "The role does not exist."}
	ErrRolePolicyNotExist    = &Error{"EntityNotExist.Role.Policy", "The policy is not attached to the role."}
	ErrPolicyNotExist        = &Error{"EntityNotExist.Policy", "The policy does not exist."}
	ErrPolicyVersionNotExist = &Error{"EntityNotExist.Policy.Version", "The policy version does not exist."}
)

// What is to be made is there already.
var (
	ErrUserExists        = &Error{"EntityAlreadyExists.User", "The user does already exist."}
	ErrUserPolicyExists  = &Error{"EntityAlreadyExists.User.Policy", "The policy is already attached to the user."}
	ErrUserGroupExists   = &Error{"EntityAlreadyExists.User.Group", "The user has already joined the group."}
	ErrGroupExists       = &Error{"EntityAlreadyExists.Group", "The group does already exist."}
	ErrGroupPolicyExists = &Error{"EntityAlreadyExists.Group.Policy", "The policy is already attached to the group."}
	ErrRoleExists        = &Error{"EntityAlreadyExists.Role", "The role does already exist."}
	ErrRolePolicyExists  = &Error{"EntityAlreadyExists.Role.Policy", "The policy is already attached to the role."}
	ErrPolicyExists      = &Error{"EntityAlreadyExists.Policy", "The policy does already exist."}
)

// What is to be deleted is still in use. Each says what has to go first.
var (
	ErrUserHasAccessKey = &Error{"DeleteConflict.User.AccessKey", "The user has access keys; delete them first."}
	ErrUserHasPolicy    = &Error{"DeleteConflict.User.Policy", "Policies are attached to the user; detach them first."}
	ErrUserInGroup      = &Error{"DeleteConflict.User.Group", "The user is in a group; remove the user from it first."}
	ErrGroupHasUser     = &Error{"DeleteConflict.Group.User", "Users are in the group; remove them from it first."}
	ErrGroupHasPolicy   = &Error{"DeleteConflict.Group.Policy", "Policies are attached to the group; detach them first."}
	ErrRoleHasPolicy    = &Error{"DeleteConflict.Role.Policy", "Policies are attached to the role; detach them first."}
	ErrPolicyAtUser     = &Error{"DeleteConflict.Policy.User", "The policy is attached to a user; detach it first."}
	ErrPolicyAtGroup    = &Error{"DeleteConflict.Policy.Group", "The policy is attached to a group; detach it first."}
	ErrPolicyAtRole     = &Error{"DeleteConflict.Policy.Role", "The policy is attached to a role; detach it first."}
	ErrPolicyHasVersion = &Error{"DeleteConflict.Policy.Version", "The policy has versions besides the default one; delete them first."}
	ErrVersionIsDefault = &Error{"DeleteConflict.Policy.Version.Default", "The default version cannot be deleted; make another one the default first."}
)

// ErrRootAssumesNothing is how STS refuses the account's own key.
var ErrRootAssumesNothing = &Error{"NoPermission", "Roles may not be assumed by root accounts; use the key of a RAM user."}
