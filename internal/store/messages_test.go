package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// A message only ever moves on, in whatever order its states are reported, and its id on the network stays.
func testMessageMovesOn(t *testing.T, open opener) {
	s := open(t)
	m := store.Message{ID: 77, AccountID: 1, Number: businessNumber, At: day, StateAt: day, State: group.MessageAccepted, Kind: "text", GroupID: 5, Chat: "G"}
	write(t, s, func(tx *store.Tx) error { return tx.InsertMessage(&m) })
	for _, step := range []struct {
		news store.MessageNews
		want group.MessageState
		code int
	}{
		{store.MessageNews{State: group.MessageDelivered, At: day.Add(2 * time.Second), WAMID: "wamid.1"}, group.MessageDelivered, 0},
		{store.MessageNews{State: group.MessageSent, At: day.Add(time.Second), WAMID: "wamid.2"}, group.MessageDelivered, 0},
		{store.MessageNews{State: group.MessageFailed, At: day.Add(3 * time.Second), Code: 131026, Reason: "no"}, group.MessageDelivered, 0},
		{store.MessageNews{State: group.MessageRead, At: day.Add(4 * time.Second)}, group.MessageRead, 0},
	} {
		write(t, s, func(tx *store.Tx) error { return tx.MoveMessage(m.ID, step.news) })
		write(t, s, func(tx *store.Tx) error {
			got, err := tx.MessageByWAMID(businessNumber, "wamid.1")
			if err == nil && (got.State != step.want || got.Code != step.code || got.Chat != "G") {
				t.Errorf("after %v it is %+v", step.news.State, got)
			}
			return err
		})
	}
	for _, state := range []group.MessageState{group.MessageRead, group.MessageDelivered} {
		member := store.MessageMember{Person: 5, State: state, At: day}
		write(t, s, func(tx *store.Tx) error { return tx.PutMember(m.ID, member) })
	}
	write(t, s, func(tx *store.Tx) error {
		members, err := tx.MessageMembers(m.ID)
		if diff := cmp.Diff([]store.MessageMember{{Person: 5, State: group.MessageRead, At: day}}, members); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
		return err
	})
}

// A person is found by either spelling of the number, and a filter that no index serves looks through no more than it says.
func testMessageFilters(t *testing.T, open opener) {
	s := open(t)
	const short, long = group.Number(551112345678), group.Number(5511912345678)
	write(t, s, func(tx *store.Tx) error {
		for i, person := range []group.Number{short, long, 4915112345678} {
			m := store.Message{ID: int64(i + 1), AccountID: 1, Number: businessNumber, At: day.Add(time.Duration(i) * time.Second), StateAt: day,
				State: group.MessageRead, Person: person, TemplateCode: "t"}
			if err := tx.InsertMessage(&m); err != nil {
				return err
			}
		}
		return nil
	})
	list := func(f store.MessageFilter) (ids []int64) {
		f.AccountID, f.Number = 1, businessNumber
		for _, m := range read(t, s, func(tx *store.Tx) ([]store.Message, error) { return tx.Messages(f, 0, 10) }) {
			ids = append(ids, m.ID)
		}
		return ids
	}
	same(t, []int64{2, 1}, list(store.MessageFilter{Person: short}))
	same(t, []int64{2, 1}, list(store.MessageFilter{Person: long}))
	rare := store.MessageFilter{TemplateCode: "t"}
	same(t, []int64{3, 2, 1}, list(rare))
	rare.Through = 2
	same(t, []int64{3, 2}, list(rare))
	rare.Until = day.Add(2 * time.Second)
	same(t, []int64{2, 1}, list(rare))
	rare.From = day.Add(time.Second)
	same(t, []int64{2}, list(rare))
}

// Messages are forgotten when they are old, with what is known of their members; those that have not been sent stay.
func testPruneMessages(t *testing.T, open opener) {
	s := open(t)
	var kept []int64
	write(t, s, func(tx *store.Tx) error {
		for i, state := range []group.MessageState{group.MessageSent, group.MessageAccepted, group.MessageRead} {
			m := store.Message{ID: int64(i + 1), AccountID: 1, Number: businessNumber, At: day, StateAt: day, State: state}
			if err := tx.InsertMessage(&m); err != nil {
				return err
			}
			if err := tx.PutMember(m.ID, store.MessageMember{Person: 5, State: state, At: day}); err != nil {
				return err
			}
		}
		return nil
	})
	write(t, s, func(tx *store.Tx) error {
		last, gone, err := tx.PruneMessages(0, day, 10)
		if last != 3 || gone != 2 {
			t.Errorf("%d are gone, to %d", gone, last)
		}
		return err
	})
	write(t, s, func(tx *store.Tx) error {
		found, err := tx.Messages(store.MessageFilter{AccountID: 1, Number: businessNumber}, 0, 10)
		for _, m := range found {
			kept = append(kept, m.ID)
		}
		return err
	})
	if diff := cmp.Diff([]int64{2}, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	write(t, s, func(tx *store.Tx) error {
		for id, want := range map[int64]int{1: 0, 2: 1, 3: 0} {
			members, err := tx.MessageMembers(id)
			if err != nil || len(members) != want {
				t.Errorf("message %d: %d members, %v", id, len(members), err)
			}
		}
		return nil
	})
}
