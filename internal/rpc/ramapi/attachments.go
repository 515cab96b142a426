package ramapi

import (
	"context"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// attachable is something that policies are attached to, in the words of the operations for it.
type attachable struct {
	word      string // User, Group or Role
	parameter string
	entity    func(name string) gateway.Entity
}

func (s *service) attachments() []rpc.Operation {
	var list []rpc.Operation
	for _, t := range []attachable{{"User", "UserName", gateway.UserEntity}, {"Group", "GroupName", gateway.GroupEntity}, {"Role", "RoleName", gateway.RoleEntity}} {
		list = append(list, s.attachPolicy(t), s.detachPolicy(t), s.listPoliciesFor(t))
	}
	return append(list, s.operation(entry{action: "ListEntitiesForPolicy", access: rpc.AccessList, on: onPolicy, required: []string{"PolicyType", "PolicyName"},
		do: listEntitiesForPolicy, doc: rpc.Doc{Summary: "Lists the users, groups and roles that have a policy.", Errors: []string{"EntityNotExist.Policy"},
			Answer: []rpc.Field{{Name: "Users.User[]", Type: "object", About: "UserId, UserName, DisplayName, AttachDate."},
				{Name: "Groups.Group[]", Type: "object", About: "GroupId, GroupName, Comments, AttachDate."},
				{Name: "Roles.Role[]", Type: "object", About: "RoleId, RoleName, Arn, Description, AttachDate."}}}}))
}

func (t *attachable) on() func(*gateway.Principal, rpc.Params) []string {
	return onNamed(strings.ToLower(t.word), t.parameter)
}

func (t *attachable) errors(more ...string) []string {
	return append([]string{"InvalidParameter.PolicyType", "EntityNotExist." + t.word, "EntityNotExist.Policy"}, more...)
}

func (s *service) attachPolicy(t attachable) rpc.Operation {
	return s.operation(entry{action: "AttachPolicyTo" + t.word, access: rpc.AccessUpdate, on: onBoth(t.on(), onPolicy),
		required: []string{"PolicyType", "PolicyName", t.parameter},
		do: func(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
			name, err := readPolicyName(p)
			if err != nil {
				return nil, err
			}
			return nil, a.AttachPolicy(ctx, t.entity(p.Text(t.parameter)), name)
		},
		doc: rpc.Doc{Summary: "Attaches a policy to a " + strings.ToLower(t.word) + ", from the next call on.",
			Errors: t.errors("EntityAlreadyExists."+t.word+".Policy", "LimitExceeded."+t.word+".Policy")}})
}

func (s *service) detachPolicy(t attachable) rpc.Operation {
	return s.operation(entry{action: "DetachPolicyFrom" + t.word, access: rpc.AccessUpdate, on: onBoth(t.on(), onPolicy),
		required: []string{"PolicyType", "PolicyName", t.parameter},
		do: func(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
			name, err := readPolicyName(p)
			if err != nil {
				return nil, err
			}
			return nil, a.DetachPolicy(ctx, t.entity(p.Text(t.parameter)), name)
		},
		doc: rpc.Doc{Summary: "Detaches a policy from a " + strings.ToLower(t.word) + ", from the next call on.",
			Errors: t.errors("EntityNotExist." + t.word + ".Policy")}})
}

func (s *service) listPoliciesFor(t attachable) rpc.Operation {
	return s.operation(entry{action: "ListPoliciesFor" + t.word, access: rpc.AccessList, on: t.on(), required: []string{t.parameter},
		do: func(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
			policies, err := a.PoliciesFor(ctx, t.entity(p.Text(t.parameter)))
			return func(w *rpc.Writer) { list(w, "Policies", "Policy", policies, writeAttached) }, err
		},
		doc: rpc.Doc{Summary: "Lists the policies that are attached to a " + strings.ToLower(t.word) + " itself.", Errors: []string{"EntityNotExist." + t.word},
			Answer: []rpc.Field{{Name: "Policies.Policy[]", Type: "object", About: "PolicyName, PolicyType, Description, DefaultVersion, AttachDate."}}}})
}

func writeAttached(w *rpc.Writer, p *gateway.AttachedPolicy) {
	w.Text("PolicyName", p.Name)
	w.Text("PolicyType", string(p.Type))
	w.Text("Description", p.Description)
	w.Text("DefaultVersion", p.Default)
	date(w, "AttachDate", p.AttachedAt)
}

func listEntitiesForPolicy(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	name, err := readPolicyName(p)
	if err != nil {
		return nil, err
	}
	found, err := a.EntitiesFor(ctx, name)
	return func(w *rpc.Writer) {
		list(w, "Users", "User", found.Users, func(w *rpc.Writer, u *gateway.Since[ram.User]) {
			w.Text("UserId", u.Of.ID)
			w.Text("UserName", u.Of.Name)
			w.Text("DisplayName", u.Of.DisplayName)
			date(w, "AttachDate", u.At)
		})
		list(w, "Groups", "Group", found.Groups, func(w *rpc.Writer, g *gateway.Since[ram.Group]) {
			w.Text("GroupId", g.Of.ID)
			w.Text("GroupName", g.Of.Name)
			w.Text("Comments", g.Of.Comments)
			date(w, "AttachDate", g.At)
		})
		list(w, "Roles", "Role", found.Roles, func(w *rpc.Writer, r *gateway.Since[ram.Role]) {
			w.Text("RoleId", r.Of.ID)
			w.Text("RoleName", r.Of.Name)
			w.Text("Arn", r.Of.ARN())
			w.Text("Description", r.Of.Description)
			date(w, "AttachDate", r.At)
		})
	}, err
}
