package ramapi

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

func (s *service) accessKeys() []rpc.Operation {
	keyErrors := append([]string{"EntityNotExist.User.AccessKey"}, userErrors...)
	list := []rpc.Operation{
		s.operation(entry{action: "CreateAccessKey", access: rpc.AccessCreate, on: onKeysOf, optional: []string{"UserName"}, do: createAccessKey,
			doc: rpc.Doc{Summary: "Makes an access key, of which a user can have two. Its secret is shown this once.",
				Answer: []rpc.Field{{Name: "AccessKey.AccessKeyId", Type: "string", About: "The id."},
					{Name: "AccessKey.AccessKeySecret", Type: "string", About: "The secret; nobody can see it again."},
					{Name: "AccessKey.Status", Type: "string", About: "Active."},
					{Name: "AccessKey.CreateDate", Type: "string", About: "When it was made, UTC."}},
				Errors: append([]string{"LimitExceeded.User.AccessKey"}, userErrors...)}}),
		s.operation(entry{action: "UpdateAccessKey", access: rpc.AccessUpdate, on: onKeysOf, required: []string{"Status", "UserAccessKeyId"},
			optional: []string{"UserName"}, do: updateAccessKey,
			doc: rpc.Doc{Summary: "Switches an access key on or off.", Errors: append([]string{"InvalidParameter.Status"}, keyErrors...)}}),
		s.operation(entry{action: "ListAccessKeys", access: rpc.AccessList, on: onKeysOf, optional: []string{"UserName"}, do: listAccessKeys,
			doc: rpc.Doc{Summary: "Lists the access keys of a user, oldest first and without secrets.", Answer: []rpc.Field{
				{Name: "AccessKeys.AccessKey[].AccessKeyId", Type: "string", About: "The id."},
				{Name: "AccessKeys.AccessKey[].Status", Type: "string", About: "Active or Inactive."},
				{Name: "AccessKeys.AccessKey[].CreateDate", Type: "string", About: "When it was made, UTC."}}, Errors: userErrors}}),
		s.operation(entry{action: "DeleteAccessKey", access: rpc.AccessDelete, on: onKeysOf, required: []string{"UserAccessKeyId"},
			optional: []string{"UserName"}, do: deleteAccessKey, doc: rpc.Doc{Summary: "Deletes an access key for good.", Errors: keyErrors}}),
	}
	for i := range list {
		list[i].Doc.Parameters["UserName"] = ownUserName
	}
	return list
}

// onKeysOf is the user whose keys are meant: without a name the caller. A session of a role has none.
func onKeysOf(who *gateway.Principal, p rpc.Params) []string {
	name := p.Text("UserName")
	if name == "" {
		name = who.UserName
	}
	return []string{who.AccountID.Resource("user/" + name)}
}

func createAccessKey(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	k, err := a.CreateAccessKey(ctx, p.Text("UserName"))
	return func(w *rpc.Writer) {
		w.Object("AccessKey", func() {
			w.Text("AccessKeyId", k.ID)
			w.Text("AccessKeySecret", string(k.Secret))
			w.Text("Status", string(k.Status))
			date(w, "CreateDate", k.CreatedAt)
		})
	}, err
}

func updateAccessKey(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.SetAccessKeyStatus(ctx, p.Text("UserName"), p.Text("UserAccessKeyId"), p.Text("Status"))
}

func listAccessKeys(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	keys, err := a.AccessKeys(ctx, p.Text("UserName"))
	return func(w *rpc.Writer) {
		list(w, "AccessKeys", "AccessKey", keys, func(w *rpc.Writer, k *ram.AccessKey) {
			w.Text("AccessKeyId", k.ID)
			w.Text("Status", string(k.Status))
			date(w, "CreateDate", k.CreatedAt)
		})
	}, err
}

func deleteAccessKey(ctx context.Context, a *gateway.Administrator, p rpc.Params) (members, error) {
	return nil, a.DeleteAccessKey(ctx, p.Text("UserName"), p.Text("UserAccessKeyId"))
}
