package ramapi

import (
	"context"
	"slices"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

func (s *service) users() []rpc.Operation {
	named := onNamed("user", "UserName")
	return []rpc.Operation{
		s.operation(entry{action: "CreateUser", access: rpc.AccessCreate, on: onAll("user"), required: []string{"UserName"},
			optional: []string{"DisplayName", "MobilePhone", "Email", "Comments"}, do: createUser,
			doc: rpc.Doc{Summary: "Adds a RAM user, who may do nothing until a policy is attached.", Answer: userFields,
				Errors: []string{"InvalidParameter.UserName.InvalidChars", "EntityAlreadyExists.User", "LimitExceeded.User"}}}),
		s.operation(entry{action: "GetUser", access: rpc.AccessGet, on: named, required: []string{"UserName"}, do: getUser,
			doc: rpc.Doc{Summary: "Shows a RAM user.", Answer: userFields, Errors: userErrors}}),
		s.operation(entry{action: "UpdateUser", access: rpc.AccessUpdate, on: onRenamed("user", "UserName", "NewUserName"), required: []string{"UserName"},
			optional: []string{"NewUserName", "NewDisplayName", "NewMobilePhone", "NewEmail", "NewComments"}, do: updateUser,
			doc: rpc.Doc{Summary: "Changes what is written of a RAM user. Keys, policies and groups stay theirs, also under a new name. The caller must be allowed it for the old name and the new.",
				Answer: userFields, Errors: append([]string{"EntityAlreadyExists.User"}, userErrors...)}}),
		s.operation(entry{action: "ListUsers", access: rpc.AccessList, on: onAll("user"), optional: pageParameters, do: listUsers,
			doc: rpc.Doc{Summary: "Lists the RAM users by name.", Answer: append(slices.Clone(pageFields), rpc.Field{Name: "Users.User[]", Type: "object", About: "As GetUser shows them."})}}),
		s.operation(entry{action: "DeleteUser", access: rpc.AccessDelete, on: named, required: []string{"UserName"}, do: deleteUser,
			doc: rpc.Doc{Summary: "Deletes a RAM user who has no access keys and policies and is in no group.",
				Errors: append([]string{"DeleteConflict.User.AccessKey", "DeleteConflict.User.Policy", "DeleteConflict.User.Group"}, userErrors...)}}),
	}
}

var userFields = []rpc.Field{
	{Name: "User.UserId", Type: "string", About: "18 digits, never used again."},
	{Name: "User.UserName", Type: "string", About: "The name."},
	{Name: "User.DisplayName", Type: "string", About: "The name for people."},
	{Name: "User.MobilePhone", Type: "string", About: "As it was given."},
	{Name: "User.Email", Type: "string", About: "As it was given."},
	{Name: "User.Comments", Type: "string", About: "As they were given."},
	{Name: "User.CreateDate", Type: "string", About: "When it was made, UTC."},
	{Name: "User.UpdateDate", Type: "string", About: "When it was changed last, UTC."},
}

func createUser(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	u, err := a.CreateUser(ctx, ram.User{Name: p.Text("UserName"), DisplayName: p.Text("DisplayName"), MobilePhone: p.Text("MobilePhone"),
		Email: p.Text("Email"), Comments: p.Text("Comments")})
	return oneUser(&u), err
}

func getUser(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	u, err := a.User(ctx, p.Text("UserName"))
	return oneUser(&u), err
}

func updateUser(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	u, err := a.UpdateUser(ctx, p.Text("UserName"), ram.UserChange{Name: p.Text("NewUserName"), DisplayName: p.Text("NewDisplayName"),
		MobilePhone: p.Text("NewMobilePhone"), Email: p.Text("NewEmail"), Comments: p.Text("NewComments")})
	return oneUser(&u), err
}

func listUsers(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	users, err := a.Users(ctx)
	if err != nil {
		return nil, err
	}
	page, err := cut(p, users, func(u *ram.User) string { return u.Name })
	return func(w *rpc.Writer) {
		page.write(w)
		list(w, "Users", "User", page.rows, writeUser)
	}, err
}

func deleteUser(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.DeleteUser(ctx, p.Text("UserName"))
}

func oneUser(u *ram.User) members {
	return func(w *rpc.Writer) { w.Object("User", func() { writeUser(w, u) }) }
}

func writeUser(w *rpc.Writer, u *ram.User) {
	w.Text("UserId", u.ID)
	w.Text("UserName", u.Name)
	w.Text("DisplayName", u.DisplayName)
	w.Text("MobilePhone", u.MobilePhone)
	w.Text("Email", u.Email)
	w.Text("Comments", u.Comments)
	date(w, "CreateDate", u.CreatedAt)
	date(w, "UpdateDate", u.UpdatedAt)
}
