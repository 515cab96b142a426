package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/signature"
)

// TestGoals has rates told of and gates fail, these only beyond their slack and only where it was asked for.
func TestGoals(t *testing.T) {
	t.Parallel()
	good := row{Subject: "sqlite-accepted", Connections: 64, People: 3, Ratio: 0.34, CPURatio: 2.9, P99Ratio: 1.5}
	for _, test := range []struct {
		name   string
		spoil  func(*row)
		told   string
		failed bool
	}{
		{"reached", func(*row) {}, "", false},
		{"a rate", func(r *row) { r.Ratio = 0.1 }, "rate of the floor's is 0.10, goal 0.33", false},
		{"within the slack", func(r *row) { r.CPURatio = 3.8 }, "server CPU of the floor's is 3.80, goal 3.00", false},
		{"beyond the slack", func(r *row) { r.CPURatio = 4 }, "server CPU of the floor's is 4.00, goal 3.00 (gate)", true},
		{"other people", func(r *row) { r.CPURatio, r.People = 9, 8 }, "", false},
		{"other connections", func(r *row) { r.CPURatio, r.Connections = 9, 16 }, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, b := good, &bench{}
			test.spoil(&r)
			var said strings.Builder
			if err := b.judge(&said, []row{r}, nil); err != nil {
				t.Error("nobody asked:", err)
			}
			if text := said.String(); !strings.Contains(text, test.told) || test.told == "" && text != "" {
				t.Errorf("said %q", text)
			}
			b.output.goals = true
			if err := b.judge(io.Discard, []row{r}, nil); errors.Is(err, errGoals) != test.failed {
				t.Error(err)
			}
		})
	}
}

func TestFiguresHaveGoals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		figure figure
		missed bool
	}{
		{figure{Value: 15, Goal: 16}, false},
		{figure{Value: 17, Goal: 16}, true},
		{figure{Value: 17}, false},
	} {
		if text, _ := test.figure.missed(); (text != "") != test.missed {
			t.Errorf("%+v: %q", test.figure, text)
		}
	}
}

// TestGrowthIsPairedByRound has many groups cost half more in every round, however slow the round.
func TestGrowthIsPairedByRound(t *testing.T) {
	t.Parallel()
	b := tried()
	b.plan.growth = true
	for round, unit := range []time.Duration{time.Millisecond, 5 * time.Millisecond, time.Second} {
		many := measured("sqlite-accepted", round, 1, 30*unit)
		few := measured("sqlite-accepted", round, 1, 10*unit)
		many.p50, few.p50 = 3*unit, 2*unit
		b.samples, b.ofSmall = append(b.samples, many), append(b.ofSmall, few)
	}
	figures := b.compareCell("sqlite-accepted", crowded)
	if figures[0].Value != 1.5 || figures[1].Value != 3 {
		t.Errorf("%+v", figures)
	}
	if text, gate := figures[0].missed(); text == "" || gate {
		t.Errorf("p50: %q, gate %v", text, gate)
	}
}

// TestNonceBytes has a nonce cost what two or three of its tables' slots of eight bytes do. It looks at the memory of the process, so no
// other test runs beside it.
func TestNonceBytes(t *testing.T) {
	if got := nonceBytes(500); got < 8 || got > 30 {
		t.Errorf("%.1f bytes", got)
	}
}

// TestCheckFigures measures a check that succeeds and allocates nothing.
func TestCheckFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(10, 0)
	w.space, w.caller = "cams-test", signature.Credentials{AccessKeyID: "LTAI5tExampleExampleExam", AccessKeySecret: "secret"}
	figures, err := checkFigures(w)
	if err != nil || figures[0].Value <= 0 || figures[0].Goal != checkGoal || !figures[0].gate {
		t.Errorf("%+v: %v", figures, err)
	}
}

// TestForget drops a round that did not end, and no other.
func TestForget(t *testing.T) {
	t.Parallel()
	b := tried(measured("floor", 0, 1, 1), measured("floor", 1, 1, 1), measured("no-database", 0, 1, 1))
	b.ofSmall = []sample{measured("sqlite-accepted", 1, 1, 1)}
	b.forget(1)
	if len(b.samples) != 2 || len(b.ofSmall) != 0 || b.rows()[0].Rounds != 1 {
		t.Errorf("%d and %d samples", len(b.samples), len(b.ofSmall))
	}
}
