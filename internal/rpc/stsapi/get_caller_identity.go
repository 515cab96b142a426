package stsapi

import (
	"context"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// getCallerIdentity tells who calls. Everybody may ask, whatever policies say.
func getCallerIdentity() rpc.Operation {
	return rpc.Operation{
		Version: Version, Action: "GetCallerIdentity", RAMAction: "sts:GetCallerIdentity", Access: rpc.AccessGet, RAMStyle: true, Anybody: true,
		Run: runGetCallerIdentity,
		Doc: rpc.Doc{
			Summary: "Tells who the caller is. It needs no permission.",
			Answer: []rpc.Field{
				{Name: "IdentityType", Type: "string", About: "Account, RAMUser or AssumedRoleUser."},
				{Name: "AccountId", Type: "string", About: "The account."},
				{Name: "PrincipalId", Type: "string", About: "The id of the account or of the user, or <role id>:<session>."},
				{Name: "UserId", Type: "string", About: "The id of the account or of the user; not of a session."},
				{Name: "RoleId", Type: "string", About: "The id of the role; only of a session."},
				{Name: "Arn", Type: "string", About: "The name of the caller among all of the account."},
			},
		},
	}
}

func runGetCallerIdentity(_ context.Context, c *rpc.Call) (rpc.Answer, error) {
	p := c.Caller.Principal
	kind, id, role := "RAMUser", p.UserID, ""
	switch {
	case p.Session != nil:
		role = strconv.FormatInt(p.Session.RoleID, 10)
		kind, id = "AssumedRoleUser", role+":"+p.Session.Name
	case p.UserID == "":
		kind, id = "Account", string(p.AccountID)
	}
	return rpc.Answer{Members: func(w *rpc.Writer) {
		w.Text("IdentityType", kind)
		w.Text("AccountId", string(p.AccountID))
		w.Text("PrincipalId", id)
		w.Text("Arn", p.ARN)
		if role != "" {
			w.Text("RoleId", role)
			return
		}
		w.Text("UserId", id)
	}}, nil
}
