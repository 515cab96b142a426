package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/rollcall-im/rollcall/internal/app"
)

type channelVerb struct {
	place

	Create channelCreate `cmd:"" help:"Add a channel, which callers know by its CustSpaceId."`
	List   channelList   `cmd:"" help:"List channels and their numbers."`
	Bind   channelBind   `cmd:"" help:"Give a channel a business number, or its number a new token."`
}

// AfterApply hands the place on to the verbs below.
func (v *channelVerb) AfterApply(k *kong.Context) error {
	k.Bind(v.place)
	return v.guarded.AfterApply(k)
}

type channelCreate struct {
	named
	SpaceID string `name:"space" placeholder:"ID" help:"The CustSpaceId; drawn if left out."`
	Name    string `placeholder:"NAME" help:"What people call it."`
}

// Run adds the channel.
func (v *channelCreate) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		c, err := m.CreateChannel(ctx, account, v.SpaceID, v.Name)
		if err != nil {
			return err
		}
		fmt.Fprintln(t.out, c.SpaceID)
		return nil
	})
}

type channelList struct{ named }

// Run lists channels, one line for each number.
func (v *channelList) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		channels, err := m.Channels(ctx, account)
		if err != nil {
			return err
		}
		rows := [][]string{{"CHANNEL", "NUMBER", "PHONE-NUMBER ID", "WABA ID", "NAME"}}
		for _, c := range channels {
			if len(c.Numbers) == 0 {
				rows = append(rows, []string{c.SpaceID, "-", "-", "-", c.Name})
			}
			for _, n := range c.Numbers {
				rows = append(rows, []string{c.SpaceID, n.Number.String(), n.PhoneNumberID, n.WABAID, c.Name})
			}
		}
		return table(t, rows...)
	})
}

type channelBind struct {
	named
	SpaceID       string `name:"space" required:"" placeholder:"ID" help:"The channel's CustSpaceId."`
	Number        string `required:"" placeholder:"DIGITS" help:"The business number, with its country code."`
	PhoneNumberID string `name:"phone-number-id" required:"" placeholder:"ID" help:"Meta's id of the number."`
	WABAID        string `name:"waba-id" required:"" placeholder:"ID" help:"Meta's id of the WhatsApp business account."`
	TokenFile     string `required:"" placeholder:"FILE" help:"File that holds the access token for the number."`
}

// Run binds the number.
func (v *channelBind) Run(t *terminal, p place) error {
	number, err := app.ParseNumber(v.Number)
	if err != nil {
		return err
	}
	token, err := app.ReadSecretText(v.TokenFile)
	if err != nil {
		return err
	}
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		err := m.BindNumber(ctx, account, app.BusinessNumber{Number: number, SpaceID: v.SpaceID, PhoneNumberID: v.PhoneNumberID,
			WABAID: v.WABAID, Token: token})
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "%s belongs to %s\n", number, v.SpaceID)
		return nil
	})
}
