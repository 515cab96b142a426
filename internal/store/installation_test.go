package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

func openAs(t *testing.T, url string, kind store.Kind, key byte) error {
	t.Helper()
	s, err := store.Open(context.Background(), store.Config{URL: url, Kind: kind, SealKey: sealKey(key)})
	if err == nil {
		err = s.Close()
	}
	return err
}

// Nodes with different keys cannot both begin on an empty database, also when they begin at the same moment.
func TestOneKeyForAllNodes(t *testing.T) {
	t.Parallel()
	url := pgserver.Database(t)
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		all.Go(func() { errs[i] = openAs(t, url, store.Production, "ab"[i%2]) })
	}
	all.Wait()
	refused := [2]int{}
	for i, err := range errs {
		if err != nil && !errors.Is(err, store.ErrSealKey) {
			t.Errorf("node %d: %v", i, err)
		}
		if err != nil {
			refused[i%2]++
		}
	}
	if refused != [2]int{0, 3} && refused != [2]int{3, 0} {
		t.Errorf("of the nodes with the one key %d were refused, with the other %d; want all of one and none of the other", refused[0], refused[1])
	}
}

func TestDatabasesAreOfOneKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		made, used store.Kind
		want       string
	}{
		{store.Production, store.Production, ""}, {store.Production, "", ""}, {"", store.Production, ""},
		{store.Development, store.Development, ""}, {store.Development, "", ""},
		{store.Production, store.Development, "belongs to a production server"}, {"", store.Development, "belongs to a production server"},
		{store.Development, store.Production, "made by rollcall dev"},
	} {
		url := pgserver.Database(t)
		if err := openAs(t, url, test.made, 'k'); err != nil {
			t.Fatal(err)
		}
		err := openAs(t, url, test.used, 'k')
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("made for %q, used for %q: %v, want %q", test.made, test.used, err, test.want)
		}
	}
}

// Erasing makes a development database like new, and spares a production one.
func TestErase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgserver.Database(t)
	if err := openAs(t, url, store.Production, 'k'); err != nil {
		t.Fatal(err)
	}
	if err := store.Erase(ctx, store.Config{URL: url}); err == nil {
		t.Error("a production database was erased")
	}
	if err := openAs(t, url, "", 'k'); err != nil {
		t.Errorf("what was spared: %v", err)
	}
	url = pgserver.Database(t)
	if err := store.Erase(ctx, store.Config{URL: url}); err != nil {
		t.Errorf("an empty database: %v", err)
	}
	if err := openAs(t, url, store.Development, 'k'); err != nil {
		t.Fatal(err)
	}
	if err := store.Erase(ctx, store.Config{URL: url}); err != nil {
		t.Fatal(err)
	}
	if found, err := store.LookAt(ctx, url); err != nil || found != (store.Installation{}) {
		t.Errorf("after it there is %+v, %v", found, err)
	}
	if err := openAs(t, url, store.Production, 'o'); err != nil {
		t.Errorf("it cannot be used anew: %v", err)
	}
}
