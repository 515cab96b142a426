package app

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// TestWhatIsOldIsForgotten: a server forgets from its start on what is older than its settings say, and nothing else.
func TestWhatIsOldIsForgotten(t *testing.T) {
	cfg := devConfig(t)
	cfg.Database.Keep = DefaultKeep
	data := Data{Dir: cfg.DataDir}
	if err := errors.Join(data.create(), data.settleKind(true)); err != nil {
		t.Fatal(err)
	}
	key, err := makeKey(data.keyPath())
	if err != nil {
		t.Fatal(err)
	}
	var old, kept group.Operation
	for _, past := range []struct {
		days int
		op   *group.Operation
	}{{401, &old}, {399, &kept}} {
		*past.op = group.Operation{AccountID: 7, State: group.Done}
		at := time.Now().AddDate(0, 0, -past.days)
		s, err := store.Open(t.Context(), store.Config{Path: data.path(databaseFile), SealKey: key, Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertOperation(past.op) })
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, cfg)
	has := func(id int64) bool {
		err := p.store.Read(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Operation(id)
			return err
		})
		if err != nil && !errors.Is(err, store.ErrNoRow) {
			t.Fatal(err)
		}
		return err == nil
	}
	await(t, "the old operation is forgotten", func() bool { return !has(old.ID) })
	if !has(kept.ID) {
		t.Error("the younger one is forgotten too")
	}
}
