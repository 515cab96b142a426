package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/group"
)

const (
	verifyToken    = "the word"
	businessNumber = "8613800000000"
)

// cluster is several nodes before one network, as callers and phones see them.
type cluster struct {
	*platform
	t     *testing.T
	data  app.Data // of the first node
	ready app.Ready
	nodes []*node
}

// clusterPlan says what cluster is wanted.
type clusterPlan struct {
	nodes   int
	delay   time.Duration // of the network
	confirm time.Duration
	limit   float64 // calls of an action in a second; 0 does not limit

	database string // URL of a database that all share; "" is a file, for one node
}

func openCluster(t *testing.T, plan clusterPlan) *cluster {
	t.Helper()
	dir := t.TempDir()
	c := &cluster{t: t, platform: openPlatform(t, plan.nodes, plan.delay)}
	c.data = app.Data{Dir: filepath.Join(dir, "node-0"), SealKeyFile: filepath.Join(dir, "seal.key"), Database: plan.database}
	c.ready = settle(t, c.data, businessNumber, "11")
	c.ready.SimulatorURL = c.control.URL
	secret, word := filepath.Join(dir, "app-secret"), filepath.Join(dir, "verify-token")
	must(t, os.WriteFile(secret, []byte(appSecret), 0o600))
	must(t, os.WriteFile(word, []byte(verifyToken), 0o600))
	for i := range plan.nodes {
		n := &node{t: t, index: i, logs: filepath.Join(dir, fmt.Sprintf("node-%d.log", i)), client: newSite(t, c.ready)}
		n.client.http.Timeout = nodeTimeout
		n.args = serveArgs(t, filepath.Join(dir, fmt.Sprintf("node-%d", i)), "--seal-key-file", c.data.SealKeyFile,
			"--app-secret-file", secret, "--verify-token-file", word, "--graph-url", c.souths[i].URL,
			"--confirm-wait", plan.confirm.String(), "--calls-per-second", fmt.Sprint(plan.limit))
		if plan.database != "" {
			n.args = append(n.args, "--database", plan.database)
		}
		c.nodes = append(c.nodes, n)
		t.Cleanup(n.kill)
		n.start()
	}
	c.balancer.send(c.nodes...)
	t.Cleanup(func() {
		if t.Failed() || testing.Verbose() {
			c.tellLogs()
			_ = exec.Command("cp", "-r", dir, "/tmp/cluster-dir").Run()
		}
	})
	return c
}

// nodeTimeout is how long a client waits for a node that may be held.
const nodeTimeout = 5 * time.Second

// tellLogs prints what the nodes have to complain of.
func (c *cluster) tellLogs() {
	for _, n := range c.nodes {
		const most = 6000
		text := n.complaints()
		c.t.Logf("node %d logged:\n%s", n.index, text[max(0, len(text)-most):])
	}
}

// someNode gives a site at a node that is up, in turn from the one given.
func (c *cluster) someNode(first int) (*site, *node) {
	for i := range c.nodes {
		n := c.nodes[(first+i)%len(c.nodes)]
		if s, up := n.site(); up {
			return s, n
		}
	}
	return nil, nil
}

// eventually is until with a limit of its own, for what takes longer than most.
func eventually(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); !done(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("it did not happen within %v: %s", limit, what)
		}
	}
}

// pause is a part of a plan of things that happen at certain times; nothing is waited for by it.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// group gives a group as the network sees it.
func (c *cluster) group(id string) networkGroup {
	var all struct{ Groups []networkGroup }
	c.nodes[0].client.did(http.MethodGet, "/groups", nil, &all)
	for _, g := range all.Groups {
		if g.ID == id {
			return g
		}
	}
	return networkGroup{}
}

// networkGroup is a group as the network shows it.
type networkGroup struct {
	ID, Subject string
	InviteLink  string                           `json:"invite_link"`
	People      []struct{ Number, State string } `json:"people"`
}

// TestClusterKeepsItsPromises (P1–P8) has clients call at random while nodes are killed and held, and judges what came of it.
func TestClusterKeepsItsPromises(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := &workload{cluster: openCluster(t, clusterPlan{nodes: 1, delay: 20 * time.Millisecond, confirm: time.Second}), seed: seed}
	w.open(4)
	x := &nemesis{cluster: w.cluster, dice: w.newDice(1000), luck: w.newDice(1001)}
	x.meddle()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.run(ctx, 6, 130, 200*time.Millisecond)
	}()
	for _, strike := range []func(context.Context){x.killOne, x.holdOne, x.killAll, x.killOne} {
		pause(ctx, 2*time.Second)
		strike(ctx)
	}
	pause(ctx, 2*time.Second)
	stop()
	<-ended
	w.rest()
	for _, told := range x.told {
		t.Log(told)
	}
	for _, c := range complaints(w.history.acts, w.aftermath()) {
		t.Error(c)
	}
	if t.Failed() || testing.Verbose() {
		for _, op := range w.records().operations {
			if op.State == group.Pending {
				t.Logf("pending: %+v", op)
			}
		}
		for _, c := range w.journal() {
			t.Logf("%v-%v %s %v %s %d %v", c.start, c.end, c.group[40:], c.people, c.text, c.node, c.accepted)
		}
	}
	t.Log(w.history.summary())
}
