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
	numbers    map[group.Number]*group.BusinessNumber
	byPhoneID  map[string]*group.BusinessNumber
	webhooks   webhooks
	keys       sync.Map // access key id → *Principal
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
	e := &edition{numbers: map[group.Number]*group.BusinessNumber{}, byPhoneID: map[string]*group.BusinessNumber{}}
	err := s.Snapshot(ctx, func(tx *store.Tx) (err error) {
		if e.generation, err = tx.Generation(); err != nil {
			return err
		}
		callbacks, err := tx.Callbacks()
		if err != nil {
			return err
		}
		e.webhooks = webhooksOf(callbacks)
		numbers, err := tx.Numbers()
		for i := range numbers {
			e.numbers[numbers[i].Number] = &numbers[i]
			e.byPhoneID[numbers[i].PhoneNumberID] = &numbers[i]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the directory: %w", err)
	}
	if old := d.now.Load(); old != nil && old.generation >= e.generation {
		return old, nil
	}
	d.now.Store(e)
	return e, nil
}

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
	p.Identity.Policies, err = attached(tx, k, u.Name)
	return p, err
}

// attached compiles the policies of a user.
func attached(tx *store.Tx, k store.AccessKey, user string) ([]ram.Attached, error) {
	links, err := tx.Attachments(k.AccountID, k.UserID)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	custom, err := tx.Policies(k.AccountID)
	if err != nil {
		return nil, err
	}
	out := make([]ram.Attached, 0, len(links))
	for _, l := range links {
		doc, err := compile(l, custom)
		if err != nil {
			return nil, fmt.Errorf("compile policy %s: %w", l.Policy, err)
		}
		out = append(out, ram.Attached{Policy: doc, Name: l.Policy, Type: ram.PolicyType(l.Kind), Version: "v1",
			Entity: ram.EntityUser, To: user})
	}
	return out, nil
}

func compile(l store.Attachment, custom []store.Policy) (*ram.Policy, error) {
	if ram.PolicyType(l.Kind) == ram.PolicySystem {
		if p, ok := ram.FindSystemPolicy(l.Policy); ok {
			return p.Policy, nil
		}
		return nil, errors.New("there is no such system policy")
	}
	for _, p := range custom {
		if p.Name == l.Policy {
			return ram.ParsePolicy([]byte(p.Document))
		}
	}
	return nil, errors.New("there is no such policy")
}
