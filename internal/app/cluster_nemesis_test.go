package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// nemesis does to a cluster what can happen to it, one thing after another.
type nemesis struct {
	*cluster
	dice *rand.Rand
	told []string
}

// lease is longer than a node that says nothing keeps its lanes.
const lease = 7 * time.Second

func (x *nemesis) someone() *node { return x.nodes[x.dice.IntN(len(x.nodes))] }

func (x *nemesis) tell(what string, args ...any) {
	x.told = append(x.told, fmt.Sprintf("%v %s", x.now().Round(time.Millisecond), fmt.Sprintf(what, args...)))
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
