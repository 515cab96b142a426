package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// What a development server begins with. The ids are the simulated network's.
const (
	demoAccount       = "1000000000000001"
	demoReader        = "reader"
	demoNumber        = group.Number(8613800000000)
	demoPhoneNumberID = "110000000000001"
	demoWABA          = "120000000000001"
)

// ensureDemo makes what is missing of the demo account and reads the rest back, so that a start after a kill in the middle of
// the first one goes on from there.
func (p *Program) ensureDemo(ctx context.Context) error {
	if err := p.ensureAccount(ctx); err != nil {
		return err
	}
	if err := p.ensureReader(ctx); err != nil {
		return err
	}
	if err := p.ensureChannel(ctx); err != nil {
		return err
	}
	p.ready.AccountID, p.ready.BusinessNumber = demoAccount, demoNumber.String()
	var err error
	if p.ready.AccessKeyID, p.ready.AccessKeySecret, err = p.ensureKey(ctx, ""); err != nil {
		return err
	}
	p.ready.ReadonlyAccessKeyID, p.ready.ReadonlyAccessKeySecret, err = p.ensureKey(ctx, demoReader)
	return err
}

// ensureAccount puts the account on the allowlist when it makes it, and not later: withdrawing is a thing to try out.
func (p *Program) ensureAccount(ctx context.Context) error {
	accounts, err := p.gateway.Accounts(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(accounts, func(a gateway.Account) bool { return a.ID == demoAccount }) {
		return nil
	}
	if _, err := p.gateway.CreateAccount(ctx, demoAccount, "demo"); err != nil {
		return err
	}
	return p.gateway.SetBeta(ctx, demoAccount, true)
}

func (p *Program) ensureReader(ctx context.Context) error {
	users, err := p.gateway.Users(ctx, demoAccount)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(users, func(u ram.User) bool { return u.Name == demoReader }) {
		return nil
	}
	if _, err := p.gateway.CreateUser(ctx, demoAccount, demoReader, ""); err != nil {
		return err
	}
	return p.gateway.AttachPolicy(ctx, demoAccount, demoReader, ram.AliyunCamsReadOnlyAccess)
}

// ensureChannel gives the demo number to the first channel of the account.
func (p *Program) ensureChannel(ctx context.Context) error {
	channels, err := p.gateway.Channels(ctx, demoAccount)
	if err != nil {
		return err
	}
	for _, c := range channels {
		if slices.ContainsFunc(c.Numbers, func(n group.BusinessNumber) bool { return n.Number == demoNumber }) {
			p.ready.CustSpaceID = c.SpaceID
			return nil
		}
	}
	c, err := p.gateway.CreateChannel(ctx, demoAccount, "", "demo")
	if err != nil {
		return err
	}
	p.ready.CustSpaceID = c.SpaceID
	return p.gateway.BindNumber(ctx, demoAccount, group.BusinessNumber{Number: demoNumber, SpaceID: c.SpaceID,
		PhoneNumberID: demoPhoneNumberID, WABAID: demoWABA, Token: rand.Text()})
}

// ensureKey gives the user's first key that may be used, a new one if there is none.
func (p *Program) ensureKey(ctx context.Context, user string) (id, secret string, err error) {
	keys, err := p.gateway.AccessKeys(ctx, demoAccount, user)
	if err != nil {
		return "", "", err
	}
	for _, k := range keys {
		if k.Status == ram.KeyActive {
			return p.readKey(ctx, k.ID)
		}
	}
	k, err := p.gateway.CreateAccessKey(ctx, demoAccount, user)
	return k.ID, string(k.Secret), err
}

func (p *Program) readKey(ctx context.Context, id string) (string, string, error) {
	var k store.AccessKey
	err := p.store.Read(ctx, func(tx *store.Tx) (err error) {
		k, err = tx.AccessKey(id)
		return err
	})
	if err != nil {
		return "", "", fmt.Errorf("read access key: %w", err)
	}
	return k.ID, string(k.Secret), nil
}

// keepRegistered makes every business number known to the simulated network, those bound later on too.
func (p *Program) keepRegistered(ctx context.Context) error {
	known, err := p.register(ctx, 0)
	if err != nil {
		return err
	}
	quit := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			seen, err := p.register(context.Background(), known)
			if err != nil {
				p.log.Error("a business number could not be made known to the simulator", "error", err)
			}
			known = seen
		}
	})
	p.onStop("registering of numbers", func(context.Context) error {
		close(quit)
		running.Wait()
		return nil
	})
	return nil
}

// register registers all numbers when the generation is another than the known one, and gives the generation.
func (p *Program) register(ctx context.Context, known int64) (int64, error) {
	var numbers []group.BusinessNumber
	var generation int64
	err := p.store.Snapshot(ctx, func(tx *store.Tx) (err error) {
		if generation, err = tx.Generation(); err != nil || generation == known {
			return err
		}
		numbers, err = tx.Numbers()
		return err
	})
	if err != nil {
		return known, fmt.Errorf("read business numbers: %w", err)
	}
	var errs []error
	for _, n := range numbers {
		errs = append(errs, p.sim.RegisterNumber(simulator.Number{DisplayNumber: "+" + n.Number.String(), PhoneNumberID: n.PhoneNumberID,
			WABAID: n.WABAID, Token: n.Token, Name: "Rollcall", Subscribed: true}))
	}
	return generation, errors.Join(errs...)
}
