package app_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/pgserver"
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
	c.data = app.Data{Dir: filepath.Join(dir, "node-0"),
		Database: app.Database{URL: plan.database, SealKeyFile: filepath.Join(dir, "seal.key")}}
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
		if t.Failed() {
			c.tellLogs()
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

// TestClusterKeepsItsPromises (P1–P8) has clients call at random at three nodes while nodes are killed and held, the database is
// restarted and crashes, and the network misbehaves; and it judges what came of it.
func TestClusterKeepsItsPromises(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	database := startDatabase(t)
	url, err := database.NewDatabase(t.Context())
	must(t, err)
	w := &workload{seed: seed,
		cluster: openCluster(t, clusterPlan{nodes: 3, delay: 20 * time.Millisecond, confirm: time.Second, database: url})}
	w.open(4)
	x := &nemesis{cluster: w.cluster, database: database, dice: w.newDice(1000), luck: w.newDice(1001)}
	x.meddle()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.run(ctx, 6, 130, 200*time.Millisecond)
	}()
	for _, strike := range x.plan() {
		pause(ctx, 1500*time.Millisecond)
		strike(ctx)
	}
	pause(ctx, 1500*time.Millisecond)
	stop()
	<-ended
	healed := w.now()
	w.rest()
	t.Logf("at rest %v after the last call", w.now()-healed)
	found := complaints(w.history.acts, w.aftermath())
	for _, c := range found {
		t.Error(c)
	}
	t.Log(strings.Join(append(x.told, w.history.summary()), "\n"))
	w.explain(found)
}

// startDatabase starts a server of the test's own, which may be stopped and crashed.
func startDatabase(t *testing.T) *pgserver.Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "rollcall-cluster-") // not the test's own, which only root may enter
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	database, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		must(t, database.Stop(ctx))
	})
	return database
}

// explain tells of the groups that something is complained of what they went through, in order.
func (w *workload) explain(found []complaint) {
	groups := map[string]bool{}
	for _, c := range found {
		for _, g := range w.groups {
			groups[g.id] = groups[g.id] || strings.Contains(c.detail, g.id)
		}
	}
	type line struct {
		at   time.Duration
		text string
	}
	var lines []line
	for _, a := range w.history.acts {
		if groups[a.group] {
			lines = append(lines, line{a.sent, fmt.Sprintf("%s %v %q at node %d: %s at %v, operation %s", a.action, a.people, a.text, a.node,
				a.code, a.answered, a.operation)})
		}
	}
	for _, c := range w.journal() {
		if groups[c.group] {
			lines = append(lines, line{c.start, fmt.Sprintf("    network: %v of node %d, accepted %v at %v", c.units(), c.node, c.accepted, c.end)})
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	for _, l := range lines {
		w.t.Logf("%v %s", l.at, l.text)
	}
}
