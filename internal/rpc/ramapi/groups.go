package ramapi

import (
	"context"
	"slices"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

func (s *service) groups() []rpc.Operation {
	named, users := onNamed("group", "GroupName"), onNamed("user", "UserName")
	memberErrors := append(slices.Clone(userErrors), groupErrors...)
	return []rpc.Operation{
		s.operation(entry{action: "CreateGroup", access: rpc.AccessCreate, on: onAll("group"), required: []string{"GroupName"},
			optional: []string{"Comments"}, do: createGroup,
			doc: rpc.Doc{Summary: "Adds a group of users. Its policies are its users' too.", Answer: groupFields,
				Errors: []string{"InvalidParameter.GroupName.InvalidChars", "EntityAlreadyExists.Group", "LimitExceeded.Group"}}}),
		s.operation(entry{action: "GetGroup", access: rpc.AccessGet, on: named, required: []string{"GroupName"}, do: getGroup,
			doc: rpc.Doc{Summary: "Shows a group of users.", Answer: groupFields, Errors: groupErrors}}),
		s.operation(entry{action: "UpdateGroup", access: rpc.AccessUpdate, on: onRenamed("group", "GroupName", "NewGroupName"), required: []string{"GroupName"},
			optional: []string{"NewGroupName", "NewComments"}, do: updateGroup,
			doc: rpc.Doc{Summary: "Changes the name or the comments of a group of users. The caller must be allowed it for the old name and the new.", Answer: groupFields,
				Errors: append([]string{"EntityAlreadyExists.Group"}, groupErrors...)}}),
		s.operation(entry{action: "ListGroups", access: rpc.AccessList, on: onAll("group"), optional: pageParameters, do: listGroups,
			doc: rpc.Doc{Summary: "Lists the groups of users by name.",
				Answer: append(slices.Clone(pageFields), rpc.Field{Name: "Groups.Group[]", Type: "object", About: "As GetGroup shows them."})}}),
		s.operation(entry{action: "DeleteGroup", access: rpc.AccessDelete, on: named, required: []string{"GroupName"}, do: deleteGroup,
			doc: rpc.Doc{Summary: "Deletes a group that has neither users nor policies.",
				Errors: append([]string{"DeleteConflict.Group.User", "DeleteConflict.Group.Policy"}, groupErrors...)}}),
		s.operation(entry{action: "AddUserToGroup", access: rpc.AccessUpdate, on: onBoth(users, named), required: []string{"UserName", "GroupName"},
			do: addUserToGroup, doc: rpc.Doc{Summary: "Puts a user into a group. A user can be in five.",
				Errors: append([]string{"EntityAlreadyExists.User.Group", "LimitExceeded.User.Group"}, memberErrors...)}}),
		s.operation(entry{action: "RemoveUserFromGroup", access: rpc.AccessUpdate, on: onBoth(users, named),
			required: []string{"UserName", "GroupName"}, do: removeUserFromGroup,
			doc: rpc.Doc{Summary: "Takes a user out of a group.", Errors: append([]string{"EntityNotExist.User.Group"}, memberErrors...)}}),
		s.operation(entry{action: "ListGroupsForUser", access: rpc.AccessList, on: users, required: []string{"UserName"}, do: listGroupsForUser,
			doc: rpc.Doc{Summary: "Lists the groups that a user is in.", Errors: userErrors, Answer: []rpc.Field{
				{Name: "Groups.Group[].GroupName", Type: "string", About: "The name."}, {Name: "Groups.Group[].Comments", Type: "string", About: "As they were given."},
				{Name: "Groups.Group[].JoinDate", Type: "string", About: "Since when, UTC."}}}}),
		s.operation(entry{action: "ListUsersForGroup", access: rpc.AccessList, on: named, required: []string{"GroupName"}, optional: pageParameters,
			do: listUsersForGroup, doc: rpc.Doc{Summary: "Lists the users in a group by name.", Errors: groupErrors, Answer: append(slices.Clone(pageFields),
				rpc.Field{Name: "Users.User[].UserName", Type: "string", About: "The name."}, rpc.Field{Name: "Users.User[].DisplayName", Type: "string", About: "The name for people."},
				rpc.Field{Name: "Users.User[].JoinDate", Type: "string", About: "Since when, UTC."})}}),
	}
}

var groupFields = []rpc.Field{
	{Name: "Group.GroupId", Type: "string", About: "18 digits, never used again."},
	{Name: "Group.GroupName", Type: "string", About: "The name."},
	{Name: "Group.Comments", Type: "string", About: "As they were given."},
	{Name: "Group.CreateDate", Type: "string", About: "When it was made, UTC."},
	{Name: "Group.UpdateDate", Type: "string", About: "When it was changed last, UTC."},
}

func createGroup(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	g, err := a.CreateGroup(ctx, p.Text("GroupName"), p.Text("Comments"))
	return oneGroup(&g), err
}

func getGroup(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	g, err := a.Group(ctx, p.Text("GroupName"))
	return oneGroup(&g), err
}

func updateGroup(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	g, err := a.UpdateGroup(ctx, p.Text("GroupName"), p.Text("NewGroupName"), p.Text("NewComments"))
	return oneGroup(&g), err
}

func listGroups(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	groups, err := a.Groups(ctx)
	if err != nil {
		return nil, err
	}
	page, err := cut(p, groups, func(g *ram.Group) string { return g.Name })
	return func(w *rpc.Writer) {
		page.write(w)
		list(w, "Groups", "Group", page.rows, writeGroup)
	}, err
}

func deleteGroup(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.DeleteGroup(ctx, p.Text("GroupName"))
}

func addUserToGroup(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.AddUserToGroup(ctx, p.Text("UserName"), p.Text("GroupName"))
}

func removeUserFromGroup(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.RemoveUserFromGroup(ctx, p.Text("UserName"), p.Text("GroupName"))
}

func listGroupsForUser(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	groups, err := a.GroupsFor(ctx, p.Text("UserName"))
	return func(w *rpc.Writer) {
		list(w, "Groups", "Group", groups, func(w *rpc.Writer, g *gateway.Since[ram.Group]) {
			w.Text("GroupId", g.Of.ID)
			w.Text("GroupName", g.Of.Name)
			w.Text("Comments", g.Of.Comments)
			date(w, "JoinDate", g.At)
		})
	}, err
}

func listUsersForGroup(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	users, err := a.UsersFor(ctx, p.Text("GroupName"))
	if err != nil {
		return nil, err
	}
	page, err := cut(p, users, func(u *gateway.Since[ram.User]) string { return u.Of.Name })
	return func(w *rpc.Writer) {
		page.write(w)
		list(w, "Users", "User", page.rows, func(w *rpc.Writer, u *gateway.Since[ram.User]) {
			w.Text("UserId", u.Of.ID)
			w.Text("UserName", u.Of.Name)
			w.Text("DisplayName", u.Of.DisplayName)
			date(w, "JoinDate", u.At)
		})
	}, err
}

func oneGroup(g *ram.Group) members {
	return func(w *rpc.Writer) { w.Object("Group", func() { writeGroup(w, g) }) }
}

func writeGroup(w *rpc.Writer, g *ram.Group) {
	w.Text("GroupId", g.ID)
	w.Text("GroupName", g.Name)
	w.Text("Comments", g.Comments)
	date(w, "CreateDate", g.CreatedAt)
	date(w, "UpdateDate", g.UpdatedAt)
}
