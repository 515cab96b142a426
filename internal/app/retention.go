package app

import (
	"context"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// reportsKept is how long a report about something unknown is kept: as long as the network repeats reports.
const reportsKept = 7 * 24 * time.Hour

// refusalsKept is how long it can be explained why a call was refused.
const refusalsKept = 3 * 24 * time.Hour

func (k Keep) retention() gateway.Retention {
	const day = 24 * time.Hour
	return gateway.Retention{Operations: time.Duration(k.AuditDays) * day, Events: time.Duration(k.EventDays) * day,
		DeadItems: time.Duration(k.FailedDays) * day, Reports: reportsKept, Refusals: refusalsKept, Messages: time.Duration(k.MessageDays) * day,
		Nonces: 2 * rpc.NonceMemory}
}

// startPruner begins to forget what is older than it is kept.
func (p *Program) startPruner(context.Context) error {
	pruner := gateway.NewPruner(gateway.PrunerConfig{Store: p.store, Keep: p.cfg.Database.Keep.retention(), Logger: p.log})
	p.onStop("pruning", pruner.Stop)
	pruner.Start()
	return nil
}
