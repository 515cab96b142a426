package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rollcall-im/rollcall/internal/app"
)

// maxPolicyFile is more than any policy may have; the rest of a larger file is not worth reading.
const maxPolicyFile = 64 << 10

type policyVerb struct {
	Put    policyPut    `cmd:"" help:"Add a custom policy, or replace its document."`
	List   policyList   `cmd:"" help:"List the policies that can be attached, or those of a user."`
	Attach policyAttach `cmd:"" help:"Give a user a policy."`
	Detach policyDetach `cmd:"" help:"Take a policy from a user."`
}

type policyPut struct {
	tenant
	Name        string `arg:"" help:"1 to 128 letters, digits and dashes."`
	File        string `required:"" placeholder:"FILE" help:"The policy document (JSON); - reads standard input."`
	Description string `placeholder:"TEXT" help:"What it is for."`
}

// Run adds the policy.
func (v *policyPut) Run(t *terminal, p place) error {
	document, err := v.document(t.in)
	if err != nil {
		return fmt.Errorf("read policy document: %w", err)
	}
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		err := m.PutPolicy(ctx, account, app.Policy{Name: v.Name, Description: v.Description, Document: string(document)})
		if err != nil {
			return err
		}
		fmt.Fprintln(t.out, "policy", v.Name, "is in place")
		return nil
	})
}

func (v *policyPut) document(in io.Reader) ([]byte, error) {
	if v.File == "-" {
		return io.ReadAll(io.LimitReader(in, maxPolicyFile))
	}
	file, err := os.Open(v.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxPolicyFile))
}

type policyList struct {
	tenant
	User string `placeholder:"NAME" help:"List the policies that this user has."`
}

// Run lists policies.
func (v *policyList) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		if v.User != "" {
			names, err := m.UserPolicies(ctx, account, v.User)
			for _, name := range names {
				fmt.Fprintln(t.out, name)
			}
			return err
		}
		policies, err := m.Policies(ctx, account)
		if err != nil {
			return err
		}
		rows := [][]string{{"POLICY", "TYPE", "DESCRIPTION"}}
		for _, p := range policies {
			rows = append(rows, []string{p.Name, string(p.Type), p.Description})
		}
		return table(t, rows...)
	})
}

type userPolicy struct {
	tenant
	Policy string `arg:"" help:"The policy's name, such as AliyunCamsReadOnlyAccess."`
	User   string `required:"" placeholder:"NAME" help:"The user."`
}

type policyAttach struct{ userPolicy }

// Run attaches the policy.
func (v *policyAttach) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		if err := m.AttachPolicy(ctx, account, v.User, v.Policy); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "user %s has %s\n", v.User, v.Policy)
		return nil
	})
}

type policyDetach struct{ userPolicy }

// Run detaches the policy.
func (v *policyDetach) Run(t *terminal, p place) error {
	return v.within(p, func(ctx context.Context, m *app.Management, account string) error {
		if err := m.DetachPolicy(ctx, account, v.User, v.Policy); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "user %s no longer has %s\n", v.User, v.Policy)
		return nil
	})
}
