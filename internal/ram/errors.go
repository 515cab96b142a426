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
	ErrPolicyNotExist        = &Error{"EntityNotExist.Policy", "The policy does not exist."}
	ErrPolicyVersionNotExist = &Error{"EntityNotExist.Policy.Version", "The policy version does not exist."}
	ErrRoleNotExist          = &Error{"EntityNotExist.Role", "The role does not exist."}
	ErrRolePolicyNotExist    = &Error{"EntityNotExist.Role.Policy", "The policy is not attached to the role."}
)

// What is to be made is there already.
var (
	ErrUserExists        = &Error{"EntityAlreadyExists.User", "The user does already exist."}
	ErrUserGroupExists   = &Error{"EntityAlreadyExists.User.Group", "The user has already joined the group."}
	ErrUserPolicyExists  = &Error{"EntityAlreadyExists.User.Policy", "The policy is already attached to the user."}
	ErrGroupExists       = &Error{"EntityAlreadyExists.Group", "The group does already exist."}
	ErrGroupPolicyExists = &Error{"EntityAlreadyExists.Group.Policy", "The policy is already attached to the group."}
	ErrPolicyExists      = &Error{"EntityAlreadyExists.Policy", "The policy does already exist."}
	ErrRoleExists        = &Error{"EntityAlreadyExists.Role", "The role does already exist."}
	ErrRolePolicyExists  = &Error{"EntityAlreadyExists.Role.Policy", "The policy is already attached to the role."}
)

// What is to be deleted is still tied to something.
var (
	ErrUserHasGroup         = &Error{"DeleteConflict.User.Group", "The user must leave every group before it is deleted."}
	ErrUserHasAccessKey     = &Error{"DeleteConflict.User.AccessKey", "The user's access keys must be deleted before the user."}
	ErrUserHasPolicy        = &Error{"DeleteConflict.User.Policy", "Every policy must be detached from the user before it is deleted."}
	ErrGroupHasUser         = &Error{"DeleteConflict.Group.User", "Every user must leave the group before it is deleted."}
	ErrGroupHasPolicy       = &Error{"DeleteConflict.Group.Policy", "Every policy must be detached from the group before it is deleted."}
	ErrRoleHasPolicy        = &Error{"DeleteConflict.Role.Policy", "Every policy must be detached from the role before it is deleted."}
	ErrPolicyHasUser        = &Error{"DeleteConflict.Policy.User", "The policy is still attached to a user."}
	ErrPolicyHasGroup       = &Error{"DeleteConflict.Policy.Group", "The policy is still attached to a group."}
	ErrPolicyHasRole        = &Error{"DeleteConflict.Policy.Role", "The policy is still attached to a role."}
	ErrPolicyHasVersion     = &Error{"DeleteConflict.Policy.Version", "The policy still has a version besides the default one."}
	ErrPolicyVersionDefault = &Error{"DeleteConflict.Policy.Version.Default", "The default version of a policy cannot be deleted by itself."}
)
