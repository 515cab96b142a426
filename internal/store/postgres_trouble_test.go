package store_test

import (
	"context"
	"database/sql"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/pgserver"
	"github.com/rollcall-im/rollcall/internal/store"
)

const hba = `host all stranger all reject
host all guarded all scram-sha-256
host all all all trust
`

// TestTrouble opens databases that cannot be used. Each says in a sentence what to do, and keeps the password to itself.
func TestTrouble(t *testing.T) {
	t.Parallel()
	server := guardedServer(t)
	admin := connectAs(t, server.URL("postgres"))
	for _, sql := range []string{"CREATE ROLE guarded LOGIN PASSWORD 'sesame'", "CREATE ROLE stranger LOGIN", "CREATE ROLE poor LOGIN",
		"CREATE ROLE guest LOGIN", "ALTER ROLE guest SET default_transaction_read_only = on", "CREATE ROLE single LOGIN CONNECTION LIMIT 0",
		"CREATE DATABASE owned OWNER guarded", "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0"} {
		run(t, admin, sql)
	}
	run(t, connectAs(t, server.URL("owned")), "REVOKE CREATE ON SCHEMA public FROM public")
	address := func(user, database string) string {
		u, err := url.Parse(server.URL(database))
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.User(user)
		return u.String()
	}
	for _, test := range []struct {
		name    string
		address store.Address
		want    string
	}{
		{"right", store.Address{URL: address("guarded", "owned"), Password: "sesame"}, ""},
		{"wrong password", store.Address{URL: address("guarded", "owned"), Password: "open"}, "refuses the password of user \"guarded\"; correct the file"},
		{"not let in", store.Address{URL: address("stranger", "owned")}, "does not let user \"stranger\" in"},
		{"no such database", store.Address{URL: address("postgres", "nothing")}, "CREATE DATABASE \"nothing\" OWNER \"postgres\""},
		{"no rights", store.Address{URL: address("poor", "owned")}, "has not the rights"},
		{"a standby", store.Address{URL: address("guest", "owned")}, "it is a standby"},
		{"full", store.Address{URL: address("single", "owned")}, "has no connection left"},
		{"another encoding", store.Address{URL: address("postgres", "ascii")}, "ENCODING 'UTF8'"},
		{"no TLS", store.Address{URL: strings.Replace(address("postgres", "owned"), "disable", "require", 1)}, "does not speak TLS"},
		{"nobody listens", store.Address{URL: "postgres://u@" + nobody(t) + "/d"}, "nobody listens there; start PostgreSQL"},
		{"no such host", store.Address{URL: "postgres://u@rollcall.invalid/d?sslmode=disable"}, "cannot be reached: "},
		{"no socket", store.Address{URL: "postgres://u@/d?host=" + t.TempDir()}, "there is no socket"},
	} {
		full, err := test.address.Complete()
		if err == nil {
			err = openAs(t, full, "", 'k')
		}
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
			continue
		}
		if text := err.Error(); strings.Contains(text, "sesame") || strings.Contains(text, "password=") || strings.Contains(text, "\n") {
			t.Errorf("%s shows too much: %s", test.name, text)
		}
	}
}

// guardedServer is a server that asks some of its users for a password.
func guardedServer(t *testing.T) *pgserver.Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "rollcall-hba-") // shorter than t.TempDir, for the socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "hba.conf")
	if err := os.WriteFile(file, []byte(hba), 0o644); err != nil {
		t.Fatal(err)
	}
	server, err := pgserver.Start(context.Background(), pgserver.Config{Dir: dir, Settings: map[string]string{"hba_file": file}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

func connectAs(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// nobody gives an address on which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
