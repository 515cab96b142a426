package store_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Beyond this machine nobody may be able to talk us out of encryption, unless the address itself says so.
func TestAddressIsEncrypted(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	for address, want := range map[string]string{
		"postgres://u@127.0.0.1/d":                                    "",
		"postgres://u@localhost:5433/d":                               "",
		"postgres://u@[::1]/d":                                        "",
		"postgres:///d?host=/run/postgresql":                          "",
		"postgresql://u@db.example.com/d":                             "verify-full",
		"postgres://u@127.0.0.1.example.com/d":                        "verify-full",
		"postgres://u@127.0.0.1:5432,db.example.com:5433/d":           "verify-full",
		"postgres://u@db.example.com/d?sslmode=require":               "require",
		"postgres://u@db.example.com/d?sslmode=disable":               "disable",
		"postgres://u@127.0.0.1/d?sslmode=prefer":                     "prefer",
		"postgres://u@db.example.com/d?sslmode=prefer":                "refused",
		"postgres://u@db.example.com/d?sslmode=allow":                 "refused",
		"postgres://u@db.example.com,127.0.0.1/d?sslmode=allow":       "refused",
		"postgres://u@127.0.0.1/d?host=db.example.com":                "verify-full",
		"postgres://u@127.0.0.1/d?host=db.example.com&sslmode=prefer": "refused",
	} {
		full, err := store.Address{URL: address}.Complete()
		if want == "refused" {
			if err == nil || !strings.Contains(err.Error(), "might be unencrypted") {
				t.Errorf("%s became %q, %v; want a refusal", address, full, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := parameters(t, full).Get("sslmode"); got != want {
			t.Errorf("%s is spoken to with sslmode %q, want %q", address, got, want)
		}
		if got := parameters(t, full).Get("target_session_attrs"); got != "read-write" {
			t.Errorf("%s takes a server that is %q", address, got)
		}
	}
}

// What the environment says about encryption is no explicit word about this database.
func TestAddressIsNotOpenedByTheEnvironment(t *testing.T) {
	t.Setenv("PGSSLMODE", "disable")
	if full, err := (store.Address{URL: "postgres://u@db.example.com/d"}).Complete(); err == nil {
		t.Errorf("it became %s", full)
	}
	if _, err := (store.Address{URL: "postgres://u@db.example.com/d", Lenient: true}).Complete(); err != nil {
		t.Errorf("in development: %v", err)
	}
}

func TestAddressWithPassword(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"postgres://u@127.0.0.1/d": false, "postgres://u:p@127.0.0.1/d": true, "postgres://u:@127.0.0.1/d": true, "postgres://u:p@q@127.0.0.1:1,[::1]:2/d": true,
		"postgres://127.0.0.1:5432/d": false, "postgres://127.0.0.1/d?password=p": true, "postgres://127.0.0.1/d?sslpassword=p": true,
		"host=127.0.0.1 password=p": true, "postgres://127.0.0.1/d?application_name=a:b@c": false,
	} {
		if got := (store.Address{URL: address}).HasPassword(); got != want {
			t.Errorf("%s has a password: %t, want %t", address, got, want)
		}
	}
	full, err := store.Address{URL: "postgres://u@127.0.0.1/d", Password: "a b&c=%/@"}.Complete()
	if err != nil || parameters(t, full).Get("password") != "a b&c=%/@" {
		t.Errorf("the password became %s, %v", full, err)
	}
	if _, err := (store.Address{URL: "postgres://u:sesame@127.0.0.1/d", Password: "other"}).Complete(); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("two passwords: %v", err)
	}
}

// An address that cannot be read is not repeated, for nobody knows what stands in it.
func TestAddressThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "sesame", "mysql://u:sesame@h/d", "host=h password=sesame", "postgres://u:sesame@h:port/d", "postgres://u:%sesame@h/d",
		"postgres://u:sesame@h/d?%zz=1"} {
		full, err := store.Address{URL: address}.Complete()
		if err == nil {
			t.Errorf("%s became %s", address, full)
			continue
		}
		if strings.Contains(err.Error(), "sesame") || !strings.Contains(err.Error(), "postgres://user@host:5432/name") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func parameters(t *testing.T, address string) url.Values {
	t.Helper()
	_, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return values
}
