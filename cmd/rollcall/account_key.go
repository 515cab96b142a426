package main

import (
	"context"
	"fmt"

	"github.com/rollcall-im/rollcall/internal/app"
)

type keyVerb struct {
	Create  keyCreate  `cmd:"" help:"Make an access key; its secret is shown this once."`
	List    keyList    `cmd:"" help:"List access keys."`
	Disable keyDisable `cmd:"" help:"Switch an access key off."`
	Enable  keyEnable  `cmd:"" help:"Switch an access key on again."`
	Delete  keyDelete  `cmd:"" help:"Delete an access key for good."`
}

type keyCreate struct {
	tenant
	User string `placeholder:"NAME" help:"Whose key; the account's own if left out."`
}

// Run makes the key.
func (v *keyCreate) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		k, err := m.CreateAccessKey(ctx, account, v.User)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "AccessKeyId      %s\nAccessKeySecret  %s\n", k.ID, string(k.Secret))
		return nil
	})
}

type keyList struct {
	tenant
	User string `placeholder:"NAME" help:"Whose keys; the account's own if left out."`
}

// Run lists the keys.
func (v *keyList) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		keys, err := m.AccessKeys(ctx, account, v.User)
		if err != nil {
			return err
		}
		rows := [][]string{{"ACCESS KEY", "STATUS", "CREATED"}}
		for _, k := range keys {
			rows = append(rows, []string{k.ID, string(k.Status), k.CreatedAt.Format(timeForm)})
		}
		return table(t, rows...)
	})
}

type oneKey struct {
	tenant
	ID string `arg:"" help:"The access key's id."`
}

func (v *oneKey) setStatus(t *terminal, p place, status string) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		if err := m.SetAccessKeyStatus(ctx, account, v.ID, status); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "%s is %s\n", v.ID, status)
		return nil
	})
}

type keyDisable struct{ oneKey }

// Run switches the key off.
func (v *keyDisable) Run(t *terminal, p place) error { return v.setStatus(t, p, "Inactive") }

type keyEnable struct{ oneKey }

// Run switches the key on.
func (v *keyEnable) Run(t *terminal, p place) error { return v.setStatus(t, p, "Active") }

type keyDelete struct{ oneKey }

// Run deletes the key.
func (v *keyDelete) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		if err := m.DeleteAccessKey(ctx, account, v.ID); err != nil {
			return err
		}
		fmt.Fprintln(t.out, v.ID, "is deleted")
		return nil
	})
}
