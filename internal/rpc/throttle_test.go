package rpc

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
)

// documented gives ListSilently a documented figure.
func documented(c *Config, perSecond float64) {
	for i := range c.Operations {
		if c.Operations[i].Action == "ListSilently" {
			c.Operations[i].PerSecond = perSecond
		}
	}
}

// TestThrottleOfAnAction: what the operator sets for an action counts before what is documented for it, and that before the default.
func TestThrottleOfAnAction(t *testing.T) {
	const action = "ListSilently"
	for name, c := range map[string]struct {
		change func(*Config)
		passes int
		header string
	}{
		"default":         {func(c *Config) { c.Limits.CallsPerSecond = 4 }, 4, "Limit:4,Remain:0,TimeLeft:250"},
		"documented":      {func(c *Config) { c.Limits.CallsPerSecond = 4; documented(c, 2) }, 2, "Limit:2,Remain:0,TimeLeft:500"},
		"documented more": {func(c *Config) { c.Limits.CallsPerSecond = 4; documented(c, 8) }, 8, "Limit:8,Remain:0,TimeLeft:125"},
		"set": {func(c *Config) {
			c.Limits.CallsPerSecond = 4
			documented(c, 2)
			c.Limits.Actions = map[string]float64{action: 5}
		}, 5, "Limit:5,Remain:0,TimeLeft:200"},
		"set slow":           {func(c *Config) { c.Limits.Actions = map[string]float64{action: 0.1} }, 1, "Limit:1,Remain:0,TimeLeft:10000"},
		"set to none":        {func(c *Config) { c.Limits.CallsPerSecond = 4; c.Limits.Actions = map[string]float64{action: 0} }, 50, ""},
		"no limits":          {func(c *Config) { documented(c, 2) }, 50, ""},
		"of another action":  {func(c *Config) { c.Limits.Actions = map[string]float64{"DeletePending": 1} }, 50, ""},
		"none, but this one": {func(c *Config) { documented(c, 2); c.Limits.Actions = map[string]float64{action: 3} }, 3, "Limit:3,Remain:0,TimeLeft:334"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change)
			for range c.passes {
				w.expect(w.call(request{action: action}), 200, "OK")
			}
			if c.header == "" {
				return
			}
			a := w.call(request{action: action})
			w.expect(a, 400, "Throttling.User")
			got := a.Header().Get("X-Ratelimit-User-Api")
			if _, left, _ := strings.Cut(c.header, "TimeLeft:"); got != c.header || a.Header().Get("X-Acs-Retry-After") != left {
				t.Errorf("X-Ratelimit-User-Api is %q and X-Acs-Retry-After %q, want %q", got, a.Header().Get("X-Acs-Retry-After"), c.header)
			}
			w.clock.add(10 * time.Second)
			w.expect(w.call(request{action: action}), 200, "OK")
		})
	}
}

func TestLimitsThatAreNone(t *testing.T) {
	w := newWorld(t)
	for action, rate := range map[string]float64{"ListNothing": 1, "listsilently": 1, "ListSilently": -1, "": 1} {
		cfg := Config{Gateway: w.gateway, Operations: testOperations(), Keys: testKeys()}
		cfg.Limits.Actions = map[string]float64{action: rate}
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), action) {
			t.Errorf("a limit of %v for %q: %v", rate, action, err)
		}
	}
	for _, rate := range []float64{math.NaN(), math.Inf(1)} {
		cfg := Config{Gateway: w.gateway, Operations: testOperations(), Keys: testKeys()}
		cfg.Limits.Actions = map[string]float64{"ListSilently": rate}
		if _, err := New(cfg); err == nil {
			t.Errorf("a limit of %v is taken", rate)
		}
	}
}

// TestSharedLimitOfAnAction: nodes count together by the action's own figure, and one that was told to wait asks nobody meanwhile.
func TestSharedLimitOfAnAction(t *testing.T) {
	asked := 0
	w := newWorld(t, func(c *Config) {
		c.Limits.CallsPerSecond, c.Limits.Actions = 100, map[string]float64{"ListSilently": 2}
		c.Memory.Shared = &Shared{
			UseNonce: func(context.Context, store.Nonce) (bool, error) { return true, nil },
			Spend: func(_ context.Context, a store.Allowance, one time.Duration, saved int) (time.Duration, error) {
				want, most := 10*time.Millisecond, 100
				if a.Action == "ListSilently" {
					want, most = 500*time.Millisecond, 2
					asked++
				}
				if one != want || saved != most {
					t.Errorf("%s: one each %v and %d saved, want %v and %d", a.Action, one, saved, want, most)
				}
				if a.Action == "ListSilently" {
					return 250 * time.Millisecond, nil // the other nodes have used them up
				}
				return 0, nil
			},
		}
	})
	w.expect(w.call(request{action: "DeletePending"}), 200, "ChatGroup.OperationPending")
	for range 3 {
		a := w.call(request{action: "ListSilently"})
		w.expect(a, 400, "Throttling.User")
		if got := a.Header().Get("X-Ratelimit-User-Api"); got != "Limit:2,Remain:0,TimeLeft:250" {
			t.Errorf("X-Ratelimit-User-Api is %q", got)
		}
	}
	if asked != 1 {
		t.Errorf("the other nodes were asked %d times", asked)
	}
}
