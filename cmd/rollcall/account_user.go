package main

import (
	"context"
	"fmt"

	"github.com/rollcall-im/rollcall/internal/app"
)

type userVerb struct {
	Create userCreate `cmd:"" help:"Add a RAM user, who may do nothing yet."`
	List   userList   `cmd:"" help:"List the users."`
}

type userCreate struct {
	tenant
	Name        string `arg:"" help:"1 to 64 letters, digits, dots, dashes and underscores."`
	DisplayName string `placeholder:"NAME" help:"What people call the user."`
}

// Run adds the user.
func (v *userCreate) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		u, err := m.CreateUser(ctx, account, v.Name, v.DisplayName)
		if err != nil {
			return err
		}
		fmt.Fprintln(t.out, u.ARN())
		return nil
	})
}

type userList struct{ tenant }

// Run lists the users.
func (v *userList) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		users, err := m.Users(ctx, account)
		if err != nil {
			return err
		}
		rows := [][]string{{"USER", "ID", "CREATED", "DISPLAY NAME"}}
		for _, u := range users {
			rows = append(rows, []string{u.Name, u.ID, u.CreatedAt.Format(timeForm), u.DisplayName})
		}
		return table(t, rows...)
	})
}
