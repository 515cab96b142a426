package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/signature"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// testOffice is what the program makes at its first start, as far as it matters here, and the user.
func testOffice(t *testing.T) *office {
	t.Helper()
	const account = "1000000000000001"
	dir := filepath.Join(t.TempDir(), "office")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	if err := os.WriteFile(filepath.Join(dir, keyFile), key, 0o600); err != nil {
		t.Fatal(err)
	}
	db := openTest(t, dir)
	gw := gateway.New(gateway.Config{Store: db})
	if _, err := gw.CreateAccount(t.Context(), account, "demo"); err != nil {
		t.Fatal(err)
	}
	if err := gw.SetBeta(t.Context(), account, true); err != nil {
		t.Fatal(err)
	}
	channel, err := gw.CreateChannel(t.Context(), account, "", "demo")
	if err != nil {
		t.Fatal(err)
	}
	caller, err := addCaller(t.Context(), gw, account)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return &office{dir: dir, space: channel.SpaceID, caller: signature.Credentials{AccessKeyID: caller.ID, AccessKeySecret: string(caller.Secret)}}
}

func openTest(t *testing.T, dir string) *store.Store {
	t.Helper()
	db, err := openStore(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestWorld has groups that differ, with people who differ, and no number that has more of them than the network allows.
func TestWorld(t *testing.T) {
	t.Parallel()
	const groups, full = 25_000, 700
	w := newWorld(groups, full)
	if w.groups() != groups || len(w.bySize[mostPeople]) != full || w.people != groups*fewPeople+full*(mostPeople-fewPeople) || w.numbers() != 3 {
		t.Errorf("%d groups, %d full, %d people, %d numbers", w.groups(), len(w.bySize[mostPeople]), w.people, w.numbers())
	}
	ids := map[string]bool{}
	ofNumber := map[group.Number]int{}
	for _, pool := range w.bySize {
		for _, g := range pool {
			ids[networkID(g)] = true
			ofNumber[numberOf(g)]++
		}
	}
	if len(ids) != groups {
		t.Errorf("%d ids of %d groups", len(ids), groups)
	}
	for n, count := range ofNumber {
		if count > group.MaxGroupsPerNumber {
			t.Errorf("%s has %d groups", n, count)
		}
	}
	if order := w.bySize[fewPeople]; order[0]+1 == order[1] && order[1]+1 == order[2] {
		t.Error("groups are used in the order in which they lie on disk")
	}
}

// TestSeed fills a database, and finds there what requests will name.
func TestSeed(t *testing.T) {
	t.Parallel()
	o, w := testOffice(t), newWorld(seededAtOnce+30, 20)
	if err := o.settle(t.Context(), w, filepath.Join(t.TempDir(), "seed")); err != nil {
		t.Fatal(err)
	}
	db := openTest(t, w.dir)
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		if n, err := tx.CountLiving(); err != nil || n != w.groups() {
			t.Errorf("%d groups: %v", n, err)
		}
		for size, pool := range w.bySize {
			g := pool[len(pool)-1]
			gr, err := tx.GroupByNetworkID(networkID(g))
			if err != nil || gr.Number != numberOf(g) || gr.Status != group.Active {
				t.Errorf("group %d: %+v, %v", g, gr, err)
			}
			people, err := tx.Participants(gr.ID)
			if err != nil || len(people) != size {
				t.Errorf("group %d has %d people, not %d: %v", g, len(people), size, err)
			}
			for i := range people {
				if group.Find(people, person(g, i)) == nil {
					t.Errorf("person %d is not in group %d", i, g)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestJoinNetwork has the network know the groups that are going to be used, and no others.
func TestJoinNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(2000, 600)
	p := &plan{cells: []cell{{64, 3}, {64, 8}}, rounds: 1, requests: 400}
	dir := t.TempDir()
	if err := w.joinNetwork(t.Context(), dir, p, "sqlite-confirmed"); err != nil {
		t.Fatal(err)
	}
	sim, err := simulator.New(simulator.Config{Path: filepath.Join(dir, simulatorFile)})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close(t.Context()) //nolint:errcheck // the test has seen what it wants
	rec := httptest.NewRecorder()
	sim.Control().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/sim/v1/groups", nil))
	var list struct {
		Groups []struct {
			ID     string     `json:"id"`
			People []struct{} `json:"people"`
		} `json:"groups"`
	}
	if err := json.NewDecoder(rec.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, g := range list.Groups {
		got[g.ID] = len(g.People)
	}
	if want := warmup + 200 + 200; len(got) != want {
		t.Errorf("%d groups, want %d", len(got), want)
	}
	for size, count := range p.usedBy("sqlite-confirmed") {
		for _, g := range w.bySize[size][:count] {
			if got[networkID(g)] != size {
				t.Errorf("group %d has %d people, not %d", g, got[networkID(g)], size)
			}
		}
	}
}

// TestOwnServers has both answer a signed request as the product would, and the one that checks refuse it the second time.
func TestOwnServers(t *testing.T) {
	t.Parallel()
	o, w := testOffice(t), newWorld(10, 0)
	w.space, w.caller = o.space, o.caller
	whole, err := noDatabase(openTest(t, o.dir))
	if err != nil {
		t.Fatal(err)
	}
	messages, err := w.sign("127.0.0.1:8020", []int{3, 4}, 3)
	if err != nil {
		t.Fatal(err)
	}
	send := func(h http.Handler, message []byte) string {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(message)))
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = "127.0.0.1:5000"
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Body.String()
	}
	for name, h := range map[string]http.Handler{"floor": http.HandlerFunc(floor), "no-database": whole} {
		for _, m := range messages {
			body := send(h, m)
			_, want := flagsOf(name)
			if !strings.Contains(body, want) || !strings.Contains(body, `"Result":3`) {
				t.Errorf("%s answers %s", name, body)
			}
		}
	}
	if body := send(whole, messages[0]); !strings.Contains(body, "SignatureNonceUsed") {
		t.Error("the same request again:", body)
	}
	if body := send(whole, bytes.Replace(messages[1], []byte("GroupId="), []byte("GroupId=x"), 1)); !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Error("another group:", body)
	}
}

// TestCheckPostgres refuses a program that knows no PostgreSQL and says what to leave out.
func TestCheckPostgres(t *testing.T) {
	t.Parallel()
	for help, want := range map[string]string{"--database=URL --to=URL": "", "--listen": "-subjects floor,no-database,sqlite-accepted"} {
		binary := filepath.Join(t.TempDir(), "rollcall")
		if err := os.WriteFile(binary, []byte("#!/bin/sh\necho '"+help+"'\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		err := checkPostgres(t.Context(), binary)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", help, err)
		}
	}
}
