package ram

import "time"

// User is a RAM user: a person or a program that acts in an account.
type User struct {
	ID          string // 18 digits, never used again
	AccountID   AccountID
	Name        string
	DisplayName string
	Comments    string
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
	MaxSessionDuration time.Duration
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

// ARN names the role.
func (r *Role) ARN() string { return r.AccountID.RoleARN(r.Name) }
