package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/simulator"
)

// TestExamineNumbers: a number that lacks nothing is sound, and each thing that it lacks is told with what to do.
func TestExamineNumbers(t *testing.T) {
	t.Parallel()
	net := openNetwork(t)
	net.open(t, simulator.Callback{URL: "http://localhost/meta/webhook", AppSecret: "app secret", VerifyToken: "x",
		Transport: simulator.InProcess(http.NotFoundHandler())})
	must(t, net.sim.RegisterNumber(simulator.Number{DisplayNumber: customerNumber, PhoneNumberID: "11", WABAID: "12", Token: "token", Subscribed: true}))
	dir := t.TempDir()
	data := Data{Dir: filepath.Join(dir, "data")}
	setUp(t, data)
	cfg := Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: data.Dir,
		Meta: Meta{GraphURL: net.graph.URL, AppSecretFile: writeSecret(t, dir, "app", "app secret")}}
	if failed, missed := failures(t, cfg), found(t, cfg, Warn); len(failed)+len(missed) > 0 {
		t.Fatalf("a sound number: %v fails, %v is missed", failed, missed)
	}
	number := "number 8613*******00"
	for body, want := range map[string]Finding{
		`{"status":"PENDING"}`:                       {Fail, number, "only a CONNECTED number works"},
		`{"is_official_business_account":false}`:     {Warn, number, "no official business account"},
		`{"name_status":"DECLINED"}`:                 {Warn, number, "its name is not approved (DECLINED)"},
		`{"quality_rating":"RED"}`:                   {Warn, number, "its quality is RED"},
		`{"code_verification_status":"EXPIRED"}`:     {Fine, number, "lacks nothing"}, // one that is connected needs no code
		`{"name_status":"AVAILABLE_WITHOUT_REVIEW"}`: {Fine, number, "lacks nothing"},
	} {
		stand(t, net.sim, body)
		expectFinding(t, cfg, want)
		stand(t, net.sim, `{"status":"CONNECTED","is_official_business_account":true,"name_status":"APPROVED","quality_rating":"GREEN","code_verification_status":"VERIFIED"}`)
	}
	cfg.Meta.AppSecretFile = writeSecret(t, dir, "wrong", "another secret")
	expectFinding(t, cfg, Finding{Fail, "webhooks", "look whether the secret is this app's"})
	cfg.Meta.AppSecretFile = ""
	expectFinding(t, cfg, Finding{Warn, "webhooks", "give --app-secret-file"})
}

// stand is the network's own act on the customer's number.
func stand(t *testing.T, sim *simulator.Simulator, body string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	sim.Control().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/sim/v1/numbers/"+customerNumber, strings.NewReader(body)))
	if recorder.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", body, recorder.Code, recorder.Body)
	}
}

func expectFinding(t *testing.T, cfg Config, want Finding) {
	t.Helper()
	var seen []string
	for _, f := range Examine(t.Context(), cfg) {
		if f.Level == want.Level && f.What == want.What && strings.Contains(f.Detail, want.Detail) {
			return
		}
		seen = append(seen, fmt.Sprintf("%s %s: %s", f.Level, f.What, f.Detail))
	}
	t.Errorf("not found: %s %s: %s, but\n%s", want.Level, want.What, want.Detail, strings.Join(seen, "\n"))
}

// TestExamineForeignNetwork: what Meta says of tokens and subscriptions, where the simulated network never lacks anything.
func TestExamineForeignNetwork(t *testing.T) {
	t.Parallel()
	const soundToken = `{"data":{"app_id":"17","is_valid":true,"scopes":["whatsapp_business_messaging","whatsapp_business_management"]}}`
	const soundApps = `{"data":[{"whatsapp_business_api_data":{"id":"17"}}]}`
	const soundFields = `{"data":[{"object":"whatsapp_business_account","active":true,"fields":[{"name":"messages"},{"name":"group_lifecycle_update"},
		{"name":"group_participants_update"},{"name":"group_settings_update"},{"name":"group_status_update"}]}]}`
	const name = "number 8613*******00"
	for what, c := range map[string]struct {
		token, apps, fields string
		want                Finding
	}{
		"sound":          {soundToken, soundApps, soundFields, Finding{Fine, "webhooks", "the four group fields"}},
		"withdrawn":      {`{"data":{"app_id":"17","is_valid":false}}`, soundApps, soundFields, Finding{Fail, name, "its token is not valid any more"}},
		"messages alone": {`{"data":{"app_id":"17","is_valid":true,"scopes":["whatsapp_business_messaging"]}}`, soundApps, soundFields, Finding{Fail, name, "whatsapp_business_management"}},
		"ends": {`{"data":{"app_id":"17","is_valid":true,"expires_at":1700000000,"scopes":["whatsapp_business_messaging","whatsapp_business_management"]}}`,
			soundApps, soundFields, Finding{Warn, name, "its token ends on 2023-11-14"}},
		"another app": {soundToken, `{"data":[{"whatsapp_business_api_data":{"id":"18"}}]}`, soundFields, Finding{Fail, name, "does not get the webhooks"}},
		"no group field": {soundToken, soundApps, `{"data":[{"object":"whatsapp_business_account","active":true,"fields":[{"name":"messages"}]}]}`,
			Finding{Fail, "webhooks", "not subscribed to group_lifecycle_update, group_participants_update, group_settings_update, group_status_update"}},
		"switched off": {soundToken, soundApps, strings.Replace(soundFields, `"active":true`, `"active":false`, 1), Finding{Fail, "webhooks", "messages"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			data := Data{Dir: filepath.Join(dir, "data")}
			setUp(t, data)
			meta := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := `{"id":"11","display_phone_number":"+86 138 0000 0000","status":"CONNECTED","name_status":"APPROVED","is_official_business_account":true}`
				switch _, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); path {
				case "debug_token":
					answer = c.token
				case "12/subscribed_apps":
					answer = c.apps
				case "17/subscriptions":
					answer = c.fields
				}
				_, _ = w.Write([]byte(answer))
			}))
			defer meta.Close()
			expectFinding(t, Config{Listen: Listener{Address: "127.0.0.1:0"}, DataDir: data.Dir,
				Meta: Meta{GraphURL: meta.URL, AppSecretFile: writeSecret(t, dir, "app", "app secret")}}, c.want)
		})
	}
}
