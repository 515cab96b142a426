package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/rollcall-im/rollcall/internal/app"
)

// place says which installation a verb is about.
type place struct {
	guarded
	DataDir     string `env:"ROLLCALL_DATA_DIR" default:"${data_dir}" placeholder:"FOLDER" help:"The server's data directory. Default ${default}."`
	SealKeyFile string `env:"ROLLCALL_SEAL_KEY_FILE" placeholder:"FILE" help:"The server's --seal-key-file, if it has one."`
}

func (p place) data() app.Data { return app.Data{Dir: p.DataDir, Database: p.in(p.SealKeyFile)} }

// within runs fn on the installation.
func (p place) within(create bool, fn func(ctx context.Context, m *app.Management) error) (err error) {
	ctx := context.Background()
	m, err := app.Manage(ctx, p.data(), create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return fn(ctx, m)
}

// tenant says which account a verb is about, where the words of the command name something else.
type tenant struct {
	Account string `env:"ROLLCALL_ACCOUNT" placeholder:"ID" help:"The account; may be left out while there is one only."`
}

// within runs fn on the account.
func (o tenant) within(p place, fn func(ctx context.Context, m *app.Management, account string) error) error {
	return p.within(false, func(ctx context.Context, m *app.Management) error {
		account, err := o.choose(ctx, m)
		if err != nil {
			return err
		}
		return fn(ctx, m, account)
	})
}

// choose takes the only account where none is named.
func (o tenant) choose(ctx context.Context, m *app.Management) (string, error) {
	if o.Account != "" {
		return o.Account, nil
	}
	all, err := m.Accounts(ctx)
	switch {
	case err != nil:
		return "", err
	case len(all) == 0:
		return "", errors.New("there is no account yet; run: rollcall account create")
	case len(all) > 1:
		return "", fmt.Errorf("there are %d accounts; say which one; %w", len(all), errUsage)
	}
	return string(all[0].ID), nil
}

// named is a tenant whose account is the word behind the command.
type named struct {
	Account string `arg:"" optional:"" help:"The account; may be left out while there is one only."`
}

func (o named) within(p place, fn func(ctx context.Context, m *app.Management, account string) error) error {
	return tenant(o).within(p, fn)
}

// table prints rows in columns; the first one is the heading.
func table(t *terminal, rows ...[]string) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

const timeForm = "2006-01-02T15:04:05Z"
