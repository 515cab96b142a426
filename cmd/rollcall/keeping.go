package main

import (
	"fmt"

	"github.com/rollcall-im/rollcall/internal/app"
)

// keeping says for how long what is over is kept.
type keeping struct {
	KeepAudit  int `env:"ROLLCALL_KEEP_AUDIT" default:"${keep_audit}" placeholder:"DAYS" help:"How long the audit is kept, and with it the outcomes that a ClientToken gives again; 0 is for ever. Default ${default} days."`
	KeepEvents int `env:"ROLLCALL_KEEP_EVENTS" default:"${keep_events}" placeholder:"DAYS" help:"How long events are kept; 0 is for ever. Default ${default} days."`
	KeepFailed int `env:"ROLLCALL_KEEP_FAILED" default:"${keep_failed}" placeholder:"DAYS" help:"How long work that was given up is kept; 0 is for ever. Default ${default} days."`

	KeepMessages int `env:"ROLLCALL_KEEP_MESSAGES" default:"${keep_messages}" placeholder:"DAYS" help:"How long messages are kept, and with them what ListChatappMessage shows; 0 is for ever. Default ${default} days."`
}

// Validate is asked by the parser.
func (k keeping) Validate() error {
	if min(k.KeepAudit, k.KeepEvents, k.KeepFailed, k.KeepMessages) < 0 {
		return fmt.Errorf("--keep-audit, --keep-events, --keep-failed and --keep-messages must not be negative")
	}
	return nil
}

func (k keeping) days() app.Keep {
	return app.Keep{AuditDays: k.KeepAudit, EventDays: k.KeepEvents, FailedDays: k.KeepFailed, MessageDays: k.KeepMessages}
}
