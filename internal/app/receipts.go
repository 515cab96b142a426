package app

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/outbound"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Receipts says how customers' callbacks are pushed to. The zero value does what the official service does, and leads to public
// addresses alone; a program with a simulator reaches its own machine too.
type Receipts struct {
	Timeout time.Duration   // for a receiver's answer
	Retries []time.Duration // waits before the second and later pushes; nil for those of the official service, empty for none
	AnyCode bool            // any numeric code acknowledges
	Allow   []netip.Prefix  // addresses that callbacks may lead to although they are not public
}

// The values of settings that are not given.
const DefaultCallbackTimeout = receipt.DefaultTimeout

// DefaultCallbackRetries is DefaultRetries of package receipt.
func DefaultCallbackRetries() []time.Duration { return receipt.DefaultRetries() }

// ReceiptRange says which receipts are meant that were given up.
type ReceiptRange = store.Range

// DeadReceipt is a receipt that was given up.
type DeadReceipt = gateway.DeadReceipt

// pusher makes what brings receipts to callbacks.
func (p *Program) pusher() *receipt.Pusher {
	r := p.cfg.Receipts
	allow := r.Allow
	if p.cfg.Simulator != nil {
		allow = slices.Concat(allow, outbound.Loopback)
	}
	pusher := receipt.NewPusher(receipt.Config{Timeout: r.Timeout, Retries: r.Retries, AnyCode: r.AnyCode, Allow: allow})
	p.onStop("pushing of receipts", func(context.Context) error { pusher.Close(); return nil })
	return pusher
}

// countReceipts adds what has become of receipts.
func (p *Program) countReceipts() {
	for _, o := range receipt.Outcomes() {
		p.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rollcall_receipts_total", Help: "Receipts by what has become of them; failed counts each push.",
			ConstLabels: prometheus.Labels{"outcome": o.String()},
		}, func() float64 { return float64(p.gateway.CountReceipts(o)) }))
	}
	p.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rollcall_receipts_dead", Help: "Receipts that were given up and not replayed; -1 when the database does not tell.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		n, err := p.gateway.CountDeadReceipts(ctx)
		if err != nil {
			return -1
		}
		return float64(n)
	}))
}
