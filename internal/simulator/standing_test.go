package simulator

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// TestStandingOfNumber: what the platform makes of a number is told by the Graph API, and known after a restart.
func TestStandingOfNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sim.log")
	number := Number{DisplayNumber: "+86 138 0000 0000", PhoneNumberID: "11", WABAID: "12", Token: "t", Name: "N"}
	open := func() (*Simulator, *graph.Client) {
		s, err := New(Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RegisterNumber(number); err != nil {
			t.Fatal(err)
		}
		c, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: InProcess(s.Graph())})
		if err != nil {
			t.Fatal(err)
		}
		return s, c
	}
	creds := graph.Credentials{PhoneNumberID: "11", AccountID: "12", Token: "t"}
	sound := graph.PhoneNumber{ID: "11", DisplayPhoneNumber: "+86 138 0000 0000", VerifiedName: "N", Status: "CONNECTED", QualityRating: "GREEN",
		MessagingLimitTier: "TIER_10K", CodeVerificationStatus: "VERIFIED", NameStatus: "APPROVED", NewNameStatus: "NONE", OfficialAccount: true}
	changed := sound
	changed.Status, changed.OfficialAccount = "BANNED", false
	s, c := open()
	look := func(want graph.PhoneNumber) {
		t.Helper()
		got, err := c.PhoneNumber(ctx(), creds)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	look(sound)
	w := &world{t: t, sim: s}
	w.expect(200, "POST", "/numbers/8613800000000", fields{"status": "BANNED", "is_official_business_account": false})
	look(changed)
	for range 2 { // the log is written anew at each start
		if err := s.Close(ctx()); err != nil {
			t.Fatal(err)
		}
		s, c = open()
		w.sim = s
		look(changed)
	}
	t.Cleanup(func() { _ = s.Close(ctx()) }) // nothing is under way
	if _, code := w.expect(404, "POST", "/numbers/8613800000009", fields{}); code != "unknown_number" {
		t.Errorf("code %q", code)
	}
}

func TestBusinessAccountAndApp(t *testing.T) {
	w := newWorld(t)
	own := graph.Credentials{PhoneNumberID: testNumID, AccountID: testWABA, Token: testToken}
	account, err := w.meta.BusinessAccount(ctx(), own)
	if err != nil || account.ID != testWABA || account.ReviewStatus != "APPROVED" || account.BusinessID != businessID || len(account.TemplateNamespace) != 36 {
		t.Errorf("account %+v, %v", account, err)
	}
	numbers, err := w.meta.PhoneNumbers(ctx(), own)
	if err != nil || len(numbers) != 1 || numbers[0].ID != testNumID {
		t.Errorf("numbers %+v, %v", numbers, err)
	}
	for token, valid := range map[string]bool{testToken: true} {
		got, err := w.meta.InspectToken(ctx(), graph.Credentials{Token: token})
		if err != nil || got.Valid != valid || got.AppID != appID || len(got.Scopes) != 2 {
			t.Errorf("token %+v, %v", got, err)
		}
	}
	found, err := w.meta.Subscriptions(ctx(), graph.Credentials{Token: appID + "|" + testSecret}, appID)
	if err != nil || len(found) != 1 || len(found[0].Fields) != 5 || !found[0].Active {
		t.Errorf("subscriptions %+v, %v", found, err)
	}
	for _, token := range []string{testToken, appID + "|wrong", appID, "|" + testSecret} {
		if found, err := w.meta.Subscriptions(ctx(), graph.Credentials{Token: token}, appID); err == nil {
			t.Errorf("with %s: %+v", token, found)
		}
	}
	if status, _, _ := w.raw(http.MethodGet, testNumID+"?fields=nothing", ""); status != 400 {
		t.Errorf("an unknown field: %d", status)
	}
}
