package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

func testAccounts(t *testing.T, open opener) {
	s := open(t)
	young := store.Account{ID: 7, Name: "Young", CreatedAt: day.Add(time.Millisecond)}
	old := store.Account{ID: 9, Name: "Old", Beta: true, CreatedAt: day}
	write(t, s, func(tx *store.Tx) error { return tx.InsertAccount(&young) })
	write(t, s, func(tx *store.Tx) error { return tx.InsertAccount(&old) })
	same(t, []store.Account{old, young}, read(t, s, (*store.Tx).Accounts))
	if err := s.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertAccount(&old) }); err == nil {
		t.Error("the same account was added twice")
	}
	write(t, s, func(tx *store.Tx) error { return tx.SetBeta(7, true) })
	young.Beta = true
	same(t, young, read(t, s, func(tx *store.Tx) (store.Account, error) { return tx.Account(7) }))
	noRow(t, s, func(tx *store.Tx) (store.Account, error) { return tx.Account(8) })
	misses(t, s, func(tx *store.Tx) error { return tx.SetBeta(8, true) })
}

func testUsers(t *testing.T, open opener) {
	s := open(t)
	b := ram.User{ID: "21", AccountID: "7", Name: "bo", DisplayName: "Bo", CreatedAt: day}
	a := ram.User{ID: "22", AccountID: "7", Name: "an", DisplayName: "An", CreatedAt: day.Add(time.Second)}
	other := ram.User{ID: "23", AccountID: "8", Name: "an", CreatedAt: day}
	for _, u := range []ram.User{b, a, other} {
		write(t, s, func(tx *store.Tx) error { return tx.InsertUser(&u) })
	}
	same(t, []ram.User{a, b}, read(t, s, func(tx *store.Tx) ([]ram.User, error) { return tx.Users(7) }))
	same(t, b, read(t, s, func(tx *store.Tx) (ram.User, error) { return tx.User(21) }))
	same(t, other, read(t, s, func(tx *store.Tx) (ram.User, error) { return tx.UserByName(8, "an") }))
	noRow(t, s, func(tx *store.Tx) (ram.User, error) { return tx.User(99) })
	noRow(t, s, func(tx *store.Tx) (ram.User, error) { return tx.UserByName(8, "bo") })
	for _, bad := range []ram.User{{ID: "24", AccountID: "7", Name: "an"}, {ID: "x", AccountID: "7", Name: "x"}, {ID: "25", AccountID: "x", Name: "x"}} {
		if err := s.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertUser(&bad) }); err == nil {
			t.Errorf("%+v was added", bad)
		}
	}
}

func testAccessKeys(t *testing.T, open opener) {
	s := open(t)
	mine := store.AccessKey{ID: "LTAI5tMine", AccountID: 7, UserID: 21, Secret: "mySecret", Active: true, CreatedAt: day}
	newer := store.AccessKey{ID: "LTAI5tANewer", AccountID: 7, UserID: 21, Secret: "newSecret", CreatedAt: day.Add(time.Second)}
	roots := store.AccessKey{ID: "LTAI5tRoot", AccountID: 7, Secret: "rootSecret", Active: true, CreatedAt: day}
	for _, k := range []store.AccessKey{newer, mine, roots} {
		write(t, s, func(tx *store.Tx) error { return tx.InsertAccessKey(&k) })
	}
	key := func(id string) func(tx *store.Tx) (store.AccessKey, error) {
		return func(tx *store.Tx) (store.AccessKey, error) { return tx.AccessKey(id) }
	}
	for _, k := range []store.AccessKey{newer, mine, roots} {
		same(t, k, read(t, s, key(k.ID)))
	}
	noRow(t, s, key("LTAI5tNobody"))
	mine.Secret, newer.Secret, roots.Secret = "", "", ""
	same(t, []store.AccessKey{mine, newer}, read(t, s, func(tx *store.Tx) ([]store.AccessKey, error) { return tx.AccessKeys(7, 21) }))
	same(t, []store.AccessKey{roots}, read(t, s, func(tx *store.Tx) ([]store.AccessKey, error) { return tx.AccessKeys(7, 0) }))
	write(t, s, func(tx *store.Tx) error { return tx.SetAccessKeyActive(7, mine.ID, false) })
	if read(t, s, key(mine.ID)).Active {
		t.Error("the key is still active")
	}
	misses(t, s, func(tx *store.Tx) error { return tx.SetAccessKeyActive(8, mine.ID, true) })
	misses(t, s, func(tx *store.Tx) error { return tx.DeleteAccessKey(8, mine.ID) })
	write(t, s, func(tx *store.Tx) error { return tx.DeleteAccessKey(7, mine.ID) })
	noRow(t, s, key(mine.ID))
}

func testPolicies(t *testing.T, open opener) {
	s := open(t)
	b := store.Policy{AccountID: 7, Name: "b", Description: "second", Document: "{}", Default: 1, Last: 1, CreatedAt: day}
	a := store.Policy{AccountID: 7, Name: "a", Document: `{"Version":"1"}`, Default: 1, Last: 1, CreatedAt: day}
	for _, p := range []store.Policy{b, a} {
		write(t, s, func(tx *store.Tx) error { return tx.PutPolicy(&p) })
	}
	changed := store.Policy{AccountID: 7, Name: "b", Description: "changed", Document: "[]", Default: 1, Last: 4, CreatedAt: day.Add(time.Hour), UpdatedAt: day.Add(time.Hour)}
	write(t, s, func(tx *store.Tx) error { return tx.PutPolicy(&changed) })
	changed.CreatedAt = day // the first time counts
	policies := func(account int64) []store.Policy {
		return read(t, s, func(tx *store.Tx) ([]store.Policy, error) { return tx.Policies(account) })
	}
	same(t, []store.Policy{a, changed}, policies(7))
	same(t, []store.Policy(nil), policies(8))

	custom := store.Attachment{AccountID: 7, UserID: 21, Kind: "Custom", Policy: "a"}
	system := store.Attachment{AccountID: 7, UserID: 21, Kind: "System", Policy: "AliyunCamsReadOnlyAccess"}
	for _, at := range []store.Attachment{system, custom, custom} {
		write(t, s, func(tx *store.Tx) error { return tx.Attach(at) })
	}
	attachments := func(account, user int64) []store.Attachment {
		return read(t, s, func(tx *store.Tx) ([]store.Attachment, error) { return tx.Attachments(account, user) })
	}
	same(t, []store.Attachment{custom, system}, attachments(7, 21))
	same(t, []store.Attachment(nil), attachments(8, 21))
	write(t, s, func(tx *store.Tx) error { return tx.Detach(custom) })
	same(t, []store.Attachment{system}, attachments(7, 21))
	misses(t, s, func(tx *store.Tx) error { return tx.Detach(custom) })

	before := read(t, s, (*store.Tx).Generation)
	write(t, s, (*store.Tx).Raise)
	if after := read(t, s, (*store.Tx).Generation); after != before+1 {
		t.Errorf("the generation went from %d to %d", before, after)
	}
}

func testChannels(t *testing.T, open opener) {
	s := open(t)
	one := group.Channel{AccountID: 7, SpaceID: "cams-one", Name: "One", CreatedAt: day}
	two := group.Channel{AccountID: 7, SpaceID: "cams-two", Name: "Two", CreatedAt: day}
	for _, c := range []*group.Channel{&one, &two} {
		write(t, s, func(tx *store.Tx) error { return tx.InsertChannel(c) })
	}
	if one.ID == 0 || two.ID <= one.ID {
		t.Fatalf("the keys are %d and %d", one.ID, two.ID)
	}
	same(t, []group.Channel{one, two}, read(t, s, (*store.Tx).Channels))
	again := one
	if err := s.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertChannel(&again) }); err == nil {
		t.Error("a space was given twice")
	}

	high := group.BusinessNumber{Number: 8613800000002, AccountID: 7, ChannelID: two.ID, SpaceID: "cams-two", PhoneNumberID: "102", WABAID: "9", Token: "tokenTwo"}
	low := group.BusinessNumber{Number: 8613800000001, AccountID: 7, ChannelID: one.ID, SpaceID: "cams-one", PhoneNumberID: "101", WABAID: "9", Token: "tokenOne"}
	for _, n := range []group.BusinessNumber{high, low} {
		write(t, s, func(tx *store.Tx) error { return tx.InsertNumber(&n, day.UnixMilli()) })
	}
	same(t, []group.BusinessNumber{low, high}, read(t, s, (*store.Tx).Numbers))
	write(t, s, func(tx *store.Tx) error { return tx.SetNumberToken(low.Number, "tokenThree") })
	low.Token = "tokenThree"
	same(t, []group.BusinessNumber{low, high}, read(t, s, (*store.Tx).Numbers))
	misses(t, s, func(tx *store.Tx) error { return tx.SetNumberToken(8613800000009, "x") })
}

// testIllegible: text with zero bytes or broken UTF-8 is looked for in vain, and where it is kept, what can be read of it is.
func testIllegible(t *testing.T, open opener) {
	s := open(t)
	for i, text := range []string{"a\x00b", "a\xffb"} {
		noRow(t, s, func(tx *store.Tx) (group.Group, error) { return tx.GroupByNetworkID(text) })
		noRow(t, s, func(tx *store.Tx) (store.AccessKey, error) { return tx.AccessKey(text) })
		a := store.Account{ID: int64(i) + 1, Name: text, CreatedAt: day}
		write(t, s, func(tx *store.Tx) error { return tx.InsertAccount(&a) })
		name := read(t, s, func(tx *store.Tx) (store.Account, error) { return tx.Account(a.ID) }).Name
		if !strings.HasPrefix(name, "a") || !strings.HasSuffix(name, "b") {
			t.Errorf("%q is read back as %q", text, name)
		}
	}
}
