package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// nemesis does to a cluster what can happen to it, one thing after another.
type nemesis struct {
	*cluster
	database *pgserver.Server
	dice     *rand.Rand
	told     []string

	mu   sync.Mutex
	luck *rand.Rand // of the network's own mishaps
}

// lease is longer than a node that says nothing keeps its lanes.
const lease = 7 * time.Second

func (x *nemesis) someone() *node { return x.nodes[x.dice.IntN(len(x.nodes))] }

func (x *nemesis) tell(what string, args ...any) {
	x.told = append(x.told, fmt.Sprintf("%v %s", x.now().Round(time.Millisecond), fmt.Sprintf(what, args...)))
}

// plan gives everything once, in an order that chance decides.
func (x *nemesis) plan() []func(context.Context) {
	all := []func(context.Context){x.killOne, x.killOne, x.killAll, x.holdOne, x.restartDatabase, x.crashDatabase}
	x.dice.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	return all
}

func (x *nemesis) restartDatabase(ctx context.Context) {
	x.tell("restart the database")
	must(x.t, x.database.Restart(ctx))
	x.tell("the database is back")
}

func (x *nemesis) crashDatabase(ctx context.Context) {
	x.tell("crash the database")
	must(x.t, x.database.Crash(ctx))
	x.tell("the database is back")
}

// killOne kills a node and starts it again.
func (x *nemesis) killOne(ctx context.Context) {
	n := x.someone()
	x.tell("kill node %d", n.index)
	n.kill()
	pause(ctx, time.Second)
	n.start()
	x.tell("node %d is back", n.index)
}

// killAll kills all nodes at the same moment.
func (x *nemesis) killAll(ctx context.Context) {
	x.tell("kill all nodes")
	for _, n := range x.nodes {
		n.kill()
	}
	pause(ctx, 300*time.Millisecond)
	for _, n := range x.nodes {
		n.start()
	}
	x.tell("all nodes are back")
}

// holdOne holds a node for longer than its lease, and lets it go on as if nothing had been.
func (x *nemesis) holdOne(ctx context.Context) {
	n := x.someone()
	x.tell("hold node %d", n.index)
	n.hold()
	pause(ctx, lease)
	n.resume()
	x.tell("node %d goes on", n.index)
}

// meddle has the network behave as badly as it may: answers are lost on their way, removals take their time, and what is
// reported comes twice, late, or (of removals) never.
func (x *nemesis) meddle() {
	lose := func() bool { return x.oneIn(40) }
	x.loses.Store(&lose)
	x.simulator.Interfere(&simulator.Interference{
		Outcome: func(s simulator.Step) int {
			if s.Kind == "remove" && x.oneIn(12) {
				pause(x.t.Context(), slowRemoval)
			}
			return 0
		},
		Webhook: func(w simulator.Webhook) simulator.WebhookFate {
			switch {
			case w.Type == "group_participants_remove" && x.oneIn(20):
				return simulator.WebhookFate{Lose: true}
			case w.Field == "group_participants_update" && x.oneIn(10):
				return simulator.WebhookFate{Delay: time.Second}
			}
			return simulator.WebhookFate{Copies: x.chance(8)}
		},
	})
}

// slowRemoval is longer than callers wait.
const slowRemoval = 1500 * time.Millisecond

func (x *nemesis) oneIn(n int) bool { return x.chance(n) == 1 }

// chance gives 1 once in so many times and 0 else.
func (x *nemesis) chance(n int) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.luck.IntN(n) == 0 {
		return 1
	}
	return 0
}
