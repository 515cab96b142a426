package ramapi

import (
	"context"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// decodeDiagnosticMessage tells what was asked when a call was refused, and what was found. Messages are read by the account alone
// whose user or session was refused.
func (s *service) decodeDiagnosticMessage() rpc.Operation {
	op := s.operation(entry{action: "DecodeDiagnosticMessage", access: rpc.AccessGet, required: []string{"EncodedDiagnosticMessage"},
		doc: rpc.Doc{Summary: "Tells why a call was refused.", Errors: []string{"InvalidParameter.EncodedDiagnosticMessage"}, Answer: []rpc.Field{
			{Name: "DecodedDiagnosticMessage.ExplicitDeny", Type: "boolean", About: "A statement denies it; else none allows it."},
			{Name: "DecodedDiagnosticMessage.NoPermissionPolicyType", Type: "string", About: "The kind of policy that decided: AccountLevelIdentityBasedPolicy, SessionPolicy or AssumeRolePolicy."},
			{Name: "DecodedDiagnosticMessage.AuthAction", Type: "string", About: "What was asked for, e.g. cams:DeleteChatGroupParticipants."},
			{Name: "DecodedDiagnosticMessage.AuthResource", Type: "string", About: "On what."},
			{Name: "DecodedDiagnosticMessage.AuthPrincipal", Type: "object", About: "AuthPrincipalType, AuthPrincipalDisplayName and AuthPrincipalOwnerId, as in AccessDeniedDetail."},
			{Name: "DecodedDiagnosticMessage.AuthConditions[]", Type: "object", About: "ConditionKey and ConditionValues: what conditions could ask for."},
			{Name: "DecodedDiagnosticMessage.MatchedPolicies[]", Type: "object", About: "The policy that denies it: Effect, PolicyIdentifier, PolicyType, PolicyVersion, AttachedEntityType, AttachedScope."},
		}}})
	op.Run = s.runDecodeDiagnosticMessage
	return op
}

func (s *service) runDecodeDiagnosticMessage(_ context.Context, c *rpc.Call) (rpc.Answer, error) {
	d, err := rpc.OpenDiagnostic(s.diagnosticKey, c.Params.Text("EncodedDiagnosticMessage"))
	if err != nil || d.Owner != string(c.Caller.Principal.AccountID) {
		return rpc.Answer{}, &ram.Error{Code: "InvalidParameter.EncodedDiagnosticMessage",
			Message: "EncodedDiagnosticMessage must be that member of a refusal of this account, unchanged."}
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("DecodedDiagnosticMessage", func() { writeDiagnostic(w, &d) })
	}}, nil
}

func writeDiagnostic(w *rpc.Writer, d *rpc.Diagnostic) {
	w.Bool("ExplicitDeny", d.Effect == ram.ExplicitDeny.String())
	w.Text("NoPermissionPolicyType", d.PolicyType)
	w.Text("AuthAction", d.Action)
	w.Text("AuthResource", d.Resource)
	w.Object("AuthPrincipal", func() {
		w.Text("AuthPrincipalType", d.Kind)
		w.Text("AuthPrincipalDisplayName", d.Name)
		w.Text("AuthPrincipalOwnerId", d.Owner)
	})
	conditions := [][2]string{
		{"acs:CurrentTime", d.Time.UTC().Format(time.RFC3339)}, {"acs:SecureTransport", strconv.FormatBool(d.Secure)},
		{"acs:SourceIp", d.Source}, {"acs:PrincipalArn", d.Principal},
	}
	w.List("AuthConditions", len(conditions), func(i int) {
		w.Text("ConditionKey", conditions[i][0])
		w.Texts("ConditionValues", conditions[i][1:])
	})
	matched := 0
	if d.Policy != "" {
		matched = 1
	}
	w.List("MatchedPolicies", matched, func(int) {
		w.Text("Effect", "Deny")
		w.Text("PolicyIdentifier", d.Policy)
		w.Text("PolicyType", d.Type)
		w.Text("PolicyVersion", d.Version)
		w.Text("AttachedEntityType", d.Entity)
		w.Text("AttachedScope", "Account")
	})
}
