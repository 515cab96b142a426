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
	ErrUserNotExist       = &Error{"EntityNotExist.User", "The user does not exist."}
	ErrAccessKeyNotExist  = &Error{"EntityNotExist.User.AccessKey", "The user access key does not exist."}
	ErrUserPolicyNotExist = &Error{"EntityNotExist.User.Policy", "The policy is not attached to the user."}
	ErrPolicyNotExist     = &Error{"EntityNotExist.Policy", "The policy does not exist."}
)

// What is to be made is there already.
var (
	ErrUserExists       = &Error{"EntityAlreadyExists.User", "The user does already exist."}
	ErrUserPolicyExists = &Error{"EntityAlreadyExists.User.Policy", "The policy is already attached to the user."}
	ErrPolicyExists     = &Error{"EntityAlreadyExists.Policy", "The policy does already exist."}
)
