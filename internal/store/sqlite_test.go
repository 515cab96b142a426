package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	suite(t, sqliteFile)
	t.Run("nonces", func(t *testing.T) { testNonces(t, sqliteFile(t)) })
	t.Run("keys grow", func(t *testing.T) { testKeysGrow(t, sqliteFile(t)) })
	t.Run("keys grow over restarts", func(t *testing.T) { testKeysGrowOverRestarts(t, sqliteFile(t)) })
}

func sqliteFile(t *testing.T) opener {
	path := filepath.Join(t.TempDir(), "data base?.db") // a name that an address has to escape
	return func(t *testing.T, change ...func(*store.Config)) *store.Store {
		t.Helper()
		cfg := store.Config{Path: path, SealKey: sealKey('k')}
		for _, c := range change {
			c(&cfg)
		}
		s, err := store.Open(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
				t.Error(err)
			}
		})
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// P3 stands on these settings, and on the flusher.
func TestSettingsAreInForce(t *testing.T) {
	s := sqliteFile(t)(t)
	write(t, s, account(1))
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "1", "wal_autocheckpoint": "131072",
		"busy_timeout": "10000", "foreign_keys": "1", "query_only": "0"} {
		if got, err := s.WriterPragma(name); got != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if got, err := s.ReaderPragma("query_only"); got != "1" || err != nil {
		t.Errorf("query_only of a reader is %q, %v", got, err)
	}
}

// testWrongSealKey stands in the suite: whatever the first secret is, a foreign key file is refused at the start.
func testWrongSealKey(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t)
	c := group.Channel{AccountID: 7, SpaceID: "cams-one", CreatedAt: day}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.InsertChannel(&c); err != nil {
			return err
		}
		return tx.InsertNumber(&group.BusinessNumber{Number: businessNumber, AccountID: 7, ChannelID: c.ID, PhoneNumberID: "101", Token: "t"}, 0)
	})
	other := func(cfg *store.Config) { cfg.SealKey = sealKey('x') }
	refusedAtOpen(t, open, other)
	write(t, s, func(tx *store.Tx) error {
		return tx.InsertAccessKey(&store.AccessKey{ID: "LTAI5tMine", AccountID: 7, Secret: "mySecret", CreatedAt: day})
	})
	refusedAtOpen(t, open, other)
	if err := s.Write(ctx, account(1)); err != nil {
		t.Error(err)
	}
	for _, length := range []int{0, 16, 31, 33} {
		if _, err := store.Open(ctx, store.Config{Path: filepath.Join(t.TempDir(), "x.db"), SealKey: make([]byte, length)}); err == nil {
			t.Errorf("a key of %d bytes was taken", length)
		}
	}
}

func refusedAtOpen(t *testing.T, open opener, change func(*store.Config)) {
	t.Helper()
	var cfg store.Config
	open(t, func(c *store.Config) { cfg = *c })
	change(&cfg)
	if _, err := store.Open(context.Background(), cfg); !errors.Is(err, store.ErrSealKey) {
		t.Errorf("a foreign key gives %v", err)
	}
}

func rawSQL(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// P6: who gets hold of the file has no secret, and who can write to it cannot give one key another's secret.
func TestSecretsAreSealed(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "sealed.db")
	s := openFile(t, path)
	secrets := []string{"secretOfTheFirstKey", "secretOfTheSecondKey", "tokenOfTheFirstNumber", "tokenOfTheSecondNumber"}
	write(t, s, func(tx *store.Tx) error {
		c := group.Channel{AccountID: 7, SpaceID: "cams-one"}
		return errors.Join(
			tx.InsertAccessKey(&store.AccessKey{ID: "LTAI5tA", AccountID: 7, Secret: "secretOfTheFirstKey"}),
			tx.InsertAccessKey(&store.AccessKey{ID: "LTAI5tB", AccountID: 7, Secret: "secretOfTheSecondKey"}),
			tx.InsertChannel(&c),
			tx.InsertNumber(&group.BusinessNumber{Number: businessNumber, ChannelID: c.ID, PhoneNumberID: "101", Token: "x"}, 0),
			tx.InsertNumber(&group.BusinessNumber{Number: businessNumber + 1, ChannelID: c.ID, PhoneNumberID: "102", Token: "tokenOfTheSecondNumber"}, 0),
			tx.SetNumberToken(businessNumber, "tokenOfTheFirstNumber"))
	})
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s shows %s", filepath.Base(f), secret)
			}
		}
	}
	db := rawSQL(t, path)
	for _, move := range []string{
		"UPDATE access_key SET secret = (SELECT secret FROM access_key WHERE id = 'LTAI5tA') WHERE id = 'LTAI5tB'",
		"UPDATE business_number SET token = (SELECT token FROM business_number WHERE phone_number_id = '101') WHERE phone_number_id = '102'",
	} {
		if _, err := db.ExecContext(ctx, move); err != nil {
			t.Fatal(err)
		}
	}
	if k, err := lookUp(s, func(tx *store.Tx) (store.AccessKey, error) { return tx.AccessKey("LTAI5tB") }); !errors.Is(err, store.ErrSealKey) || k.Secret != "" {
		t.Errorf("a moved secret was opened: %v", err)
	}
	_, err = lookUp(s, (*store.Tx).Numbers)
	if !errors.Is(err, store.ErrSealKey) || strings.Contains(err.Error(), (businessNumber+1).String()) {
		t.Errorf("a moved token gives %v", err)
	}
	if _, err := db.ExecContext(ctx, "UPDATE access_key SET secret = x'00'"); err != nil {
		t.Fatal(err)
	}
	if _, err := lookUp(s, func(tx *store.Tx) (store.AccessKey, error) { return tx.AccessKey("LTAI5tA") }); !errors.Is(err, store.ErrSealKey) {
		t.Errorf("a cut secret gives %v", err)
	}
}

func schema(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), "SELECT name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE '%goose%' AND name NOT LIKE 'sqlite_%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		out[name] = text
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMigrationsGoUpDownAndUp(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "migrated.db")
	openFile(t, path)
	version, _, err := store.Versions(ctx, store.Config{Path: path})
	if err != nil || version < 1 {
		t.Fatalf("version %d, %v", version, err)
	}
	db := rawSQL(t, path)
	up := schema(t, db)
	if len(up) < 14 {
		t.Fatalf("%d tables and indexes", len(up))
	}
	for v := version - 1; v >= 0; v-- {
		if err := store.Migrate(ctx, db, v); err != nil {
			t.Fatalf("down to %d: %v", v, err)
		}
	}
	if left := schema(t, db); len(left) != 0 {
		t.Errorf("going down left %v", left)
	}
	if err := store.Migrate(ctx, db, version); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(up, schema(t, db)); diff != "" {
		t.Error(diff)
	}
}

// Statements that run with every removal, report or sweep must find their rows by key, however large the tables are. Those
// that read a whole table are named here.
func TestStatementsFindTheirRowsByKey(t *testing.T) {
	whole := []string{"FROM account ORDER BY", "FROM channel ORDER BY", "FROM business_number n", "WHERE dead = 1", "FROM group_list l"}
	s := sqliteFile(t)(t)
	s.Strain()
	lane := groupLane(1)
	it, gr, op := store.Item{Lane: lane}, group.Group{AccountID: 7, NetworkID: "net/1"}, group.Operation{AccountID: 7, ClientToken: "t"}
	var plans map[string][]string
	write(t, s, func(tx *store.Tx) error {
		drop := func(_ any, err error) error { return err }
		drop2 := func(_, _ any, err error) error { return err }
		err := errors.Join(tx.InsertGroup(&gr), tx.UpdateGroup(&gr), tx.InsertOperation(&op), tx.UpdateOperation(&op), tx.Enqueue(&it),
			tx.PutItem(&it), tx.EnqueueReread(lane), tx.Raise(), tx.RaiseRAM(), drop(tx.ChannelGeneration()), tx.PutParticipants(1, make([]group.Participant, 1)),
			drop(tx.Group(gr.ID)), drop(tx.GroupByNetworkID("net/1")), drop(tx.KnowsGroup("net/1")),
			drop(tx.CountNumberGroups(3, businessNumber)), drop(tx.GroupsAfter(0, 10)), drop(tx.CountLiving()),
			drop(tx.Participants(1)), drop(tx.Operation(op.ID)), drop(tx.OperationByToken(7, "t")),
			drop(tx.Operations(7, 0, 10)), drop(tx.NoncesSince(day)), drop(tx.Head(lane)), drop(tx.Lanes(lane, 10)), drop(tx.DeadItems(10)),
			drop(tx.Receipts(store.Stream{GroupID: 5, To: 9, Most: 5})), drop(tx.Receipts(store.Stream{Number: 5, To: 9, Most: 5})), drop(tx.TakeParked("net/1", "r")), drop(tx.Generation()),
			drop(tx.Accounts()), drop(tx.Users(7)), drop(tx.AccessKeys(7, 0)), drop(tx.Policies(7)), drop(tx.Attachments(7, 1)),
			drop(tx.Channels()), drop(tx.Numbers()), drop(tx.NumbersLike(1, "1")), tx.Finish(&it), pages(tx),
			drop2(tx.PruneOperations(0, day, 10)), drop2(tx.PruneEvents(0, day, 10)), drop2(tx.PruneDeadItems(0, day, 10)), drop2(tx.PruneParked(0, day, 10)))
		if err != nil {
			return err
		}
		for _, missing := range []error{drop(tx.ItemByRef("r")), drop(tx.AccessKey("x")), drop(tx.User(1)), drop(tx.UserByName(7, "x")),
			drop(tx.ChannelByWABA("1", 7)), drop(tx.ChannelBySpace("x")), drop(tx.Callback(1, 1))} {
			if !errors.Is(missing, store.ErrNoRow) {
				return missing
			}
		}
		plans, err = tx.Plans()
		return err
	})
	if len(plans) < 35 {
		t.Fatalf("only %d statements were looked at", len(plans))
	}
	for query, plan := range plans { // or a list of a million is read for the few that are suspended
		if strings.HasPrefix(query, "SELECT list_no") && strings.Contains(query, " AND status = ") && !strings.Contains(strings.Join(plan, ";"), "COVERING INDEX chat_group_status (list_id=? AND status=?") {
			t.Errorf("%s\n\tdoes not go by status: %s", query, plan)
		}
	}
	for query, plan := range plans { // or the stream of a number is read for one of its groups
		if strings.Contains(query, "e.group_id = $1") && !strings.Contains(strings.Join(plan, ";"), "event_stream (group_id=? AND place>? AND place<?)") {
			t.Errorf("%s\n\tdoes not go by group: %s", query, plan)
		}
	}
	bounded := strings.NewReplacer("SCAN CONSTANT ROW", "", // a SELECT without a table
		"SCAN subject_index VIRTUAL TABLE INDEX 192:M1><", "", "SCAN found", "") // what the index of subjects names, within a list
	for query, plan := range plans {
		allowed := false
		for _, part := range whole {
			allowed = allowed || strings.Contains(query, part)
		}
		text := bounded.Replace(strings.Join(plan, "; "))
		if !allowed && strings.Contains(text, "SCAN") {
			t.Errorf("%s\n\treads a whole table: %s", query, text)
		}
	}
}

// pages reads lists in all ways there are.
func pages(tx *store.Tx) error {
	for i := range 5 {
		err := tx.InsertGroup(&group.Group{SpaceID: 9, Number: businessNumber, NetworkID: fmt.Sprint("net/listed/", i), Status: group.Active, Subject: "Site"})
		if err != nil {
			return err
		}
	}
	for _, status := range []group.Status{0, group.Active} {
		for _, text := range []string{"", "Si", "Site", "nowhere"} {
			p, err := tx.Page(store.GroupFilter{ChannelID: 9, Number: businessNumber, Status: status, Subject: text}, 2, 2)
			if err != nil {
				return err
			}
			if want := map[bool]int{true: 0, false: 5}[text == "nowhere"]; p.Total != want {
				return fmt.Errorf("%q finds %d", text, p.Total)
			}
		}
	}
	return nil
}
