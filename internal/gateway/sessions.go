package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Session is a role that somebody has taken for a while. No row stands for it: all of it is in the token that its holder sends along.
type Session struct {
	AccountID   int64 // of the role
	RoleID      int64
	RoleName    string // as it is now; not part of the token
	Name        string
	Policy      string // the document that narrows what the role may do; "" narrows nothing
	AccessKeyID string
	Secret      ram.Secret
	TakenBy     string // the access key that took the role, or the first of the roles by which it was taken
	ExpiresAt   time.Time
}

// RoleWanted is a role that somebody wants to take.
type RoleWanted struct {
	ARN         string
	SessionName string
	Policy      string        // "" for none
	Duration    time.Duration // 0 for an hour
}

// Denied is a refusal that rests on a policy which only the operation itself knows.
type Denied struct{ Decision ram.Decision }

func (d *Denied) Error() string { return "refused by policy: " + d.Decision.PolicyType }

// errSessionEnded says that the role of a session is gone.
var errSessionEnded = fmt.Errorf("the role is gone: %w", ErrNoKey)

// AssumeRole lets a user, or a session of another role, take a role that trusts them; asked is the request as policies see it. The
// caller's own policies have been asked before. Refusals: NoPermission for an account's own key, InvalidParameter.…,
// EntityNotExist.Role, and *Denied when the role does not trust the caller.
func (g *Gateway) AssumeRole(ctx context.Context, c Caller, want RoleWanted, asked *ram.Request) (Session, ram.Role, error) {
	var r ram.Role
	if c.Principal.Identity.Root {
		return Session{}, r, ram.ErrRootAssumesNothing
	}
	account, name, err := ram.ParseRoleARN(want.ARN)
	if err == nil {
		err = ram.CheckRoleSessionName(want.SessionName)
	}
	if err == nil && want.Policy != "" {
		_, err = ram.ParseSessionPolicy([]byte(want.Policy))
	}
	if err != nil {
		return Session{}, r, err
	}
	if r, err = g.trusting(ctx, c, account, name, asked); err != nil {
		return Session{}, r, err
	}
	if want.Duration == 0 {
		want.Duration = ram.DefaultSessionDuration
	}
	if err := ram.CheckSessionDuration(want.Duration, r.MaxSessionDuration); err != nil {
		return Session{}, r, err
	}
	s, err := g.newSession(c, &r, want)
	return s, r, err
}

// trusting gives a role that trusts the caller. Whether there is a role in somebody else's account is nobody's business, so one that
// forbids it to the caller by name is answered like one that is not there.
func (g *Gateway) trusting(ctx context.Context, c Caller, account ram.AccountID, name string, asked *ram.Request) (r ram.Role, err error) {
	id, err := accountKey(account)
	if err != nil {
		return r, err
	}
	err = g.store.Snapshot(ctx, func(tx *store.Tx) (err error) {
		r, err = findRole(tx, id, name)
		return err
	})
	if errors.Is(err, ram.ErrRoleNotExist) && id != c.Principal.account {
		return r, notTrusted()
	}
	if err != nil {
		return r, err
	}
	trust, err := ram.ParseTrustPolicy([]byte(r.TrustPolicy), "AssumeRolePolicyDocument")
	if err != nil {
		return r, fmt.Errorf("read the trust policy of role %s: %w", r.ID, err)
	}
	d := trust.Decide(c.Principal.trustedAs(), c.Principal.AccountID.RootARN(), asked)
	switch {
	case d.Allowed():
		return r, nil
	case id != c.Principal.account:
		return r, notTrusted()
	}
	return r, &Denied{d}
}

// notTrusted is all that the caller is told of a role in somebody else's account which it cannot take.
func notTrusted() error { return &Denied{ram.Decision{PolicyType: ram.AssumeRolePolicy}} }

// trustedAs is how a trust policy names the principal: a user by its ARN, a session by that of its role.
func (p *Principal) trustedAs() string {
	if p.Session != nil {
		return p.AccountID.RoleARN(p.Session.RoleName)
	}
	return p.ARN
}

// newSession makes a session of a role. One that is taken by a session ends with that one at the latest, or whoever once had a key
// could go on for ever.
func (g *Gateway) newSession(c Caller, r *ram.Role, want RoleWanted) (Session, error) {
	key, err := ram.GenerateTemporaryKey(rand.Reader)
	if err != nil {
		return Session{}, err
	}
	s := Session{RoleName: r.Name, Name: want.SessionName, Policy: want.Policy, AccessKeyID: key.ID, Secret: key.Secret,
		TakenBy: c.Principal.AccessKeyID, ExpiresAt: g.now().Add(want.Duration).Truncate(time.Second)}
	if by := c.Principal.Session; by != nil {
		s.TakenBy = by.TakenBy
		if s.ExpiresAt.After(by.ExpiresAt) {
			s.ExpiresAt = by.ExpiresAt
		}
	}
	if s.AccountID, err = accountKey(r.AccountID); err != nil {
		return s, err
	}
	s.RoleID, err = entityKey(r.ID)
	return s, err
}

// SessionPrincipal gives who a session is, with the policies that its role has now. ErrNoKey says that the role is gone.
func (g *Gateway) SessionPrincipal(ctx context.Context, s *Session) (*Principal, error) {
	d, err := g.directory.current(ctx, g.store)
	if err != nil {
		return nil, err
	}
	role, err := d.role(ctx, g.store, s.RoleID)
	if err != nil {
		return nil, err
	}
	p := *role
	named := *s
	named.RoleName = role.Session.RoleName
	p.Session, p.AccessKeyID, p.Key = &named, s.AccessKeyID, signature.NewKey(string(s.Secret))
	p.ARN = p.AccountID.AssumedRoleARN(named.RoleName, s.Name)
	if s.Policy != "" {
		if p.Identity.Session, err = ram.ParseSessionPolicy([]byte(s.Policy)); err != nil {
			return nil, fmt.Errorf("read the policy of a session: %w", err)
		}
	}
	return &p, nil
}

// role gives how every session of a role begins. Only tokens that we have made ask for it, so what is kept is bounded by the roles.
func (e *edition) role(ctx context.Context, s *store.Store, id int64) (*Principal, error) {
	if known, ok := e.roles.Load(id); ok {
		p, _ := known.(*Principal) // nothing else is stored
		return p, nil
	}
	var p *Principal
	err := s.Snapshot(ctx, func(tx *store.Tx) (err error) {
		p, err = loadRole(tx, id)
		return err
	})
	if errors.Is(err, store.ErrNoRow) {
		return nil, errSessionEnded
	}
	if err != nil {
		return nil, fmt.Errorf("load role: %w", err)
	}
	e.roles.Store(id, p)
	return p, nil
}

func loadRole(tx *store.Tx, id int64) (*Principal, error) {
	r, err := tx.Role(id)
	if err != nil {
		return nil, err
	}
	account, err := accountKey(r.AccountID)
	if err != nil {
		return nil, err
	}
	a, err := tx.Account(account)
	if err != nil {
		return nil, err
	}
	p := &Principal{AccountID: r.AccountID, Active: true, Beta: a.Beta, account: account, Session: &Session{RoleName: r.Name},
		Identity: ram.Identity{AccountID: r.AccountID}}
	p.Identity.Policies, err = effective(tx, store.Attachment{AccountID: account, RoleID: id}, ram.Attached{Entity: ram.EntityRole, To: r.Name})
	return p, err
}
