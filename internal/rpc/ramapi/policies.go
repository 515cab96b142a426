package ramapi

import (
	"context"
	"slices"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

func (s *service) policies() []rpc.Operation {
	own := onNamed("policy", "PolicyName")
	return []rpc.Operation{
		s.operation(entry{action: "CreatePolicy", access: rpc.AccessCreate, on: onAll("policy"), required: []string{"PolicyName", "PolicyDocument"},
			optional: []string{"Description"}, do: createPolicy,
			doc: rpc.Doc{Summary: "Adds a custom policy with its version v1.", Answer: policyFields, Errors: []string{"MalformedPolicyDocument",
				"InvalidParameter.PolicyName.InvalidChars", "InvalidParameter.PolicyDocument.Length", "EntityAlreadyExists.Policy", "LimitExceeded.Policy"}}}),
		s.operation(entry{action: "GetPolicy", access: rpc.AccessGet, on: onPolicy, required: []string{"PolicyName", "PolicyType"}, do: getPolicy,
			doc: rpc.Doc{Summary: "Shows a policy and the version of it that holds.", Errors: []string{"EntityNotExist.Policy"},
				Answer: append(append(slices.Clone(policyFields), moreOfPolicy...), versionFields("DefaultPolicyVersion")...)}}),
		s.operation(entry{action: "ListPolicies", access: rpc.AccessList, on: onAll("policy"), optional: append([]string{"PolicyType"}, pageParameters...),
			do: listPolicies, doc: rpc.Doc{Summary: "Lists the policies, those of the system first.",
				Answer: append(slices.Clone(pageFields), rpc.Field{Name: "Policies.Policy[]", Type: "object", About: "As GetPolicy shows them, without the document."})}}),
		s.operation(entry{action: "DeletePolicy", access: rpc.AccessDelete, on: own, required: []string{"PolicyName"}, do: deletePolicy,
			doc: rpc.Doc{Summary: "Deletes a custom policy that is attached nowhere and has its default version alone.", Errors: []string{"EntityNotExist.Policy",
				"DeleteConflict.Policy.User", "DeleteConflict.Policy.Group", "DeleteConflict.Policy.Role", "DeleteConflict.Policy.Version"}}}),
	}
}

var policyFields = []rpc.Field{
	{Name: "Policy.PolicyName", Type: "string", About: "The name."},
	{Name: "Policy.PolicyType", Type: "string", About: "System or Custom."},
	{Name: "Policy.Description", Type: "string", About: "As it was given."},
	{Name: "Policy.DefaultVersion", Type: "string", About: "The version that holds."},
	{Name: "Policy.CreateDate", Type: "string", About: "When it was made, UTC; not of policies of the system."},
	{Name: "Policy.UpdateDate", Type: "string", About: "When it was changed last, UTC; not of policies of the system."},
}

var moreOfPolicy = []rpc.Field{
	{Name: "Policy.AttachmentCount", Type: "integer", About: "To how many users, groups and roles it is attached."},
	{Name: "Policy.PolicyDocument", Type: "string", About: "The document that holds."},
}

// readPolicyType reads PolicyType where it must be there.
func readPolicyType(p rpc.Params) (ram.PolicyType, error) {
	t := ram.PolicyType(p.Text("PolicyType"))
	if t != ram.PolicySystem && t != ram.PolicyCustom {
		return "", &ram.Error{Code: "InvalidParameter.PolicyType", Message: "PolicyType must be System or Custom."}
	}
	return t, nil
}

func readPolicyName(p rpc.Params) (gateway.PolicyName, error) {
	t, err := readPolicyType(p)
	return gateway.PolicyName{Type: t, Name: p.Text("PolicyName")}, err
}

func createPolicy(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	made, err := a.CreatePolicy(ctx, gateway.Policy{Name: p.Text("PolicyName"), Description: p.Text("Description"), Document: p.Text("PolicyDocument")})
	return func(w *rpc.Writer) { w.Object("Policy", func() { writePolicy(w, &made) }) }, err
}

func getPolicy(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	name, err := readPolicyName(p)
	if err != nil {
		return nil, err
	}
	found, err := a.Policy(ctx, name)
	if err != nil {
		return nil, err
	}
	version, err := a.PolicyVersion(ctx, name, found.Default)
	return func(w *rpc.Writer) {
		w.Object("Policy", func() {
			writePolicy(w, &found)
			w.Number("AttachmentCount", found.Attached)
			w.Text("PolicyDocument", found.Document)
		})
		w.Object("DefaultPolicyVersion", func() { writeVersion(w, &version) })
	}, err
}

func listPolicies(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	only := ram.PolicyType("")
	if p.Has("PolicyType") {
		var err error
		if only, err = readPolicyType(p); err != nil {
			return nil, err
		}
	}
	policies, err := a.Policies(ctx)
	if err != nil {
		return nil, err
	}
	policies = slices.DeleteFunc(policies, func(p gateway.Policy) bool { return only != "" && p.Type != only })
	page, err := cut(p, policies, func(p *gateway.Policy) string {
		if p.Type == ram.PolicySystem {
			return "0 " + p.Name
		}
		return "1 " + p.Name
	})
	return func(w *rpc.Writer) {
		page.write(w)
		list(w, "Policies", "Policy", page.rows, func(w *rpc.Writer, p *gateway.Policy) {
			writePolicy(w, p)
			w.Number("AttachmentCount", p.Attached)
		})
	}, err
}

func deletePolicy(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.DeletePolicy(ctx, p.Text("PolicyName"))
}

func writePolicy(w *rpc.Writer, p *gateway.Policy) {
	w.Text("PolicyName", p.Name)
	w.Text("PolicyType", string(p.Type))
	w.Text("Description", p.Description)
	w.Text("DefaultVersion", p.Default)
	date(w, "CreateDate", p.CreatedAt)
	date(w, "UpdateDate", p.UpdatedAt)
}
