package gateway_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// onboarding is an office on whose network every business account has one number. Who wants to bind one waits for the others.
type onboarding struct {
	*office
	sim    *simulator.Simulator
	caller gateway.Caller
	meet   *sync.WaitGroup
}

func openOnboarding(t *testing.T) *onboarding {
	t.Helper()
	o := &onboarding{office: openOffice(t), meet: new(sync.WaitGroup)}
	var err error
	o.sim, err = simulator.New(simulator.Config{Logger: quiet})
	o.must(err)
	t.Cleanup(func() { _ = o.sim.Close(context.Background()) })
	client, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: simulator.InProcess(o.sim.Graph())})
	o.must(err)
	o.Gateway = gateway.New(gateway.Config{Store: o.store, Logger: quiet, Network: gateway.Network{Graph: client, Onboarding: gateway.Onboarding{Token: o.token}}})
	k, err := o.CreateAccessKey(t.Context(), o.account, "")
	o.must(err)
	p, err := o.Principal(t.Context(), k.ID)
	o.must(err)
	o.caller = gateway.Caller{Principal: p, Action: "Test", RequestID: "request", Source: "192.0.2.1"}
	return o
}

// token gives a business account its number, and waits until the others are as far.
func (o *onboarding) token(_ context.Context, _ ram.AccountID, waba string) (string, error) {
	err := o.sim.RegisterNumber(simulator.Number{DisplayNumber: "+86138000" + waba, PhoneNumberID: "9" + waba, WABAID: waba, Token: token, Name: "Test"})
	o.meet.Done()
	o.meet.Wait()
	return token, err
}

// TestOneChannelIsNotBoundTwice: whoever comes second does not put its business account in the place of the first one's.
func TestOneChannelIsNotBoundTwice(t *testing.T) {
	t.Parallel()
	o := openOnboarding(t)
	const rounds, rivals = 10, 3
	for round := range rounds {
		_, err := o.CreateChannel(t.Context(), o.account, "", "the only free one")
		o.must(err)
		o.meet.Add(rivals)
		spaces := map[string]string{}
		var mu sync.Mutex
		var running sync.WaitGroup
		for rival := range rivals {
			running.Go(func() {
				waba := strconv.Itoa(10000 + rivals*round + rival)
				b, err := o.BindAccount(t.Context(), o.caller, waba, "")
				mu.Lock()
				defer mu.Unlock()
				if err != nil || b.Channel.WABA.ID != waba || spaces[b.Channel.SpaceID] != "" {
					t.Errorf("%s was bound to %s (%s), where %s is (%v)", waba, b.Channel.SpaceID, b.Channel.WABA.ID, spaces[b.Channel.SpaceID], err)
				}
				spaces[b.Channel.SpaceID] = waba
			})
		}
		running.Wait()
	}
	channels, err := o.Channels(t.Context(), o.account)
	o.must(err)
	for _, c := range channels {
		if len(c.Numbers) != 1 || c.Numbers[0].WABAID != c.WABA.ID {
			t.Errorf("channel %s of %s has the numbers %v", c.SpaceID, c.WABA.ID, c.Numbers)
		}
	}
	if len(channels) != rounds*rivals {
		t.Errorf("there are %d channels, want one for each of the %d accounts", len(channels), rounds*rivals)
	}
}

// TestChannelsAreCountedTogether: an account has no more channels than it can have, however many are made at the same moment.
func TestChannelsAreCountedTogether(t *testing.T) {
	t.Parallel()
	o := openOnboarding(t)
	o.must(o.store.Write(t.Context(), func(tx *store.Tx) (err error) {
		for i := range group.MaxChannels - 2 {
			ch := group.Channel{AccountID: mustAccount(o.account), SpaceID: "cams-" + strconv.Itoa(i)}
			err = errors.Join(err, tx.InsertChannel(&ch))
		}
		return err
	}))
	var made, refused int
	var mu sync.Mutex
	count := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		var byUs *group.Error
		switch {
		case err == nil:
			made++
		case errors.As(err, &byUs) && byUs.Code == group.CodeTooManyChannels:
			refused++
		default:
			t.Error(err)
		}
	}
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			_, err := o.CreateInstance(t.Context(), o.caller, "own", &group.ChannelProfile{})
			count(err)
		})
		running.Go(func() {
			_, err := o.CreateChannel(t.Context(), o.account, "", "the operator's")
			count(err)
		})
	}
	running.Wait()
	if made != 2 || refused != 6 {
		t.Errorf("%d channels were made and %d refused, want 2 and 6", made, refused)
	}
}

func mustAccount(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}
