package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
)

type listenVerb struct {
	speaker
	Forward        string        `required:"" placeholder:"URL" help:"Where receipts are posted, such as http://localhost:3000/hook."`
	CustSpaceID    string        `name:"space" placeholder:"ID" help:"The channel's CustSpaceId. Default that of the ready file."`
	BusinessNumber string        `name:"number" placeholder:"DIGITS" help:"The business number. Default that of the ready file."`
	GroupID        string        `name:"group" placeholder:"ID" help:"Only what happens in this group."`
	CursorFile     string        `placeholder:"FILE" help:"Keep there how far it has come, and go on from there the next time. Without it, it begins with what is still to come."`
	Every          time.Duration `default:"1s" placeholder:"TIME" help:"How often to look for something new. Default ${default}."`
}

// Help says what counts as taken.
func (v *listenVerb) Help() string {
	return "Any answer with status 200 counts as taken here. A callback of a server must answer with a JSON object whose code is the number 0 as well; " +
		"an answer that would not do is told of once."
}

// Run brings receipts to the address until it is interrupted.
func (v *listenVerb) Run(t *terminal) error {
	if at, err := url.Parse(v.Forward); err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return fmt.Errorf("--forward must look like http://localhost:3000/hook; %w", errUsage)
	}
	if v.Every <= 0 {
		return fmt.Errorf("--every must be more than 0; %w", errUsage)
	}
	target := url.Values{}
	for name, value := range map[string]string{"CustSpaceId": v.CustSpaceID, "BusinessNumber": v.BusinessNumber, "GroupId": v.GroupID} {
		if value != "" {
			target.Set(name, value)
		}
	}
	client, ready, err := v.client()
	if err != nil {
		return err
	}
	app.FillIn("ListChatGroupEvents", target, ready)
	interrupted, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	l := app.Listening{Client: client, Target: target, Forward: v.Forward, CursorFile: v.CursorFile, Every: v.Every,
		Began: func() { fmt.Fprintf(t.err, "listening; what happens is posted to %s\n", v.Forward) },
		Said:  func(text string) { fmt.Fprintln(t.err, text) },
		Seen: func(f app.Forwarded) {
			if f.Failure != "" {
				fmt.Fprintf(t.err, "%s %s was not taken: %s; trying again\n", f.Kind, f.EventID, f.Failure)
				return
			}
			fmt.Fprintf(t.out, "%s %s %s\n", f.Kind, f.EventID, f.Item)
		}}
	return l.Run(interrupted)
}
