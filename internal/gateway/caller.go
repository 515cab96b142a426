package gateway

import (
	"context"
	"errors"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Principal is who an access key stands for.
type Principal struct {
	AccountID   ram.AccountID
	UserID      string // "" for the account itself, and for a session of a role
	UserName    string
	Session     *Session // of a role; nil for the account itself and for users
	ARN         string
	AccessKeyID string
	Active      bool // whether the key may be used
	Beta        bool // whether the account is on the allowlist of the group beta
	Key         *signature.Key
	Identity    ram.Identity
	account     int64
}

// Caller is who asks for something, and everything the audit wants to know about the request. Its signature has been
// verified.
type Caller struct {
	Principal    *Principal
	Action       string // as the caller named it
	RequestID    string
	Source       string // address of the client
	Nonce        int64  // keyed hash of the request's nonce
	ClientToken  string // idempotency token, "" if none
	ParamsDigest string // digest of the parameters that the token stands for
}

// Target says which group, or which number's groups, a call is about.
type Target struct {
	SpaceID string // CustSpaceId
	Number  group.Number
	GroupID string // the network's id, as callers know it
}

// ErrNoKey says that there is no such access key.
var ErrNoKey = errors.New("no such access key")

// Principal finds who an access key stands for, with the policies that hold now.
func (g *Gateway) Principal(ctx context.Context, accessKeyID string) (*Principal, error) {
	d, err := g.directory.current(ctx, g.store)
	if err != nil {
		return nil, err
	}
	return d.principal(ctx, g.store, accessKeyID)
}

// owned gives the business number of a target, if it belongs to the caller and to the channel the target names.
func (g *Gateway) owned(c Caller, t Target) (*group.BusinessNumber, error) {
	n := g.directory.latest().numbers[t.Number]
	if n == nil || n.AccountID != c.Principal.account || n.SpaceID != t.SpaceID {
		return nil, group.Errorf(group.CodeNotOwner, "CustSpaceId and BusinessNumber do not name a channel and a number of this account.")
	}
	return n, nil
}

// find gives the group a target names, if it is the caller's. A transaction that writes holds the group from then on.
func find(tx *store.Tx, n *group.BusinessNumber, t Target) (group.Group, error) {
	holdNetworkID(tx, t.GroupID)
	gr, err := tx.GroupByNetworkID(t.GroupID)
	if err != nil {
		return gr, coded(err, group.ErrNotFound)
	}
	if gr.Number != n.Number || gr.SpaceID != n.ChannelID {
		return gr, group.ErrNotFound
	}
	return gr, gr.CheckReadable()
}

// Named names the principal as a refusal does.
func (p *Principal) Named() ram.Principal {
	if p.Session != nil {
		return ram.SessionPrincipal(p.AccountID, p.Session.RoleName, p.Session.Name)
	}
	return ram.UserPrincipal(p.AccountID, p.UserID)
}

// key names the access key for the audit; that of a session with the key which it was taken by, for the session's own says nothing.
func (p *Principal) key() string {
	if p.Session != nil {
		return p.AccessKeyID + " taken by " + p.Session.TakenBy
	}
	return p.AccessKeyID
}

// entityKey reads the id of a user, a group or a role.
func entityKey(id string) (int64, error) { return strconv.ParseInt(id, 10, 64) }

func accountKey(id ram.AccountID) (int64, error) { return strconv.ParseInt(string(id), 10, 64) }
