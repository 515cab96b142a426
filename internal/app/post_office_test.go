package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/simulator"
)

// postOffice is the simulated network behind an address of its own, as Meta is, before a production server. Its webhooks come
// over HTTP, as the interference wishes.
type postOffice struct {
	*site
	network *simulator.Simulator
}

const appSecret = "the app's secret"

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	o := &postOffice{}
	mux := http.NewServeMux()
	mux.HandleFunc("/sim/", func(w http.ResponseWriter, r *http.Request) { o.network.Control().ServeHTTP(w, r) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { o.network.Graph().ServeHTTP(w, r) })
	south := httptest.NewServer(mux)
	t.Cleanup(south.Close)

	dir := t.TempDir()
	data := app.Data{Dir: filepath.Join(dir, "data")}
	ready := settle(t, data, "8613800000000", "11")
	secrets := [2]string{filepath.Join(dir, "app-secret"), filepath.Join(dir, "verify-token")}
	for i, content := range []string{appSecret, "the word"} {
		must(t, os.WriteFile(secrets[i], []byte(content), 0o600))
	}
	o.site = open(t, app.Config{DataDir: data.Dir, ConfirmWait: patience,
		Meta: app.Meta{GraphURL: south.URL, AppSecretFile: secrets[0], VerifyTokenFile: secrets[1]}})
	ready.Endpoint, ready.SimulatorURL = o.ready.Endpoint, south.URL
	o.ready = ready

	var err error
	o.network, err = simulator.New(simulator.Config{Logger: warnings(t.Output()), Callback: simulator.Callback{
		URL: "http://" + ready.Endpoint + "/meta/webhook", AppSecret: appSecret, VerifyToken: "the word", Transport: o.http.Transport}})
	must(t, err)
	t.Cleanup(func() { _ = o.network.Close(t.Context()) }) // the context is done by then
	must(t, o.network.RegisterNumber(simulator.Number{DisplayNumber: "8613800000000", PhoneNumberID: "11", WABAID: "12", Token: "token",
		Subscribed: true}))
	return o
}

// settle makes an account with a key, a channel and a number.
func settle(t *testing.T, data app.Data, number, phoneNumberID string) app.Ready {
	t.Helper()
	m, err := app.Manage(t.Context(), data, true)
	must(t, err)
	defer func() { _ = m.Close() }()
	a, err := m.CreateAccount(t.Context(), "", "customer")
	must(t, err)
	must(t, m.SetBeta(t.Context(), string(a.ID), true))
	k, err := m.CreateAccessKey(t.Context(), string(a.ID), "")
	must(t, err)
	c, err := m.CreateChannel(t.Context(), string(a.ID), "", "")
	must(t, err)
	n, err := app.ParseNumber(number)
	must(t, err)
	must(t, m.BindNumber(t.Context(), string(a.ID), app.BusinessNumber{Number: n, SpaceID: c.SpaceID, PhoneNumberID: phoneNumberID,
		WABAID: "12", Token: "token"}))
	return app.Ready{AccountID: string(a.ID), AccessKeyID: k.ID, AccessKeySecret: string(k.Secret), CustSpaceID: c.SpaceID,
		BusinessNumber: number}
}

// TestP7ReportsTwiceLateAndNever: that berta joined is reported after she left, that anna was removed is never reported, and
// everything else is reported twice.
func TestP7ReportsTwiceLateAndNever(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]bool{"within a second": false, "seconds apart": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := openPostOffice(t)
			g := o.newGroup("Team")
			o.joined(g, anna, carla)
			before := o.delivered("group_participants_add")
			o.network.Interfere(&simulator.Interference{Webhook: func(h simulator.Webhook) simulator.WebhookFate {
				switch {
				case h.Type == "group_participants_add":
					return simulator.WebhookFate{Delay: 2 * time.Second}
				case strings.Contains(string(h.Body), anna):
					return simulator.WebhookFate{Lose: true}
				}
				return simulator.WebhookFate{Copies: 1}
			}})
			o.did("POST", "/phones", map[string]string{"number": berta}, nil)
			o.did("POST", "/phones/"+berta+"/join", map[string]string{"invite_link": g.Link}, nil)
			if joined := time.Now().Unix(); later {
				o.until("the next second", func() bool { return time.Now().Unix() > joined })
			}
			o.did("POST", "/phones/"+berta+"/leave", map[string]string{"group_id": g.ID}, nil)
			if a := o.remove(g, anna); !a.ok() || a.Result != 1 {
				t.Errorf("removal whose report is lost: %s", a.Body)
			}
			o.until("the late report comes", func() bool { return o.delivered("group_participants_add") > before })
			o.until("the list is the network's", func() bool { return slices.Equal([]string{carla}, o.members(g)) })
			if diff := cmp.Diff([]string{carla}, o.truth(g)); diff != "" {
				t.Errorf("on the network (-want +got):\n%s", diff)
			}
		})
	}
}

// delivered counts the webhooks of a type that were taken in.
func (o *postOffice) delivered(kind string) (count int) {
	o.t.Helper()
	var said struct {
		Entries []struct {
			Kind, Operation string
			Status          int
		}
	}
	o.did("GET", "/journal", nil, &said)
	for _, e := range said.Entries {
		if e.Kind == "webhook" && strings.Contains(e.Operation, kind) && e.Status == http.StatusOK {
			count++
		}
	}
	return count
}

// report makes a report about a group, as of the next second; event is JSON members.
func (o *postOffice) report(g chat, field, event string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"12","changes":[{"field":"` + field + `","value":{` +
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"8613800000000","phone_number_id":"11"},` +
		`"groups":[{"timestamp":"` + fmt.Sprint(time.Now().Unix()+1) + `","group_id":"` + g.ID + `","request_id":"r",` + event + `}]}}]}]}`
}

// post sends a report and gives the status of the answer.
func (o *postOffice) post(body string, signature ...string) int {
	o.t.Helper()
	header := http.Header{"Content-Type": {"application/json"}, graph.HubSignatureHeader: signature}
	return o.raw("POST", "http://"+o.ready.Endpoint+"/meta/webhook", body, header).Status
}

// TestP7NoReportBringsTheRemovedBack: the network bars whom the business removed, whatever a report says of a later time.
func TestP7NoReportBringsTheRemovedBack(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	g := o.newGroup("Team")
	o.joined(g, anna, berta)
	if a := o.remove(g, anna); !a.ok() {
		t.Fatalf("removal: %s", a.Body)
	}
	for _, n := range []string{carla, anna} { // carla shows that such a report is believed of others, until the group is read
		body := o.report(g, "group_participants_update",
			`"type":"group_participants_add","reason":"invite_link","added_participants":[{"wa_id":"`+n+`"}]`)
		if status := o.post(body, graph.HubSignature(appSecret, []byte(body))); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
		if in := slices.Contains(o.members(g), n); in != (n == carla) {
			t.Errorf("after a report that %s joined the list has them: %v", n, in)
		}
	}
	o.until("the list is the network's", func() bool { return slices.Equal([]string{berta}, o.members(g)) })
}

// TestP6ForgedReportsChangeNothing: whoever does not know the app secret tells the gateway nothing.
func TestP6ForgedReportsChangeNothing(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	g := o.newGroup("Team")
	o.joined(g, anna, berta)
	out := o.report(g, "group_participants_update",
		`"type":"group_participants_remove","initiated_by":"participant","removed_participants":[{"wa_id":"`+anna+`"}]`)
	for _, body := range []string{out, o.report(g, "group_lifecycle_update", `"type":"group_delete"`),
		o.report(g, "group_participants_update", `"type":"group_participants_add","added_participants":[{"wa_id":"`+doris+`"}]`)} {
		good := graph.HubSignature(appSecret, []byte(body))
		for _, signature := range []string{"", "sha256=", good[:len(good)-1], strings.TrimPrefix(good, "sha256="),
			graph.HubSignature("", []byte(body)), graph.HubSignature("the word", []byte(body)),
			graph.HubSignature(o.ready.AccessKeySecret, []byte(body)), graph.HubSignature(appSecret, []byte(body+" "))} {
			if status := o.post(body, signature); status != http.StatusForbidden {
				t.Errorf("signed with %q: status %d", signature, status)
			}
		}
		if status := o.post(body); status != http.StatusForbidden {
			t.Errorf("not signed: status %d", status)
		}
	}
	if diff := cmp.Diff([]string{anna, berta}, o.members(g)); diff != "" {
		t.Errorf("list after the forgeries (-want +got):\n%s", diff)
	}
	if status := o.post(out, graph.HubSignature(appSecret, []byte(out))); status != http.StatusOK {
		t.Errorf("signed well: status %d", status)
	}
	if diff := cmp.Diff([]string{berta}, o.members(g)); diff != "" { // until the group is read again
		t.Errorf("list after a report that is signed well (-want +got):\n%s", diff)
	}
}
