package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// What is said of a channel and of a number is kept whole, and goes with the channel.
func testChannelsWhole(t *testing.T, open opener) {
	s := open(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := group.Channel{AccountID: 7, SpaceID: "cams-whole", Name: "n", CreatedAt: at, Profile: group.ChannelProfile{Description: "d", ContactMail: "m",
		CountryID: "c", FacebookBMID: "f", ISVTerms: "t", OfficeAddress: "o", ResourceGroupID: "r"}}
	n := group.BusinessNumber{Number: 8613800000077, AccountID: 7, SpaceID: "cams-whole", PhoneNumberID: "77", WABAID: "w", Token: "secret",
		Standing: group.Standing{VerifiedName: "v", Status: "s", Quality: "q", MessagingTier: "t", CodeVerification: "c", NameStatus: "n",
			NewNameStatus: "m", Official: true, ReadAt: at}}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.InsertChannel(&c); err != nil {
			return err
		}
		n.ChannelID = c.ID
		return tx.InsertNumber(&n, 1)
	})
	look := func() (got group.Channel, numbers []group.BusinessNumber, err error) {
		err = s.Read(context.Background(), func(tx *store.Tx) (err error) {
			if got, err = tx.ChannelBySpace("cams-whole"); err == nil {
				numbers, err = tx.NumbersOf(got.ID)
			}
			return err
		})
		return got, numbers, err
	}
	expect := func() {
		t.Helper()
		got, numbers, err := look()
		if diff := cmp.Diff(c, got) + cmp.Diff([]group.BusinessNumber{n}, numbers); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	expect()
	c.Name, c.Profile.ContactMail = "another", ""
	c.WABA = group.WABA{ID: "w", Name: "wn", Currency: "EUR", ReviewStatus: "rs", TemplateNamespace: "ns", BusinessID: "b", BusinessName: "bn", ReadAt: at}
	n.Standing = group.Standing{Status: group.Unknown}
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.UpdateChannel(&c), tx.SetStanding(n.Number, &n.Standing))
	})
	expect()
	write(t, s, func(tx *store.Tx) error {
		byWABA, err := tx.ChannelByWABA("w", 7)
		if err != nil || byWABA.ID != c.ID {
			t.Errorf("by business account: %+v, %v", byWABA, err)
		}
		if bound, err := tx.IsBound(n.Number, c.ID); !bound || err != nil {
			t.Errorf("bound %t, %v", bound, err)
		}
		return tx.DeleteChannel(c.ID)
	})
	if _, _, err := look(); !errors.Is(err, store.ErrNoRow) {
		t.Errorf("deleted: %v", err)
	}
	write(t, s, func(tx *store.Tx) error {
		if bound, err := tx.IsBound(n.Number, c.ID); bound || err != nil {
			t.Errorf("bound to what is gone: %t, %v", bound, err)
		}
		return nil
	})
}

// A channel from before the business account stood with it is bound to that of its oldest number.
func testChannelsOfOldDatabases(t *testing.T, open opener) {
	ctx := context.Background()
	var cfg store.Config
	s := open(t, func(c *store.Config) { cfg = *c })
	write(t, s, func(tx *store.Tx) error {
		bound, free := group.Channel{AccountID: 7, SpaceID: "cams-bound"}, group.Channel{AccountID: 7, SpaceID: "cams-free"}
		if err := errors.Join(tx.InsertChannel(&bound), tx.InsertChannel(&free)); err != nil {
			return err
		}
		return errors.Join(
			tx.InsertNumber(&group.BusinessNumber{Number: 8613800000071, AccountID: 7, ChannelID: bound.ID, PhoneNumberID: "71", WABAID: "younger"}, 2),
			tx.InsertNumber(&group.BusinessNumber{Number: 8613800000072, AccountID: 7, ChannelID: bound.ID, PhoneNumberID: "72", WABAID: "oldest"}, 1))
	})
	_, want, err := store.Versions(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), store.MigrateTo(ctx, cfg, 2), store.MigrateTo(ctx, cfg, want)); err != nil {
		t.Fatal(err)
	}
	s = open(t)
	write(t, s, func(tx *store.Tx) error {
		for space, waba := range map[string]string{"cams-bound": "oldest", "cams-free": ""} {
			if c, err := tx.ChannelBySpace(space); err != nil || c.WABA.ID != waba {
				t.Errorf("%s is bound to %q, %v; want %q", space, c.WABA.ID, err, waba)
			}
		}
		return nil
	})
}
