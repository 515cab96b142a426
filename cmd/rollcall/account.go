package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/rollcall-im/rollcall/internal/app"
)

type accountVerb struct {
	place

	Create   accountCreate `cmd:"" help:"Add an account."`
	List     accountList   `cmd:"" help:"List the accounts."`
	Allow    accountAllow  `cmd:"" help:"Put an account on the allowlist of the group beta."`
	Withdraw accountRevoke `cmd:"" help:"Take an account off the allowlist of the group beta."`
	User     userVerb      `cmd:"" help:"RAM users."`
	Key      keyVerb       `cmd:"" help:"Access keys."`
	Policy   policyVerb    `cmd:"" help:"Policies, and who has them."`
}

// AfterApply hands the place on to the verbs below.
func (v *accountVerb) AfterApply(k *kong.Context) error {
	k.Bind(v.place)
	return v.guarded.AfterApply(k)
}

type accountCreate struct {
	ID   string `name:"id" placeholder:"ID" help:"16 digits; drawn if left out."`
	Name string `placeholder:"NAME" help:"What people call it."`
}

// Run makes the data directory too, if there is none: this is the first thing that an operator does.
func (v *accountCreate) Run(t *terminal, p place) error {
	return p.within(true, func(ctx context.Context, m *app.Management) error {
		a, err := m.CreateAccount(ctx, v.ID, v.Name)
		if err != nil {
			return err
		}
		fmt.Fprintln(t.out, a.ID)
		return nil
	})
}

type accountList struct{}

// Run lists the accounts.
func (v *accountList) Run(t *terminal, p place) error {
	return p.within(false, func(ctx context.Context, m *app.Management) error {
		all, err := m.Accounts(ctx)
		if err != nil {
			return err
		}
		rows := [][]string{{"ACCOUNT", "BETA", "CREATED", "NAME"}}
		for _, a := range all {
			rows = append(rows, []string{string(a.ID), yesNo(a.Beta), a.CreatedAt.Format(timeForm), a.Name})
		}
		return table(t, rows...)
	})
}

type accountAllow struct{ named }

// Run puts the account on the allowlist.
func (v *accountAllow) Run(t *terminal, p place) error { return v.setBeta(t, p, true) }

type accountRevoke struct{ named }

// Run takes the account off the allowlist.
func (v *accountRevoke) Run(t *terminal, p place) error { return v.setBeta(t, p, false) }

func (o named) setBeta(t *terminal, p place, on bool) error {
	return o.within(p, func(ctx context.Context, m *app.Management, account string) error {
		if err := m.SetBeta(ctx, account, on); err != nil {
			return err
		}
		word := "on"
		if !on {
			word = "off"
		}
		fmt.Fprintf(t.out, "account %s is %s the allowlist\n", account, word)
		return nil
	})
}
