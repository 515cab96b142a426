package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/simulator"
)

// startBound runs a production server before a simulated network, with the token of the business account 501.
func startBound(t *testing.T) (customer, *network, Data) {
	t.Helper()
	dir := t.TempDir()
	data := Data{Dir: filepath.Join(dir, "data")}
	who := setUp(t, data)
	net := openNetwork(t)
	net.open(t, simulator.Callback{})
	for i, digits := range []string{"8613800005011", "8613800005012"} {
		must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: "+" + digits, PhoneNumberID: fmt.Sprint(111 + i), WABAID: "501",
			Token: "EAAtokenOf501", Name: "Ward"}))
	}
	p := start(t, Config{Listen: Listener{Address: "127.0.0.1:0", Limits: map[string]float64{"ListInstance": 0.01}, CallsPerSecond: 1000},
		DataDir: data.Dir, Logger: testLogger(t), Meta: Meta{GraphURL: net.graph.URL,
			AppSecretFile: writeSecret(t, dir, "app-secret", "x"), VerifyTokenFile: writeSecret(t, dir, "verify-token", "x"),
			WABATokenFiles: map[string]string{who.account + "/501": writeSecret(t, dir, "501", "EAAtokenOf501\n"),
				who.account + "/502": writeSecret(t, dir, "502", "y"), "1000000000000009/503": writeSecret(t, dir, "503", "z")}}})
	must(t, os.Remove(filepath.Join(dir, "502")))
	who.client.Endpoint, who.client.Protocol = p.Addr(), "http"
	return who, net, data
}

// bare calls about no channel in particular.
func (c *customer) bare(t *testing.T, action string, parameters url.Values, out any) *Answer {
	t.Helper()
	only := *c
	only.target = nil
	return only.call(t, action, parameters, out)
}

// TestBindWABA: a production server binds an account with all its numbers by the token that its operator has named, and says what to
// do where there is none. The token is sealed in the database and never told.
func TestBindWABA(t *testing.T) {
	t.Parallel()
	who, net, data := startBound(t)
	var made struct {
		Data struct{ InstanceId string }
	}
	who.bare(t, "CreateInstance", url.Values{"ChannelType": {"whatsapp"}, "InstanceName": {"ward"}}, &made)
	var numbers struct {
		PhoneNumbers []struct{ PhoneNumber, Status string }
	}
	space := url.Values{"CustSpaceId": {made.Data.InstanceId}}
	if a := who.bare(t, "QueryChatappPhoneNumbers", space, &numbers); !a.OK() || len(numbers.PhoneNumbers) != 0 {
		t.Fatalf("a new channel: %s", a.Body)
	}
	var bound struct {
		Data struct{ CustSpaceId, WabaId string }
	}
	a := who.bare(t, "ChatappBindWaba", url.Values{"WabaId": {"501"}}, &bound)
	if !a.OK() || bound.Data.CustSpaceId != made.Data.InstanceId || bound.Data.WabaId != "501" {
		t.Fatalf("bind: %s", a.Body)
	}
	a = who.bare(t, "QueryChatappPhoneNumbers", space, &numbers)
	if len(numbers.PhoneNumbers) != 2 || numbers.PhoneNumbers[0].PhoneNumber != "8613800005011" || numbers.PhoneNumbers[1].Status != "CONNECTED" {
		t.Fatalf("numbers: %s", a.Body)
	}
	group := url.Values{"BusinessNumber": {"8613800005012"}, "CustSpaceId": space["CustSpaceId"], "Subject": {"round"}}
	if a := who.bare(t, "AddChatGroup", group, nil); !a.OK() {
		t.Errorf("a group: %s", a.Body)
	}
	if apps := net.sim.Numbers("501"); len(apps) != 2 || !apps[0].Subscribed {
		t.Error("the webhooks of the account are not subscribed to")
	}
	for id, want := range map[string]string{"777": "--waba-token", "502": "ServiceUnavailable", "503": "Authentication.NoAuth"} {
		a := who.bare(t, "ChatappBindWaba", url.Values{"WabaId": {id}}, nil)
		if a.OK() || !strings.Contains(string(a.Body), want) || id == "777" && !strings.Contains(string(a.Body), "Authentication.NoAuth") {
			t.Errorf("%s: %d %s", id, a.Status, a.Body)
		}
	}
	for _, name := range []string{databaseFile, databaseFile + "-wal"} {
		content, err := os.ReadFile(filepath.Join(data.Dir, name))
		must(t, err)
		if bytes.Contains(content, []byte("EAAtokenOf501")) {
			t.Errorf("%s holds the token in the open", name)
		}
	}
}

// TestLimitOfAnAction: the operator's figure for one action is told in the headers that clients wait by, and holds for it alone.
func TestLimitOfAnAction(t *testing.T) {
	t.Parallel()
	who, _, _ := startBound(t)
	throttled := 0
	for range 10 {
		a := who.bare(t, "ListInstance", nil, nil)
		var said struct{ Code string }
		must(t, json.Unmarshal(a.Body, &said))
		if said.Code == "Throttling.User" {
			throttled++
		}
		if b := who.bare(t, "QueryInstance", url.Values{"InstanceId": who.target["CustSpaceId"]}, nil); !b.OK() {
			t.Errorf("another action: %s", b.Body)
		}
	}
	if throttled == 0 {
		t.Error("ten calls met no limit of one in a hundred seconds")
	}
}

func TestLimitOfNoAction(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	cfg.Listen.Limits = map[string]float64{"ListNothing": 1}
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), `"ListNothing"`) {
		t.Errorf("error %v", err)
	}
}

// TestDevDoesNotLimit: a newcomer is not stopped by what the official service documents.
func TestDevDoesNotLimit(t *testing.T) {
	t.Parallel()
	p := start(t, devConfig(t))
	if l := p.cfg.Listen; l.CallsPerSecond != 0 || len(l.Limits) != 0 {
		t.Errorf("a development server limits calls: %v in a second, %v", l.CallsPerSecond, l.Limits)
	}
	ready := p.Ready()
	client := ready.Client()
	for range 40 {
		a, err := client.Call(t.Context(), "QueryChatappPhoneNumbers", url.Values{})
		if err != nil || a.Status != http.StatusOK {
			t.Fatalf("%+v, %v", a, err)
		}
	}
}
