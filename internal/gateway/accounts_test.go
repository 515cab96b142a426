package gateway_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// office is a gateway for management alone, with one account.
type office struct {
	*gateway.Gateway
	t       *testing.T
	store   *store.Store
	account string
}

func openOffice(t *testing.T) *office {
	t.Helper()
	s, err := store.Open(t.Context(), emptyDatabase(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	o := &office{Gateway: gateway.New(gateway.Config{Store: s}), t: t, store: s}
	a, err := o.CreateAccount(t.Context(), "", "Acme")
	o.must(err)
	o.account = string(a.ID)
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// refused checks that an error is a refusal with the given code, RAM's or ours.
func (o *office) refused(err error, code string) {
	o.t.Helper()
	var byRAM *ram.Error
	var byUs *group.Error
	got := ""
	switch {
	case errors.As(err, &byRAM):
		got = byRAM.Code
	case errors.As(err, &byUs):
		got = string(byUs.Code)
	}
	if got != code {
		o.t.Errorf("refused with %q (%v), want %q", got, err, code)
	}
}

// mark is what a change moves on: the number of audit records, and the generation if any node may have in memory what was changed.
func (o *office) mark() (generation int64, records int) {
	o.t.Helper()
	o.must(o.store.Read(o.t.Context(), func(tx *store.Tx) (err error) {
		if generation, err = tx.Generation(); err != nil {
			return err
		}
		accounts, err := tx.Accounts()
		for _, a := range accounts {
			ops, err := tx.Operations(a.ID, 0, 10_000)
			if err != nil {
				return err
			}
			records += len(ops)
		}
		return err
	}))
	return generation, records
}

// may tells whether a key may do something now.
func (o *office) may(key, action string) bool {
	o.t.Helper()
	p, err := o.Principal(o.t.Context(), key)
	o.must(err)
	decision := ram.Decide(&p.Identity, &ram.Request{Action: action, Resource: "*"})
	return p.Active && decision.Effect == ram.Allow
}

func (o *office) user(name string) (key string) {
	o.t.Helper()
	_, err := o.CreateUser(o.t.Context(), o.account, name, "")
	o.must(err)
	k, err := o.CreateAccessKey(o.t.Context(), o.account, name)
	o.must(err)
	return k.ID
}

func document(effect, action string) string {
	return `{"Version":"1","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"}]}`
}

func TestChangesOfPermissionsHoldAtOnce(t *testing.T) {
	t.Parallel()
	o, ctx := openOffice(t), t.Context()
	key := o.user("alice")
	const list, remove = "cams:ListChatGroup", "cams:DeleteChatGroupParticipants"
	if o.may(key, list) {
		t.Error("a new user may list groups")
	}
	o.must(o.AttachPolicy(ctx, o.account, "alice", ram.AliyunCamsReadOnlyAccess))
	if !o.may(key, list) || o.may(key, remove) {
		t.Error("with the read-only policy alice must be able to list and not to remove")
	}
	o.must(o.PutPolicy(ctx, o.account, gateway.Policy{Name: "own", Document: document("Allow", remove)}))
	o.must(o.AttachPolicy(ctx, o.account, "alice", "own"))
	if !o.may(key, remove) {
		t.Error("a custom policy does not hold")
	}
	o.must(o.PutPolicy(ctx, o.account, gateway.Policy{Name: "own", Document: document("Deny", "*")}))
	if o.may(key, list) {
		t.Error("a policy that is replaced does not hold where it is attached")
	}
	o.must(o.DetachPolicy(ctx, o.account, "alice", "own"))
	if !o.may(key, list) {
		t.Error("a detached policy still denies")
	}
	o.must(o.SetAccessKeyStatus(ctx, o.account, key, "Inactive"))
	if o.may(key, list) {
		t.Error("a disabled key may be used")
	}
	o.must(o.SetAccessKeyStatus(ctx, o.account, key, "Active"))
	o.must(o.DeleteAccessKey(ctx, o.account, key))
	if _, err := o.Principal(ctx, key); !errors.Is(err, gateway.ErrNoKey) {
		t.Errorf("a deleted key gives %v, want ErrNoKey", err)
	}
}

func TestBetaHoldsAtOnce(t *testing.T) {
	t.Parallel()
	o, ctx := openOffice(t), t.Context()
	k, err := o.CreateAccessKey(ctx, o.account, "")
	o.must(err)
	for _, on := range []bool{false, true, false} {
		o.must(o.SetBeta(ctx, o.account, on))
		p, err := o.Principal(ctx, k.ID)
		o.must(err)
		if p.Beta != on || !p.Identity.Root {
			t.Errorf("beta is %v, want %v; root %v", p.Beta, on, p.Identity.Root)
		}
	}
}

func TestManagementRefuses(t *testing.T) {
	t.Parallel()
	o, ctx := openOffice(t), t.Context()
	key := o.user("alice")
	o.must(o.AttachPolicy(ctx, o.account, "alice", ram.AdministratorAccess))
	for i := range ram.CustomPoliciesPerUser.Max() {
		name := "own-" + strings.Repeat("x", i+1)
		o.must(o.PutPolicy(ctx, o.account, gateway.Policy{Name: name, Document: document("Allow", "*")}))
		o.must(o.AttachPolicy(ctx, o.account, "alice", name))
	}
	o.must(o.PutPolicy(ctx, o.account, gateway.Policy{Name: "more", Document: document("Allow", "*")}))
	_, err := o.CreateAccessKey(ctx, o.account, "alice")
	o.must(err)
	const other = "1999999999999999"
	generation, records := o.mark()

	errOf := func(_ any, err error) error { return err }
	for code, errs := range map[string][]error{
		"InvalidParameter.AccountId": {errOf(o.CreateAccount(ctx, "12", "")), errOf(o.CreateAccount(ctx, "0123456789012345", "")),
			errOf(o.Users(ctx, "x"))},
		"EntityAlreadyExists.Account": {errOf(o.CreateAccount(ctx, o.account, ""))},
		"EntityNotExist.Account": {errOf(o.CreateUser(ctx, other, "bob", "")), o.SetBeta(ctx, other, true), errOf(o.Channels(ctx, other)),
			o.DeleteAccessKey(ctx, other, key)},
		"InvalidParameter.UserName.InvalidChars": {errOf(o.CreateUser(ctx, o.account, "a b", "c"))},
		"EntityAlreadyExists.User":               {errOf(o.CreateUser(ctx, o.account, "alice", ""))},
		"EntityNotExist.User":                    {errOf(o.CreateAccessKey(ctx, o.account, "bob")), o.AttachPolicy(ctx, o.account, "", "more")},
		"LimitExceeded.User.AccessKey":           {errOf(o.CreateAccessKey(ctx, o.account, "alice"))},
		"EntityNotExist.User.AccessKey":          {o.DeleteAccessKey(ctx, o.account, "LTAI5tNobody"), o.SetAccessKeyStatus(ctx, o.account, "", "Active")},
		"InvalidParameter.Status":                {o.SetAccessKeyStatus(ctx, o.account, key, "Perhaps")},
		"MalformedPolicyDocument":                {o.PutPolicy(ctx, o.account, gateway.Policy{Name: "bad", Document: "{}"})},
		"EntityAlreadyExists.Policy":             {o.PutPolicy(ctx, o.account, gateway.Policy{Name: "AdministratorAccess", Document: document("Allow", "*")})},
		"EntityNotExist.Policy":                  {o.AttachPolicy(ctx, o.account, "alice", "nothing"), o.DetachPolicy(ctx, o.account, "alice", "nothing")},
		"EntityAlreadyExists.User.Policy":        {o.AttachPolicy(ctx, o.account, "alice", "AdministratorAccess")},
		"EntityNotExist.User.Policy":             {o.DetachPolicy(ctx, o.account, "alice", "more")},
		"LimitExceeded.User.Policy":              {o.AttachPolicy(ctx, o.account, "alice", "more")},
		"InvalidParameter.PolicyDocument.Length": {o.PutPolicy(ctx, o.account, gateway.Policy{Name: "long",
			Document: document("Allow", strings.Repeat("a", ram.MaxCustomPolicyLength))})},
	} {
		for _, err := range errs {
			o.refused(err, code)
		}
	}
	if g, r := o.mark(); g != generation || r != records {
		t.Errorf("refusals moved the generation from %d to %d and the records from %d to %d", generation, g, records, r)
	}
	o.must(o.SetBeta(ctx, o.account, true))
	if g, r := o.mark(); g != generation+1 || r != records+1 {
		t.Errorf("a change moved the generation from %d to %d and the records from %d to %d; want one step each", generation, g, records, r)
	}
}

func TestSecretsAreGivenOnce(t *testing.T) {
	t.Parallel()
	o, ctx := openOffice(t), t.Context()
	made, err := o.CreateAccessKey(ctx, o.account, "")
	o.must(err)
	keys, err := o.AccessKeys(ctx, o.account, "")
	o.must(err)
	if len(keys) != 1 || keys[0].ID != made.ID || keys[0].Secret != "" || made.Secret == "" || keys[0].Status != ram.KeyActive {
		t.Errorf("keys %v, made %v", keys, made)
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	o, ctx := openOffice(t), t.Context()
	a, err := o.CreateAccount(ctx, "", "other")
	o.must(err)
	drawn, err := o.CreateChannel(ctx, o.account, "", "")
	o.must(err)
	if !regexp.MustCompile(`^cams-[a-z0-9]{16}$`).MatchString(drawn.SpaceID) {
		t.Errorf("drawn CustSpaceId %s", drawn.SpaceID)
	}
	_, err = o.CreateChannel(ctx, string(a.ID), drawn.SpaceID, "")
	o.refused(err, string(group.CodeConflict))
	_, err = o.CreateChannel(ctx, o.account, "no spaces", "")
	o.refused(err, string(group.CodeBadNumber))

	n := group.BusinessNumber{Number: 8613800000000, SpaceID: drawn.SpaceID, PhoneNumberID: "11", WABAID: "12", Token: "first"}
	o.must(o.BindNumber(ctx, o.account, n))
	second, err := o.CreateChannel(ctx, o.account, "second", "")
	o.must(err)
	for name, change := range map[string]func(*group.BusinessNumber){
		"to a second channel":             func(n *group.BusinessNumber) { n.SpaceID = second.SpaceID },
		"with another id":                 func(n *group.BusinessNumber) { n.PhoneNumberID = "13" },
		"with another business account":   func(n *group.BusinessNumber) { n.WABAID = "13" },
		"under the id of another of ours": func(n *group.BusinessNumber) { n.Number++ },
	} {
		changed := n
		change(&changed)
		t.Log(name)
		o.refused(o.BindNumber(ctx, o.account, changed), string(group.CodeConflict))
	}
	o.refused(o.BindNumber(ctx, string(a.ID), n), string(group.CodeNotOwner))
	for _, change := range []func(*group.BusinessNumber){
		func(n *group.BusinessNumber) { n.Number = 0 }, func(n *group.BusinessNumber) { n.PhoneNumberID = "x" },
		func(n *group.BusinessNumber) { n.WABAID = "" }, func(n *group.BusinessNumber) { n.Token = "two words" },
	} {
		changed := n
		change(&changed)
		o.refused(o.BindNumber(ctx, o.account, changed), string(group.CodeBadNumber))
	}

	n.Token = "second"
	o.must(o.BindNumber(ctx, o.account, n))
	o.must(o.store.Read(ctx, func(tx *store.Tx) error {
		numbers, err := tx.Numbers()
		if len(numbers) != 1 || numbers[0].Token != "second" {
			t.Errorf("numbers %d, want one with the new token", len(numbers))
		}
		return err
	}))
	channels, err := o.Channels(ctx, o.account)
	o.must(err)
	if len(channels) != 2 || len(channels[0].Numbers) != 1 || channels[0].Numbers[0].Token != "" || len(channels[1].Numbers) != 0 {
		t.Errorf("channels %d, want two, the first with its number and without the token", len(channels))
	}
}

// TestANameIsFreeWhenNobodyHasIt: that the database could not say whose a name is does not make it free.
func TestANameIsFreeWhenNobodyHasIt(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone")
	for _, c := range []struct{ looked, want error }{
		{nil, ram.ErrUserExists},
		{&ram.Error{Code: ram.ErrUserNotExist.Code, Message: "There is no user carol."}, nil},
		{broken, broken},
		{ram.ErrGroupNotExist, ram.ErrGroupNotExist},
	} {
		if got := gateway.CheckFree(c.looked, ram.ErrUserNotExist, ram.ErrUserExists); !errors.Is(got, c.want) || c.want == nil && got != nil {
			t.Errorf("a look-up that ended with %v gives %v, want %v", c.looked, got, c.want)
		}
	}
}
