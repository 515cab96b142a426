package app

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// TestServeOnPostgres makes a group on one node and removes somebody from it on another; nothing is kept in their folders.
func TestServeOnPostgres(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seal := writeSecret(t, dir, "seal.key", strings.Repeat("k", sealKeyBytes))
	data := Data{Dir: filepath.Join(dir, "operator"), Database: Database{URL: pgserver.Database(t), SealKeyFile: seal}}
	who := setUp(t, data)
	net := openNetwork(t)
	node := func(name string) *Program {
		return start(t, Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: filepath.Join(dir, name), Database: data.Database,
			ConfirmWait: 10 * time.Second, Logger: testLogger(t), Meta: Meta{GraphURL: net.graph.URL,
				AppSecretFile:   writeSecret(t, dir, "app-secret", "the app's secret"),
				VerifyTokenFile: writeSecret(t, dir, "verify-token", "the word")}})
	}
	one, two := node("one"), node("two")
	net.open(t, simulator.Callback{URL: "http://" + one.Addr() + "/meta/webhook", AppSecret: "the app's secret", VerifyToken: "the word"})
	must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: customerNumber, PhoneNumberID: "11", WABAID: "12", Token: "token",
		Subscribed: true}))
	who.client.Endpoint, who.client.Protocol = one.Addr(), "http"
	if a := who.call(t, "AddChatGroup", url.Values{"Subject": {"Team"}}, nil); !a.OK() {
		t.Fatalf("AddChatGroup: %s", a.Body)
	}
	who.client.Endpoint = two.Addr()
	var said struct{ Data struct{ List []groupRow } }
	await(t, "the network's word that the group is made", func() bool {
		who.call(t, "ListChatGroup", url.Values{"Page": {`{"Index":1,"Size":10}`}, "GroupStatus": {"ACTIVE"}}, &said)
		return len(said.Data.List) == 1
	})
	a := who.call(t, "DeleteChatGroupParticipants", url.Values{"GroupId": {said.Data.List[0].GroupId},
		"List": {`[{"ParticipantNumber":"8613900000001"}]`}}, nil)
	if !a.OK() {
		t.Errorf("DeleteChatGroupParticipants: %s", a.Body)
	}
	files, err := os.ReadDir(filepath.Join(dir, "two"))
	must(t, err)
	if len(files) != 2 || files[0].Name() != lockFile || files[1].Name() != nodeFile {
		t.Errorf("a node keeps %v in its folder, want the lock and its number alone", files)
	}
}

// TestKeyOfTheSecondNode starts a node without a key, and with that of the first, on a database that is in use.
func TestKeyOfTheSecondNode(t *testing.T) {
	t.Parallel()
	database := Database{URL: pgserver.Database(t)}
	first := Data{Dir: filepath.Join(t.TempDir(), "first"), Database: database}
	m, err := Manage(t.Context(), first, true)
	must(t, err)
	must(t, m.Close())

	second := Data{Dir: filepath.Join(t.TempDir(), "second"), Database: database}
	must(t, second.create())
	if _, _, err := second.open(t.Context(), "", nil); err == nil || !strings.Contains(err.Error(), "copy it from another node") {
		t.Errorf("without a key: %v", err)
	}
	if second.has(sealKeyFile) {
		t.Error("a key was made that opens nothing")
	}
	if _, err := Manage(t.Context(), second, false); err == nil || !strings.Contains(err.Error(), "copy it from another node") {
		t.Errorf("management without a key: %v", err)
	}
	key, err := os.ReadFile(first.keyPath())
	must(t, err)
	must(t, os.WriteFile(second.keyPath(), key, 0o600))
	s, _, err := second.open(t.Context(), store.Production, nil)
	must(t, err)
	must(t, s.Close())
}

func TestExaminePostgres(t *testing.T) {
	t.Parallel()
	net := openNetwork(t)
	net.open(t, simulator.Callback{})
	must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: customerNumber, PhoneNumberID: "11", WABAID: "12", Token: "token", Subscribed: true}))
	data := Data{Dir: filepath.Join(t.TempDir(), "data"), Database: Database{URL: pgserver.Database(t)}}
	cfg := Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: data.Dir, Database: data.Database, Meta: Meta{GraphURL: net.graph.URL}}
	fails := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, failures(t, cfg)); diff != "" {
			t.Errorf("fails (-want +got):\n%s", diff)
		}
	}
	fails("data directory")
	must(t, data.create())
	const unsafe = "durability" // the tests' server does without fsync
	fails(unsafe)
	if diff := cmp.Diff([]string{"database"}, found(t, cfg, Warn)); diff != "" {
		t.Errorf("an empty database (-want +got):\n%s", diff)
	}
	setUp(t, data)
	fails(unsafe)
	must(t, os.WriteFile(data.keyPath(), make([]byte, sealKeyBytes), 0o600))
	fails(unsafe, "key file")
	cfg.Database.URL = "postgres://u@127.0.0.1:1/d"
	fails("database server")
}
