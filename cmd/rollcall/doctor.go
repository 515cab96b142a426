package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/rollcall-im/rollcall/internal/app"
)

type doctorVerb struct {
	place
	Listen        string `env:"ROLLCALL_LISTEN" default:"${listen}" placeholder:"HOST:PORT" help:"The server's --listen. Default ${default}."`
	AppSecretFile string `env:"ROLLCALL_APP_SECRET_FILE" placeholder:"FILE" help:"The server's --app-secret-file: opens which webhooks the app is subscribed to."`
	GraphURL      string `env:"ROLLCALL_GRAPH_URL" name:"graph-url" placeholder:"URL" help:"The server's --graph-url, if it has one."`
}

// Run prints a line for each finding and ends with code 1 if there is one that keeps a server from working.
func (v *doctorVerb) Run(t *terminal) error {
	findings := app.Examine(context.Background(), app.Config{Listen: app.Listener{Address: v.Listen}, DataDir: v.DataDir,
		Database: v.in(v.SealKeyFile), Meta: app.Meta{GraphURL: v.GraphURL, AppSecretFile: v.AppSecretFile}})
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	failed := false
	for _, f := range findings {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Level, f.What, f.Detail)
		failed = failed || f.Level == app.Fail
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if failed {
		return errQuiet
	}
	return nil
}
