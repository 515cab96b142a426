package stsapi

import (
	"context"
	"math"
	"time"
	"unicode/utf8"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// assumeRole lends a role. It changes nothing here, so that no row is written: what the session does is in the audit with the name of
// the session and the key that took the role.
func (s *service) assumeRole() rpc.Operation {
	return rpc.Operation{
		Version: Version, Action: "AssumeRole", RAMAction: "sts:AssumeRole", Access: rpc.AccessGet, RAMStyle: true,
		Parameters: []rpc.Parameter{{Name: "RoleArn", Required: true}, {Name: "RoleSessionName", Required: true}, {Name: "Policy"},
			{Name: "DurationSeconds"}, {Name: "ExternalId"}},
		Resource: func(_ *gateway.Principal, p rpc.Params) []string { return []string{p.Text("RoleArn")} },
		Run:      s.runAssumeRole,
		Doc: rpc.Doc{
			Summary: "Lends a role for a while: gives a temporary access key with a security token. The role must trust the caller, and the caller's own policies must allow sts:AssumeRole on it.",
			Parameters: map[string]string{
				"RoleArn":         "acs:ram::<account>:role/<name>",
				"RoleSessionName": "2 to 32 letters, digits and . @ - _; the audit names the session by it.",
				"Policy":          "A policy that narrows what the session may do: JSON, 1 to 1024 characters.",
				"DurationSeconds": "How long, 900 up to the role's MaxSessionDuration; default 3600. A session that is taken by a session ends with that one at the latest.",
				"ExternalId":      "What the trust policy may ask for as sts:ExternalId, 2 to 1224 characters.",
			},
			Answer: []rpc.Field{
				{Name: "Credentials.AccessKeyId", Type: "string", About: "Begins with STS."},
				{Name: "Credentials.AccessKeySecret", Type: "string", About: "The secret."},
				{Name: "Credentials.SecurityToken", Type: "string", About: "To be sent with every call."},
				{Name: "Credentials.Expiration", Type: "string", About: "Until when, UTC."},
				{Name: "AssumedRoleUser.Arn", Type: "string", About: "acs:ram::<account>:role/<name>/<session>"},
				{Name: "AssumedRoleUser.AssumedRoleId", Type: "string", About: "<role id>:<session>"},
			},
			Errors: []string{"InvalidParameter.RoleArn", "InvalidParameter.RoleSessionName", "InvalidParameter.DurationSeconds", "InvalidParameter.PolicyGrammar",
				"InvalidParameter.PolicySize", "InvalidParameter.ExternalId", "EntityNotExist.Role", "NoPermission"},
		},
	}
}

func (s *service) runAssumeRole(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	want := gateway.RoleWanted{ARN: c.Params.Text("RoleArn"), SessionName: c.Params.Text("RoleSessionName"), Policy: c.Params.Text("Policy")}
	seconds, sent, err := c.Params.Integer("DurationSeconds")
	if err != nil || sent && (seconds <= 0 || seconds > math.MaxInt32) {
		return rpc.Answer{}, ram.CheckSessionDuration(0, ram.MostMaxSessionDuration)
	}
	want.Duration = time.Duration(seconds) * time.Second
	asked := c.Asked
	if asked.Keys, err = readExternalID(c.Params); err != nil {
		return rpc.Answer{}, err
	}
	session, role, err := s.gateway.AssumeRole(ctx, c.Caller, want, &asked)
	if err != nil {
		return rpc.Answer{}, err
	}
	token, err := s.tokens.Seal(&session)
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Object("Credentials", func() {
			w.Text("AccessKeyId", session.AccessKeyID)
			w.Text("AccessKeySecret", string(session.Secret))
			w.Text("SecurityToken", token)
			w.Text("Expiration", session.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z"))
		})
		w.Object("AssumedRoleUser", func() {
			w.Text("Arn", role.AccountID.AssumedRoleARN(role.Name, session.Name))
			w.Text("AssumedRoleId", role.ID+":"+session.Name)
		})
	}}, err
}

// readExternalID gives the key that a trust policy can ask for.
func readExternalID(p rpc.Params) (map[string]string, error) {
	id := p.Text("ExternalId")
	if id == "" {
		return nil, nil
	}
	if n := utf8.RuneCountInString(id); n < 2 || n > 1224 {
		return nil, &ram.Error{Code: "InvalidParameter.ExternalId", Message: "ExternalId must be 2 to 1224 characters."}
	}
	return map[string]string{"sts:ExternalId": id}, nil
}
