package gateway_test

import (
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
)

// A server that starts without groups begins to read those that it gets soon, and not after half an hour.
func TestP7SweepKeepsPaceWithNewGroups(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	due := gateway.Pauses(start, 10*time.Minute, func(now time.Time) time.Duration {
		if now.Sub(start) < 90*time.Second {
			return 30 * time.Minute // there are none yet
		}
		return 10 * time.Second
	})
	if len(due) == 0 || due[0].Sub(start) > 3*time.Minute {
		t.Fatalf("the first groups were read at %v", due)
	}
	for i := 1; i < len(due); i++ {
		if pause := due[i].Sub(due[i-1]); pause != 10*time.Second {
			t.Errorf("a pause of %s", pause)
		}
	}
	if len(due) < 40 {
		t.Errorf("%d groups were read", len(due))
	}
}

// A round goes on where it was when the store could not be read, and begins again after the last group.
func TestP7SweepGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.group("one"), w.group("two")
	g := w.gateway()
	if got := g.SweepOne(0); got != one.id {
		t.Errorf("first comes %d", got)
	}
	if got := g.SweepOne(one.id); got != two.id {
		t.Errorf("then comes %d", got)
	}
	if got := g.SweepOne(two.id); got != 0 {
		t.Errorf("after the last comes %d", got)
	}
	w.idle()
	w.crash()
	if got := g.SweepOne(one.id); got != one.id {
		t.Errorf("without a store it went on to %d", got)
	}
	w.open()
}

// What is remembered of ended commands is bounded, and the latest are remembered.
func TestHeardReportsAreBounded(t *testing.T) {
	t.Parallel()
	remembered, known := gateway.Heard(20_000, 4000)
	if remembered > 8192 || !known {
		t.Errorf("%d groups are remembered; the one 4000 back: %v", remembered, known)
	}
}

// What is handed over for lanes that another node runs does not stay for ever, nor keep out what comes later.
func TestHandoversAreBounded(t *testing.T) {
	t.Parallel()
	if kept, last := gateway.Handovers(50_000); kept > 5000 || !last {
		t.Errorf("%d are kept, the last one: %v", kept, last)
	}
}
