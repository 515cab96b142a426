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
		e, err := m.AwaitExplanation(ctx, strings.ToUpper(v.RequestID))
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
		who = stranger(e.Code)
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
	if message := withoutStrings(e); message != "" {
		fmt.Fprintf(t.out, "\n%s\n", message)
	}
	if err := printSteps(t, e); err != nil {
		return err
	}
	printSigned(t, e)
	return nil
}

// stranger says why nobody is known to have called. The signature is looked at last, so most of what is wrong is found before.
func stranger(code string) string {
	switch code {
	case "SignatureDoesNotMatch":
		return "nobody known: the signature was looked at and is not good"
	case "SignatureNonceUsed":
		return "whoever has the key: the signature is good, but the same request came before"
	case "InvalidAction.NotFound":
		return "nobody known: there is no such operation, so the signature was not looked at"
	case "InvalidAccessKeyId.NotFound":
		return "nobody known: there is no such key, so the signature was not looked at"
	case "InvalidAccessKeyId.Inactive":
		return "nobody known: the key is disabled, so the signature was not looked at"
	}
	return "nobody known: the call was refused before its signature was looked at"
}

// withoutStrings gives the message without the strings that were signed, which are printed by themselves.
func withoutStrings(e *app.Explanation) string {
	said, _, repeated := strings.Cut(e.Message, " server ")
	if e.Code != "SignatureDoesNotMatch" || !repeated {
		return e.Message
	}
	return said + " Compare the hash below with that of your client's string to sign: if they are the same, the secret is wrong; otherwise the request was changed on " +
		"its way, or signed in another way."
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
