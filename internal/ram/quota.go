package ram

// Quota is how many of something there may be.
type Quota struct {
	most int
	err  *Error
}

// The quotas of an account and of what is in it (RAM, "Limits"). A message
// says "beyond the current limits", as RAM's does.
var (
	UsersPerAccount    = quota(1000, "User", "users")
	GroupsPerAccount   = quota(50, "Group", "groups")
	RolesPerAccount    = quota(1000, "Role", "roles")
	PoliciesPerAccount = quota(1500, "Policy", "custom policies")
	VersionsPerPolicy  = quota(5, "Policy.Version", "policy versions")
	AccessKeysPerUser  = quota(2, "User.AccessKey", "access keys of the user")
	GroupsPerUser      = quota(5, "User.Group", "groups that the user has joined")

	SystemPoliciesPerUser  = quota(20, "User.Policy", "system policies attached to the user")
	CustomPoliciesPerUser  = quota(10, "User.Policy", "custom policies attached to the user")
	SystemPoliciesPerGroup = quota(20, "Group.Policy", "system policies attached to the group")
	CustomPoliciesPerGroup = quota(5, "Group.Policy", "custom policies attached to the group")
	SystemPoliciesPerRole  = quota(20, "Role.Policy", "system policies attached to the role")
	CustomPoliciesPerRole  = quota(5, "Role.Policy", "custom policies attached to the role")
)

func quota(most int, code, what string) Quota {
	return Quota{most: most, err: &Error{
		Code:    "LimitExceeded." + code,
		Message: "The count of " + what + " is beyond the current limits.",
	}}
}

// Max is how many there may be.
func (q Quota) Max() int { return q.most }

// CheckOneMore tells whether, with have of them there, one more may come. The
// error is an *Error with a code LimitExceeded.….
func (q Quota) CheckOneMore(have int) error {
	if have >= q.most {
		return q.err
	}
	return nil
}
