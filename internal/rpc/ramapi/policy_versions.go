package ramapi

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

func (s *service) policyVersions() []rpc.Operation {
	own := onNamed("policy", "PolicyName")
	versionErrors := []string{"InvalidParameter.VersionId.Format", "EntityNotExist.Policy", "EntityNotExist.Policy.Version"}
	return []rpc.Operation{
		s.operation(entry{action: "CreatePolicyVersion", access: rpc.AccessCreate, on: own, required: []string{"PolicyName", "PolicyDocument"},
			optional: []string{"SetAsDefault", "RotateStrategy"}, do: createPolicyVersion,
			doc: rpc.Doc{Summary: "Gives a custom policy another version; it can have five.", Answer: versionFields("PolicyVersion"), Errors: []string{
				"MalformedPolicyDocument", "InvalidParameter.PolicyDocument.Length", "EntityNotExist.Policy", "LimitExceeded.Policy.Version"}}}),
		s.operation(entry{action: "GetPolicyVersion", access: rpc.AccessGet, on: onPolicy, required: []string{"PolicyType", "PolicyName", "VersionId"},
			do: getPolicyVersion, doc: rpc.Doc{Summary: "Shows a version of a policy.", Answer: versionFields("PolicyVersion"), Errors: versionErrors}}),
		s.operation(entry{action: "ListPolicyVersions", access: rpc.AccessList, on: onPolicy, required: []string{"PolicyType", "PolicyName"},
			do: listPolicyVersions, doc: rpc.Doc{Summary: "Lists the versions of a policy, oldest first.",
				Answer: versionFields("PolicyVersions.PolicyVersion[]"), Errors: []string{"EntityNotExist.Policy"}}}),
		s.operation(entry{action: "DeletePolicyVersion", access: rpc.AccessDelete, on: own, required: []string{"PolicyName", "VersionId"},
			do: deletePolicyVersion, doc: rpc.Doc{Summary: "Deletes a version that is not the default.",
				Errors: append([]string{"DeleteConflict.Policy.Version.Default"}, versionErrors...)}}),
		s.operation(entry{action: "SetDefaultPolicyVersion", access: rpc.AccessUpdate, on: own, required: []string{"PolicyName", "VersionId"},
			do: setDefaultPolicyVersion, doc: rpc.Doc{Summary: "Makes a version the one that holds, from the next call on and wherever the policy is attached.",
				Errors: versionErrors}}),
	}
}

func versionFields(at string) []rpc.Field {
	return []rpc.Field{
		{Name: at + ".VersionId", Type: "string", About: "v1, v2 and so on."},
		{Name: at + ".IsDefaultVersion", Type: "boolean", About: "Whether it holds."},
		{Name: at + ".PolicyDocument", Type: "string", About: "The document."},
		{Name: at + ".CreateDate", Type: "string", About: "When it was made, UTC; not of policies of the system."},
	}
}

// rotating is the RotateStrategy that makes room for a sixth version.
const rotating = "DeleteOldestNonDefaultVersionWhenLimitExceeded"

func createPolicyVersion(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	byDefault, err := readBool(p, "SetAsDefault")
	if err != nil {
		return nil, err
	}
	strategy := p.Text("RotateStrategy")
	if strategy != "" && strategy != "None" && strategy != rotating {
		return nil, &ram.Error{Code: "InvalidParameter.RotateStrategy", Message: "RotateStrategy must be None or " + rotating + "."}
	}
	made, err := a.CreatePolicyVersion(ctx, p.Text("PolicyName"),
		gateway.NewVersion{Document: p.Text("PolicyDocument"), Default: byDefault, Rotate: strategy == rotating})
	return oneVersion(&made), err
}

func getPolicyVersion(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	name, err := readPolicyName(p)
	if err != nil {
		return nil, err
	}
	v, err := a.PolicyVersion(ctx, name, p.Text("VersionId"))
	return oneVersion(&v), err
}

func listPolicyVersions(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	name, err := readPolicyName(p)
	if err != nil {
		return nil, err
	}
	versions, err := a.PolicyVersions(ctx, name)
	return func(w *rpc.Writer) { list(w, "PolicyVersions", "PolicyVersion", versions, writeVersion) }, err
}

func deletePolicyVersion(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.DeletePolicyVersion(ctx, p.Text("PolicyName"), p.Text("VersionId"))
}

func setDefaultPolicyVersion(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.SetDefaultPolicyVersion(ctx, p.Text("PolicyName"), p.Text("VersionId"))
}

func oneVersion(v *gateway.PolicyVersion) members {
	return func(w *rpc.Writer) { w.Object("PolicyVersion", func() { writeVersion(w, v) }) }
}

func writeVersion(w *rpc.Writer, v *gateway.PolicyVersion) {
	w.Text("VersionId", v.ID)
	w.Bool("IsDefaultVersion", v.Default)
	w.Text("PolicyDocument", v.Document)
	date(w, "CreateDate", v.CreatedAt)
}
