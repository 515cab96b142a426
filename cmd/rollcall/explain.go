package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rollcall-im/rollcall/internal/app"
)

// explainVerb tells why a call was refused.
type explainVerb struct {
	place
	JSON      bool   `help:"Print it as JSON."`
	RequestID string `arg:"" name:"request-id" help:"RequestId of the answer."`
}

func (v *explainVerb) Run(t *terminal) error {
	return v.within(false, func(ctx context.Context, m *app.Management) error {
		e, err := m.Explanation(ctx, strings.ToUpper(v.RequestID))
		if err != nil {
			return err
		}
		if v.JSON {
			out := json.NewEncoder(t.out)
			out.SetEscapeHTML(false)
			out.SetIndent("", "  ")
			return out.Encode(e)
		}
		return printExplanation(t, &e)
	})
}

func printExplanation(t *terminal, e *app.Explanation) error {
	who := e.Principal
	if who == "" {
		who = "nobody known: the signature was not found good"
	}
	outcome := e.Code
	if outcome == "" {
		outcome = "let through"
	}
	if e.Status != 0 {
		outcome = fmt.Sprintf("%d %s", e.Status, outcome)
	}
	rows := [][]string{{"call", e.Action, ""}, {"at", e.At.UTC().Format(timeForm), ""}, {"from", e.Source, ""}, {"key", e.AccessKeyID, ""}, {"who", who, ""},
		{"answer", outcome, ""}}
	if e.OperationID != "" {
		rows = append(rows, []string{"operation", e.OperationID, ""})
	}
	if e.Effect != "" {
		rows = append(rows, []string{"policies", strings.TrimSpace(e.Effect + " " + e.PolicyType), "on " + e.Resource})
	}
	if err := table(t, rows...); err != nil {
		return err
	}
	if e.Message != "" {
		fmt.Fprintf(t.out, "\n%s\n", e.Message)
	}
	if err := printSteps(t, e); err != nil {
		return err
	}
	if e.CanonicalRequest != "" {
		fmt.Fprintf(t.out, "\ncanonical request (%s):\n%s\n", e.Scheme, e.CanonicalRequest)
	}
	if e.StringToSign != "" {
		fmt.Fprintf(t.out, "\nstring to sign:\n%s\n", e.StringToSign)
	}
	return nil
}

func printSteps(t *terminal, e *app.Explanation) error {
	if len(e.Steps) == 0 {
		return nil
	}
	fmt.Fprintln(t.out)
	rows := [][]string{{"POLICY", "STATEMENT", "EFFECT", "MATCHES", "WHY"}}
	for _, s := range e.Steps {
		name := s.Policy
		if name == "" {
			name = "(of the session)"
		}
		if s.Version != "" {
			name += " " + s.Version
		}
		if s.To != "" {
			name += " of " + s.To
		}
		rows = append(rows, []string{name, fmt.Sprint(s.Statement), s.Effect, yesNo(s.Matched), s.Why})
	}
	return table(t, rows...)
}
