package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rollcall-im/rollcall/internal/app"
)

type receiptsVerb struct {
	place

	List   receiptsList   `cmd:"" help:"List receipts that were given up, oldest first: ID is for replay, EVENTID is what the receiver knows it by, TO where it goes by the settings of now."`
	Replay receiptsReplay `cmd:"" help:"Have receipts pushed again that were given up. A running server takes them up within half a minute."`
}

// AfterApply hands the place on to the verbs below.
func (v *receiptsVerb) AfterApply(k *kong.Context) error {
	k.Bind(v.place)
	return v.guarded.AfterApply(k)
}

// span says which receipts are meant.
type span struct {
	From moment `placeholder:"TIME" help:"Only those from this time on, such as 2026-01-02T15:04:05Z: when the event was written down."`
	To   moment `placeholder:"TIME" help:"Only those before this time."`
}

// moment is a time that is given on the command line.
type moment struct{ time.Time }

// UnmarshalText reads one.
func (m *moment) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("%q is no time; write it like 2026-01-02T15:04:05Z", text)
	}
	m.Time = at
	return nil
}

type receiptsList struct {
	span
	Most int `default:"100" placeholder:"N" help:"How many are listed. Default ${default}."`
}

// Run lists dead receipts, one line for each.
func (v *receiptsList) Run(t *terminal, p place) error {
	if v.Most < 1 {
		return fmt.Errorf("--most must be more than 0; %w", errUsage)
	}
	return p.within(false, func(ctx context.Context, m *app.Management) error {
		dead, err := m.DeadReceipts(ctx, app.ReceiptRange{From: v.From.Time, To: v.To.Time, Most: v.Most})
		if err != nil {
			return err
		}
		rows := [][]string{{"ID", "EVENTID", "TIME", "NUMBER", "KIND", "GROUP", "TO", "FAILURE"}}
		for i := range dead {
			r := &dead[i].Receipt
			rows = append(rows, []string{strconv.FormatInt(dead[i].Item.ID, 10), strconv.FormatInt(dead[i].Item.OperationID, 10), r.At.UTC().Format(timeForm), r.Number.Masked(),
				r.Kind, r.NetworkID, dead[i].Host, dead[i].Item.Failure})
		}
		return table(t, rows...)
	})
}

type receiptsReplay struct {
	span
	ID  int64 `name:"id" placeholder:"N" help:"This one, by the id that list shows."`
	All bool  `help:"All of them."`
}

// Run replays.
func (v *receiptsReplay) Run(t *terminal, p place) error {
	ranged := !v.From.IsZero() || !v.To.IsZero()
	if chosen := b2i(v.ID != 0) + b2i(ranged) + b2i(v.All); chosen != 1 {
		return fmt.Errorf("say which: --id, --from and --to, or --all; %w", errUsage)
	}
	return p.within(false, func(ctx context.Context, m *app.Management) error {
		n, err := m.ReplayReceipts(ctx, app.ReceiptRange{ID: v.ID, From: v.From.Time, To: v.To.Time})
		if err != nil {
			return err
		}
		if n == 0 && v.ID != 0 {
			return errors.New("there is no such receipt that was given up; see rollcall receipts list")
		}
		what := "receipts"
		if n == 1 {
			what = "receipt"
		}
		fmt.Fprintf(t.out, "%d %s will be pushed again\n", n, what)
		return nil
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
