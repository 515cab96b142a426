package ram

import (
	"cmp"
	"errors"
	"strings"
	"time"
)

// User is a RAM user: a person or a program that acts in an account.
type User struct {
	ID          string // 18 digits, never used again
	AccountID   AccountID
	Name        string
	DisplayName string
	Comments    string
	Email       string
	MobilePhone string // country code, hyphen, number
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ARN names the user.
func (u *User) ARN() string { return u.AccountID.UserARN(u.Name) }

// Group is a group of users. Its policies are the policies of its members.
type Group struct {
	ID        string
	AccountID AccountID
	Name      string
	Comments  string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ARN names the group.
func (g *Group) ARN() string { return g.AccountID.GroupARN(g.Name) }

// Role is an identity without keys of its own; somebody takes it for a while.
type Role struct {
	ID                 string // 18 digits, never used again
	AccountID          AccountID
	Name               string
	Description        string
	TrustPolicy        string // the document that says who may take the role
	MaxSessionDuration time.Duration
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

// ARN names the role.
func (r *Role) ARN() string { return r.AccountID.RoleARN(r.Name) }

// Check tells whether what people have written of a user keeps the rules. The error has a code InvalidParameter.….
func (u *User) Check() error {
	return errors.Join(UserName.Check(u.Name), DisplayName.Check(u.DisplayName), Comments.Check(u.Comments),
		checkEmail("Email", u.Email), checkMobilePhone("MobilePhone", u.MobilePhone))
}

// UserChange is what is to become different of a user; what is empty stays.
type UserChange struct{ Name, DisplayName, Comments, Email, MobilePhone string }

// Check tells whether the change keeps the rules. The error has a code InvalidParameter.New….
func (c *UserChange) Check() error {
	return errors.Join(given(UserName.For("NewUserName"), c.Name), given(DisplayName.For("NewDisplayName"), c.DisplayName),
		Comments.For("NewComments").Check(c.Comments), checkEmail("NewEmail", c.Email), checkMobilePhone("NewMobilePhone", c.MobilePhone))
}

// Apply makes the change.
func (c *UserChange) Apply(u *User) {
	u.Name, u.DisplayName, u.Comments = cmp.Or(c.Name, u.Name), cmp.Or(c.DisplayName, u.DisplayName), cmp.Or(c.Comments, u.Comments)
	u.Email, u.MobilePhone = cmp.Or(c.Email, u.Email), cmp.Or(c.MobilePhone, u.MobilePhone)
}

// RoleChange is what is to become different of a role; what is empty stays.
type RoleChange struct {
	Description        string
	TrustPolicy        string
	MaxSessionDuration time.Duration
}

// Check tells whether the change keeps the rules. The error has a code InvalidParameter.New… or MalformedPolicyDocument.
func (c *RoleChange) Check() error {
	err := Description.For("NewDescription").Check(c.Description)
	if c.TrustPolicy != "" {
		_, bad := ParseTrustPolicy([]byte(c.TrustPolicy), "NewAssumeRolePolicyDocument")
		err = errors.Join(err, bad)
	}
	if c.MaxSessionDuration != 0 {
		err = errors.Join(err, CheckMaxSessionDuration("NewMaxSessionDuration", c.MaxSessionDuration))
	}
	return err
}

// Apply makes the change.
func (c *RoleChange) Apply(r *Role) {
	r.Description, r.TrustPolicy = cmp.Or(c.Description, r.Description), cmp.Or(c.TrustPolicy, r.TrustPolicy)
	r.MaxSessionDuration = cmp.Or(c.MaxSessionDuration, r.MaxSessionDuration)
}

// given holds a text against a rule, if there is one.
func given(rule TextRule, text string) error {
	if text == "" {
		return nil
	}
	return rule.Check(text)
}

// checkEmail takes what has a name, an @ and a host, or nothing.
func checkEmail(parameter, text string) error {
	name, host, found := strings.Cut(text, "@")
	plain := !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == '@' && strings.Count(text, "@") > 1 })
	if text == "" || found && name != "" && host != "" && plain && len(text) <= maxContact {
		return nil
	}
	return badFormat(parameter)
}

// checkMobilePhone takes the form that RAM wants, country code, hyphen and number, or nothing.
func checkMobilePhone(parameter, text string) error {
	country, number, found := strings.Cut(text, "-")
	digitsOnly := strings.Trim(country+number, digits) == ""
	if text == "" || found && country != "" && number != "" && digitsOnly && len(text) <= maxContact {
		return nil
	}
	return badFormat(parameter)
}

// maxContact bounds an address or a number, in bytes.
const maxContact = 128

func badFormat(parameter string) error {
	return &Error{Code: "InvalidParameter." + parameter + ".Format", Message: `The format of the parameter - "` + parameter + `" is incorrect.`}
}

// How long the sessions of a role may last at most, by the role.
const (
	LeastMaxSessionDuration = time.Hour
	MostMaxSessionDuration  = 12 * time.Hour
)

// CheckMaxSessionDuration tells whether a role may allow sessions of that length (RAM API reference, CreateRole). The error has the
// code InvalidParameter.<Parameter>.
func CheckMaxSessionDuration(parameter string, d time.Duration) error {
	if d < LeastMaxSessionDuration || d > MostMaxSessionDuration {
		return &Error{Code: "InvalidParameter." + parameter, Message: parameter + " must be 3600 to 43200 seconds."}
	}
	return nil
}
