package app

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// network is a simulated network behind an address of its own, as Meta is.
type network struct {
	graph *httptest.Server
	sim   *simulator.Simulator
}

func openNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{}
	n.graph = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.sim.Graph().ServeHTTP(w, r) }))
	t.Cleanup(n.graph.Close)
	return n
}

// open opens the network once the address for its webhooks is known.
func (n *network) open(t *testing.T, callback simulator.Callback) {
	t.Helper()
	var err error
	n.sim, err = simulator.New(simulator.Config{Callback: callback, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.sim.Close(t.Context()); err != nil {
			t.Logf("close simulator: %v", err) // the test's context is done by now
		}
	})
}

// writeSecret writes a file that only its owner can read.
func writeSecret(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeCertificate writes a certificate for the loopback addresses and its key.
func writeCertificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	s := httptest.NewTLSServer(nil) // it comes with one
	defer s.Close()
	pair := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	return writeSecret(t, dir, "server.crt", string(certificate)),
		writeSecret(t, dir, "server.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

// customer is an account that an operator has set up.
type customer struct {
	client  *Client
	account string
	target  url.Values
}

const customerNumber = "8613800000000"

// setUp makes an account with a key and a bound number, as the command line does.
func setUp(t *testing.T, data Data) customer {
	t.Helper()
	m, err := Manage(t.Context(), data, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	a, err := m.CreateAccount(t.Context(), "", "customer")
	must(t, err)
	account := string(a.ID)
	must(t, m.SetBeta(t.Context(), account, true))
	k, err := m.CreateAccessKey(t.Context(), account, "")
	must(t, err)
	c, err := m.CreateChannel(t.Context(), account, "", "")
	must(t, err)
	must(t, m.BindNumber(t.Context(), account, BusinessNumber{Number: 8613800000000, SpaceID: c.SpaceID, PhoneNumberID: "11",
		WABAID: "12", Token: "token"}))
	return customer{account: account, client: &Client{Credentials: Credentials{AccessKeyID: k.ID, AccessKeySecret: string(k.Secret)}},
		target: url.Values{"CustSpaceId": {c.SpaceID}, "BusinessNumber": {customerNumber}}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *customer) call(t *testing.T, action string, parameters url.Values, out any) *Answer {
	t.Helper()
	values := url.Values{}
	for _, from := range []url.Values{c.target, parameters} {
		for name, value := range from {
			values[name] = value
		}
	}
	a, err := c.client.Call(t.Context(), action, values)
	must(t, err)
	if out != nil {
		must(t, json.Unmarshal(a.Body, out))
	}
	return a
}

// TestServe runs the production program over TLS before a network behind HTTP, whose webhooks come back over TLS.
func TestServe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := Data{Dir: filepath.Join(dir, "data"), Database: Database{SealKeyFile: filepath.Join(dir, "seal.key")}}
	who := setUp(t, data)
	net := openNetwork(t)
	certFile, keyFile := writeCertificate(t, dir)
	p := start(t, Config{Listen: Listener{Address: "127.0.0.1:0", CertFile: certFile, KeyFile: keyFile}, DataDir: data.Dir,
		Database: data.Database, ConfirmWait: 10 * time.Second, Logger: testLogger(t), Meta: Meta{GraphURL: net.graph.URL,
			AppSecretFile:   writeSecret(t, dir, "app-secret", "the app's secret"),
			VerifyTokenFile: writeSecret(t, dir, "verify-token", "the word\n")}})
	trusting, err := TrustFile(certFile)
	must(t, err)
	net.open(t, simulator.Callback{URL: "https://" + p.Addr() + "/meta/webhook", AppSecret: "the app's secret", VerifyToken: "the word",
		Transport: trusting.Transport})
	must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: customerNumber, PhoneNumberID: "11", WABAID: "12", Token: "token",
		Subscribed: true}))
	who.client.Endpoint, who.client.Protocol, who.client.HTTP = p.Addr(), "https", trusting

	if a := who.call(t, "AddChatGroup", url.Values{"Subject": {"Team"}}, nil); !a.OK() {
		t.Fatalf("AddChatGroup: %s", a.Body)
	}
	var said struct{ Data struct{ List []groupRow } }
	await(t, "the network's word that the group is made", func() bool {
		who.call(t, "ListChatGroup", url.Values{"Page": {`{"Index":1,"Size":10}`}, "GroupStatus": {"ACTIVE"}}, &said)
		return len(said.Data.List) == 1
	})
	who.client.OldSigning = true
	a := who.call(t, "DeleteChatGroup", url.Values{"GroupId": {said.Data.List[0].GroupId}}, nil)
	if !a.OK() {
		t.Errorf("DeleteChatGroup: %s", a.Body)
	}
	if ready := p.Ready(); ready.AccessKeySecret != "" {
		t.Error("a production server tells a secret")
	}
}

func TestDevOverTLS(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	cfg.Listen.CertFile, cfg.Listen.KeyFile = writeCertificate(t, t.TempDir())
	ready := start(t, cfg).Ready()
	if ready.Protocol != "https" {
		t.Errorf("protocol %q, want https", ready.Protocol)
	}
	client := ready.Client()
	var err error
	client.HTTP, err = TrustFile(ready.CertificateFile)
	must(t, err)
	values := ready.Target()
	values.Set("Page", `{"Index":1,"Size":1}`)
	if a, err := client.Call(t.Context(), "ListChatGroup", values); err != nil || !a.OK() {
		t.Errorf("over TLS: %+v, %v", a, err)
	}
	conn, err := tls.Dial("tcp", ready.Endpoint, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11})
	if err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is still spoken")
	}
}

// TestManagementIsRecorded looks for the audit records of what an operator does.
func TestManagementIsRecorded(t *testing.T) {
	t.Parallel()
	data := Data{Dir: filepath.Join(t.TempDir(), "data")}
	setUp(t, data)
	s, _, err := data.open(t.Context(), "", nil)
	must(t, err)
	defer func() { _ = s.Close() }()
	var actions []string
	must(t, s.Read(t.Context(), func(tx *store.Tx) error {
		accounts, err := tx.Accounts()
		must(t, err)
		all, err := tx.Operations(accounts[0].ID, 0, 100)
		for _, op := range all {
			actions = append(actions, op.Action)
			if op.Kind != group.KindAccount || op.Principal != "operator" || op.State != group.Done || op.DoneAt.IsZero() {
				t.Errorf("record %+v", op)
			}
			if strings.Contains(op.Result, customerNumber) {
				t.Error("a record shows a full number")
			}
		}
		return err
	}))
	want := "channel bind, channel create, account key create, account allow, account create"
	if got := strings.Join(actions, ", "); got != want {
		t.Errorf("records: %s, want %s", got, want)
	}
}

func TestExamine(t *testing.T) {
	t.Parallel()
	net := openNetwork(t)
	net.open(t, simulator.Callback{})
	must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: customerNumber, PhoneNumberID: "11", WABAID: "12", Token: "token", Subscribed: true}))
	data := Data{Dir: filepath.Join(t.TempDir(), "data")}
	setUp(t, data)
	cfg := Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: data.Dir, Meta: Meta{GraphURL: net.graph.URL}}

	if failed := failures(t, cfg); len(failed) > 0 {
		t.Errorf("a sound installation fails in %v", failed)
	}
	must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: customerNumber, PhoneNumberID: "11", WABAID: "12", Token: "new token"}))
	if failed := failures(t, cfg); len(failed) != 1 || failed[0] != "number 8613*******00" {
		t.Errorf("with a withdrawn token %v fails, want the number", failed)
	}
	must(t, os.Chmod(data.keyPath(), 0o644))
	if failed := failures(t, cfg); len(failed) != 1 || failed[0] != "key file" {
		t.Errorf("with an open key file %v fails, want the key file", failed)
	}
	must(t, os.Chmod(data.keyPath(), 0o600))
	must(t, os.WriteFile(data.keyPath(), make([]byte, sealKeyBytes), 0o600))
	if failed := failures(t, cfg); len(failed) != 1 || failed[0] != "key file" {
		t.Errorf("with a foreign key file %v fails, want the key file", failed)
	}
	cfg.DataDir = filepath.Join(data.Dir, "elsewhere")
	if failed := failures(t, cfg); len(failed) != 1 || failed[0] != "data directory" {
		t.Errorf("elsewhere %v fails, want the data directory", failed)
	}
}

func failures(t *testing.T, cfg Config) []string {
	t.Helper()
	return found(t, cfg, Fail)
}

// found gives what was found to be as bad as that.
func found(t *testing.T, cfg Config, level Level) []string {
	t.Helper()
	var what []string
	for _, f := range Examine(t.Context(), cfg) {
		t.Logf("%s %s: %s", f.Level, f.What, f.Detail)
		if f.Level == level {
			what = append(what, f.What)
		}
	}
	return what
}

// TestExamineMissesWhatNobodyHasMadeYet takes an operator through the steps; each finding goes when its step is done.
func TestExamineMissesWhatNobodyHasMadeYet(t *testing.T) {
	t.Parallel()
	net := openNetwork(t)
	net.open(t, simulator.Callback{})
	must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: customerNumber, PhoneNumberID: "11", WABAID: "12", Token: "token", Subscribed: true}))
	data := Data{Dir: filepath.Join(t.TempDir(), "data")}
	cfg := Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: data.Dir, Meta: Meta{GraphURL: net.graph.URL}}
	m, err := Manage(t.Context(), data, true)
	must(t, err)
	defer func() { _ = m.Close() }()
	misses := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, found(t, cfg, Warn)); diff != "" {
			t.Errorf("missed (-want +got):\n%s", diff)
		}
	}
	misses("accounts", "numbers")
	a, err := m.CreateAccount(t.Context(), "", "customer")
	must(t, err)
	account := string(a.ID)
	misses("accounts", "access keys", "numbers")
	must(t, m.SetBeta(t.Context(), account, true))
	misses("access keys", "numbers")
	_, err = m.CreateUser(t.Context(), account, "alice", "")
	must(t, err)
	k, err := m.CreateAccessKey(t.Context(), account, "alice")
	must(t, err)
	misses("numbers")
	must(t, m.SetAccessKeyStatus(t.Context(), account, k.ID, "Inactive"))
	misses("access keys", "numbers")
	must(t, m.SetAccessKeyStatus(t.Context(), account, k.ID, "Active"))
	c, err := m.CreateChannel(t.Context(), account, "", "")
	must(t, err)
	must(t, m.BindNumber(t.Context(), account, BusinessNumber{Number: 8613800000000, SpaceID: c.SpaceID, PhoneNumberID: "11",
		WABAID: "12", Token: "token"}))
	misses("webhooks") // without the app's secret it is not known what it is subscribed to
}
