package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// streamOf gives what there is to tell of the number behind a place.
func streamOf(t *testing.T, s *store.Store, after int64) (list []store.Receipt) {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.PlaceEvents(businessNumber)
		return err
	})
	return read(t, s, func(tx *store.Tx) ([]store.Receipt, error) {
		end, err := tx.LastPlace(businessNumber)
		if err != nil {
			return nil, err
		}
		return tx.Receipts(store.Stream{AccountID: 7, Number: businessNumber, After: after, To: end, Most: 100})
	})
}

// What happens in a group is numbered without a gap, whatever has been forgotten of it.
func testEventNumbers(t *testing.T, open opener) {
	s := open(t)
	g := group.Group{AccountID: 7, SpaceID: 3, Number: businessNumber, NetworkID: "net", Status: group.Active, CreatedAt: day, ModifiedAt: day}
	write(t, s, func(tx *store.Tx) error { return tx.InsertGroup(&g) })
	tell := func(groupID int64) {
		write(t, s, func(tx *store.Tx) error {
			tx.Hold("group")
			return tx.InsertEvent(&group.Event{AccountID: 7, Number: businessNumber, GroupID: groupID, Kind: "joined", At: day})
		})
	}
	numbers := func(groupID int64) (list []int64) {
		for _, r := range streamOf(t, s, 0) {
			if r.GroupID == groupID {
				list = append(list, r.Seq)
			}
		}
		return list
	}
	for range 3 {
		tell(g.ID)
		tell(g.ID + 1)
	}
	same(t, []int64{1, 2, 3}, numbers(g.ID))
	same(t, []int64{1, 2, 3}, numbers(g.ID+1))
	before := old(t, s)
	reach(t, s, before)
	prune(t, s, (*store.Tx).PruneEvents, before, 4)
	same(t, []int64(nil), numbers(g.ID))
	tell(g.ID)
	tell(g.ID)
	same(t, []int64{4, 5}, numbers(g.ID))
}

// A message is told once, however often it is reported.
func testReceiptsOnce(t *testing.T, open opener) {
	s := open(t)
	tell := func(dedupe string) (fresh bool) {
		write(t, s, func(tx *store.Tx) (err error) {
			fresh, err = tx.InsertReceipt(&group.Event{AccountID: 7, Number: businessNumber, Kind: group.EventInbound, At: day, Body: "{}"}, dedupe)
			return err
		})
		return fresh
	}
	same(t, []bool{true, false, true}, []bool{tell("a"), tell("a"), tell("b")})
	write(t, s, func(tx *store.Tx) error { // the number was another account's before
		return tx.InsertEvent(&group.Event{AccountID: 8, Number: businessNumber, Kind: "joined", At: day})
	})
	same(t, 2, len(streamOf(t, s, 0)))
}

func testCallbacks(t *testing.T, open opener) {
	s := open(t)
	all := func() []store.Callback { return read(t, s, (*store.Tx).Callbacks) }
	same(t, []store.Callback(nil), all())
	common := store.Callback{ChannelID: 3, AccountID: 7, StatusURL: "https://a.example", HTTP: "Y", Secret: "whsec_x", ChangedAt: day}
	own := store.Callback{ChannelID: 3, Number: businessNumber, AccountID: 7, UpURL: "https://b.example", Queue: "N", ChangedAt: day}
	for _, c := range []store.Callback{own, common} {
		write(t, s, func(tx *store.Tx) error { return tx.PutCallback(&c) })
	}
	same(t, []store.Callback{common, own}, all())
	common.Secret, common.HTTP, common.ChangedAt = "", "N", day.Add(time.Hour)
	write(t, s, func(tx *store.Tx) error { return tx.PutCallback(&common) })
	same(t, []store.Callback{common, own}, all())
}

// Dead receipts are found by time and by key, and revived before what waits.
func testDeadReceipts(t *testing.T, open opener) {
	s := open(t)
	lane := store.Lane{Kind: store.CallbackLane, ID: 5}
	var items []store.Item
	for range 3 {
		items = append(items, enqueue(t, s, lane))
	}
	inbound := enqueue(t, s, store.Lane{Kind: store.InboundLane, ID: 5})
	other := enqueue(t, s, groupLane(5))
	other.Dead = true
	for _, it := range items[:2] {
		it.Dead, it.Failure, it.Attempts = true, "status 500", 2
		write(t, s, func(tx *store.Tx) error { return tx.PutItem(&it) })
	}
	write(t, s, func(tx *store.Tx) error { return tx.PutItem(&other) })
	dead := func(r store.Range) (ids []int64) {
		r.Most = 10
		for _, w := range read(t, s, func(tx *store.Tx) ([]store.Waiting, error) { return tx.DeadReceipts(r) }) {
			ids = append(ids, w.Item.ID)
		}
		return ids
	}
	same(t, []int64{items[0].ID, items[1].ID}, dead(store.Range{}))
	same(t, []int64{items[1].ID}, dead(store.Range{ID: items[1].ID}))
	same(t, []int64{items[1].ID}, dead(store.Range{After: items[0].ID}))
	same(t, []int64(nil), dead(store.Range{To: day}))
	same(t, []int64(nil), dead(store.Range{From: time.Now().Add(time.Hour)}))
	same(t, 2, read(t, s, (*store.Tx).CountDeadReceipts))
	inbound.Dead = true
	write(t, s, func(tx *store.Tx) error { return tx.PutItem(&inbound) })
	same(t, []int64{items[0].ID, items[1].ID, inbound.ID}, dead(store.Range{}))
	same(t, 3, read(t, s, (*store.Tx).CountDeadReceipts))
	write(t, s, func(tx *store.Tx) error { return tx.Revive(&inbound, 0) })
	write(t, s, func(tx *store.Tx) error { return tx.Revive(&items[1], 0) })
	same(t, 1, read(t, s, (*store.Tx).CountDeadReceipts))
	waiting := read(t, s, func(tx *store.Tx) ([]store.Waiting, error) { return tx.WaitingIn(lane, 10) })
	if diff := cmp.Diff([]int64{items[1].ID, items[2].ID}, []int64{waiting[0].Item.ID, waiting[1].Item.ID}); diff != "" || waiting[0].Item.Attempts != 0 {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
}

// An event that is committed late is not passed over: it comes to stand behind those that were read, on whatever node.
func TestPostgresStreamPassesNothingOver(t *testing.T) {
	t.Parallel()
	open := postgresDatabase(t)
	one, two := open(t), open(t)
	event := func(groupID int64) group.Event {
		return group.Event{AccountID: 7, Number: businessNumber, GroupID: groupID, Kind: "joined", At: day}
	}
	begun, release, ended := make(chan struct{}, 2), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- one.Write(t.Context(), func(tx *store.Tx) error {
			late := event(1)
			if err := tx.InsertEvent(&late); err != nil {
				return err
			}
			begun <- struct{}{}
			<-release
			return nil
		})
	}()
	<-begun
	write(t, two, func(tx *store.Tx) error { e := event(2); return tx.InsertEvent(&e) })
	first := streamOf(t, two, 0)
	if len(first) != 1 || first[0].GroupID != 2 {
		t.Fatalf("read first: %+v", first)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	second := streamOf(t, two, first[0].Place)
	if len(second) != 1 || second[0].GroupID != 1 || second[0].ID >= first[0].ID {
		t.Errorf("read then: %+v, behind %+v", second, first)
	}
}
