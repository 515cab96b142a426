package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/app"
)

type callVerb struct {
	Action     string   `arg:"" help:"The operation, such as ListChatGroup."`
	Parameters []string `arg:"" optional:"" placeholder:"KEY=VALUE" help:"Its parameters, such as Subject=Hello. CustSpaceId and BusinessNumber come from the ready file where the operation must have them and neither is given."`

	speaker
	Verbose bool `short:"v" help:"Print status and headers too, and say what was filled in."`
}

// Run makes the call. A refusal is printed like any other answer and ends with code 1.
func (v *callVerb) Run(t *terminal) error {
	parameters, err := v.parameters()
	if err != nil {
		return err
	}
	client, ready, err := v.client()
	if err != nil {
		return err
	}
	for _, name := range app.FillIn(v.Action, parameters, ready) {
		if v.Verbose {
			fmt.Fprintf(t.err, "filled in: %s=%s\n", name, parameters.Get(name))
		}
	}
	answer, err := client.Call(context.Background(), v.Action, parameters)
	if err != nil {
		return err
	}
	if v.Verbose {
		printHead(t, answer)
	}
	fmt.Fprintln(t.out, pretty(answer.Body))
	if answer.Code == "InvalidAction.NotFound" {
		if hint := app.WhyNotServed(v.Action); hint != "" {
			fmt.Fprintln(t.err, "rollcall:", hint)
		}
	}
	if !answer.OK() {
		return errQuiet
	}
	return nil
}

func (v *callVerb) parameters() (url.Values, error) {
	parameters := url.Values{}
	for _, p := range v.Parameters {
		key, value, ok := strings.Cut(p, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not KEY=VALUE; %w", p, errUsage)
		}
		if parameters.Has(key) {
			return nil, fmt.Errorf("%s is given twice; %w", key, errUsage)
		}
		parameters.Set(key, value)
	}
	return parameters, nil
}

func printHead(t *terminal, answer *app.Answer) {
	fmt.Fprintln(t.out, "HTTP", answer.Status)
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		fmt.Fprintf(t.out, "%s: %s\n", name, strings.Join(answer.Header[name], ", "))
	}
	fmt.Fprintln(t.out)
}

// pretty indents JSON and leaves anything else as it is.
func pretty(body []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") != nil {
		return strings.TrimRight(string(body), "\n")
	}
	return strings.TrimRight(out.String(), "\n")
}
