package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/store"
)

// directory keeps accounts, keys, policies and channels in memory, compiled, for as long as nobody has changed any. Every
// request compares the generation, so that a change holds from the next request on, whoever made it.
type directory struct {
	now     atomic.Pointer[edition]
	mu      sync.Mutex // one loads at a time
	glances glances
}

// edition is the directory of one generation. It never changes, but for keys that are added as they are used.
type edition struct {
	generation int64
	channels   int64 // the generation that numbers and webhooks are of
	numbers    map[group.Number]*group.BusinessNumber
	byPhoneID  map[string]*group.BusinessNumber
	webhooks   webhooks
	keys       sync.Map // access key id → *Principal
	roles      sync.Map // key of a role → *Principal, as every session of it begins
}

// latest gives the edition that the request's own look-up has loaded.
func (d *directory) latest() *edition {
	if e := d.now.Load(); e != nil {
		return e
	}
	return &edition{}
}

func (d *directory) current(ctx context.Context, s *store.Store) (*edition, error) {
	generation, err := d.glances.read(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("read the generation: %w", err)
	}
	return d.at(ctx, s, generation)
}

// at gives the edition of a generation that has just been read.
func (d *directory) at(ctx context.Context, s *store.Store, generation int64) (*edition, error) {
	if e := d.now.Load(); e != nil && e.generation == generation {
		return e, nil
	}
	return d.load(ctx, s)
}

func (d *directory) load(ctx context.Context, s *store.Store) (*edition, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old, e := d.now.Load(), &edition{}
	err := s.Snapshot(ctx, func(tx *store.Tx) (err error) {
		if e.generation, err = tx.Generation(); err != nil {
			return err
		}
		if e.channels, err = tx.ChannelGeneration(); err != nil {
			return err
		}
		if old != nil && old.channels == e.channels { // the change was of users or policies, and there may be many numbers
			e.numbers, e.byPhoneID, e.webhooks = old.numbers, old.byPhoneID, old.webhooks
			return nil
		}
		return e.loadChannels(tx)
	})
	if err != nil {
		return nil, fmt.Errorf("load the directory: %w", err)
	}
	if old != nil && old.generation >= e.generation {
		return old, nil
	}
	d.now.Store(e)
	return e, nil
}

func (e *edition) loadChannels(tx *store.Tx) error {
	callbacks, err := tx.Callbacks()
	if err != nil {
		return err
	}
	numbers, err := tx.Numbers()
	e.webhooks, e.numbers, e.byPhoneID = webhooksOf(callbacks), map[group.Number]*group.BusinessNumber{}, map[string]*group.BusinessNumber{}
	for i := range numbers {
		e.numbers[numbers[i].Number] = &numbers[i]
		e.byPhoneID[numbers[i].PhoneNumberID] = &numbers[i]
	}
	return err
}

// What a change makes all nodes forget of what they keep in memory.
var (
	forgetAll     = (*store.Tx).Raise
	forgetRAM     = (*store.Tx).RaiseRAM // users, keys, roles and policies
	forgetNothing = func(*store.Tx) error { return nil }
)

func (e *edition) principal(ctx context.Context, s *store.Store, id string) (*Principal, error) {
	if known, ok := e.keys.Load(id); ok {
		p, _ := known.(*Principal) // nothing else is stored
		return p, nil
	}
	var p *Principal
	err := s.Read(ctx, func(tx *store.Tx) error { // the cheap way first: anybody can ask for keys that there are not
		_, err := tx.AccessKey(id)
		return err
	})
	if err == nil {
		err = s.Snapshot(ctx, func(tx *store.Tx) (err error) {
			p, err = loadPrincipal(tx, id)
			return err
		})
	}
	if errors.Is(err, store.ErrNoRow) {
		return nil, ErrNoKey // not remembered: anybody can make up keys
	}
	if err != nil {
		return nil, fmt.Errorf("load access key: %w", err)
	}
	e.keys.Store(id, p)
	return p, nil
}

func loadPrincipal(tx *store.Tx, id string) (*Principal, error) {
	k, err := tx.AccessKey(id)
	if err != nil {
		return nil, err
	}
	a, err := tx.Account(k.AccountID)
	if err != nil {
		return nil, err
	}
	account := ram.AccountID(strconv.FormatInt(a.ID, 10))
	p := &Principal{AccountID: account, AccessKeyID: id, Active: k.Active, Beta: a.Beta, Key: signature.NewKey(string(k.Secret)),
		ARN: account.RootARN(), Identity: ram.Identity{Root: k.UserID == 0, AccountID: account}, account: a.ID}
	if k.UserID == 0 {
		return p, nil
	}
	u, err := tx.User(k.UserID)
	if err != nil {
		return nil, err
	}
	p.UserID, p.UserName, p.ARN = u.ID, u.Name, u.ARN()
	p.Identity.Policies, err = userPolicies(tx, k.AccountID, k.UserID, u.Name)
	return p, err
}

// userPolicies compiles the policies that a user has, and those of the user's groups.
func userPolicies(tx *store.Tx, account, user int64, name string) ([]ram.Attached, error) {
	out, err := effective(tx, store.Attachment{AccountID: account, UserID: user}, ram.Attached{Entity: ram.EntityUser, To: name})
	if err != nil {
		return nil, err
	}
	groups, err := tx.UserGroupsOf(account, user)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		id, err := entityKey(g.ID)
		if err != nil {
			return nil, err
		}
		more, err := effective(tx, store.Attachment{AccountID: account, GroupID: id}, ram.Attached{Entity: ram.EntityGroup, To: g.Name})
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// effective compiles the policies of one owner; each is made after the pattern.
func effective(tx *store.Tx, owner store.Attachment, pattern ram.Attached) ([]ram.Attached, error) {
	have, err := tx.EffectivePolicies(owner)
	if err != nil {
		return nil, err
	}
	out := make([]ram.Attached, 0, len(have))
	for _, p := range have {
		a := pattern
		a.Name, a.Type, a.Version = p.Policy, ram.PolicyType(p.Kind), ram.VersionID(max(p.Version, 1))
		if a.Policy, err = compile(p); err != nil {
			return nil, fmt.Errorf("compile policy %s: %w", p.Policy, err)
		}
		out = append(out, a)
	}
	return out, nil
}

func compile(p store.EffectivePolicy) (*ram.Policy, error) {
	if ram.PolicyType(p.Kind) != ram.PolicySystem {
		return ram.ParsePolicy([]byte(p.Document)) // without a document it fails, for then there is no such policy
	}
	if found, ok := ram.FindSystemPolicy(p.Policy); ok {
		return found.Policy, nil
	}
	return nil, errors.New("there is no such system policy")
}
