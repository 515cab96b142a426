package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// onboarding says how business accounts come to channels: on a simulated network there is one for whoever asks; on Meta's, those for
// which the operator has named a file with the token.
func (p *Program) onboarding() gateway.Onboarding {
	if p.cfg.Simulator != nil {
		return gateway.Onboarding{Draw: func() string { return "12" + drawDigits(13) }, Token: p.simulateAccount}
	}
	if len(p.cfg.Meta.WABATokenFiles) == 0 {
		return gateway.Onboarding{}
	}
	return gateway.Onboarding{Token: p.accountToken}
}

// accountToken reads the token of a business account. It is read each time, so that a new one needs no restart.
func (p *Program) accountToken(_ context.Context, account ram.AccountID, wabaID string) (string, error) {
	file := p.cfg.Meta.WABATokenFiles[string(account)+"/"+wabaID]
	if file == "" {
		return "", gateway.ErrNoToken(wabaID)
	}
	token, err := ReadSecretText(file)
	if err != nil {
		p.log.Error("the access token of a business account cannot be read", "waba_id", wabaID, "error", err)
		return "", group.Errorf(group.CodeUnavailable, "The access token of the WhatsApp business account cannot be read at the moment; the server's log says why.")
	}
	return token, nil
}

// checkTokens makes sure that the operator's files are there before anybody asks for one.
func (m Meta) checkTokens() error {
	for id, file := range m.WABATokenFiles {
		account, waba, _ := strings.Cut(id, "/")
		if _, err := ram.ParseAccountID(account); err != nil || waba == "" || strings.Trim(waba, "0123456789") != "" {
			return fmt.Errorf("--waba-token %s=%s does not begin with the id of an account, a slash and the id of a WhatsApp business account: "+
				"give --waba-token 1000000000000001/501=%s", id, file, file)
		}
		if _, err := ReadSecretText(file); err != nil {
			return err
		}
	}
	return nil
}

// simulateAccount makes a business account with one number on the simulated network. One that is there keeps its numbers and gets a
// new token.
func (p *Program) simulateAccount(_ context.Context, _ ram.AccountID, wabaID string) (string, error) {
	token := rand.Text()
	there := p.sim.Numbers(wabaID)
	for _, n := range there {
		n.Token = token
		if err := p.sim.RegisterNumber(n); err != nil {
			return "", fmt.Errorf("give simulated number a token: %w", err)
		}
	}
	if len(there) > 0 {
		return token, nil
	}
	const tries = 20 // there may be a phone with the number
	var errs []error
	for range tries {
		n := simulator.Number{DisplayNumber: "+86138" + drawDigits(8), PhoneNumberID: "11" + drawDigits(13), WABAID: wabaID, Token: token,
			Name: "Rollcall", Subscribed: true}
		err := p.sim.RegisterNumber(n)
		if err == nil {
			return token, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("make simulated number: %w", errors.Join(errs...))
}

// drawDigits draws a number of so many digits, the first of which is not 0.
func drawDigits(n int) string {
	low := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n-1)), nil)
	drawn, err := rand.Int(rand.Reader, new(big.Int).Mul(low, big.NewInt(9)))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return drawn.Add(drawn, low).String()
}
