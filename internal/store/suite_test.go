package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/store"
)

// opener opens one database, as often as it is called; the first time it is empty. The store is closed with the test if the
// test does not do it.
type opener func(t *testing.T, change ...func(*store.Config)) *store.Store

// suite is what every database has to pass. fresh makes an empty database of its kind.
func suite(t *testing.T, fresh func(t *testing.T) opener) {
	tests := []struct {
		name string
		run  func(t *testing.T, open opener)
	}{
		{"accounts", testAccounts},
		{"users", testUsers},
		{"access keys", testAccessKeys},
		{"policies", testPolicies},
		{"policy versions", testPolicyVersions},
		{"user groups", testUserGroups},
		{"roles", testRoles},
		{"permissions of old databases", testPermissionsOfOldDatabases},
		{"channels and numbers", testChannels},
		{"channels and numbers whole", testChannelsWhole},
		{"channels of old databases", testChannelsOfOldDatabases},
		{"groups", testGroups},
		{"group lists", testGroupLists},
		{"group search", testGroupSearch},
		{"group pages", testGroupPages},
		{"group pages while many write", testGroupPagesTogether},
		{"group search given up", testGroupSearchGivenUp},
		{"lists of old databases", testListsOfOldDatabases},
		{"groups walked", testGroupsWalked},
		{"participants", testParticipants},
		{"operations", testOperations},
		{"operation tokens", testOperationTokens},
		{"operation lists", testOperationLists},
		{"lanes", testLanes},
		{"items", testItems},
		{"rereads", testEnqueueReread},
		{"messages move on", testMessageMovesOn},
		{"message filters", testMessageFilters},
		{"messages pruned", testPruneMessages},
		{"events", testEvents},
		{"event numbers", testEventNumbers},
		{"receipts once", testReceiptsOnce},
		{"callbacks", testCallbacks},
		{"dead receipts", testDeadReceipts},
		{"parked reports", testParkedReports},
		{"operations pruned", testPruneOperations},
		{"events pruned", testPruneEvents},
		{"dead items pruned", testPruneDeadItems},
		{"text that cannot be read", testIllegible},
		{"commits are shared", testCommitsAreShared},
		{"a bad transaction stands alone", testBadTransactionStandsAlone},
		{"a failed transaction leaves nothing", testFailedTransactionLeavesNothing},
		{"cancelled before its turn", testCancelledBeforeItsTurn},
		{"cancelled in its turn", testCancelledInItsTurn},
		{"close", testClose},
		{"snapshot", testSnapshot},
		{"snapshot panics", testSnapshotPanics},
		{"look", testLook},
		{"a reader cannot write", testReaderCannotWrite},
		{"reading waits for a connection", testReadWaits},
		{"wrong seal key", testWrongSealKey},
		{"two processes", testTwoProcesses},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, fresh(t))
		})
	}
}

var day = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func clock(at time.Time) func(*store.Config) {
	return func(c *store.Config) { c.Now = func() time.Time { return at } }
}

func write(t *testing.T, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// read gives what one look-up finds.
func read[T any](t *testing.T, s *store.Store, fn func(tx *store.Tx) (T, error)) T {
	t.Helper()
	v, err := lookUp(s, fn)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func lookUp[T any](s *store.Store, fn func(tx *store.Tx) (T, error)) (v T, err error) {
	err = s.Read(context.Background(), func(tx *store.Tx) error {
		v, err = fn(tx)
		return err
	})
	return v, err
}

// noRow checks that a look-up finds nothing.
func noRow[T any](t *testing.T, s *store.Store, fn func(tx *store.Tx) (T, error)) {
	t.Helper()
	if v, err := lookUp(s, fn); !errors.Is(err, store.ErrNoRow) {
		t.Errorf("found %+v, %v", v, err)
	}
}

// misses checks that a change of something that is not there says so.
func misses(t *testing.T, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); !errors.Is(err, store.ErrNoRow) {
		t.Errorf("got %v, want ErrNoRow", err)
	}
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func newID(t *testing.T, s *store.Store) int64 {
	t.Helper()
	id, err := s.NewID(context.Background())
	if err != nil {
		t.Error(err)
	}
	return id
}
