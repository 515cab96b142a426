package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

func addOperation(t *testing.T, s *store.Store, change ...func(*group.Operation)) group.Operation {
	t.Helper()
	o := group.Operation{AccountID: 7, GroupID: 5, Kind: group.KindRemove, State: group.Pending, At: day}
	for _, c := range change {
		c(&o)
	}
	write(t, s, func(tx *store.Tx) error { return tx.InsertOperation(&o) })
	return o
}

func testOperations(t *testing.T, open opener) {
	s := open(t)
	o := group.Operation{AccountID: 7, GroupID: 5, Kind: group.KindRemove, State: group.Pending, Action: "DeleteChatGroupParticipants",
		Principal: "acs:ram::7:user/bo", AccessKeyID: "LTAI5tMine", Source: "192.0.2.1", RequestID: "R", NonceHash: -9, ClientToken: "A/t",
		ParamsDigest: "d", At: day, People: []group.Person{{Number: 8613900000001}, {Number: 8613900000002, State: group.PersonWasOut}}}
	write(t, s, func(tx *store.Tx) error { return tx.InsertOperation(&o) })
	get := func(id int64) func(*store.Tx) (group.Operation, error) {
		return func(tx *store.Tx) (group.Operation, error) { return tx.Operation(id) }
	}
	same(t, o, read(t, s, get(o.ID)))
	o.People[0] = group.Person{Number: 8613900000001, State: group.PersonRefused, Code: 131215, Message: "“no”"}
	o.State, o.DoneAt, o.Result, o.Code, o.Message = group.Failed, day.Add(time.Second), "result", "131215", "no"
	write(t, s, func(tx *store.Tx) error { return tx.UpdateOperation(&o) })
	same(t, o, read(t, s, get(o.ID)))
	noRow(t, s, get(o.ID+1))

	plain := addOperation(t, s) // no people, no token
	same(t, plain, read(t, s, get(plain.ID)))
	write(t, s, func(tx *store.Tx) error {
		return tx.Run("UPDATE operation SET people = '[' WHERE id = $1", plain.ID)
	})
	if o, err := lookUp(s, get(plain.ID)); err == nil {
		t.Errorf("broken people were read as %+v", o)
	}
}

func testOperationTokens(t *testing.T, open opener) {
	s := open(t)
	token := func(text string) func(*group.Operation) { return func(o *group.Operation) { o.ClientToken = text } }
	first := addOperation(t, s, token("A/t"))
	addOperation(t, s, token(""))
	addOperation(t, s, token("")) // any number of operations have none
	others := addOperation(t, s, token("A/t"), func(o *group.Operation) { o.AccountID = 8 })
	find := func(account int64, text string) func(*store.Tx) (group.Operation, error) {
		return func(tx *store.Tx) (group.Operation, error) { return tx.OperationByToken(account, text) }
	}
	same(t, first, read(t, s, find(7, "A/t")))
	same(t, others, read(t, s, find(8, "A/t")))
	noRow(t, s, find(7, ""))
	noRow(t, s, find(7, "B/t"))
	again := first
	if err := s.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertOperation(&again) }); err == nil {
		t.Error("one token began two operations")
	}
}

func testOperationLists(t *testing.T, open opener) {
	s := open(t)
	var mine []group.Operation
	for range 5 {
		mine = append(mine, addOperation(t, s))
		addOperation(t, s, func(o *group.Operation) { o.AccountID = 8 })
	}
	slices.Reverse(mine)
	list := func(before int64, most int) []group.Operation {
		return read(t, s, func(tx *store.Tx) ([]group.Operation, error) { return tx.Operations(7, before, most) })
	}
	same(t, mine, list(0, 100))
	same(t, mine[:2], list(0, 2))
	same(t, mine[2:4], list(mine[1].ID, 2))
	same(t, []group.Operation(nil), list(mine[4].ID, 2))
}

func testNonces(t *testing.T, open opener) {
	now := day
	s := open(t, func(c *store.Config) { c.Now = func() time.Time { return now } })
	for i, nonce := range []int64{11, 0, -13, 14} {
		now = day.Add(time.Duration(i) * time.Minute)
		addOperation(t, s, func(o *group.Operation) { o.NonceHash, o.At = nonce, now })
	}
	since := func(at time.Time) []store.Nonce {
		return read(t, s, func(tx *store.Tx) ([]store.Nonce, error) { return tx.NoncesSince(at) })
	}
	all := []store.Nonce{{Hash: 11, At: day}, {Hash: -13, At: day.Add(2 * time.Minute)}, {Hash: 14, At: day.Add(3 * time.Minute)}}
	byTime := cmp.Transformer("sorted", func(in []store.Nonce) []store.Nonce {
		return slices.SortedFunc(slices.Values(in), func(a, b store.Nonce) int { return a.At.Compare(b.At) })
	})
	for from, want := range map[time.Duration][]store.Nonce{0: all, time.Minute: all[1:], 2 * time.Minute: all[1:], 4 * time.Minute: nil} {
		if diff := cmp.Diff(append([]store.Nonce{}, want...), append([]store.Nonce{}, since(day.Add(from))...), byTime); diff != "" {
			t.Errorf("since %s: %s", from, diff)
		}
	}
}

func testEvents(t *testing.T, open opener) {
	s := open(t)
	var mine []group.Event
	for i := range 4 {
		e := group.Event{AccountID: 7, GroupID: 5, Kind: "joined", OperationID: int64(i), At: day, Body: `{"people":[1]}`}
		write(t, s, func(tx *store.Tx) error { return tx.InsertEvent(&e) })
		mine = append(mine, e)
		write(t, s, func(tx *store.Tx) error { return tx.InsertEvent(&group.Event{AccountID: 8, Kind: "left", At: day}) })
	}
	after := func(id int64, most int) []group.Event {
		return read(t, s, func(tx *store.Tx) ([]group.Event, error) { return tx.EventsAfter(7, id, most) })
	}
	same(t, mine, after(0, 100))
	same(t, mine[:2], after(0, 2))
	same(t, mine[2:], after(mine[1].ID, 100))
	same(t, []group.Event(nil), after(mine[3].ID, 100))
}

func testParkedReports(t *testing.T, open opener) {
	now := day
	s := open(t, func(c *store.Config) { c.Now = func() time.Time { return now } })
	park := func(r store.Report) {
		t.Helper()
		r.ReceivedAt = now
		write(t, s, func(tx *store.Tx) error { return tx.Park(r) })
	}
	take := func(networkID, ref string) (bodies []string) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error {
			found, err := tx.TakeParked(networkID, ref)
			for _, r := range found {
				bodies = append(bodies, string(r.Body))
			}
			return err
		})
		return bodies
	}
	park(store.Report{NetworkID: "net/1", Dedupe: "1", Body: []byte("first")})
	park(store.Report{Ref: "101/r", Dedupe: "2", Body: []byte("creation")})
	park(store.Report{NetworkID: "net/1", Dedupe: "1", Body: []byte("first, said twice")})
	park(store.Report{NetworkID: "net/1", Dedupe: "3", Body: []byte("second")})
	park(store.Report{NetworkID: "net/2", Dedupe: "4", Body: []byte("other")})
	same(t, []string(nil), take("", ""))
	same(t, []string(nil), take("net/9", "101/x"))
	same(t, []string{"first", "second"}, take("net/1", ""))
	same(t, []string(nil), take("net/1", ""))
	same(t, []string{"creation"}, take("", "101/r"))

	now = day.Add(time.Hour)
	park(store.Report{NetworkID: "net/3", Dedupe: "5", Body: []byte("young")})
	prune := func(before time.Time) (dropped int) {
		write(t, s, func(tx *store.Tx) (err error) {
			_, dropped, err = tx.PruneParked(0, before, 10)
			return err
		})
		return dropped
	}
	left := 2
	if !s.Shared() { // PostgreSQL gives keys by its own clock, to which all of them are of this moment
		left--
		if dropped := prune(now); dropped != 1 {
			t.Errorf("%d reports were dropped, want the one that is older", dropped)
		}
		same(t, []string(nil), take("net/2", ""))
	}
	if dropped := prune(day); dropped != 0 {
		t.Errorf("%d reports were dropped that are not old", dropped)
	}
	if dropped := prune(time.Now().Add(time.Hour)); dropped != left {
		t.Errorf("%d reports were dropped, want all of %d", dropped, left)
	}
	same(t, []string(nil), take("net/3", ""))
}
