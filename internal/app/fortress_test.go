package app_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/app"
)

// What an answer to a stranger must not hold.
const (
	hiddenSubject = "Nobody may read this subject"
	hiddenPhone   = "8613955555555"
)

// fortress is a site with a group that strangers want to look into and take people out of.
type fortress struct {
	*site
	g      chat
	hidden []string
	before string

	stranger, noBeta, inactive, mighty, weak app.Credentials // mighty and weak are users of the owner's account
	foreign                                  app.Ready
	foreignGroup                             chat
}

func buildFortress(t *testing.T) *fortress {
	t.Helper()
	data := app.Data{Dir: filepath.Join(t.TempDir(), "data")}
	f := &fortress{foreign: settle(t, data, "8613811111111", "22")}
	f.stranger = app.Credentials{AccessKeyID: f.foreign.AccessKeyID, AccessKeySecret: f.foreign.AccessKeySecret}
	must(t, os.WriteFile(filepath.Join(data.Dir, "simulator.log"), nil, 0o600)) // a development server's directory
	f.site = open(t, life{DataDir: data.Dir, ConfirmWait: patience}.config())
	f.hireUsers(data)
	f.g = f.newGroup(hiddenSubject)
	f.joined(f.g, anna, hiddenPhone)
	ours := f.ready
	f.ready.CustSpaceID, f.ready.BusinessNumber, f.ready.AccessKeyID, f.ready.AccessKeySecret = f.foreign.CustSpaceID,
		f.foreign.BusinessNumber, f.foreign.AccessKeyID, f.foreign.AccessKeySecret
	f.foreignGroup = f.newGroup("The stranger's own")
	f.ready = ours
	f.hidden = []string{hiddenSubject, hiddenPhone, f.g.Link, f.ready.AccessKeySecret, f.ready.ReadonlyAccessKeySecret}
	f.before = f.everything()
	return f
}

// hireUsers makes the keys that a table of attacks needs.
func (f *fortress) hireUsers(data app.Data) {
	f.t.Helper()
	m, err := app.Manage(f.t.Context(), data, false)
	must(f.t, err)
	defer func() { _ = m.Close() }()
	key := func(account, user string) app.Credentials {
		k, err := m.CreateAccessKey(f.t.Context(), account, user)
		must(f.t, err)
		return app.Credentials{AccessKeyID: k.ID, AccessKeySecret: string(k.Secret)}
	}
	hire := func(user, policy string) app.Credentials {
		_, err := m.CreateUser(f.t.Context(), f.ready.AccountID, user, "")
		must(f.t, err)
		if policy != "" {
			must(f.t, m.AttachPolicy(f.t.Context(), f.ready.AccountID, user, policy))
		}
		return key(f.ready.AccountID, user)
	}
	f.mighty, f.weak = hire("mighty", "AliyunCamsFullAccess"), hire("weak", "")
	f.inactive = key(f.ready.AccountID, "")
	must(f.t, m.SetAccessKeyStatus(f.t.Context(), f.ready.AccountID, f.inactive.AccessKeyID, "Inactive"))
	a, err := m.CreateAccount(f.t.Context(), "", "not on the allowlist")
	must(f.t, err)
	f.noBeta = key(string(a.ID), "")
}

// everything gives all that a change could change: what the network knows, and what the owner is told.
func (f *fortress) everything() string {
	f.t.Helper()
	listed := f.mustCall("ListChatGroup", "Page", `{"Index":1,"Size":100}`)
	_, data, _ := strings.Cut(string(listed.Body), `"Data":`) // without the request's id
	data, _, _ = strings.Cut(data, `"RequestId"`)
	return fmt.Sprintln(f.seats(), data, f.members(f.g), f.inbox(hiddenPhone, f.g))
}

// unchanged fails if anything has changed. What an attack might have put behind would show by the end of the test.
func (f *fortress) unchanged(attack string) {
	f.t.Helper()
	if diff := cmp.Diff(f.before, f.everything()); diff != "" {
		f.t.Fatalf("%s changed something (-before +after):\n%s", attack, diff)
	}
}

// refused fails unless an answer is a refusal with the code that says nothing of the group.
func (f *fortress) refused(attack string, a *answer, codes ...string) {
	f.t.Helper()
	if a.ok() || !slices.Contains(codes, a.Code) {
		f.t.Errorf("%s: status %d, %.300s, want %v", attack, a.Status, a.Body, codes)
	}
	for _, word := range f.hidden {
		if bytes.Contains(a.Body, []byte(word)) || strings.Contains(fmt.Sprint(a.Header), word) {
			f.t.Errorf("%s: the answer shows %q: %.1000s", attack, word, a.Body)
		}
	}
}

// wishes are what strangers want: somebody out, and to look.
func (f *fortress) wishes() []request {
	return []request{
		{action: "DeleteChatGroupParticipants", values: removal(f.g.ID, anna)},
		{action: "ListChatGroupParticipants", values: url.Values{"GroupId": {f.g.ID}}},
		{action: "ListChatGroup", values: url.Values{"Page": {`{"Index":1,"Size":10}`}}},
		f.message(f.g, "from a stranger"),
	}
}
