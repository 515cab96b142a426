package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

func testPolicyVersions(t *testing.T, open opener) {
	s := open(t)
	p := store.Policy{AccountID: 7, Name: "p", Document: "one", Default: 1, Last: 1, CreatedAt: day, UpdatedAt: day}
	second := store.PolicyVersion{AccountID: 7, Policy: "p", Number: 2, Document: "two", CreatedAt: day.Add(time.Second)}
	write(t, s, func(tx *store.Tx) error { return tx.PutPolicy(&p) })
	write(t, s, func(tx *store.Tx) error { return tx.PutPolicyVersion(&second) })
	same(t, p, read(t, s, func(tx *store.Tx) (store.Policy, error) { return tx.Policy(7, "p") }))
	versions := func(tx *store.Tx) ([]store.PolicyVersion, error) { return tx.PolicyVersions(7, "p") }
	first := store.PolicyVersion{AccountID: 7, Policy: "p", Number: 1, Document: "one", CreatedAt: day}
	same(t, []store.PolicyVersion{first, second}, read(t, s, versions))

	p.Default, p.Last, p.Document = 2, 2, "two"
	write(t, s, func(tx *store.Tx) error { return tx.PutPolicy(&p) })
	same(t, p, read(t, s, func(tx *store.Tx) (store.Policy, error) { return tx.Policy(7, "p") }))
	same(t, []store.PolicyVersion{first, second}, read(t, s, versions))
	owner := store.Attachment{AccountID: 7, GroupID: 5, Kind: "Custom", Policy: "p", AttachedAt: day}
	write(t, s, func(tx *store.Tx) error { return tx.Attach(owner) })
	same(t, []store.EffectivePolicy{{Kind: "Custom", Policy: "p", Version: 2, Document: "two"}},
		read(t, s, func(tx *store.Tx) ([]store.EffectivePolicy, error) { return tx.EffectivePolicies(owner) }))
	same(t, []store.Attachment{owner}, read(t, s, func(tx *store.Tx) ([]store.Attachment, error) { return tx.AttachmentsOf(7, "Custom", "p") }))
	same(t, []store.AttachmentCount{{"Custom", "p", 1}}, read(t, s, func(tx *store.Tx) ([]store.AttachmentCount, error) { return tx.CountAttachments(7) }))

	write(t, s, func(tx *store.Tx) error { return tx.DeletePolicyVersion(7, "p", 1) })
	same(t, []store.PolicyVersion{second}, read(t, s, versions))
	write(t, s, func(tx *store.Tx) error { return tx.DeletePolicy(7, "p") })
	same(t, []store.PolicyVersion(nil), read(t, s, versions))
	misses(t, s, func(tx *store.Tx) error { return tx.DeletePolicy(7, "p") })
}

func testUserGroups(t *testing.T, open opener) {
	s := open(t)
	u := ram.User{ID: "21", AccountID: "7", Name: "bo", DisplayName: "Bo", CreatedAt: day}
	g := ram.Group{ID: "31", AccountID: "7", Name: "nurses", CreatedAt: day, UpdatedAt: day}
	m := store.Membership{AccountID: 7, UserID: 21, GroupID: 31, JoinedAt: day.Add(time.Second)}
	write(t, s, func(tx *store.Tx) error { return tx.InsertUser(&u) })
	write(t, s, func(tx *store.Tx) error { return tx.InsertUserGroup(&g) })
	write(t, s, func(tx *store.Tx) error { return tx.AddToUserGroup(m) })
	g.Name, g.Comments, g.UpdatedAt = "doctors", "all of them", day.Add(time.Hour)
	write(t, s, func(tx *store.Tx) error { return tx.UpdateUserGroup(&g) })
	same(t, g, read(t, s, func(tx *store.Tx) (ram.Group, error) { return tx.UserGroupByName(7, "doctors") }))
	same(t, []store.JoinedGroup{{Group: g, JoinedAt: m.JoinedAt}}, read(t, s, func(tx *store.Tx) ([]store.JoinedGroup, error) { return tx.UserGroupsOf(7, 21) }))
	same(t, []store.GroupUser{{User: u, JoinedAt: m.JoinedAt}}, read(t, s, func(tx *store.Tx) ([]store.GroupUser, error) { return tx.UsersOfGroup(7, 31) }))
	same(t, []store.GroupUser(nil), read(t, s, func(tx *store.Tx) ([]store.GroupUser, error) { return tx.UsersOfGroup(8, 31) }))
	write(t, s, func(tx *store.Tx) error { return tx.RemoveFromUserGroup(m) })
	misses(t, s, func(tx *store.Tx) error { return tx.RemoveFromUserGroup(m) })
	write(t, s, func(tx *store.Tx) error { return tx.DeleteUserGroup(7, 31) })
	noRow(t, s, func(tx *store.Tx) (ram.Group, error) { return tx.UserGroup(31) })
	u.Comments, u.Email, u.MobilePhone, u.UpdatedAt = "c", "e@x", "1-2", day
	write(t, s, func(tx *store.Tx) error { return tx.UpdateUser(&u) })
	same(t, u, read(t, s, func(tx *store.Tx) (ram.User, error) { return tx.User(21) }))
	misses(t, s, func(tx *store.Tx) error { return tx.DeleteUser(8, 21) })
	write(t, s, func(tx *store.Tx) error { return tx.DeleteUser(7, 21) })
}

func testRoles(t *testing.T, open opener) {
	s := open(t)
	r := ram.Role{ID: "41", AccountID: "7", Name: "doorman", TrustPolicy: "{}", MaxSessionDuration: time.Hour, CreatedAt: day, UpdatedAt: day}
	write(t, s, func(tx *store.Tx) error { return tx.InsertRole(&r) })
	r.Description, r.TrustPolicy, r.MaxSessionDuration = "opens doors", "[]", 2*time.Hour
	write(t, s, func(tx *store.Tx) error { return tx.UpdateRole(&r) })
	same(t, []ram.Role{r}, read(t, s, func(tx *store.Tx) ([]ram.Role, error) { return tx.Roles(7) }))
	same(t, r, read(t, s, func(tx *store.Tx) (ram.Role, error) { return tx.Role(41) }))
	noRow(t, s, func(tx *store.Tx) (ram.Role, error) { return tx.RoleByName(8, "doorman") })
	write(t, s, func(tx *store.Tx) error { return tx.DeleteRole(7, 41) })
	misses(t, s, func(tx *store.Tx) error { return tx.DeleteRole(7, 41) })
}

// testPermissionsOfOldDatabases goes back to the tables of the first release and forth again: who could do something by a policy of
// their own still can, and by the same one.
func testPermissionsOfOldDatabases(t *testing.T, open opener) {
	ctx := context.Background()
	var cfg store.Config
	s := open(t, func(c *store.Config) { cfg = *c })
	u := ram.User{ID: "21", AccountID: "7", Name: "bo", DisplayName: "Bo", CreatedAt: day, UpdatedAt: day}
	p := store.Policy{AccountID: 7, Name: "own", Document: "two", Default: 2, Last: 2, CreatedAt: day, UpdatedAt: day}
	owner := store.Attachment{AccountID: 7, UserID: 21, Kind: "Custom", Policy: "own"}
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.InsertUser(&u), tx.PutPolicy(&p), tx.Attach(owner), tx.Attach(store.Attachment{AccountID: 7, GroupID: 3, Kind: "Custom", Policy: "own"}))
	})
	_, want, err := store.Versions(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), store.MigrateTo(ctx, cfg, 1), store.MigrateTo(ctx, cfg, want)); err != nil {
		t.Fatal(err)
	}
	s = open(t)
	p.Default, p.Last = 1, 1
	same(t, p, read(t, s, func(tx *store.Tx) (store.Policy, error) { return tx.Policy(7, "own") }))
	same(t, []store.EffectivePolicy{{Kind: "Custom", Policy: "own", Version: 1, Document: "two"}},
		read(t, s, func(tx *store.Tx) ([]store.EffectivePolicy, error) { return tx.EffectivePolicies(owner) }))
	same(t, []store.Attachment{owner}, read(t, s, func(tx *store.Tx) ([]store.Attachment, error) { return tx.AttachmentsOf(7, "Custom", "own") }))
	same(t, []ram.User{u}, read(t, s, func(tx *store.Tx) ([]ram.User, error) { return tx.Users(7) }))
}
