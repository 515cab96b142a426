package rollcalltest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/rollcalltest"
)

func TestStory(t *testing.T) {
	t.Parallel()
	r := rollcalltest.Start(t)
	g := r.NewGroup("Team")
	ann, bob := r.AddPhone("8613900000001", "Ann"), r.AddPhone("8613900000002", "Bob")
	for _, p := range []*rollcalltest.Phone{ann, bob} {
		if got := p.Join(g.InviteLink); got != g.ID {
			t.Errorf("joined group %s, want %s", got, g.ID)
		}
	}
	if a := g.Send("hello"); !a.OK() {
		t.Fatalf("send: %s: %s", a.Code, a.Message)
	}
	ann.AwaitMessage(g.ID, "hello")
	bob.AwaitMessage(g.ID, "hello")

	if a := g.Remove(ann.Number); !a.OK() || a.OperationID == "" {
		t.Fatalf("remove: %s: %s, operation %q", a.Code, a.Message, a.OperationID)
	}
	if ann.In(g.ID) {
		t.Error("Ann is in the group after her removal was answered OK")
	}
	g.Send("without Ann")
	bob.AwaitMessage(g.ID, "without Ann")
	if diff := cmp.Diff([]string{"hello"}, texts(ann.Messages(g.ID))); diff != "" {
		t.Errorf("Ann's messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{bob.Number}, g.Participants()); diff != "" {
		t.Errorf("participants (-want +got):\n%s", diff)
	}
}

func texts(messages []rollcalltest.Message) []string {
	var out []string
	for _, m := range messages {
		out = append(out, m.Text)
	}
	return out
}

func TestRemovedPhoneIsBarred(t *testing.T) {
	t.Parallel()
	r := rollcalltest.Start(t)
	g := r.NewGroup("Team")
	ann := r.AddPhone("8613900000001", "Ann")
	ann.Join(g.InviteLink)
	g.Remove(ann.Number)
	_, err := ann.TryJoin(g.InviteLink)
	var refused *rollcalltest.ControlError
	if !errors.As(err, &refused) || refused.Code != "barred" {
		t.Errorf("joining again gives %v, want barred", err)
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	r := rollcalltest.Start(t)
	g := r.NewGroup("Team")
	ann := r.AddPhone("8613900000001", "Ann")
	ann.Join(g.InviteLink)
	g.Send("before")
	ann.AwaitMessage(g.ID, "before")
	key := r.AccessKeyID

	r.Restart()

	if r.AccessKeyID != key {
		t.Error("the access key is another one after a restart")
	}
	if diff := cmp.Diff([]string{ann.Number}, g.Participants()); diff != "" {
		t.Errorf("participants (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"before"}, texts(ann.Messages(""))); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	r := rollcalltest.Start(t, rollcalltest.WithDelay(50*time.Millisecond), rollcalltest.WithConfirmWait(0))
	g := r.NewGroup("Team")
	ann := r.AddPhone("8613900000001", "Ann")
	ann.Join(g.InviteLink)
	if a := g.Remove(ann.Number); a.Code != "ChatGroup.OperationPending" {
		t.Errorf("removal without waiting answers %s, want ChatGroup.OperationPending", a.Code)
	}
}

func TestReadonlyKey(t *testing.T) {
	t.Parallel()
	r := rollcalltest.Start(t)
	page := map[string]string{"Page": `{"Index":1,"Size":10}`}
	if a := r.CallAs(r.ReadonlyAccessKeyID, r.ReadonlyAccessKeySecret, "ListChatGroup", page); !a.OK() {
		t.Errorf("reading with the read-only key: %s: %s", a.Code, a.Message)
	}
	a := r.CallAs(r.ReadonlyAccessKeyID, r.ReadonlyAccessKeySecret, "AddChatGroup", map[string]string{"Subject": "no"})
	if a.Status != 403 || a.Code != "Forbidden.RAM" {
		t.Errorf("changing with the read-only key: status %d, %s", a.Status, a.Code)
	}
}
