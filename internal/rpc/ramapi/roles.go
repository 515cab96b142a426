package ramapi

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

func (s *service) roles() []rpc.Operation {
	named := onNamed("role", "RoleName")
	return []rpc.Operation{
		s.operation(entry{action: "CreateRole", access: rpc.AccessCreate, on: onAll("role"), required: []string{"RoleName", "AssumeRolePolicyDocument"},
			optional: []string{"Description", "MaxSessionDuration"}, do: createRole,
			doc: rpc.Doc{Summary: "Adds a role, which those can take whom its trust policy names.", Answer: roleFields, Errors: []string{
				"InvalidParameter.RoleName.InvalidChars", "InvalidParameter.MaxSessionDuration", "MalformedPolicyDocument", "EntityAlreadyExists.Role",
				"LimitExceeded.Role"}}}),
		s.operation(entry{action: "GetRole", access: rpc.AccessGet, on: named, required: []string{"RoleName"}, do: getRole,
			doc: rpc.Doc{Summary: "Shows a role.", Answer: roleFields, Errors: roleErrors}}),
		s.operation(entry{action: "UpdateRole", access: rpc.AccessUpdate, on: named, required: []string{"RoleName"},
			optional: []string{"NewAssumeRolePolicyDocument", "NewDescription", "NewMaxSessionDuration"}, do: updateRole,
			doc: rpc.Doc{Summary: "Changes a role. Sessions that there are go on.", Answer: roleFields,
				Errors: append([]string{"InvalidParameter.NewMaxSessionDuration", "MalformedPolicyDocument"}, roleErrors...)}}),
		s.operation(entry{action: "ListRoles", access: rpc.AccessList, on: onAll("role"), optional: pageParameters, do: listRoles,
			doc: rpc.Doc{Summary: "Lists the roles by name.",
				Answer: append(slices.Clone(pageFields), rpc.Field{Name: "Roles.Role[]", Type: "object", About: "As GetRole shows them, without the trust policy."})}}),
		s.operation(entry{action: "DeleteRole", access: rpc.AccessDelete, on: named, required: []string{"RoleName"}, do: deleteRole,
			doc: rpc.Doc{Summary: "Deletes a role without policies, and ends its sessions.",
				Errors: append([]string{"DeleteConflict.Role.Policy"}, roleErrors...)}}),
	}
}

var roleFields = []rpc.Field{
	{Name: "Role.RoleId", Type: "string", About: "18 digits, never used again."},
	{Name: "Role.RoleName", Type: "string", About: "The name."},
	{Name: "Role.Arn", Type: "string", About: "What AssumeRole takes as RoleArn."},
	{Name: "Role.Description", Type: "string", About: "As it was given."},
	{Name: "Role.AssumeRolePolicyDocument", Type: "string", About: "The trust policy."},
	{Name: "Role.MaxSessionDuration", Type: "integer", About: "How long a session can last at most, in seconds."},
	{Name: "Role.CreateDate", Type: "string", About: "When it was made, UTC."},
	{Name: "Role.UpdateDate", Type: "string", About: "When it was changed last, UTC."},
}

func createRole(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	longest, err := readSeconds(p, "MaxSessionDuration")
	if err != nil {
		return nil, err
	}
	r, err := a.CreateRole(ctx, ram.Role{Name: p.Text("RoleName"), Description: p.Text("Description"),
		TrustPolicy: p.Text("AssumeRolePolicyDocument"), MaxSessionDuration: longest})
	return oneRole(&r), err
}

func getRole(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	r, err := a.Role(ctx, p.Text("RoleName"))
	return oneRole(&r), err
}

func updateRole(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	longest, err := readSeconds(p, "NewMaxSessionDuration")
	if err != nil {
		return nil, err
	}
	r, err := a.UpdateRole(ctx, p.Text("RoleName"), ram.RoleChange{Description: p.Text("NewDescription"),
		TrustPolicy: p.Text("NewAssumeRolePolicyDocument"), MaxSessionDuration: longest})
	return oneRole(&r), err
}

func listRoles(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	roles, err := a.Roles(ctx)
	if err != nil {
		return nil, err
	}
	page, err := cut(p, roles, func(r *ram.Role) string { return r.Name })
	return func(w *rpc.Writer) {
		page.write(w)
		list(w, "Roles", "Role", page.rows, writeRole)
	}, err
}

func deleteRole(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.DeleteRole(ctx, p.Text("RoleName"))
}

func oneRole(r *ram.Role) members {
	return func(w *rpc.Writer) {
		w.Object("Role", func() {
			writeRole(w, r)
			w.Text("AssumeRolePolicyDocument", r.TrustPolicy)
		})
	}
}

func writeRole(w *rpc.Writer, r *ram.Role) {
	w.Text("RoleId", r.ID)
	w.Text("RoleName", r.Name)
	w.Text("Arn", r.ARN())
	w.Text("Description", r.Description)
	w.Number("MaxSessionDuration", int64(r.MaxSessionDuration/time.Second))
	date(w, "CreateDate", r.CreatedAt)
	date(w, "UpdateDate", r.UpdatedAt)
}
