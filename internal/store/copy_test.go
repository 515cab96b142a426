package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

// filled makes a file with some rows in every table, whatever tables there are: numbers, text that needs care, bytes, and nothing where
// that may be.
func filled(t *testing.T) (path string, db *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "rollcall.db")
	s, err := store.Open(context.Background(), store.Config{Path: path, SealKey: sealKey('k')})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err = sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, table := range fileTables(t, db) {
		if sealed := []string{"access_key", "business_number"}; slices.Contains(sealed, table) {
			continue // their secrets would have to be real
		}
		run(t, db, `DELETE FROM "`+table+`"`)
		for row := range 3 {
			fill(t, db, table, row)
		}
	}
	return path, db
}

func fill(t *testing.T, db *sql.DB, table string, row int) {
	t.Helper()
	var names, marks []string
	var values []any
	for _, c := range columnsOf(t, db, table) {
		names, marks, values = append(names, `"`+c.name+`"`), append(marks, "?"), append(values, c.value(table, row))
	}
	statement := fmt.Sprintf(`INSERT INTO "%s" (%s) VALUES (%s)`, table, strings.Join(names, ", "), strings.Join(marks, ", "))
	if _, err := db.Exec(statement, values...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

type fileColumn struct {
	name, kind string
	needed     bool
}

func (c fileColumn) value(table string, row int) any {
	switch {
	case !c.needed && row == 0:
		return nil
	case c.kind == "TEXT":
		return fmt.Sprintf("%s.%s %d: \u00fc\u4e2d\U0001F600 'x' \\N \t\r\n", table, c.name, row)
	case c.kind == "BLOB":
		return []byte{0, 255, 10, byte(row)}[:row+1]
	case c.name == "id":
		return int64(1)<<60 + int64(row)
	default:
		return []int64{0, 127, -7}[row]
	}
}

func columnsOf(t *testing.T, db *sql.DB, table string) (columns []fileColumn) {
	t.Helper()
	rows, err := db.Query(`SELECT name, type, "notnull" OR pk > 0 FROM pragma_table_info(?)`, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c fileColumn
		if err := rows.Scan(&c.name, &c.kind, &c.needed); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}

func fileTables(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.Query(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// content gives the rows of a table as text, in an order that both databases have.
func content(t *testing.T, db *sql.DB, table string, columns []fileColumn) (out []string) {
	t.Helper()
	var names []string
	for _, c := range columns {
		names = append(names, `"`+c.name+`"`)
	}
	rows, err := db.Query("SELECT " + strings.Join(names, ", ") + ` FROM "` + table + `"`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for _, v := range values {
			line += fmt.Sprintf("%q ", fmt.Sprint(v))
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func transfer(path, url string) *store.Transfer {
	return &store.Transfer{From: store.Config{Path: path, SealKey: sealKey('k')}, To: store.Config{URL: url}, Keep: time.Hour,
		Nonces: []store.Nonce{{Hash: 7, At: day}, {Hash: 7, At: day}, {Hash: -8, At: day}}}
}

// TestCopy compares every row of every table that a file has.
func TestCopy(t *testing.T) {
	t.Parallel()
	path, file := filled(t)
	url := pgserver.Database(t)
	counted := map[string]int64{}
	copying := transfer(path, url)
	copying.Told = func(c store.Copied) { counted[c.Table] = c.Rows }
	if err := copying.Copy(context.Background()); err != nil {
		t.Fatal(err)
	}
	db := connectAs(t, url)
	for _, table := range fileTables(t, file) {
		columns := columnsOf(t, file, table)
		want := content(t, file, table, columns)
		same(t, want, content(t, db, table, columns))
		if counted[table] != int64(len(want)) {
			t.Errorf("told of %d rows of %s, want %d", counted[table], table, len(want))
		}
	}
	same(t, []string{`"-8" "1793534400000" `, `"7" "1793534400000" `}, content(t, db, "nonce", []fileColumn{{name: "hash"}, {name: "at"}}))
	var fresh int
	if err := db.QueryRow(`SELECT count(*) FROM pg_index WHERE indrelid IN ('chat_group'::regclass, 'outbox'::regclass)`).Scan(&fresh); err != nil || fresh < 6 {
		t.Errorf("%d indexes were made again, %v", fresh, err)
	}
	s, err := store.Open(context.Background(), store.Config{URL: url, SealKey: sealKey('k'), Kind: store.Production})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it was only asked
	if id := newID(t, s); id <= int64(1)<<60+2 {
		t.Errorf("the next key is %d, below those that were copied", id)
	}
	if err := openAs(t, url, "", 'o'); err == nil {
		t.Error("another key was taken")
	}
}

// TestCopyPutsASignForWhatNobodyCanRead: PostgreSQL takes neither zero bytes nor broken UTF-8 as text.
func TestCopyPutsASignForWhatNobodyCanRead(t *testing.T) {
	t.Parallel()
	path, file := filled(t)
	run(t, file, "UPDATE account SET name = 'a' || char(0) || CAST(x'ff' AS TEXT) || 'b'")
	url := pgserver.Database(t)
	if err := transfer(path, url).Copy(context.Background()); err != nil {
		t.Fatal(err)
	}
	var name string
	if err := connectAs(t, url).QueryRow("SELECT DISTINCT name FROM account").Scan(&name); err != nil || name != "a\uFFFD\uFFFDb" {
		t.Errorf("the name is %q, %v", name, err)
	}
}

// TestCopyThatBreaksOff leaves a database on which nobody starts and into which can be copied again.
func TestCopyThatBreaksOff(t *testing.T) {
	t.Parallel()
	path, file := filled(t)
	run(t, file, "UPDATE participant SET state = 70000 WHERE number = 127")
	url := pgserver.Database(t)
	err := transfer(path, url).Copy(context.Background())
	if err == nil || !strings.Contains(err.Error(), "column state of table participant holds 70000") || !strings.Contains(err.Error(), "begins anew") {
		t.Errorf("got %v, want the column and what to do", err)
	}
	if err := openAs(t, url, "", 'k'); err == nil || !strings.Contains(err.Error(), "has not come to its end") {
		t.Errorf("a start on half a copy: %v", err)
	}
	var accounts int
	if err := connectAs(t, url).QueryRow("SELECT count(*) FROM account").Scan(&accounts); err != nil || accounts != 0 {
		t.Errorf("half a copy has %d accounts, %v", accounts, err)
	}
	run(t, file, "UPDATE participant SET state = 1 WHERE number = 127")
	if err := transfer(path, url).Copy(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := openAs(t, url, store.Production, 'k'); err != nil {
		t.Error(err)
	}
	if err := transfer(path, url).Copy(context.Background()); err == nil || !strings.Contains(err.Error(), "in use already") {
		t.Errorf("a second copy: %v", err)
	}
}

func TestCopyWantsAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	path, file := filled(t)
	url := pgserver.Database(t)
	db := connectAs(t, url)
	run(t, db, "CREATE TABLE theirs (n int)")
	if err := transfer(path, url).Copy(context.Background()); err == nil || !strings.Contains(err.Error(), "holds 1 tables") {
		t.Errorf("beside others' tables: %v", err)
	}
	run(t, db, "DROP TABLE theirs")
	wrong := transfer(path, url)
	wrong.From.SealKey = sealKey('o')
	run(t, file, "INSERT INTO access_key (id, account_id, user_id, secret, active, created_at) VALUES ('LTAI', 1, 0, x'00', 1, 1)")
	if err := wrong.Copy(context.Background()); err == nil || !strings.Contains(err.Error(), store.ErrSealKey.Error()) {
		t.Errorf("with another key: %v", err)
	}
	if found, err := store.LookAt(context.Background(), url); err != nil || found != (store.Installation{}) {
		t.Errorf("it left %+v, %v", found, err)
	}
}
