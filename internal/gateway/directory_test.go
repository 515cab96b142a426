package gateway_test

import (
	"strconv"
	"testing"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
)

// known gives what the gateway has in memory of a number.
func (o *office) known(n group.Number) *group.BusinessNumber {
	o.t.Helper()
	numbers, err := o.BusinessNumbers(o.t.Context())
	o.must(err)
	return numbers[n]
}

// TestWhatAChangeMakesNodesForget: a change of users leaves the numbers in memory, a change of numbers does not, and what nobody can
// have in memory leaves everything.
func TestWhatAChangeMakesNodesForget(t *testing.T) {
	t.Parallel()
	o, ctx := openOffice(t), t.Context()
	ch, err := o.CreateChannel(ctx, o.account, "", "")
	o.must(err)
	n := group.BusinessNumber{Number: business, SpaceID: ch.SpaceID, PhoneNumberID: "11", WABAID: "12", Token: "first"}
	o.must(o.BindNumber(ctx, o.account, n))
	key := o.user("alice")
	root, err := o.CreateAccessKey(ctx, o.account, "")
	o.must(err)
	p, err := o.Principal(ctx, root.ID)
	o.must(err)
	caller := gateway.Caller{Principal: p, Action: "Test", RequestID: "request"}
	admin := o.Administrator(caller)
	first := o.known(business)

	const list = "cams:ListChatGroup"
	readers := gateway.PolicyName{Type: ram.PolicySystem, Name: ram.AliyunCamsReadOnlyAccess}
	for _, may := range []bool{true, false, true} {
		change := admin.AttachPolicy
		if !may {
			change = admin.DetachPolicy
		}
		o.must(change(ctx, gateway.UserEntity("alice"), readers))
		if o.may(key, list) != may {
			t.Errorf("alice may list: %v, want %v", !may, may)
		}
		if o.known(business) != first {
			t.Error("a change of policies made the gateway read all numbers again")
		}
	}

	generation, records := o.mark()
	_, err = admin.CreateUser(ctx, ram.User{Name: "bob"})
	o.must(err)
	_, err = admin.CreateGroup(ctx, "staff", "")
	o.must(err)
	_, err = admin.CreatePolicy(ctx, gateway.Policy{Name: "own", Document: document("Allow", "*")})
	o.must(err)
	made, err := admin.CreateAccessKey(ctx, "bob")
	o.must(err)
	unbound, err := o.CreateInstance(ctx, caller, "new", &group.ChannelProfile{})
	o.must(err)
	_, err = o.UpdateInstance(ctx, caller, unbound.Channel.SpaceID, "newer", func(*group.ChannelProfile) {})
	o.must(err)
	if g, r := o.mark(); g != generation || r != records+6 {
		t.Errorf("what nobody knows yet moved the generation from %d to %d and the records from %d to %d; want none and six", generation, g, records, r)
	}
	if o.may(made.ID, list) {
		t.Error("a new user may list groups")
	}
	o.must(admin.AttachPolicy(ctx, gateway.UserEntity("bob"), readers))
	if !o.may(made.ID, list) {
		t.Error("a new key does not have its user's policies")
	}

	n.Token = "second"
	o.must(o.BindNumber(ctx, o.account, n))
	if now := o.known(business); now == first || now.Token != "second" {
		t.Error("a number that was bound anew is known by its old token")
	}
}

// BenchmarkReload is what the first call after a change costs, on a database with many numbers.
func BenchmarkReload(b *testing.B) {
	for _, numbers := range []int{1, 1000} {
		w := startWorld(b, b.TempDir())
		for i := 1; i < numbers; i++ {
			n := group.BusinessNumber{Number: business + group.Number(i), SpaceID: space, PhoneNumberID: strconv.Itoa(i), WABAID: wabaID, Token: token}
			w.must(w.gateway().BindNumber(ctx, account, n))
		}
		p := w.me().Principal
		admin := w.gateway().Administrator(gateway.Caller{Principal: p, Action: "Test"})
		_, err := admin.CreateUser(ctx, ram.User{Name: "alice"})
		w.must(err)
		for what, change := range map[string]func() error{
			"beta": func() error { return w.gateway().SetBeta(ctx, account, true) },
			"ram": func() error {
				_, err := admin.UpdateUser(ctx, "alice", ram.UserChange{Comments: "x"})
				return err
			},
		} {
			b.Run(strconv.Itoa(numbers)+"/"+what, func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					w.must(change())
					b.StartTimer()
					_, err := w.gateway().Principal(ctx, w.keyID)
					w.must(err)
				}
			})
		}
		w.shut()
	}
}
