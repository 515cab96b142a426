package gateway_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Many messages go into the lanes of their recipients: those to groups behind the removals, and all of them or none.
func TestSendMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	g := w.group("ward", anna, berta)
	w.newPhone(carla)
	reached, opened := make(chan struct{}, 8), make(chan struct{})
	w.sim.Interfere(&simulator.Interference{Outcome: func(s simulator.Step) int {
		if s.Kind == "remove" {
			reached <- struct{}{}
			w.hang(opened)
		}
		return 0
	}})
	removal := w.accept(g.Target, berta)
	w.wait("the network has the removal", reached)
	rows := func() []gateway.Outgoing {
		return []gateway.Outgoing{toGroup(g, greet("all")), {Person: carla, Content: greet("Carla")}, {Person: carla, Content: greet("Carla again")}}
	}
	batch, err := w.gateway().SendMany(ctx, w.me(), home, rows())
	w.must(err)
	w.until("carla has hers", func() bool { return len(w.inbox(carla, "")) == 2 })
	if got := w.inbox(anna, g.GroupID); len(got) != 0 {
		t.Errorf("%q overtook the removal", got)
	}
	close(opened)
	w.done(removal.Operation.ID)
	w.delivered(g, anna, 1)
	w.received(g, anna, "Hello all")
	w.received(g, berta)
	if diff := cmp.Diff([]string{"Hello Carla", "Hello Carla again"}, w.inbox(carla, "")); diff != "" {
		t.Errorf("carla (-want +got):\n%s", diff)
	}
	if op := w.done(batch.Operation.ID); op.Kind != group.KindSend {
		t.Errorf("batch is %+v", op)
	}
	found, err := w.gateway().Messages(ctx, w.me(), home, store.MessageFilter{BatchID: batch.Operation.ID}, gateway.Page{Index: 1, Size: 10})
	w.must(err)
	if len(found) != 3 {
		t.Errorf("%d messages of the batch", len(found))
	}
	for _, m := range found {
		w.done(m.ID)
	}

	bad := append(rows(), toGroup(made{Target: at("nobody")}, greet("nobody")))
	_, err = w.gateway().SendMany(ctx, w.me(), home, bad)
	w.refused(err, group.CodeNotFound)
	again, err := w.gateway().Messages(ctx, w.me(), home, store.MessageFilter{}, gateway.Page{Index: 1, Size: 10})
	w.must(err)
	if len(again) != 3 {
		t.Errorf("%d messages after a refused call", len(again))
	}
	w.must(w.gateway().SetBeta(ctx, account, false))
	_, err = w.gateway().SendMany(ctx, w.me(), home, rows())
	w.refused(err, group.CodeNotAllowlisted)
	_, err = w.gateway().SendMany(ctx, w.me(), home, rows()[1:])
	w.must(err)
}

// A repeated token gives the batch again, and sends nothing.
func TestSendManyAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	w.newPhone(carla)
	c := w.me()
	c.ClientToken = "token"
	first, err := w.gateway().SendMany(ctx, c, home, []gateway.Outgoing{{Person: carla, Content: greet("Carla")}})
	w.must(err)
	second, err := w.gateway().SendMany(ctx, c, home, []gateway.Outgoing{{Person: carla, Content: greet("Carla")}})
	w.must(err)
	w.idle()
	if first.Operation.ID != second.Operation.ID || len(w.inbox(carla, "")) != 1 {
		t.Errorf("%d and %d, %q", first.Operation.ID, second.Operation.ID, w.inbox(carla, ""))
	}
}

// Templates are completed from what is known, or else passed on by their names; what does not fit is refused here or by the network.
func TestTemplates(t *testing.T) {
	t.Parallel()
	use := func(code, name, language string, parameters ...string) *group.TemplateUse {
		u := &group.TemplateUse{Code: code, Name: name, Language: language, Parameters: map[string]string{}}
		for i := 0; i < len(parameters); i += 2 {
			u.Parameters[parameters[i]] = parameters[i+1]
		}
		return u
	}
	for name, listed := range map[string]bool{"listed": true, "passed on": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, templates(listed))
			g := w.group("ward", anna)
			w.newPhone(carla)
			refused := func(u *group.TemplateUse, toGroup bool, code group.Code, below string) {
				w.t.Helper()
				o := gateway.Outgoing{Target: home, Person: carla, Content: group.Content{Kind: group.MessageTemplate, Template: u}}
				if toGroup {
					o.Target, o.Person = g.Target, 0
				}
				c, err := w.gateway().Send(ctx, w.me(), o)
				if listed || below == "" {
					w.refused(err, code)
					return
				}
				w.must(err)
				if op := w.failed(c.Operation.ID); op.Code != below {
					t.Errorf("the network refuses with %q, want %q", op.Code, below)
				}
			}
			refused(use("", "nobody's", "en"), false, group.CodeTemplateUnknown, "132001")
			refused(use("", "greeting", "fr", "name", "x"), false, group.CodeBadLanguage, "132001")
			refused(use("", "greeting", "en"), false, group.CodeTemplateParams, "132000")
			refused(use("", "greeting", "en", "name", "x", "other", "y"), false, group.CodeTemplateParams, "132000")
			refused(use("", "greeting", "en", "name", ""), false, group.CodeTemplateParams, "")
			refused(use("", "greeting", "en", "2", "x"), false, group.CodeTemplateParams, "")
			refused(use("", "passcode", "en", "1", "123"), true, group.CodeBadKind, "131051")
			refused(use("", "group_invite_link", "en", "group_id", g.GroupID), true, group.CodeBadKind, "")
			w.done(w.post(gateway.Outgoing{Target: home, Person: carla,
				Content: group.Content{Kind: group.MessageTemplate, Template: use("", "group_invite_link", "en", "group_id", g.GroupID)}}).Operation.ID)
			w.done(w.post(gateway.Outgoing{Target: home, Person: carla,
				Content: group.Content{Kind: group.MessageTemplate, Template: use("", "passcode", "en", "1", "123")}}).Operation.ID)
			if diff := cmp.Diff([]string{"Come in: " + g.link, "123"}, w.inbox(carla, "")); diff != "" {
				t.Errorf("carla (-want +got):\n%s", diff)
			}
			code := "100" // of a listed one
			if !listed {
				code = "greeting"
			}
			w.done(w.post(toGroup(g, group.Content{Kind: group.MessageTemplate, Template: use(code, "", "en", "name", "all")})).Operation.ID)
			w.delivered(g, anna, 1)
			w.received(g, anna, "Hello all")
		})
	}
}

// As many rows as a call can have are accepted together and reach their persons.
func TestSendAThousand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templates(true))
	w.newPhone(carla)
	rows := []gateway.Outgoing{{Person: carla, Content: greet("Carla")}}
	for _, n := range people(0, gateway.MaxMassRows-1) {
		rows = append(rows, gateway.Outgoing{Person: n, Content: greet(n.String())})
	}
	batch, err := w.gateway().SendMany(ctx, w.me(), home, rows)
	w.must(err)
	w.idle()
	sent, failed := 0, 0
	for index := 1; index <= 10; index++ {
		found, err := w.gateway().Messages(ctx, w.me(), home, store.MessageFilter{BatchID: batch.Operation.ID}, gateway.Page{Index: index, Size: 100})
		w.must(err)
		for _, m := range found {
			if m.State != group.MessageAccepted {
				sent++
			}
			if m.State == group.MessageFailed {
				failed++
			}
		}
	}
	if sent != gateway.MaxMassRows || len(w.inbox(carla, "")) != 1 {
		t.Errorf("%d of %d were sent, %d failed", sent, gateway.MaxMassRows, failed)
	}
}
