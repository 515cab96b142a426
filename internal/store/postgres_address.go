package store

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Address says where a PostgreSQL database is and how it is spoken to.
type Address struct {
	URL      string // postgres://user@host:5432/name, as libpq reads it; several hosts are tried in turn
	Password string // "" is taken from where libpq takes it: PGPASSWORD, ~/.pgpass
	Lenient  bool   // an unencrypted connection to another machine will do: for development
}

// errAddress says how an address is written. What was given is not repeated, because a password may stand in it.
var errAddress = errors.New("the address of the database cannot be read; it must look like postgres://user@host:5432/name, " +
	"with special characters as in any URL (%40 for @)")

// Complete checks the address and gives the URL for Config. Beyond this machine a connection is encrypted and the server's
// certificate is checked, unless the URL itself says sslmode=disable or another way of encrypting. Of several hosts the one that can be
// written to is taken, so that a standby is never taken for the primary.
func (a Address) Complete() (string, error) {
	where, query, err := a.parts()
	if err != nil {
		return "", err
	}
	if a.Password != "" {
		if a.HasPassword() {
			return "", errors.New("the database's password is given twice, in the address and in a file; leave it out of the address")
		}
		query.Set("password", a.Password)
	}
	// A standby answers that it cannot be written to; PGTARGETSESSIONATTRS would not be heard by everybody who connects.
	for name, value := range map[string]string{"target_session_attrs": "read-write", "application_name": "rollcall", "connect_timeout": "5"} {
		if !query.Has(name) {
			query.Set(name, value)
		}
	}
	if err := a.encrypt(where, query); err != nil {
		return "", err
	}
	full := where + "?" + query.Encode()
	if _, err := pgconn.ParseConfig(full); err != nil {
		return "", fmt.Errorf("%w; or a file that it names cannot be read", errAddress)
	}
	return full, nil
}

// HasPassword tells whether a secret stands in the address.
func (a Address) HasPassword() bool {
	where, query, err := a.parts()
	if err != nil {
		return strings.Contains(a.URL, "password") // whatever it is, it is not shown to others
	}
	authority, _, _ := strings.Cut(where[strings.Index(where, "://")+3:], "/")
	who, _, found := cutLast(authority, "@")
	return found && strings.Contains(who, ":") || query.Has("password") || query.Has("sslpassword")
}

// parts cuts the address before its parameters. The hosts are left to pgconn: of several, each with its port, net/url makes nothing.
func (a Address) parts() (where string, query url.Values, err error) {
	where, rest, _ := strings.Cut(a.URL, "?")
	if !strings.HasPrefix(where, "postgres://") && !strings.HasPrefix(where, "postgresql://") {
		return "", nil, errAddress
	}
	if query, err = url.ParseQuery(rest); err != nil {
		return "", nil, errAddress
	}
	return where, query, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// encrypt adds sslmode=verify-full where nothing is said and other machines are spoken to. It refuses the modes that leave it to
// whoever stands in between whether there is encryption.
func (a Address) encrypt(where string, query url.Values) error {
	config, err := pgconn.ParseConfig(where + "?" + query.Encode())
	if err != nil {
		return errAddress
	}
	host := inTheOpen(config)
	switch mode := query.Get("sslmode"); {
	case host == "" || a.Lenient || mode == "disable":
		return nil
	case mode == "" && os.Getenv("PGSSLMODE") == "":
		query.Set("sslmode", "verify-full")
		return nil
	}
	return fmt.Errorf("the connection to the database on %s might be unencrypted; leave sslmode out to have it encrypted and the server's "+
		"certificate checked, or write sslmode=disable into the address if nobody else can listen", host)
}

// inTheOpen gives a host on another machine that would be spoken to without encryption.
func inTheOpen(config *pgconn.Config) string {
	if config.TLSConfig == nil && !onThisMachine(config.Host) {
		return config.Host
	}
	for _, f := range config.Fallbacks {
		if f.TLSConfig == nil && !onThisMachine(f.Host) {
			return f.Host
		}
	}
	return ""
}

// onThisMachine tells loopback addresses and folders with a socket. A name is not trusted to mean loopback, but for localhost.
func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
}
