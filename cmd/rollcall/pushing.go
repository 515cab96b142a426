package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
)

// pushing says how receipts are pushed to customers' callbacks.
type pushing struct {
	CallbackTimeout time.Duration   `env:"ROLLCALL_CALLBACK_TIMEOUT" default:"${callback_timeout}" placeholder:"TIME" help:"How long a receiver of receipts may take to answer, at most 10s. Default ${default}."`
	CallbackRetries []time.Duration `env:"ROLLCALL_CALLBACK_RETRIES" default:"${callback_retries}" placeholder:"TIME,…" help:"How long to wait before a receipt is pushed again, each time; 0 pushes once. Default ${default}."`
	CallbackAnyCode bool            `env:"ROLLCALL_CALLBACK_ANY_CODE" help:"Let any numeric code in a receiver's answer acknowledge, and not 0 alone."`
	CallbackAllow   []netip.Prefix  `env:"ROLLCALL_CALLBACK_ALLOW" placeholder:"CIDR" help:"Private addresses that callbacks may lead to, such as 10.1.0.0/16. Without this they lead to public ones alone; in dev, to this machine too."`
}

// check refuses what cannot be meant. It is no Validate, of which a verb can have one alone.
func (p pushing) check() error {
	if p.CallbackTimeout <= 0 || p.CallbackTimeout > 10*time.Second {
		return fmt.Errorf("--callback-timeout must be more than 0 and at most 10s; %w", errUsage)
	}
	if len(p.CallbackRetries) > 1 && slices.Min(p.CallbackRetries) <= 0 || len(p.CallbackRetries) == 1 && p.CallbackRetries[0] < 0 {
		return fmt.Errorf("--callback-retries must be times such as 1m,5m, or 0 alone; %w", errUsage)
	}
	return nil
}

func (p pushing) receipts() app.Receipts {
	retries := p.CallbackRetries
	if len(retries) == 1 && retries[0] == 0 {
		retries = []time.Duration{}
	}
	return app.Receipts{Timeout: p.CallbackTimeout, Retries: retries, AnyCode: p.CallbackAnyCode, Allow: p.CallbackAllow}
}

func joinTimes(times []time.Duration) string {
	texts := make([]string, len(times))
	for i, t := range times {
		texts[i] = t.String()
	}
	return strings.Join(texts, ",")
}
